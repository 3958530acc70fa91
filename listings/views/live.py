"""What changes on a form's page while somebody types: faults of the fields left, charts, how many would fit.

Small parts that htmx puts in their places; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.readers import PageRequest
from common.counters import WINDOW_S, counted
from listings.forms import Grid, Line, Paper, QuickRequest
from listings.views.charts import StepChart, typed_chart
from listings.views.fit import fit_of, quick_fit
from listings.views.shelves import Shelf

# The names of the fields that were left, in that order: only their faults are told.
LEFT = "left"
# A page asks when the typing pauses, at most every 0.4 s.
ANSWERS_PER_MINUTE = 150


def live(request: PageRequest, parts: Callable[[], dict[str, Any]]) -> HttpResponse:
    """The parts of a form that change: `lines` of fields, `grids` with their charts, the sentence `fit`."""
    if counted(f"typing:{request.reader.principal}") > ANSWERS_PER_MINUTE:
        return HttpResponse(status=429, headers={"Retry-After": str(WINDOW_S)})
    return render(request, "listings/live.html", parts())


def parts_of(request: PageRequest, shelf: Shelf, paper: Paper) -> dict[str, Any]:
    """The live parts of a post's form."""
    paper.judge(shelf.check, now=timezone.now())
    return {
        "lines": paper.lines(request.POST.getlist(LEFT)),
        "grids": charted(paper.grids()),
        "fit": fit_of(shelf, paper, timezone.localdate()),
    }


def quick_parts(request: PageRequest, form: QuickRequest) -> dict[str, Any]:
    """The live parts of a request in five answers."""
    left = [name for name in request.POST.getlist(LEFT) if name in form.fields]
    return {"lines": [Line(form[name]) for name in left], "fit": quick_fit(form, timezone.localdate())}


def charted(grids: Iterable[Grid]) -> list[tuple[Grid, StepChart | None]]:
    """The tables of a form, each with its chart if it has dates and figures."""
    return [(grid, typed_chart(grid) if grid.table.name in ("phases", "steps") else None) for grid in grids]
