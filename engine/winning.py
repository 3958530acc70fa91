"""What would win an offer more: single changes of its own, and the open needs that each makes a match.

Every change is applied and every need judged again, so that what is promised is really won.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Protocol, TypeVar

from engine.assessment import assess
from engine.assumptions import STANDARD, Assumptions
from engine.gates import Pair, Value, all_gates
from engine.halls import HALL_GATES
from engine.near import Change, mended, root_failures
from engine.supply import total
from engine.types import Need, Offer, State

MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Won:
    """A need that becomes a match: what it asks in all, in kW or GPUs, and the score that it then has.

    `least` marks the needs that ask for this change and no greater one.
    """

    need_id: int
    quantity: int
    score: float
    least: bool


@dataclass(frozen=True, slots=True)
class Win:
    """A change of the offer, how great it is in the field's own unit, and what it wins."""

    change: Change
    size: float
    won: tuple[Won, ...]

    @property
    def field(self) -> str:
        return self.change.field

    @property
    def sentence(self) -> str:
        return self.change.sentence

    @property
    def quantity(self) -> int:
        return sum(each.quantity for each in self.won)

    @property
    def score(self) -> float:
        """The best that it promises."""
        return max(each.score for each in self.won)


def wins(offer: Offer, needs: Iterable[Need], assumptions: Assumptions = STANDARD) -> tuple[Win, ...]:
    """Every change that would win the need that asks for it, with all of the needs that it wins."""
    pairs = [Pair(need, offer, assumptions) for need in sorted(needs, key=lambda need: need.id)]
    lost = [(pair, failed) for pair in pairs if (failed := frozenset(root_failures(all_gates(pair))))]
    own = {pair.need.id: asked for pair, _ in lost if (asked := change_for(pair))}
    changes = {changed: change for change, changed in reversed(own.values())}
    found = (Win(one, size(one), _won(one, changed, lost, own)) for changed, one in changes.items())
    return tuple(sorted((win for win in found if any(won.least for won in win.won)), key=_by_size))


def change_for(pair: Pair) -> tuple[Change, Offer] | None:
    """The one change of the offer that opens all gates to the need, and the offer with it; else None."""
    way = mended(pair, "offer")
    if way is None or [change.side for change in way[0]] != ["offer"]:
        return None
    return way[0][0], way[1].offer


def _won(
    change: Change,
    changed: Offer,
    lost: Iterable[tuple[Pair, frozenset[str]]],
    own: Mapping[int, tuple[Change, Offer]],
) -> tuple[Won, ...]:
    may_open = _ALSO_OPENS.get(change.gate, frozenset()) | {change.gate}
    found = []
    for need, assumptions in ((pair.need, pair.assumptions) for pair, failed in lost if failed <= may_open):
        now = assess(need, changed, assumptions)
        if now.state is not State.FAIL and now.score >= assumptions.keep_score:
            least = need.id in own and own[need.id][1] == changed
            found.append(Won(need.id, total(need), now.score, least))
    return tuple(found)


# What a change made for one gate may open besides: more phases count, or others are the cheapest.
_QUANTITY = frozenset({"capacity", "timeline", "price"})
_ALSO_OPENS = {
    "capacity": _QUANTITY,
    **dict.fromkeys(HALL_GATES, _QUANTITY),
    "basis": frozenset({"price"}),
    "term": frozenset({"price", "timeline"}),
}


def size(change: Change) -> float:
    """How far a figure moves, in its own unit, or how many words are added; a word for a word is one."""
    before, after = change.before, change.after
    if isinstance(after, frozenset):
        return float(len(after - before) if isinstance(before, frozenset) else len(after))
    moved = abs(_number(after) - _number(before))
    return moved if before is not None and moved else 1.0


def _number(value: Value) -> float:
    if isinstance(value, date):
        return float(value.toordinal())
    return float(value) if isinstance(value, int | float | Decimal) else 0.0


# ---- which of them to tell


class Step(Protocol):
    """Whatever moves one field so far and wins so much."""

    @property
    def field(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def size(self) -> float: ...
    @property
    def quantity(self) -> int: ...


S = TypeVar("S", bound=Step)


def frontier(steps: Iterable[S], limit: int = MOST_STEPS) -> list[S]:
    """The steps worth telling, those that win most first.

    Of one field, those at which a further move wins most for its size: a small one that wins nearly as much
    stays beside a great one, and one that wins little more does not. Every field comes with its best step
    before any comes with its second.
    """
    by_field = groupby(sorted(steps, key=_by_size), key=lambda step: step.field)
    ranked = [each for _, found in by_field for each in enumerate(reversed(_steepest(list(found))))]
    ranked.sort(key=lambda each: (each[0], *_by_worth(each[1])))
    return sorted((step for _, step in ranked[:limit]), key=_by_worth)


def _by_size(step: Step) -> tuple[str, float, int, str]:
    return step.field, step.size, -step.quantity, step.sentence


def _by_worth(step: Step) -> tuple[int, float, str]:
    return -step.quantity, step.size, step.sentence


def _steepest(steps: Sequence[S]) -> list[S]:
    """The upper hull of quantity over size; `steps` come in the order of their size."""
    hull: list[S] = []
    for step in steps:
        if hull and step.quantity <= hull[-1].quantity:
            continue
        while hull and _slope(hull[-2] if len(hull) > 1 else None, hull[-1]) <= _slope(hull[-1], step):
            hull.pop()
        hull.append(step)
    return hull


def _slope(start: Step | None, end: Step) -> float:
    won = end.quantity - (start.quantity if start else 0)
    return won / (end.size - (start.size if start else 0.0))
