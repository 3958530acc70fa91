"""The chart of a plan: what each offer delivers, one on top of the other, under what is needed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from common.charts import round_step
from listings.vocabulary import next_quarter, quarter_label, quarter_of

WIDTH, HEIGHT = 880, 280
LEFT, TOP, BOTTOM = 56, 12, 28
LABELS_MOST = 8

Shown = Mapping[str, Any]


class Tick(NamedTuple):
    at: float
    label: str


class Block(NamedTuple):
    """A rectangle: what one part (`tone` counts them from 1) delivers from one date to the next."""

    x: float
    y: float
    width: float
    height: float
    tone: int
    is_coarse: bool


class PlanChart(NamedTuple):
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

    first: date
    end: date
    top: float

    def x(self, day: date) -> float:
        return round(LEFT + (WIDTH - 1 - LEFT) * ((day - self.first) / (self.end - self.first)), 1)

    def y(self, amount: float) -> float:
        return round(HEIGHT - BOTTOM - amount / self.top * (HEIGHT - BOTTOM - TOP), 1)


def chart_of(plan: Shown) -> PlanChart:
    """A stacked step chart of a plan as `matching.plans` lets it out."""
    moments = plan["timeline"]
    first, last = quarter_of(moments[0]["from_on"]), moments[-1]["from_on"]
    # The last level is to be seen as a level: a fifth of the span more, at least half a year.
    end = last + max((last - first) / 5, timedelta(days=183))
    most = max(float(moment["needed"]) for moment in moments)
    rung = round_step(most)
    plane = _Plane(first, end, rung * math.ceil(most / rung))
    return PlanChart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        base=HEIGHT - BOTTOM,
        x_ticks=[Tick(plane.x(day), quarter_label(day)) for day in _quarters(first, end)],
        y_ticks=[Tick(plane.y(rung * n), f"{rung * n:,.10g}") for n in range(round(plane.top / rung) + 1)],
        blocks=list(_blocks(plan, plane)),
        needed=_stepped(moments, "needed", plane),
        dependable=_stepped(moments, "dependable", plane),
    )


def _blocks(plan: Shown, plane: _Plane) -> Iterator[Block]:
    days = [*(moment["from_on"] for moment in plan["timeline"]), plane.end]
    for day, then in pairwise(days):
        below = 0.0
        for tone, site in enumerate(plan["sites"], start=1):
            amount = _standing(site["stages"], day)
            if amount:
                left, high = plane.x(day), plane.y(below + amount)
                size = round(plane.x(then) - left, 1), round(plane.y(below) - high, 1)
                yield Block(left, high, *size, tone, site["coarse"])
            below += amount


def _standing(stages: Sequence[Shown], day: date) -> float:
    return next((float(s["quantity"]) for s in reversed(stages) if s["from_on"] <= day), 0.0)


def _stepped(moments: Sequence[Shown], name: str, plane: _Plane) -> str:
    """Points of a stepped line, from its first date to the end."""
    days = [*(moment["from_on"] for moment in moments), plane.end]
    spans = zip(moments, pairwise(days), strict=True)
    return " ".join(
        f"{plane.x(day)},{plane.y(float(moment[name]))} {plane.x(then)},{plane.y(float(moment[name]))}"
        for moment, (day, then) in spans
    )


def _quarters(first: date, end: date) -> list[date]:
    """Quarters from the first on, as many as have room for their labels."""
    starts = [first]
    while (following := next_quarter(starts[-1])) < end:
        starts.append(following)
    return starts[: max(len(starts) - 1, 1)][:: -(-len(starts) // LABELS_MOST)]
