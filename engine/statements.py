"""What an owner should state: blanks whose answer lifts the low end of a match."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from engine.assessment import Assessment, examine
from engine.assumptions import Assumptions
from engine.gates import Pair
from engine.price import cap_of, headroom
from engine.sentences import name
from engine.types import Need, Offer, State, Unit
from engine.vocabulary import GRID_STAGES, LANDLORD, NNN, UNRATED

SMALLEST_GAIN = 0.5  # points; below it a statement is not worth asking for
TYPICAL_POWER_USD_MWH = Decimal(45)  # only to show what stating a power price does to the low end


@dataclass(frozen=True, slots=True)
class Statement:
    """A blank of the offer that is worth stating: the low end now, and with the best answer."""

    field: str
    low_before: float
    low_after: float
    sentence: str


def statements(
    found: Assessment, need: Need, offer: Offer, assumptions: Assumptions
) -> tuple[Statement, ...]:
    """Blanks whose best answer lifts the low end of a pair that does not fail, most first."""
    if found.state is State.FAIL:
        return ()
    made = (_statement(found, need, offer, field, assumptions) for field in ANSWERS)
    worth = [one for one in made if one is not None and one.low_after - one.low_before >= SMALLEST_GAIN]
    return tuple(sorted(worth, key=lambda one: (one.low_before - one.low_after, one.field)))


def _statement(
    found: Assessment, need: Need, offer: Offer, field: str, assumptions: Assumptions
) -> Statement | None:
    stated = _stated(need, offer, field, assumptions)
    if stated is None:
        return None
    after = examine(need, stated, assumptions)
    sentence = f"State the {name(field)}: low end {found.low:.0f} → up to {after.low:.0f}."
    return Statement(field, found.low, after.low, sentence)


def _stated(need: Need, offer: Offer, field: str, assumptions: Assumptions) -> Offer | None:
    """The offer with the blank answered in the way that suits the need best; None if not blank."""
    answer = ANSWERS[field](need, offer, assumptions)
    if answer is None:
        return None
    if field in ("cooling", "max_rack_kw", "redundancy", "delivery_types"):
        if all(getattr(phase, field) is not None for phase in offer.phases):
            return None
        change: dict[str, Any] = {field: answer}
        return replace(
            offer,
            phases=tuple(
                replace(phase, **change) if getattr(phase, field) is None else phase for phase in offer.phases
            ),
        )
    return None if getattr(offer, field) is not None else replace(offer, **{field: answer})


def _best_ask(need: Need, offer: Offer, assumptions: Assumptions) -> int | None:
    """The highest ask whose price scores in full."""
    price, cap = Pair(need, offer, assumptions).price, cap_of(need, offer)
    room = None if cap is None else headroom(price, cap)
    if room is None or room <= 0:
        return None
    most = room * assumptions.price_curve[0][0] - (price.allowance or 0)
    if offer.priced_on_gross:
        most /= offer.gross_per_critical or assumptions.gross_per_critical
    return max(1, int(most))


Answer = Callable[[Need, Offer, Assumptions], Any]

ANSWERS: dict[str, Answer] = {
    "ask": _best_ask,
    "grid_stage": lambda need, offer, _: GRID_STAGES[-1] if need.unit is Unit.MW else None,
    "interruptible_hours": lambda need, offer, _: 0,
    "lease_basis": lambda need, offer, _: min(need.lease_basis_any_of, default=NNN),
    "power_price_usd_mwh": lambda need, offer, _: TYPICAL_POWER_USD_MWH,
    "pue_design": lambda need, offer, assumptions: assumptions.pue,
    "gross_per_critical": lambda need, offer, assumptions: assumptions.gross_per_critical,
    "conversion_paid_by": lambda need, offer, _: LANDLORD,
    "conversion_capex_usd_mw": lambda need, offer, assumptions: assumptions.powered_shell_capex_usd_mw,
    "escalator_pct": lambda need, offer, _: Decimal(0),
    "term_min_months": lambda need, offer, _: need.term_min_months,
    "term_max_months": lambda need, offer, _: max(need.term_max_months, offer.term_min_months or 0),
    "required_credit": lambda need, offer, _: UNRATED,
    "required_security_months": lambda need, offer, _: need.security_months,
    "cooling": lambda need, offer, _: (
        need.cooling_any_of | ({need.preferred_cooling} if need.preferred_cooling else frozenset())
    ),
    "max_rack_kw": lambda need, offer, _: max(need.min_rack_kw or 0, need.preferred_rack_kw or 0) or None,
    "redundancy": lambda need, offer, _: need.min_redundancy,
    "delivery_types": lambda need, offer, _: (
        need.delivery_types_any_of
        | ({need.preferred_delivery_type} if need.preferred_delivery_type else frozenset())
    ),
}
