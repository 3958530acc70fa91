"""The chart of a plan: what each offer delivers, one on top of the other, under what is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from common.charts import Tick, levels, scale_of
from listings.views.charts import Block, Days

WIDTH, HEIGHT = 880, 280
LEFT, TOP, BOTTOM = 56, 12, 28
LABELS_MOST = 8

Shown = Mapping[str, Any]


class PlanChart(NamedTuple):
    """A block is what one part delivers; its tone is the number of the part, from 1."""

    width: int
    height: int
    left: int
    base: int
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    blocks: list[Block]
    needed: str
    dependable: str


class _Plane(NamedTuple):
    """Days and quantities as places on the picture."""

    days: Days
    top: float

    def y(self, amount: float) -> float:
        return round(HEIGHT - BOTTOM - amount / self.top * (HEIGHT - BOTTOM - TOP), 1)


def chart_of(plan: Shown) -> PlanChart:
    """A stacked step chart of a plan as `matching.plans` lets it out."""
    moments = plan["timeline"]
    days = Days.of(moments[0]["from_on"], moments[-1]["from_on"], LEFT, WIDTH - 1)
    rung, top = scale_of(max(float(moment["needed"]) for moment in moments))
    plane = _Plane(days, top)
    return PlanChart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        base=HEIGHT - BOTTOM,
        x_ticks=days.quarters(LABELS_MOST),
        y_ticks=levels(plane.y, rung, top),
        blocks=list(_blocks(plan, plane)),
        needed=_stepped(moments, "needed", plane),
        dependable=_stepped(moments, "dependable", plane),
    )


def _blocks(plan: Shown, plane: _Plane) -> Iterator[Block]:
    for day, left, right in _spans(plan["timeline"], plane.days):
        below = 0.0
        for number, site in enumerate(plan["sites"], start=1):
            amount = _standing(site["stages"], day)
            if amount:
                low, high = plane.y(below), plane.y(below + amount)
                yield Block.between(left, right, low, high, str(number), site["coarse"])
            below += amount


def _spans(moments: Sequence[Shown], days: Days) -> Iterator[tuple[date, float, float]]:
    """Each moment's day, and from where to where it stands."""
    for day, then in pairwise([*(moment["from_on"] for moment in moments), days.end]):
        yield day, days.x(day), days.x(then)


def _standing(stages: Sequence[Shown], day: date) -> float:
    return next((float(s["quantity"]) for s in reversed(stages) if s["from_on"] <= day), 0.0)


def _stepped(moments: Sequence[Shown], name: str, plane: _Plane) -> str:
    """Points of a stepped line, from its first date to the end."""
    heights = (plane.y(float(moment[name])) for moment in moments)
    spans = _spans(moments, plane.days)
    return " ".join(f"{left},{y} {right},{y}" for y, (_, left, right) in zip(heights, spans, strict=True))
