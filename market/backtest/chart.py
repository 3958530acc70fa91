"""Where each order puts the real sites, as SVG geometry: a line for each deal, then the means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from market.backtest.words import MEANS

WIDTH = 640
LEFT, RIGHT, TOP, ROW, FOOT = 222, 20, 28, 24, 28
TICKS = (0, 25, 50, 75, 100)


class Tick(NamedTuple):
    at: float
    label: int


class Line(NamedTuple):
    """One deal: where the engine and "largest first" put its site."""

    y: float
    deal: Mapping[str, Any]
    engine: float
    largest: float


class Mean(NamedTuple):
    """One order over all deals, with its interval."""

    y: float
    order: str
    label: str
    at: float
    low: float
    high: float


class Strip(NamedTuple):
    width: int
    height: int
    left: int
    right: int
    top: int
    base: float
    rule: float  # between deals and means
    ticks: list[Tick]
    lines: list[Line]
    means: list[Mean]


def strip_of(result: Mapping[str, Any]) -> Strip:
    """The deals of the main group that have a rank, the latest first, and the means of all orders."""
    ranked = [deal for deal in reversed(result["deals"]) if deal["group"] == "main" and _has_rank(deal)]
    lines = [_line(number, deal) for number, deal in enumerate(ranked)]
    group = result["groups"]["main"]
    rule = TOP + ROW * (len(lines) + 0.25)
    means = [_mean(rule + ROW * (number + 0.75), order, group[order]) for number, order in enumerate(MEANS)]
    base = rule + ROW * (len(MEANS) + 0.25)
    return Strip(
        width=WIDTH,
        height=round(base + FOOT),
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        base=base,
        rule=rule,
        ticks=[Tick(_x(tick / 100), tick) for tick in TICKS],
        lines=lines,
        means=means,
    )


def _has_rank(deal: Mapping[str, Any]) -> bool:
    return bool(deal["places"]) and deal["places"]["engine"]["percentile"] is not None


def _line(number: int, deal: Mapping[str, Any]) -> Line:
    places = deal["places"]
    return Line(
        y=TOP + ROW * (number + 0.5),
        deal=deal,
        engine=_x(places["engine"]["percentile"]),
        largest=_x(places["largest"]["percentile"]),
    )


def _mean(y: float, order: str, ends: list[float]) -> Mean:
    value, low, high = ends
    return Mean(y, order, str(MEANS[order]), _x(value), _x(low), _x(high))


def _x(part: float) -> float:
    return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)
