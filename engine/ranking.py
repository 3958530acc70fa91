"""Many offers for one need: the best first, and where the others were lost."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from engine.assessment import Assessment, assess
from engine.assumptions import STANDARD, Assumptions
from engine.gates import GATES, Pair, all_gates
from engine.types import Need, Offer, State

NEVER = date.max


class FunnelRow(NamedTuple):
    """How many offers remain after this gate and all before it."""

    gate: str
    remaining: int


def whole_points(score: float) -> int:
    """A score as it is shown and ordered: in whole points, half up."""
    return math.floor(score + 0.5)


def order_key(assessment: Assessment) -> tuple[int, bool, float, date, float, int]:
    """Sorts best first: points, fits, tight before oversized, early, cheap; then by id."""
    price = assessment.comparable_price
    return (
        -whole_points(assessment.score),
        assessment.state is not State.FIT,
        -assessment.utilization,
        assessment.first_power_on or NEVER,
        math.inf if price is None else price,
        assessment.offer_id,
    )


def rank(need: Need, offers: Iterable[Offer], assumptions: Assumptions = STANDARD) -> list[Assessment]:
    """The matches worth keeping, best first."""
    found = (assess(need, offer, assumptions) for offer in offers)
    kept = [one for one in found if one.state is not State.FAIL and one.score >= assumptions.keep_score]
    return sorted(kept, key=order_key)


def failed_gates(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> frozenset[str]:
    """The gates that this pair fails; `unit` alone where the units differ."""
    gates = all_gates(Pair(need, offer, assumptions))
    return frozenset(gate.key for gate in gates if gate.passed is False)


def funnel(need: Need, offers: Iterable[Offer], assumptions: Assumptions = STANDARD) -> tuple[FunnelRow, ...]:
    """How many offers remain after each gate, in the order that keeps most; `unit` comes first."""
    return funnel_of(need, [failed_gates(need, offer, assumptions) for offer in offers])


def funnel_of(need: Need, failures: Iterable[frozenset[str]]) -> tuple[FunnelRow, ...]:
    """The funnel from the gates that each offer fails. Ties keep the order of the gates."""
    remaining = [failed for failed in failures if "unit" not in failed]
    rows = [FunnelRow("unit", len(remaining))]
    waiting = list(GATES[need.unit][1:])
    while waiting:
        gate = min(waiting, key=lambda key: sum(key in failed for failed in remaining))
        waiting.remove(gate)
        remaining = [failed for failed in remaining if gate not in failed]
        rows.append(FunnelRow(gate, len(remaining)))
    return tuple(rows)
