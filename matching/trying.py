"""What a what-if found, as rows of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from listings.models import Site
from listings.views.lines import title_of
from listings.words import said
from matching.sheets import about, url_of

Shown = Mapping[str, Any]


class Tried(NamedTuple):
    """One post of the other side, before and after."""

    title: str
    url: str
    about: str
    before: str
    after: str
    change: str
    chip: str
    first_power: str
    is_coarse: bool


class Outcome(NamedTuple):
    rows: list[Tried]
    before: int
    after: int
    best_before: int | None
    best_after: int | None


def outcome_of(found: Iterable[Shown]) -> Outcome:
    """All that matches before or after the change."""
    rows = list(found)
    before = [row["before"] for row in rows if row["before"] is not None]
    after = [row["after"] for row in rows if row["after"] is not None]
    return Outcome(
        rows=[_row(row) for row in rows],
        before=len(before),
        after=len(after),
        best_before=max(before, default=None),
        best_after=max(after, default=None),
    )


def _row(row: Shown) -> Tried:
    change, chip = _change(row["before"], row["after"])
    return Tried(
        title=title_of(row["post"]),
        url=url_of(row["post"]),
        about=about(row["post"]),
        before="" if row["before"] is None else str(row["before"]),
        after="" if row["after"] is None else str(row["after"]),
        change=change,
        chip=chip,
        first_power=said(Site, "ready_on", row["first_power_on"]),
        is_coarse=row["coarse"],
    )


def _change(before: int | None, after: int | None) -> tuple[str, str]:
    """In words, and the class of the chip."""
    if before is None:
        return _("new"), "chip-good"
    if after is None:
        return _("lost"), "chip-bad"
    if before == after:
        return _("same"), ""
    return (f"+{after - before}", "chip-good") if after > before else (f"−{before - after}", "chip-bad")
