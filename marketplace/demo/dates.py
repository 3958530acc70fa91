"""Dates as sources give them, and dates counted from today."""

import re
from calendar import monthrange
from datetime import date

_FORMS = re.compile(r"(?P<year>\d{4})(?:-(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|(?P<month>\d{2})))?")


def last_day(text: str) -> date:
    """The last day of "2027", "2027-H1", "2027-Q3" or "2027-05": supply that is due then is there at its end.

    Raises ValueError for any other form.
    """
    if not (found := _FORMS.fullmatch(text)):
        raise ValueError(f"{text!r} is no year, half, quarter or month.")
    year, half, quarter, month = (int(part) if part else 0 for part in found.group(1, 2, 3, 4))
    return end_of_month(year, half * 6 or quarter * 3 or month or 12)


def first_day(text: str) -> date:
    """The first day of "2026", "2026-05" or "2026-05-11": what is known of a time was known at least then."""
    year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
    return date(year, month, day)


def quarter_end(day: date, months: int = 0) -> date:
    """The last day of the quarter that lies some months after a day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return end_of_month(year, month // 3 * 3 + 3)


def month_start(day: date, months: int = 0) -> date:
    """The first day of the month that lies some months after a day's."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def end_of_month(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
