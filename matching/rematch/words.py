"""A run in words, for the page and for the command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching.vocabulary import Stage

MINUTE, HOUR = 60, 3600


def progress_of(run: Mapping[str, Any]) -> str:
    """One sentence on how far it is, of `shown`."""
    if run["stage"] == Stage.RANKING:
        told = _("%(done)s of %(posts)s posts ranked") % {
            "done": f"{run['posts'] - run['remaining']:,}",
            "posts": f"{run['posts']:,}",
        }
        return told + _pace(run)
    return {
        Stage.PREPARING: _("Noting how every list stands, to compare it later"),
        Stage.COMPARING: _("Comparing every list with how it stood before"),
        Stage.FINISHED: _("Finished"),
        Stage.CANCELLED: _("Cancelled"),
    }[Stage(run["stage"])]


def _pace(run: Mapping[str, Any]) -> str:
    if run["seconds_left"] is None:
        return ""
    values = {"pace": f"{run['posts_per_second']:,.0f}", "time": duration(max(1, run["seconds_left"]))}
    if run["posts_per_second"] < 1:
        return _(", about %(time)s left") % values
    return _(", %(pace)s a second, about %(time)s left") % values


def outcome_of(run: Mapping[str, Any]) -> str:
    """What became of a run that has ended."""
    if not run["posts"]:
        return _("Cancelled before any post was ranked.")
    values = {
        "done": f"{run['posts'] - run['remaining']:,}",
        "posts": f"{run['posts']:,}",
        "time": duration((run["drained_at"] - run["marked_at"]).total_seconds()),
        "pace": f"{run['posts_per_second'] or 0:,.0f}",
    }
    told = _("%(done)s of %(posts)s posts ranked in %(time)s, %(pace)s a second.") % values
    if run["stage"] == Stage.FINISHED and run["remaining"]:
        told += " " + ngettext(
            "%(number)s post failed five times and is parked: read the worker's log.",
            "%(number)s posts failed five times and are parked: read the worker's log.",
            run["remaining"],
        ) % {"number": f"{run['remaining']:,}"}
    return told


def lines_of(run: Mapping[str, Any]) -> Iterator[str]:
    """The report of a run that has ended, line by line."""
    yield f"{progress_of(run)}. {outcome_of(run)}"
    if run["report"]:
        yield from (f"{figure:>10,}  {label}" for label, figure in facts_of(run["report"]))
        yield str(_("Scores of the matches that stayed:"))
        for one in run["report"]["score_changes"]:
            yield f"{one['matches']:>10,}  {step_label(one)}"


def facts_of(report: Mapping[str, Any]) -> list[tuple[str, int]]:
    labels = {
        "matches_before": _("matches before"),
        "matches_after": _("matches now"),
        "matches_new": _("matches new"),
        "matches_gone": _("matches gone"),
        "scores_up": _("scores up by five points or more"),
        "scores_down": _("scores down by five points or more"),
        "turned_fit": _("turned from conditional to fit"),
        "turned_conditional": _("turned from fit to conditional"),
        "best_changed": _("needs with another best match"),
    }
    return [(label, report[name]) for name, label in labels.items()]


def step_label(step: Mapping[str, int]) -> str:
    """A step of score changes in points: −20 or more, −19 to −15, …, unchanged, …, +20 or more."""
    least, most = step["least"], step["most"]
    if least == most == 0:
        return _("unchanged")
    near, far = (least, most) if least > 0 else (most, least)
    if abs(far) == 100:
        return _("%(near)s or more") % {"near": _signed(near)}
    return _("%(near)s to %(far)s") % {"near": _signed(near), "far": _signed(far)}


def _signed(points: int) -> str:
    return f"+{points}" if points > 0 else f"−{-points}"


def duration(seconds: float) -> str:
    """As exact as one needs it: 40 s, 12 min, 3 h 20 min."""
    if seconds < 1:
        return _("less than a second")
    if seconds < 2 * MINUTE:
        return _("%(seconds)s s") % {"seconds": round(seconds)}
    if seconds < 2 * HOUR:
        return _("%(minutes)s min") % {"minutes": round(seconds / MINUTE)}
    hours, minutes = divmod(round(seconds / MINUTE), 60)
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
