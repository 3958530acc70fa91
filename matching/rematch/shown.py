"""A run as pages, API and command show it: how far it is, how fast, and what it has moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from accounts.readers import Reader
from listings.models import Change
from matching.models import Run
from matching.services.runs import is_operator
from matching.vocabulary import MOVE_STEP_POINTS, MOVE_STEPS, Stage

REPORTED = (
    "requests",
    "matches_before",
    "matches_after",
    "matches_new",
    "matches_gone",
    "turned_conditional",
    "turned_fit",
    "needs",
    "best_changed",
)


def shown(run: Run, now: datetime, reader: Reader | None = None) -> dict[str, Any]:
    """One run under the API's field names; at most one query. Who started it is for operators to know."""
    remaining = _remaining(run)
    return {
        "uid": str(run.uid),
        "why": run.why,
        "assumptions_version": run.assumptions_version,
        "stage": run.stage.value,
        "started_at": run.started_at,
        "started_by": _name(run.started_by, reader),
        "posts": run.posts,
        "remaining": remaining,
        **_pace(run, remaining, now),
        "marked_at": run.marked_at,
        "drained_at": run.drained_at,
        "cancelled_at": run.cancelled_at,
        "cancelled_by": _name(run.cancelled_by, reader),
        "ended_at": run.ended_at,
        "report": report_of(run.report) if run.ended_at and run.marked_at else None,
    }


def report_of(counts: Mapping[str, int]) -> dict[str, Any]:
    """What has moved between the start and the end, of requests that were there at the start."""
    steps = list(_steps(counts))
    return {name: counts.get(name, 0) for name in REPORTED} | {
        "scores_up": sum(one["matches"] for one in steps if one["least"] >= MOVE_STEP_POINTS),
        "scores_down": sum(one["matches"] for one in steps if one["most"] <= -MOVE_STEP_POINTS),
        "score_changes": steps,
    }


def _steps(counts: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Matches that stayed, by how many whole points their score has changed, falls first."""
    for step in range(-MOVE_STEPS, MOVE_STEPS + 1):
        near, far = _bounds(abs(step))
        least, most = (near, far) if step >= 0 else (-far, -near)
        yield {"least": least, "most": most, "matches": counts.get(f"step_{step}", 0)}


def _bounds(step: int) -> tuple[int, int]:
    """0; 1 to 4; 5 to 9; … and whatever lies beyond, up to 100."""
    if step == 0:
        return 0, 0
    near = max(1, (step - 1) * MOVE_STEP_POINTS)
    return near, 100 if step == MOVE_STEPS else step * MOVE_STEP_POINTS - 1


def _remaining(run: Run) -> int | None:
    """Posts that are still to be ranked; once nothing waits, those that never were. None before marking."""
    if run.stage is Stage.RANKING:
        return Change.objects.waiting().of_run().count()
    return run.left if run.marked_at else None


def _pace(run: Run, remaining: int | None, now: datetime) -> dict[str, float | None]:
    """Measured since the posts were marked; the time left supposes that it goes on like this."""
    if run.posts is None or run.marked_at is None or remaining is None:
        return {"posts_per_second": None, "seconds_left": None}
    seconds = ((run.drained_at or now) - run.marked_at).total_seconds()
    done = run.posts - remaining
    pace = done / seconds if seconds > 0 and done > 0 else None
    is_ranking = pace is not None and run.stage is Stage.RANKING
    return {
        "posts_per_second": None if pace is None else round(pace, 1),
        "seconds_left": round(remaining / pace) if is_ranking and pace else None,
    }


def _name(user: Any, reader: Reader | None) -> str | None:
    return str(user) if user is not None and (reader is None or is_operator(reader)) else None
