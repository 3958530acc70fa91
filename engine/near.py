"""Near misses: pairs that fail one or two gates, and the smallest change that flips each.

Every change is applied and the pair judged again, so the promised score is the real one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from engine import sentences
from engine.assessment import Assessment, assess
from engine.assumptions import STANDARD, Assumptions
from engine.fixes import FIXES, Side
from engine.gates import Gate, Pair, Value, all_gates
from engine.halls import HALL_GATES
from engine.types import Need, Offer, State

MOST_GATES = 2


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one side, from what it says to what it would have to say.

    `reserve` marks a change that would give away an outside date, a cap or an ask floor.
    """

    gate: str
    side: Side
    field: str
    before: Value
    after: Value
    sentence: str
    reserve: bool


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A pair that fails few gates, the changes that make it a match, and the score it then has.

    `changes` has one change per failing gate, the offer's where it has one; `other_changes` is
    the same from the need's side, with its own score, where that works too.
    """

    offer_id: int
    failed: tuple[str, ...]
    changes: tuple[Change, ...]
    score: float
    other_changes: tuple[Change, ...] = ()
    other_score: float | None = None


def near_misses(
    need: Need, offers: Iterable[Offer], assumptions: Assumptions = STANDARD, limit: int = 10
) -> tuple[NearMiss, ...]:
    """The best near misses: fewest failing gates first, then the highest promised score."""
    found = (near_miss(need, offer, assumptions) for offer in offers)
    kept = [one for one in found if one is not None]
    kept.sort(key=lambda one: (len(one.failed), -one.score, one.offer_id))
    return tuple(kept[:limit])


def near_miss(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> NearMiss | None:
    """The near miss of one pair; None if it matches, fails too much or cannot be mended."""
    pair = Pair(need, offer, assumptions)
    failed = root_failures(all_gates(pair))
    if not failed or len(failed) > MOST_GATES:
        return None
    ways = [way for way in (mend(pair, "offer"), mend(pair, "need")) if way]
    if not ways:
        return None
    (changes, promised), *rest = ways
    miss = NearMiss(offer.id, tuple(change.gate for change in changes), changes, promised.score)
    other = next((way for way in rest if way[0] != changes), None)
    return miss if other is None else replace(miss, other_changes=other[0], other_score=other[1].score)


def root_failures(gates: Iterable[Gate]) -> tuple[str, ...]:
    """The failing gates to mend, hall facts first.

    A phase whose hall facts fail does not count, so capacity and timeline fail with it: they are
    looked at again once the hall is mended.
    """
    failed = [gate.key for gate in gates if gate.passed is False]
    halls = [key for key in failed if key in HALL_GATES]
    others = [key for key in failed if key not in HALL_GATES]
    return (*halls, *(key for key in others if not (halls and key in ("capacity", "timeline"))))


def mend(pair: Pair, side: Side) -> tuple[tuple[Change, ...], Assessment] | None:
    """The changes that make the pair a match, and what it then is; None if there are none."""
    way = mended(pair, side)
    if way is None:
        return None
    changes, changed = way
    promised = assess(changed.need, changed.offer, changed.assumptions)
    return None if promised.state is State.FAIL else (changes, promised)


def mended(pair: Pair, side: Side) -> tuple[tuple[Change, ...], Pair] | None:
    """Up to two changes, one per failing gate, on `side` where it has one, each applied in turn."""
    changes: list[Change] = []
    while failed := root_failures(all_gates(pair)):
        step = _mend_gate(pair, failed[0], side)
        if step is None or len(changes) == MOST_GATES:
            return None
        change, pair = step
        changes.append(change)
    return tuple(changes), pair


def _mend_gate(pair: Pair, gate: str, side: Side) -> tuple[Change, Pair] | None:
    sides: tuple[Side, ...] = ("offer", "need") if side == "offer" else ("need", "offer")
    for each in sides:
        fix = FIXES[each].get(gate)
        mended = None if fix is None else fix(pair)
        if mended is not None:
            return _apply(pair, gate, each, *mended)
    return None


def _apply(
    pair: Pair, gate: str, side: Side, field: str, before: Value, after: Value, values: dict[str, Any]
) -> tuple[Change, Pair]:
    change = Change(
        gate,
        side,
        field,
        before,
        after,
        sentences.change(side, field, before, after, pair.need.unit),
        reserve=field in RESERVE_FIELDS or gate in RESERVE_GATES,
    )
    need = replace(pair.need, **values) if side == "need" else pair.need
    offer = replace(pair.offer, **values) if side == "offer" else pair.offer
    return change, Pair(need, offer, pair.assumptions)


# What a change of these gives away: the outside date, the caps, the ask floor.
RESERVE_FIELDS = frozenset({"latest_on", "price_cap", "gpu_caps", "ask_floor"})
RESERVE_GATES = frozenset({"price", "timeline"})
