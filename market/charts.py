"""The charts of the market as SVG geometry: MW by quarter, and rates of leases by their day."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from django.utils.translation import gettext as _

from common.charts import Tick, levels, scale_of
from market.figures import Quarter
from market.models import Comparable

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 76, 8, 14, 34
BASE = HEIGHT - BOTTOM
MARGIN = 40  # keeps the outermost labels inside
TERM_TICK_YEARS = 5


class Bar(NamedTuple):
    kind: str
    x: float
    y: float
    width: float
    height: float


class BarChart(NamedTuple):
    bars: list[Bar]
    x_ticks: list[Tick]
    y_ticks: list[Tick]


class Dot(NamedTuple):
    x: float
    y: float
    lease: Comparable


class DotChart(NamedTuple):
    dots: list[Dot]
    median: float
    x_ticks: list[Tick]
    y_ticks: list[Tick]


def bars_of(quarters: Sequence[Quarter]) -> BarChart | None:
    """For each quarter what is offered, its dependable part in front, and what is wanted; None if nothing."""
    most = max((max(each.offered, each.wanted) for each in quarters), default=Decimal(0))
    if not most:
        return None
    level, top = scale_of(float(most))
    slot = (WIDTH - LEFT - RIGHT) / len(quarters)
    bars = [bar for at, each in enumerate(quarters) for bar in _bars(each, LEFT + at * slot, slot, top)]
    return BarChart(
        bars=bars,
        x_ticks=[Tick(round(LEFT + (at + 0.5) * slot, 1), each.label) for at, each in enumerate(quarters)],
        y_ticks=levels(partial(_height, base=0, top=top), level, top),
    )


def _bars(quarter: Quarter, start: float, slot: float, top: float) -> list[Bar]:
    width = slot * 0.36
    left = start + slot * 0.12
    rows = (
        ("offered", quarter.offered, left),
        ("dependable", quarter.dependable, left),
        ("wanted", quarter.wanted, left + width + slot * 0.04),
    )
    return [_bar(kind, x, width, float(mw) / top) for kind, mw, x in rows if mw]


def _bar(kind: str, x: float, width: float, share: float) -> Bar:
    height = max(1.0, share * (BASE - TOP))
    return Bar(kind, round(x, 1), round(BASE - height, 1), round(width, 1), round(height, 1))


def dots_by_day(leases: Sequence[Comparable], median: Decimal) -> DotChart:
    """Each lease by its day of announcement and its rate; there is at least one."""
    first = min(lease.announced_on for lease in leases)
    last = max(lease.announced_on for lease in leases)
    ticks = [(day.toordinal(), f"{day:%b %Y}") for day in _half_years(first, last)]
    return _dots([(one.announced_on.toordinal(), one) for one in leases], ticks, median)


def dots_by_term(leases: Sequence[Comparable], median: Decimal) -> DotChart:
    """Each lease by its term and its rate; there is at least one."""
    first = min(lease.term_years for lease in leases)
    last = max(lease.term_years for lease in leases)
    years = [year for year in range(0, 100, TERM_TICK_YEARS) if first <= year <= last]
    ticks = [(float(year), _("%(years)s years") % {"years": year}) for year in years]
    return _dots([(one.term_years, one) for one in leases], ticks, median)


def _dots(
    leases: Sequence[tuple[float, Comparable]], ticks: Iterable[tuple[float, str]], median: Decimal
) -> DotChart:
    rates = [float(lease.rate_usd_kw_month) for _at, lease in leases]
    level, top = scale_of(max(rates))
    base = level * math.floor(min(rates) / level)
    height = partial(_height, base=base, top=top)
    first, last = min(at for at, _lease in leases), max(at for at, _lease in leases)

    def x(value: float) -> float:
        share = (value - first) / ((last - first) or 1)
        return round(LEFT + MARGIN + share * (WIDTH - LEFT - RIGHT - 2 * MARGIN), 1)

    return DotChart(
        dots=[Dot(x(at), height(lease.rate_usd_kw_month), lease) for at, lease in leases],
        median=height(median),
        x_ticks=[Tick(x(value), label) for value, label in ticks],
        y_ticks=levels(height, level, top, base),
    )


def _half_years(first: date, last: date) -> list[date]:
    """The first days of January and July between two days."""
    days = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in (1, 7)]
    return [day for day in days if first <= day <= last]


def _height(value: Decimal | float, base: float, top: float) -> float:
    """Where a value stands between the lowest and the highest line."""
    return round(BASE - (float(value) - base) / (top - base) * (BASE - TOP), 1)
