"""The dated rows of a form as far as they can be read already; what says nothing is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.utils.dateparse import parse_date


class Dated(NamedTuple):
    """A phase, or a step of a ramp: MW or GPUs from a day on, and how far a phase's hall is."""

    day: date
    size: Decimal
    stage: str


def dated(rows: Sequence[Any]) -> list[Dated]:
    """What the rows of a table say, typed or stored, in the order of their dates."""
    return sorted(each for row in rows if (each := _read(row.form)))


def _read(form: Any) -> Dated | None:
    """A row; None while its date or its quantity cannot be read."""
    if form.data.get(f"{form.prefix}-DELETE"):
        return None
    day, size, *stage = (form[name].value() for name in form.row_fields)
    try:
        day = day if isinstance(day, date) else parse_date(day or "")
        size = Decimal(str(size).strip())
    except (ValueError, InvalidOperation):
        return None
    if not day or not 2000 <= day.year <= 2100 or not size.is_finite() or not 0 < size < 10_000_000:
        return None
    return Dated(day, size, str(stage[0] or "") if stage else "")
