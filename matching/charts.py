"""The step chart of a match: needed, nominal and dependable quantity over time, as SVG geometry."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

WIDTH, HEIGHT = 720, 240
LEFT, BOTTOM, TOP = 56, 28, 12
LINES = 4
LABELS_MOST = 8


class Tick(NamedTuple):
    at: float
    label: str


class Series(NamedTuple):
    """One stepped line: `points` is the `points` attribute of a polyline."""

    name: str
    points: str


class Chart(NamedTuple):
    width: int
    height: int
    left: int
    base: int
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    series: list[Series]


def chart_of(curve: Sequence[Mapping[str, Any]]) -> Chart | None:
    """A chart of monthly means; None where there is nothing to draw."""
    most = max((month[name] for month in curve for name in ("needed", "nominal", "dependable")), default=0)
    if not most:
        return None
    level = _round_step(float(most))
    top = level * math.ceil(float(most) / level)
    step = (WIDTH - LEFT) / len(curve)

    def y(value: Decimal | float) -> float:
        return round(HEIGHT - BOTTOM - float(value) / top * (HEIGHT - BOTTOM - TOP), 1)

    def stepped(name: str) -> str:
        """Each month is a level from its first day to its last."""
        corners = [
            f"{LEFT + step * at:.1f},{y(month[name])} {LEFT + step * (at + 1):.1f},{y(month[name])}"
            for at, month in enumerate(curve)
        ]
        return " ".join(corners)

    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        base=HEIGHT - BOTTOM,
        x_ticks=_months(curve, step),
        y_ticks=[Tick(y(level * n), f"{level * n:,.4g}") for n in range(round(top / level) + 1)],
        series=[Series(name, stepped(name)) for name in ("nominal", "needed", "dependable")],
    )


def _round_step(most: float) -> float:
    """The distance of two grid lines: 1, 2 or 5 times a power of ten, at most `LINES` of them."""
    least = most / LINES
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)


def _months(curve: Sequence[Mapping[str, Any]], step: float) -> list[Tick]:
    """A label every so many months, so that they never touch."""
    every = -(-len(curve) // LABELS_MOST)
    return [
        Tick(round(LEFT + step * at, 1), _short(curve[at]["month"])) for at in range(0, len(curve), every)
    ]


def _short(month: date) -> str:
    return f"{month:%b %y}"
