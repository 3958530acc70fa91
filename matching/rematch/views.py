"""The pages of the runs: all of them, and one as it goes on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.readers import PageRequest
from common.pages import page_of
from common.tables import Cell, Column, Table
from matching import services
from matching.models import Ranking, Run
from matching.rematch.chart import chart_of
from matching.rematch.shown import shown
from matching.rematch.words import facts_of, outcome_of, progress_of, step_label
from matching.services.runs import RunOver, RunUnderWay, is_operator

ORDER = ("-started_at", "uid")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def runs(request: PageRequest) -> HttpResponse:
    """All runs, the one under way on top; an operator starts one here."""
    services.require_watcher(request.reader)
    if request.method == "POST":
        return _start(request)
    page = page_of(request, Run.objects.for_list(), ORDER)
    under_way = Run.objects.for_list().under_way().first()
    context = {
        "page": page,
        "rows": [_row(run, request) for run in page["results"]],
        "live": _live(under_way, request) if under_way else None,
        "is_operator": is_operator(request.reader),
    }
    return render(request, "matching/runs.html", context)


def _start(request: PageRequest) -> HttpResponse:
    try:
        services.start_run(by=request.reader, now=timezone.now())
    except RunUnderWay as refusal:
        messages.error(request, refusal.message)
    return redirect("matching:runs")


@require_safe
@login_required
def run(request: PageRequest, uid: str) -> HttpResponse:
    """One run: how far it is, and once it has ended what it moved. Asks again by itself until then."""
    services.require_watcher(request.reader)
    found = get_object_or_404(Run.objects.for_list(), uid=uid)
    live = _live(found, request)
    if request.htmx and live["ended_at"]:
        return HttpResponse(headers={"HX-Refresh": "true"})
    template = "matching/run.html#live" if request.htmx else "matching/run.html"
    return render(request, template, {"live": live})


@require_POST
@login_required
def cancel(request: PageRequest, uid: str) -> HttpResponse:
    """Take the rest of a run off the queue. The page has asked before."""
    services.require_watcher(request.reader)
    found = get_object_or_404(Run.objects, uid=uid)
    try:
        left = services.cancel_run(by=request.reader, run=found, now=timezone.now()).left
    except RunOver as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Cancelled. Taken off the queue: %(left)s posts.") % {"left": left})
    return redirect("matching:run", uid)


def _live(found: Run, request: PageRequest) -> dict[str, Any]:
    """A run for its card: under way or ended."""
    body = shown(found, timezone.now(), request.reader)
    ended = body["ended_at"] is not None
    report = body["report"]
    return {
        **body,
        "why_label": found.get_why_display(),
        "stage_label": found.stage.label,
        "told": outcome_of(body) if ended else progress_of(body),
        "recounting": _recounting(found) if ended else 0,
        "done": (body["posts"] or 0) - (body["remaining"] or 0),
        "may_cancel": is_operator(request.reader) and found.drained_at is None,
        "facts": _facts(report) if report else None,
        "chart": chart_of(report["score_changes"]) if report else None,
        "table": _table(report) if report else None,
    }


def _recounting(found: Run) -> int:
    """After the latest run: how many rankings have their counts still to follow."""
    is_latest = not Run.objects.filter(started_at__gt=found.started_at).exists()
    return Ranking.objects.recounting().count() if is_latest else 0


def _facts(report: dict[str, Any]) -> Table:
    rows = [[Cell(label), Cell(f"{figure:,}", is_number=True)] for label, figure in facts_of(report)]
    return Table(_("In figures"), [Column(_("What")), Column(_("How many"), is_number=True)], rows)


def _table(report: dict[str, Any]) -> Table:
    rows = [
        [Cell(step_label(one)), Cell(f"{one['matches']:,}", is_number=True)]
        for one in report["score_changes"]
    ]
    columns = [Column(_("Change of score")), Column(_("Matches"), is_number=True)]
    return Table(_("Matches that stayed, by change of score"), columns, rows)


def _row(found: Run, request: PageRequest) -> dict[str, Any]:
    body = shown(found, timezone.now(), request.reader)
    return {**body, "why_label": found.get_why_display(), "stage_label": found.stage.label}
