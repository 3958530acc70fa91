"""Up to four matches side by side: a row a criterion, the best of each row marked in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from listings.vocabulary import PostType
from matching.lists import Row, chip_of, first_of, price_of_row, rows_of, size_of
from matching.sheets import DIMENSIONS, OUTCOMES, label_of, range_of, whole

Shown = Mapping[str, Any]

MOST = 4
_OUTCOME_RANK = {"not": 0, "partly": 1, "met": 2}


class Cell(NamedTuple):
    """One match's answer; `chip` is the class of a chip around the text, `value` what is compared."""

    text: str
    note: str = ""
    chip: str = ""
    value: Any = None
    is_best: bool = False


class Line(NamedTuple):
    label: str
    cells: list[Cell]


class Block(NamedTuple):
    title: str
    lines: list[Line]


class Comparison(NamedTuple):
    columns: list[Row]
    blocks: list[Block]


def comparison_of(matches: Sequence[Shown]) -> Comparison:
    """Matches of one request, told by their offers; of one offer, told by their requests."""
    of_request = len({match["request"]["uid"] for match in matches}) == 1
    first = [_line(*row, matches, of_request) for row in _ROWS]
    landlord = _line(
        _("Landlord’s score"), lambda match, of_request: _points(match["landlord_score"]), max, matches, False
    )
    blocks = [Block(_("In short"), first if of_request else [*first, landlord])]
    blocks += [Block(str(title), list(_criteria(matches, key))) for key, title in DIMENSIONS.items()]
    return Comparison(rows_of(matches, of_request=of_request), [block for block in blocks if block.lines])


Say = Callable[[Shown, bool], Cell]
Pick = Callable[[Iterable[Any]], Any] | None


def _line(label: Any, say: Say, pick: Pick, matches: Sequence[Shown], of_request: bool) -> Line:
    return Line(str(label), _marked([say(match, of_request) for match in matches], pick))


def _marked(cells: list[Cell], pick: Pick) -> list[Cell]:
    """The best are marked where at least two are known and they differ."""
    known = [cell.value for cell in cells if cell.value is not None]
    if pick is None or len(set(known)) < 2:
        return cells
    best = pick(known)
    return [cell._replace(is_best=cell.value == best) for cell in cells]


def _criteria(matches: Sequence[Shown], dimension: str) -> Iterator[Line]:
    points = [_points(match[dimension] and match[dimension] * 100) for match in matches]
    yield Line(_("All of it"), _marked(points, max))
    keys = dict.fromkeys(
        line["key"] for match in matches for line in match["criteria"] if line["dimension"] == dimension
    )
    for key in keys:
        lines = [next((line for line in match["criteria"] if line["key"] == key), None) for match in matches]
        exact = all(line is None or line["score"] is not None for line in lines)
        yield Line(label_of(key), _marked([_criterion(line, exact) for line in lines], max))


def _criterion(line: Shown | None, exact: bool) -> Cell:
    """Compared by score where all of the row tell it, else by whether it is met."""
    if line is None:
        return Cell("")
    outcome = line["outcome"]
    value = line["score"] if exact else _OUTCOME_RANK.get(outcome)
    return Cell(str(OUTCOMES[outcome]), line["sentence"] or "", f"outcome-{outcome}", value)


def _points(score: Any) -> Cell:
    return Cell(whole(score), value=None if score is None else int(whole(score)))


def _score(match: Shown, of_request: bool) -> Cell:
    return Cell(whole(match["score"]), note=match["word"], value=int(whole(match["score"])))


def _range(match: Shown, of_request: bool) -> Cell:
    return Cell(range_of(match), value=None if match["low"] is None else int(whole(match["low"])))


def _state(match: Shown, of_request: bool) -> Cell:
    chip, state = chip_of(match)
    return Cell(state, chip=chip or "chip-unknown")


def _size(match: Shown, of_request: bool) -> Cell:
    return Cell(size_of(match["offer" if of_request else "request"]))


def _first(match: Shown, of_request: bool) -> Cell:
    """Sooner is better to whoever looks for power; a site's owner only reads when it is needed."""
    other = match["offer" if of_request else "request"]
    day: date | None = match["first_power_on"] if of_request else None
    return Cell(first_of(match, other), value=day)


def _price(match: Shown, of_request: bool) -> Cell:
    price = match["comparable_price"]
    value = price["total"] if price is not None and of_request else None
    unit = match["offer"]["post_type"] == PostType.GPU_POOL
    note = "" if price is None else _("per GPU-hour") if unit else _("all in")
    return Cell(price_of_row(match), note, value=value)


_ROWS: tuple[tuple[Any, Say, Pick], ...] = (
    (lazy("Score"), _score, max),
    (lazy("Low to high"), _range, None),
    (lazy("State"), _state, None),
    (lazy("Size"), _size, None),
    (lazy("First date"), _first, min),
    (lazy("Price"), _price, min),
)
