"""Hall facts of one phase against the wishes of a need: density, cooling, redundancy, delivery."""

from __future__ import annotations

from collections.abc import Callable

from engine.types import Need, Phase
from engine.verdicts import Verdict, every, some
from engine.vocabulary import BUILD_TO_SUIT, REDUNDANCY

REDUNDANCY_RANK = {level: rank for rank, level in enumerate(REDUNDANCY)}


def buildable(need: Need, phase: Phase) -> Verdict:
    """Whether the phase can be had built to suit, so that a missing hall fact can still be made."""
    if need.delivery_types_any_of and BUILD_TO_SUIT not in need.delivery_types_any_of:
        return False
    return None if phase.delivery_types is None else BUILD_TO_SUIT in phase.delivery_types


def _or_built(need: Need, phase: Phase, meets: Verdict) -> Verdict:
    return True if meets else some((meets, buildable(need, phase)))


def density(need: Need, phase: Phase) -> Verdict:
    """Whether racks of the power asked can stand in the hall."""
    if need.min_rack_kw is None:
        return True
    meets = None if phase.max_rack_kw is None else phase.max_rack_kw >= need.min_rack_kw
    return _or_built(need, phase, meets)


def cooling(need: Need, phase: Phase) -> Verdict:
    """Whether one of the kinds of cooling asked is there."""
    if not need.cooling_any_of:
        return True
    meets = None if phase.cooling is None else not need.cooling_any_of.isdisjoint(phase.cooling)
    return _or_built(need, phase, meets)


def redundancy(need: Need, phase: Phase) -> Verdict:
    """Whether the power is at least as redundant as asked."""
    if need.min_redundancy is None:
        return True
    if phase.redundancy is None:
        return _or_built(need, phase, None)
    return _or_built(need, phase, REDUNDANCY_RANK[phase.redundancy] >= REDUNDANCY_RANK[need.min_redundancy])


def delivery(need: Need, phase: Phase) -> Verdict:
    """Whether the phase is offered in one of the delivery types asked."""
    if not need.delivery_types_any_of:
        return True
    if phase.delivery_types is None:
        return None
    return not need.delivery_types_any_of.isdisjoint(phase.delivery_types)


HALL_GATES: dict[str, Callable[[Need, Phase], Verdict]] = {
    "density": density,
    "cooling": cooling,
    "redundancy": redundancy,
    "delivery": delivery,
}


def counts(need: Need, phase: Phase) -> Verdict:
    """Whether the phase counts for the need: all its own hall facts pass."""
    return every(gate(need, phase) for gate in HALL_GATES.values())
