"""The step chart of a post: a site's critical MW by phase, or a request's ramp, as SVG geometry.

The same chart is drawn from a post's face and from what somebody is typing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, Self

from django.utils.translation import gettext as _

from common.charts import Tick, levels, scale_of
from listings.forms import Grid
from listings.forms.dated import dated
from listings.views.lines import Shown
from listings.vocabulary import BuildStage, PostType, RequestKind, next_quarter, quarter_label, quarter_of

WIDTH, HEIGHT = 640, 260
LEFT, BOTTOM, TOP = 48, 26, 10
LABELS_MOST = 7
SURE, LIKELY, UNSURE, NEEDED = "sure", "likely", "open", "needed"
# How far a hall is says how much its date can be relied on. A phase without a stage may be anything.
TONES = {
    BuildStage.READY_FOR_SERVICE: SURE,
    BuildStage.CONSTRUCTION: SURE,
    BuildStage.CONTRACTED: LIKELY,
    BuildStage.STUDY: UNSURE,
    BuildStage.PLANNED: UNSURE,
}


class Days(NamedTuple):
    """The days that a chart spans, as places from its left to its right."""

    first: date
    end: date
    left: int
    right: int

    @classmethod
    def of(cls, first: date, last: date, left: int, right: int) -> Self:
        """From the quarter of the first level on. The last one is to be seen as a level: a fifth of the span
        more, at least half a year."""
        first = quarter_of(first)
        return cls(first, last + max((last - first) / 5, timedelta(days=183)), left, right)

    def x(self, day: date) -> float:
        return round(self.left + (self.right - self.left) * ((day - self.first) / (self.end - self.first)), 1)

    def quarters(self, labels_most: int) -> list[Tick]:
        """Quarters from the first on, as many as have room for their labels."""
        starts = [self.first]
        while (following := next_quarter(starts[-1])) < self.end:
            starts.append(following)
        told = starts[: max(len(starts) - 1, 1)][:: -(-len(starts) // labels_most)]
        return [Tick(self.x(day), quarter_label(day)) for day in told]


class Block(NamedTuple):
    """A rectangle: so much of one tone from one date to the next."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    is_coarse: bool = False

    @classmethod
    def between(cls, left: float, right: float, low: float, high: float, *look: Any) -> Self:
        return cls(left, high, round(right - left, 1), round(low - high, 1), *look)


class StepChart(NamedTuple):
    """`sentence` says the same in words: "20 MW from 1 March 2027; 60 MW from 1 September 2027."."""

    caption: str
    sentence: str
    width: int
    height: int
    left: int
    base: int
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    blocks: list[Block]
    legend: list[tuple[str, str]]


class Level(NamedTuple):
    """From a day on: how much of each tone there is in all."""

    since: date
    amounts: dict[str, float]


def step_chart(shown: Shown) -> StepChart | None:
    """The chart of a face that tells phases or steps; None where there is nothing to draw."""
    if shown["post_type"] == PostType.SITE and shown.get("phases"):
        return _of_phases(shown["phases"])
    if shown.get("steps"):
        return _of_steps(shown["steps"], "critical_mw" if shown["kind"] == RequestKind.POWER else "gpus")
    return None


def typed_chart(grid: Grid) -> StepChart | None:
    """The chart of phases or steps that are being typed; None until one has a date and a quantity."""
    first, unit, *_rest = grid.table.form.row_fields
    names = (first, unit, "stage")
    rows = [dict(zip(names, row, strict=True)) for row in dated(grid.rows)]
    if not rows:
        return None
    return _of_phases(rows) if grid.table.name == "phases" else _of_steps(rows, unit)


def _of_phases(phases: Sequence[Shown]) -> StepChart:
    caption = _("Critical MW over time, by how far each phase is")
    return _chart(caption, "MW", _added_up(phases), _legend())


def _of_steps(steps: Sequence[Shown], unit: str) -> StepChart:
    if unit == "critical_mw":
        return _chart(_("Critical MW in use over time"), "MW", _totals(steps, unit), [])
    return _chart(_("GPUs in use over time"), "GPUs", _totals(steps, unit), [])


def _legend() -> list[tuple[str, str]]:
    words = (_("Ready or in construction"), _("Contracted"), _("In study, planned or not stated"))
    return list(zip((SURE, LIKELY, UNSURE), words, strict=True))


def _added_up(phases: Sequence[Shown]) -> list[Level]:
    """Phases come one on top of the other, in the order of their dates."""
    amounts, levels = {SURE: 0.0, LIKELY: 0.0, UNSURE: 0.0}, []
    for phase in phases:
        amounts[TONES.get(phase["stage"], UNSURE)] += float(phase["critical_mw"])
        levels.append(Level(phase["ready_on"], dict(amounts)))
    return levels


def _totals(steps: Sequence[Shown], unit: str) -> list[Level]:
    return [Level(step["need_on"], {NEEDED: float(step[unit])}) for step in steps]


def _chart(caption: str, unit: str, stands: list[Level], legend: list[tuple[str, str]]) -> StepChart:
    days = Days.of(stands[0].since, stands[-1].since, LEFT, WIDTH - 1)
    rung, top = scale_of(max(sum(level.amounts.values()) for level in stands))

    def y(amount: float) -> float:
        return round(HEIGHT - BOTTOM - amount / top * (HEIGHT - BOTTOM - TOP), 1)

    return StepChart(
        caption=caption,
        sentence="; ".join(_told(level, unit) for level in stands) + ".",
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        base=HEIGHT - BOTTOM,
        x_ticks=days.quarters(LABELS_MOST),
        y_ticks=levels(y, rung, top),
        blocks=list(_blocks(stands, days, y)),
        legend=[entry for entry in legend if stands[-1].amounts.get(entry[0])],
    )


def _told(level: Level, unit: str) -> str:
    return f"{sum(level.amounts.values()):,.10g} {unit} from {level.since.day} {level.since:%B %Y}"


def _blocks(stands: list[Level], days: Days, y: Callable[[float], float]) -> Iterator[Block]:
    ends = [level.since for level in stands[1:]] + [days.end]
    for level, until in zip(stands, ends, strict=True):
        left, right, below = days.x(level.since), days.x(until), 0.0
        for tone, amount in level.amounts.items():
            if amount and until > level.since:
                yield Block.between(left, right, y(below), y(below + amount), tone)
            below += amount
