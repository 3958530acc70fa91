"""Offers and needs as rows of `columns`: each field by the reference form, where it can tell it of one side.

Quantities and money are as in `engine.types`; decimals become thousandths; days become ordinals; a set of
words becomes a mask of bits; −1, and NaN in floats, is what None is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from engine import halls, price, scores, supply
from engine.arrays.codes import Codes
from engine.arrays.columns import CRITERIA, FACTOR, MASK_BITS, NONE, UNITS
from engine.assumptions import Assumptions
from engine.gates import CREDIT_RANK, Pair, credit_class
from engine.types import Need, Offer, Phase, Step, Unit
from engine.vocabulary import COOLING, DELIVERY_TYPES, FABRICS, LEASE_BASES, PAID_BY

# Where a fact of an offer alone is asked of a function that takes a pair.
ANYBODY = Need(
    id=0,
    unit=Unit.MW,
    steps=(Step(date(2000, 1, 1), 1),),
    latest_on=date(2000, 1, 1),
    term_min_months=1,
    term_max_months=1,
)


def offer_row(offer: Offer, first: int, codes: Codes, assumptions: Assumptions) -> tuple[Any, ...]:
    """An offer whose phases begin at `first`."""
    alone = Pair(ANYBODY, offer, assumptions)
    asks, ask = _asks(offer, None)
    lowest_asks, lowest_ask = (asks, ask) if offer.ask_floor is None else _asks(offer, offer.ask_floor)
    power, allowance = price.power(offer, assumptions), price.allowance(offer, assumptions)
    factor = price.gross_factor(offer, assumptions)
    guessed = offer.priced_on_gross and offer.gross_per_critical is None
    blanks = (*power.assumed, *power.missing, *allowance.missing)
    types = [phase.delivery_types for phase in offer.phases]
    return (
        offer.id,
        True,
        UNITS.index(offer.unit),
        codes.model(offer.gpu_model),
        codes.place(offer),
        first,
        len(offer.phases),
        supply.grid_hundredths(offer, assumptions) is not None,
        scores.rounded(scores.evidence(alone).low),
        supply.smallest_order(offer),
        _or_none(offer.max_block),
        _or_none(offer.largest_cluster),
        _or_none(offer.interruptible_hours),
        scores.rounded(scores.firmness(alone).high),
        NONE if offer.compliance is None else codes.compliance(offer.compliance),
        _index(offer.fabric, FABRICS),
        _or_none(offer.fabric_gbps),
        _index(offer.lease_basis, LEASE_BASES),
        _thousandths(offer.escalator_pct),
        scores.rounded(scores.escalator(alone).high),
        _or_none(offer.term_min_months),
        _or_none(offer.term_max_months),
        NONE if offer.required_credit is None else CREDIT_RANK[offer.required_credit],
        _thousandths(offer.required_security_months),
        _thousandths(offer.security_months_instead),
        NONE if offer.available_until is None else offer.available_until.toordinal(),
        min((phase.ready_on.toordinal() for phase in offer.phases), default=NONE),
        asks,
        ask,
        lowest_asks,
        lowest_ask,
        NONE if factor is None else int(factor * FACTOR),
        _or_none(power.amount),
        _or_none(allowance.amount),
        not (guessed or blanks or not asks),
        _index(offer.conversion_paid_by, PAID_BY),
        float(assumptions.shared_conversion if offer.conversion_paid_by == "shared" else 1),
        float("nan") if offer.conversion_capex_usd_mw is None else float(offer.conversion_capex_usd_mw),
        _mask({one for each in types if each is not None for one in each}, DELIVERY_TYPES),
        None not in types,
    )


def _asks(offer: Offer, floor: int | None) -> tuple[int, int]:
    """0, 1 or 2 for asks that are unknown, one figure or several; the one or the dearest."""
    known = price.known_asks(offer, floor)
    return (0, NONE) if known is None else (min(2, len(known)), max(known))


def phase_rows(offer: Offer, assumptions: Assumptions) -> list[tuple[Any, ...]]:
    """The phases surest first, as expected. Raises ValueError for more than a mask has bits."""
    if len(offer.phases) > MASK_BITS:
        raise ValueError(f"An offer has at most {MASK_BITS} phases.")
    grid = supply.grid_hundredths(offer, assumptions)

    def confidence(phase: Phase, otherwise: int) -> int:
        return supply.confidence(phase, offer, otherwise if grid is None else grid, assumptions)

    expected = assumptions.grid_confidence_unknown
    phases = sorted(offer.phases, key=lambda phase: (-confidence(phase, expected), phase.ready_on))
    asks = [offer.ask if phase.ask is None else phase.ask for phase in phases]
    lowest = [price.floored(ask, offer.ask_floor) for ask in asks]
    by_best = _order([(-confidence(phase, 100), phase.ready_on) for phase in phases])
    by_ready = _order([phase.ready_on for phase in phases])
    by_ask, by_lowest = ([*_order([_or_none(ask) for ask in each])] for each in (asks, lowest))
    return [
        (
            phase.free,
            phase.ready_on.toordinal(),
            supply.month_of(phase.ready_on),
            phase.ready_on.day,
            confidence(phase, expected),
            confidence(phase, 100),
            by_best[n],
            by_ready[n],
            _known_mask(phase.cooling, COOLING),
            NONE if phase.redundancy is None else halls.REDUNDANCY_RANK[phase.redundancy],
            _known_mask(phase.delivery_types, DELIVERY_TYPES),
            _thousandths(phase.max_rack_kw),
            _or_none(asks[n]),
            _or_none(lowest[n]),
            by_ask[n],
            by_lowest[n],
        )
        for n, phase in enumerate(phases)
    ]


def _order(keys: list[Any]) -> list[int]:
    """Positions by rising key."""
    return sorted(range(len(keys)), key=keys.__getitem__)


def step_rows(need: Need) -> list[tuple[int, int, int]]:
    """The steps of a need, in their order."""
    return [(step.on.toordinal(), step.quantity, supply.least(need, step.quantity)) for step in need.steps]


def month_rows(need: Need, assumptions: Assumptions) -> list[tuple[int, int, int, int, float]]:
    """What a need asks in each month, and from it on."""
    rows, rest = [], 0
    for one in reversed(supply.demand(need.steps, assumptions.months_after_last_step)):
        scale = supply.DAYS_MULTIPLE // one.days
        rest += one.needed * scale
        rows.append((one.month, one.days, scale, one.needed, float(rest)))
    return rows[::-1]


def model_rows(need: Need, codes: Codes) -> list[tuple[int, int]]:
    """The models that a need takes, each with the most that it pays."""
    return [(codes.model(name), _or_none(cap)) for name, cap in need.gpu_caps]


def need_row(
    need: Need,
    firsts: tuple[int, int, int],
    months: list[tuple[int, int, int, int, float]],
    codes: Codes,
    assumptions: Assumptions,
) -> tuple[Any, ...]:
    """A need whose steps, months (as in `month_rows`) and models begin at `firsts`."""
    step, month, model = firsts
    smallest = max(need.min_block or 0, assumptions.smallest_block[need.unit])
    return (
        need.id,
        True,
        UNITS.index(need.unit),
        codes.wish(need),
        step,
        len(need.steps),
        len(supply.judged_steps(need)),
        month,
        len(months),
        model,
        len(need.gpu_caps),
        months[0][-1],
        supply.total(need),
        need.splittable,
        smallest,
        supply.slack_days(need),
        supply.starts_on(need).toordinal(),
        need.term_min_months,
        need.term_max_months,
        NONE if need.term_preferred_months is None else need.term_preferred_months or 1,
        _thousandths(need.min_rack_kw),
        _thousandths(None if need.preferred_rack_kw is None else need.preferred_rack_kw or Decimal(1)),
        _mask(need.cooling_any_of, COOLING),
        0 if need.preferred_cooling is None else _mask([need.preferred_cooling], COOLING),
        NONE if need.min_redundancy is None else halls.REDUNDANCY_RANK[need.min_redundancy],
        _or_none(need.max_interruptible_hours),
        codes.compliance(need.compliance_all_of),
        _mask(need.delivery_types_any_of, DELIVERY_TYPES),
        0 if need.preferred_delivery_type is None else _mask([need.preferred_delivery_type], DELIVERY_TYPES),
        _mask(need.lease_basis_any_of, LEASE_BASES),
        _thousandths(need.max_escalator_pct),
        CREDIT_RANK[credit_class(need, assumptions)],
        _thousandths(need.security_months),
        _or_none(need.price_cap),
        _mask(need.fabric_any_of, FABRICS),
        _or_none(need.min_fabric_gbps),
        tuple(float(w) for w in (need.weights.power, need.weights.timeline, need.weights.terms)),
        _weights(need, True, assumptions),
        _weights(need, False, assumptions),
    )


def _weights(need: Need, has_cap: bool, assumptions: Assumptions) -> tuple[float, ...]:
    """Each criterion's weight in its dimension, 0 where it does not apply."""
    found = scores.weights(need, has_cap, assumptions)
    return tuple(found.get(key, 0.0) for key in CRITERIA)


def _or_none(value: int | None) -> int:
    return NONE if value is None else value


def _thousandths(value: Decimal | None) -> float:
    """Whole thousandths, so that a quotient of two is as exact as that of the decimals."""
    return float("nan") if value is None else float(value * 1000)


def _mask(words: Iterable[str], vocabulary: tuple[str, ...]) -> int:
    return sum(1 << vocabulary.index(word) for word in words)


def _known_mask(words: frozenset[str] | None, vocabulary: tuple[str, ...]) -> int:
    return NONE if words is None else _mask(words, vocabulary)


def _index(word: str | None, vocabulary: Iterable[str]) -> int:
    return NONE if word is None else tuple(vocabulary).index(word)
