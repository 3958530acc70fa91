"""The curve of a post's dated rows, drawn from what has been typed so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.utils.dateparse import parse_date

# The drawing's own units; the page scales it.
WIDTH, HEIGHT = 720, 150
LEFT, RIGHT, TOP, BOTTOM = 12, 708, 26, 122
LABELLED_MAX = 6
TAIL_MIN = timedelta(days=120)


class Point(NamedTuple):
    """Where the curve steps up, with the words beside it; no words where they would collide."""

    x: str
    y: str
    day: str
    total: str


class Curve(NamedTuple):
    line: str
    area: str
    points: list[Point]
    sentence: str


def curve_of(name: str, rows: Sequence[Any]) -> Curve | None:
    """Phases add up, the steps of a ramp are totals; None until one row has a date and a quantity."""
    steps = steps_of(name, rows)
    return _drawn(steps, unit="GPUs" if _counts_gpus(rows) else "MW") if steps else None


def steps_of(name: str, rows: Sequence[Any]) -> list[tuple[date, Decimal]]:
    """From each date on, the total, as far as the rows can be read already."""
    found = sorted(each for row in rows if (each := _typed(row.form)))
    if name != "phases":
        return found
    return [
        (day, sum((size for _, size in found[: at + 1]), Decimal(0))) for at, (day, _) in enumerate(found)
    ]


def _typed(form: Any) -> tuple[date, Decimal] | None:
    """A row's date and quantity, typed or stored; None while one of them cannot be read."""
    if form.data.get(f"{form.prefix}-DELETE"):
        return None
    day, size = (form[name].value() for name in form.row_fields[:2])
    try:
        day = day if isinstance(day, date) else parse_date(day or "")
        size = Decimal(str(size).strip())
    except (ValueError, InvalidOperation):
        return None
    if not day or not 2000 <= day.year <= 2100 or not size.is_finite():
        return None
    return (day, size) if 0 < size < 10_000_000 else None


def _counts_gpus(rows: Sequence[Any]) -> bool:
    return any("gpus" in row.form.row_fields for row in rows)


def _drawn(steps: list[tuple[date, Decimal]], *, unit: str) -> Curve:
    first, last = steps[0][0], steps[-1][0]
    days = (last - first + max(TAIL_MIN, (last - first) / 4)).days
    most = max(total for _, total in steps)
    xs = [LEFT + 40 + (day - first).days * (RIGHT - LEFT - 40) / days for day, _ in steps]
    ys = [BOTTOM - float(total / most) * (BOTTOM - TOP) for _, total in steps]
    line = (
        f"M{LEFT} {BOTTOM}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in zip(xs, ys, strict=True)) + f"H{RIGHT}"
    )
    told = [f"{total.normalize():,f} {unit} from {day.day} {day:%B %Y}" for day, total in steps]
    points = [
        _point(x, y, day, total, is_told=len(steps) <= LABELLED_MAX or at in (0, len(steps) - 1))
        for at, (x, y, (day, total)) in enumerate(zip(xs, ys, steps, strict=True))
    ]
    return Curve(line, f"{line}V{BOTTOM}Z", points, "; ".join(told) + ".")


def _point(x: float, y: float, day: date, total: Decimal, *, is_told: bool) -> Point:
    words = (f"{day:%b %Y}", f"{total.normalize():,f}") if is_told else ("", "")
    return Point(f"{x:.1f}", f"{y:.1f}", *words)
