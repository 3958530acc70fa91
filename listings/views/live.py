"""What changes on a form's page while somebody types: faults of the fields left, charts, how many would fit.

Small parts that htmx puts in their places; nothing is stored.
"""

from __future__ import annotations

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


def live(request: PageRequest, shelf: Shelf, paper: Paper) -> HttpResponse:
    """The live parts of a post's form."""
    if _too_often(request):
        return _later()
    paper.judge(shelf.check, now=timezone.now())
    lines = paper.lines(request.POST.getlist(LEFT))
    fit = fit_of(shelf, paper, timezone.localdate())
    return _parts(request, {"lines": lines, "grids": charted(paper), "fit": fit})


def quick_live(request: PageRequest, form: QuickRequest) -> HttpResponse:
    """The live parts of a request in five answers."""
    if _too_often(request):
        return _later()
    lines = [Line(form[name]) for name in request.POST.getlist(LEFT) if name in form.fields]
    return _parts(request, {"lines": lines, "fit": quick_fit(form, timezone.localdate())})


def charted(paper: Paper) -> list[tuple[Grid, StepChart | None]]:
    """The tables of a form, each with its chart if it has dates and figures."""
    return [
        (grid, typed_chart(grid) if grid.table.name in ("phases", "steps") else None)
        for grid in paper.grids()
    ]


def _parts(request: PageRequest, parts: dict[str, Any]) -> HttpResponse:
    return render(request, "listings/live.html", parts)


def _too_often(request: PageRequest) -> bool:
    return counted(f"typing:{request.reader.principal}") > ANSWERS_PER_MINUTE


def _later() -> HttpResponse:
    return HttpResponse(status=429, headers={"Retry-After": str(WINDOW_S)})
