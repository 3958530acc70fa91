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
from engine.gates import Pair, Value, all_gates, pair_up
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
    pair = pair_up(need, offer, assumptions)
    failed = tuple(gate.key for gate in all_gates(pair) if gate.passed is False)
    if not failed or len(failed) > MOST_GATES or "unit" in failed:
        return None
    ways = [way for way in (mend(pair, failed, "offer"), mend(pair, failed, "need")) if way]
    if not ways:
        return None
    (changes, promised), *rest = ways
    other = next((way for way in rest if way[0] != changes), None)
    if other is None:
        return NearMiss(offer.id, failed, changes, promised.score)
    return NearMiss(offer.id, failed, changes, promised.score, other[0], other[1].score)


def mend(pair: Pair, failed: tuple[str, ...], side: Side) -> tuple[tuple[Change, ...], Assessment] | None:
    """One change per failing gate, `side` first, applied in turn; None if that makes no match."""
    changes: list[Change] = []
    for gate in failed:
        step = _mend_gate(pair, gate, side)
        if step is None:
            return None
        change, pair = step
        changes.append(change)
    promised = assess(pair.need, pair.offer, pair.assumptions)
    return None if promised.state is State.FAIL else (tuple(changes), promised)


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
    return change, pair_up(need, offer, pair.assumptions)


# What a change of these gives away: the outside date, the caps, the ask floor.
RESERVE_FIELDS = frozenset({"latest_on", "price_cap", "gpu_caps", "ask_floor"})
RESERVE_GATES = frozenset({"price", "timeline"})


def best_change(pair: Pair, gate: str) -> Change | None:
    """The change that flips one gate, the offer's where it has one."""
    step = _mend_gate(pair, gate, "offer")
    return None if step is None else step[0]
