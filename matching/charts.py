"""The step chart of a match: needed, nominal and dependable quantity over time, as SVG geometry."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from common.charts import Tick, levels, scale_of

WIDTH, HEIGHT = 880, 320
LEFT, RIGHT, TOP, BOTTOM = 48, 164, 28, 28
LABELS_MOST = 8
LABEL_APART = 16
SERIES = ("nominal", "dependable", "needed")
_LABELS = {
    "nominal": lazy("nominal {amount} {unit}"),
    "dependable": lazy("dependable {amount} {unit}"),
    "needed": lazy("needed {amount} {unit}"),
}


class Series(NamedTuple):
    """One stepped line: `points` for a polyline, `area` for a polygon down to the base, its end's label."""

    name: str
    points: str
    area: str
    label: str
    label_at: float


class Chart(NamedTuple):
    width: int
    height: int
    left: int
    right: int
    top: int
    base: int
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    series: list[Series]
    outside: Tick | None


class _Plane(NamedTuple):
    """Months and quantities as places on the picture."""

    months: int
    top: float

    def x(self, month: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * month / self.months, 1)

    def y(self, value: Decimal | float) -> float:
        return round(HEIGHT - BOTTOM - float(value) / self.top * (HEIGHT - BOTTOM - TOP), 1)


def chart_of(curve: Sequence[Mapping[str, Any]], unit: str, outside: date | None = None) -> Chart | None:
    """A chart of monthly means; None where there is nothing to draw.

    `outside` marks the outside date: a reserve value, so only its owner's view passes it.
    """
    most = max((month[name] for month in curve for name in SERIES), default=0)
    if not most:
        return None
    level, top = scale_of(float(most))
    plane = _Plane(len(curve), top)
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        base=HEIGHT - BOTTOM,
        x_ticks=_months(curve, plane),
        y_ticks=levels(plane.y, level, top),
        series=_series(curve, plane, unit),
        outside=_outside(curve, plane, outside),
    )


def _series(curve: Sequence[Mapping[str, Any]], plane: _Plane, unit: str) -> list[Series]:
    last = {name: curve[-1][name] for name in SERIES}
    at = _spread({name: plane.y(value) for name, value in last.items()})
    made = []
    for name in SERIES:
        points = _stepped([month[name] for month in curve], plane)
        area = f"{plane.x(0)},{plane.y(0)} {points} {plane.x(len(curve))},{plane.y(0)}"
        label = str(_LABELS[name]).format(amount=f"{last[name]:,.4g}", unit=unit)
        made.append(Series(name, points, area, label, at[name]))
    return made


def _stepped(values: Sequence[Decimal], plane: _Plane) -> str:
    """Each month is a level from its first day to its last."""
    return " ".join(
        f"{plane.x(at)},{plane.y(value)} {plane.x(at + 1)},{plane.y(value)}"
        for at, value in enumerate(values)
    )


def _spread(wanted: Mapping[str, float]) -> dict[str, float]:
    """Labels from the lowest up, each far enough above the one before to be read."""
    placed: dict[str, float] = {}
    free = float(HEIGHT - BOTTOM)
    for name in sorted(wanted, key=lambda name: -wanted[name]):
        placed[name] = min(wanted[name], free)
        free = placed[name] - LABEL_APART
    return placed


def _outside(curve: Sequence[Mapping[str, Any]], plane: _Plane, day: date | None) -> Tick | None:
    if day is None:
        return None
    first = curve[0]["month"]
    month = (day.year - first.year) * 12 + day.month - first.month
    if not 0 <= month < len(curve):
        return None
    return Tick(
        plane.x(month + (day.day - 1) / monthrange(day.year, day.month)[1]), _("outside date, first step")
    )


def _months(curve: Sequence[Mapping[str, Any]], plane: _Plane) -> list[Tick]:
    """A label every so many months, so that they never touch."""
    every = -(-len(curve) // LABELS_MOST)
    return [Tick(plane.x(at), f"{curve[at]['month']:%b %y}") for at in range(0, len(curve), every)]
