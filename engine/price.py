"""One comparable price: any lease basis brought to all-in US$ per critical kW-month.

Money is whole 1/10,000 US$; every part is rounded once, half up, as it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from engine.assumptions import STANDARD, Assumptions
from engine.supply import Block, Supplies, least_total
from engine.types import Need, Offer, Unit
from engine.verdicts import Verdict
from engine.vocabulary import FITTED_OUT, GROSS, LANDLORD, NNN, POWERED_SHELL, SHARED

MONEY = 10_000
KW_MONTHS_PER_MW_YEAR = 12_000


class Part(NamedTuple):
    """One part of a price: None if it cannot be known; the fields that a default stands in for."""

    amount: int | None
    assumed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Ask(NamedTuple):
    """The ask per critical kW as expected, and the highest it can be while hall facts are blank."""

    expected: int | None
    highest: int | None
    settled: bool


@dataclass(frozen=True, slots=True)
class Comparable:
    """The comparable price and its parts; a part that cannot be known is None.

    `assumed` names the offer's fields that a default stands in for, `missing` those without
    which there is no price; `settled` is False where filling in a blank could move the price.
    The gate works with `lowest_ask` (the owner's floor where lower), up to `lowest_ask_highest`
    while hall facts are blank. A GPU pool has only an ask, per GPU-hour.
    """

    ask: int | None
    lowest_ask: int | None
    lowest_ask_highest: int | None
    power: int | None
    allowance: int | None
    fit_out: int | None
    term_months: int
    assumed: tuple[str, ...]
    missing: tuple[str, ...]
    settled: bool

    @property
    def total(self) -> int | None:
        """All in: ask, power, operating allowance and fit-out."""
        if self.ask is None or self.power is None or self.allowance is None or self.fit_out is None:
            return None
        return self.ask + self.power + self.allowance + self.fit_out


def comparable(need: Need, offer: Offer, seen: Supplies, assumptions: Assumptions = STANDARD) -> Comparable:
    """What this offer costs this need, all in."""
    wanted = least_total(need, offer, assumptions)
    factor = gross_factor(offer, assumptions)
    ask = _ask(offer, seen, wanted, None)
    lowest = ask if offer.ask_floor is None else _ask(offer, seen, wanted, offer.ask_floor)
    months = term_months(need, offer)
    parts = [
        power(offer, assumptions),
        allowance(offer, assumptions),
        _fit_out(need, offer, months, assumptions),
    ]
    assumed = tuple(name for part in parts for name in part.assumed)
    missing = tuple(name for part in parts for name in part.missing)
    if offer.priced_on_gross and offer.gross_per_critical is None:
        assumed = ("gross_per_critical", *assumed)
    if ask.expected is None:
        missing = ("ask", *missing)
    term_known = not parts[2].amount or None not in (offer.term_min_months, offer.term_max_months)
    return Comparable(
        ask=_times(ask.expected, factor),
        lowest_ask=_times(lowest.expected, factor),
        lowest_ask_highest=_times(lowest.highest, factor),
        power=parts[0].amount,
        allowance=parts[1].amount,
        fit_out=parts[2].amount,
        term_months=months,
        assumed=assumed,
        missing=tuple(dict.fromkeys(missing)),
        settled=ask.settled and term_known and not assumed and not missing,
    )


# ---- ask


def _ask(offer: Offer, seen: Supplies, wanted: int, floor: int | None) -> Ask:
    """The ask for the least quantity that makes a match, from the cheapest phases that count.

    A mean over all phases would let a further, dearer phase spoil a match. Where one phase's ask is not
    known the price is not either, whatever the others ask: more of a dear phase must not settle it.
    """
    known = known_asks(offer, floor)
    if known is None:
        return Ask(None, None, settled=False)
    dearest = max(known)
    if len(known) == 1:
        return Ask(dearest, dearest, settled=True)
    # Phases that only possibly count can make it cheaper, never dearer than the sure ones alone.
    expected = _cheapest_mean(seen.expected.blocks, wanted, floor, dearest)
    highest = _cheapest_mean(seen.low.blocks, wanted, floor, dearest)
    return Ask(expected, highest, settled=len(seen.low.blocks) == len(seen.expected.blocks))


def known_asks(offer: Offer, floor: int | None) -> set[int] | None:
    """The different asks of all phases, each at most the floor; None where one of them is not known."""
    asks = {floored(offer.ask if phase.ask is None else phase.ask, floor) for phase in offer.phases}
    known = {ask for ask in asks if ask is not None}
    return known if known and len(known) == len(asks) else None


def floored(ask: int | None, floor: int | None) -> int | None:
    """The ask, or the floor where that is lower or the only one known."""
    return ask if floor is None else floor if ask is None else min(ask, floor)


def _cheapest_mean(blocks: tuple[Block, ...], wanted: int, floor: int | None, dearest: int) -> int:
    """The mean ask of the cheapest `wanted`, half up; what lacks counts at the dearest ask."""
    asked = ((floored(block.ask, floor), block.free) for block in blocks)
    room, cost = wanted, 0
    for ask, free in sorted((ask, free) for ask, free in asked if ask is not None):
        take = min(room, free)
        cost += ask * take
        room -= take
    return (2 * (cost + room * dearest) + wanted) // (2 * wanted)


def gross_factor(offer: Offer, assumptions: Assumptions) -> Decimal | None:
    """What an ask on gross MW is multiplied by; None for one on critical MW."""
    if not offer.priced_on_gross:
        return None
    return offer.gross_per_critical or assumptions.gross_per_critical


def _times(amount: int | None, factor: Decimal | None) -> int | None:
    return amount if amount is None or factor is None else _whole(amount * factor)


def _whole(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))


# ---- what comes on top


def power(offer: Offer, assumptions: Assumptions) -> Part:
    """Energy that the tenant pays: US$/MWh × 0.73 MWh per kW-month × PUE × load factor."""
    if offer.unit is Unit.GPU or offer.lease_basis == GROSS:
        return Part(0)
    if offer.lease_basis is None:
        return Part(None, missing=("lease_basis",))
    if offer.power_price_usd_mwh is None:
        return Part(None, missing=("power_price_usd_mwh",))
    pue = offer.pue_design or assumptions.pue
    per_kw_month = offer.power_price_usd_mwh * assumptions.mwh_per_kw_month * pue * assumptions.load_factor
    return Part(_whole(per_kw_month * MONEY), assumed=() if offer.pue_design else ("pue_design",))


def allowance(offer: Offer, assumptions: Assumptions) -> Part:
    """Taxes, insurance and maintenance where the tenant bears them."""
    if offer.unit is Unit.GPU:
        return Part(0)
    if offer.lease_basis is None:
        return Part(None, missing=("lease_basis",))
    return Part(assumptions.operating_allowance if offer.lease_basis == NNN else 0)


def _fit_out(need: Need, offer: Offer, months: int, assumptions: Assumptions) -> Part:
    """The tenant's part of the conversion, paid off over the term."""
    if offer.unit is Unit.GPU or offer.conversion_paid_by == LANDLORD:
        return Part(0)
    types = _delivery_types(need, offer)
    if offer.conversion_paid_by is None:
        if types and None not in types and types <= FITTED_OUT:
            return Part(0, assumed=("conversion_paid_by",))
        return Part(None, missing=("conversion_paid_by",))
    capex = offer.conversion_capex_usd_mw
    assumed = () if capex is not None else ("conversion_capex_usd_mw",)
    if capex is None:
        if POWERED_SHELL not in types:
            return Part(None, missing=("conversion_capex_usd_mw",))
        capex = assumptions.powered_shell_capex_usd_mw
    share = assumptions.shared_conversion if offer.conversion_paid_by == SHARED else Decimal(1)
    yearly = capex * share * capital_recovery(assumptions.capital_rate, months)
    return Part(_whole(yearly * MONEY / KW_MONTHS_PER_MW_YEAR), assumed)


def _delivery_types(need: Need, offer: Offer) -> set[str | None]:
    """The delivery types both sides can mean; None among them where a phase does not say."""
    types: set[str | None] = set()
    for phase in offer.phases:
        types |= {None} if phase.delivery_types is None else phase.delivery_types
    return types & {None, *need.delivery_types_any_of} if need.delivery_types_any_of else types


@lru_cache(maxsize=1024)
def capital_recovery(rate: Decimal, months: int) -> Decimal:
    """The yearly payment that pays off 1 over the term: i / (1 − (1 + i)^−years)."""
    return rate / (1 - (1 + rate) ** (-Decimal(months) / 12))


# ---- term


def overlap(need: Need, offer: Offer) -> tuple[int, int]:
    """Shortest and longest term in months that both accept; a blank of the offer sets no bound."""
    shortest = max(need.term_min_months, offer.term_min_months or 0)
    longest = need.term_max_months
    return shortest, longest if offer.term_max_months is None else min(longest, offer.term_max_months)


def term_months(need: Need, offer: Offer) -> int:
    """The term a fit-out is paid off over: the preferred one (else the longest) within the overlap."""
    shortest, longest = overlap(need, offer)
    preferred = longest if need.term_preferred_months is None else need.term_preferred_months
    return max(shortest, min(longest, preferred))


# ---- against the cap


def cap_of(need: Need, offer: Offer) -> int | None:
    """The most the need pays: its cap, or the one of this GPU model. None = no cap."""
    if offer.unit is Unit.MW:
        return need.price_cap
    return next((cap for model, cap in need.gpu_caps if model == offer.gpu_model), None)


def headroom(price: Comparable, cap: int) -> int | None:
    """What the cap leaves for ask and allowance; None while power or fit-out is not known."""
    if price.power is None or price.fit_out is None:
        return None
    return cap - price.power - price.fit_out


def ratio(price: Comparable, cap: int, ask: int | None) -> float | None:
    """Negotiable ratio r = (ask + allowance) / (cap − power − fit-out); None if not known.

    Infinite where the cap does not even cover power and fit-out.
    """
    room = headroom(price, cap)
    if room is not None and room <= 0:
        return float("inf")
    if room is None or ask is None or price.allowance is None:
        return None
    return (ask + price.allowance) / room


def negotiable(price: Comparable, cap: int, assumptions: Assumptions = STANDARD) -> Verdict:
    """The price gate, in whole numbers: r ≤ 1.10 with the lowest ask the owner accepts."""
    room = headroom(price, cap)
    if room is not None and room <= 0:
        return False
    if room is None or price.lowest_ask is None or price.allowance is None:
        return None
    most = assumptions.dearest_ratio_pct * room - 100 * price.allowance
    if 100 * price.lowest_ask > most:
        return False
    highest = price.lowest_ask_highest
    return True if highest is not None and 100 * highest <= most else None
