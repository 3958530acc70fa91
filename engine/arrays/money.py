"""The comparable price of one pair of rows; `engine.price` in numbers."""

from __future__ import annotations

from typing import Any

from numpy import floor, isnan

from engine.arrays.columns import FACTOR, NONE
from engine.arrays.compiled import pairwise
from engine.arrays.quantities import GPU
from engine.price import KW_MONTHS_PER_MW_YEAR, MONEY
from engine.vocabulary import DELIVERY_TYPES, FITTED_OUT, LANDLORD, PAID_BY, POWERED_SHELL

BY_LANDLORD = PAID_BY.index(LANDLORD)
SHELL = 1 << DELIVERY_TYPES.index(POWERED_SHELL)
ALL_FITTED_OUT = sum(1 << DELIVERY_TYPES.index(each) for each in FITTED_OUT)
SEVERAL = 2

# Ask, lowest ask, highest of the lowest ask, fit-out; whether no blank bears on them. NONE = not known.
Price = tuple[int, int, int, int, bool]


@pairwise
def overlap(need: Any, offer: Any) -> tuple[int, int]:
    shortest = max(need.term_min, offer.term_min)
    longest = need.term_max if offer.term_max == NONE else min(need.term_max, offer.term_max)
    return shortest, longest


@pairwise
def cap_of(need: Any, offer: Any, M: Any) -> int:
    if offer.unit != GPU:
        return need.cap
    for n in range(need.model, need.model + need.models):
        if M.models[n].model == offer.model:
            return M.models[n].cap
    return NONE


@pairwise
def cheapest_mean(offer: Any, M: Any, mask: int, wanted: int, lowest: bool, dearest: int) -> int:
    """The mean ask of the cheapest `wanted`, half up; what lacks counts at the dearest ask."""
    room, cost = wanted, 0
    for n in range(offer.phases):
        phase = M.phases[offer.phase + n]
        at = phase.by_lowest_ask if lowest else phase.by_ask
        if mask >> at & 1:
            phase = M.phases[offer.phase + at]
            take = min(room, phase.free)
            cost += (phase.lowest_ask if lowest else phase.ask) * take
            room -= take
    return (2 * (cost + room * dearest) + wanted) // (2 * wanted)


@pairwise
def by_factor(amount: int, factor: int) -> int:
    """An ask on gross MW per critical MW, half up."""
    if amount == NONE or factor == NONE:
        return amount
    return (2 * amount * factor + FACTOR) // (2 * FACTOR)


@pairwise
def fit_out(need: Any, offer: Any, M: Any) -> tuple[int, bool]:
    """The tenant's part of the conversion, and whether no default stands in for it."""
    if offer.unit == GPU or offer.paid_by == BY_LANDLORD:
        return 0, True
    types = offer.delivered & need.delivery if need.delivery else offer.delivered
    if offer.paid_by == NONE:
        if types and offer.delivered_known and not types & ~ALL_FITTED_OUT:
            return 0, False
        return NONE, False
    capex = offer.capex
    if isnan(capex):
        if not types & SHELL:
            return NONE, False
        capex = M.constants.shell_capex
    shortest, longest = overlap(need, offer)
    preferred = longest if need.term_preferred == NONE else need.term_preferred
    months = max(shortest, min(longest, preferred))
    yearly = capex * offer.tenant_share * M.recovery[min(months, len(M.recovery) - 1)]
    return int(floor(yearly * MONEY / KW_MONTHS_PER_MW_YEAR + 0.5)), not isnan(offer.capex)


@pairwise
def comparable(need: Any, offer: Any, M: Any, sure: int, possible: int, wanted: int) -> Price:
    ask = lowest = highest = NONE
    settled = offer.settled
    if offer.asks:
        ask = offer.ask
    if offer.lowest_asks:
        lowest = highest = offer.lowest_ask
    if offer.asks == SEVERAL:
        ask = cheapest_mean(offer, M, possible, wanted, False, offer.ask)
        settled = settled and sure == possible
    if offer.lowest_asks == SEVERAL:
        lowest = cheapest_mean(offer, M, possible, wanted, True, offer.lowest_ask)
        highest = cheapest_mean(offer, M, sure, wanted, True, offer.lowest_ask)
    part, stated = fit_out(need, offer, M)
    term_known = part == 0 or part == NONE or (offer.term_min != NONE and offer.term_max != NONE)
    return (
        by_factor(ask, offer.factor),
        by_factor(lowest, offer.factor),
        by_factor(highest, offer.factor),
        part,
        settled and stated and term_known,
    )


@pairwise
def negotiable(offer: Any, M: Any, cap: int, price: Price) -> int:
    """The price gate: 1, 0 or −1."""
    _, lowest, highest, part, _ = price
    known = offer.power != NONE and part != NONE
    room = cap - offer.power - part
    if known and room <= 0:
        return -1
    if not known or lowest == NONE or offer.allowance == NONE:
        return 0
    most = M.constants.dearest_ratio_pct * room - 100 * offer.allowance
    if 100 * lowest > most:
        return -1
    return 1 if highest != NONE and 100 * highest <= most else 0
