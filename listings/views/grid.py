"""All of a miner's sites in one table, edited like a spreadsheet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django_countries import countries

from accounts.idempotency import keep, replay
from accounts.models import Organization
from accounts.readers import PageRequest, Reader
from common.errors import DomainError
from common.pages import page_of
from listings import services
from listings.forms import GridRow, grid_of, uids_in
from listings.models import Site
from listings.views import once
from listings.views.editing import form_page
from listings.views.once import kept_through_sign_in
from listings.views.shelves import SITES
from listings.vocabulary import BuildStage, Grid, Status
from listings.words import LABELS

# The button that also puts what is still a draft on the market.
OPEN = "open"


@form_page
@kept_through_sign_in
def site_grid(request: PageRequest) -> HttpResponse:
    """Save every changed row or none; what was typed stays in its cell either way."""
    organization = request.reader.organization
    if organization is None:
        return redirect("accounts:create_organization")
    SITES.require_side(request.reader)
    kept = once.restored(request)
    if request.POST:
        return _save(request, organization)
    page = page_of(request, _own(request.reader), ("created_at", "uid"))
    rows = grid_of(_named(request.reader, uids_in(kept)), kept) if kept else grid_of(page["results"])
    return _page(request, rows, page=page, was_kept=bool(kept))


@transaction.atomic
def _save(request: PageRequest, organization: Organization) -> HttpResponse:
    sent = once.claim(request)
    if sent and sent.status:
        return replay(sent)
    named = _named(request.reader, uids_in(request.POST), lock=True)
    rows = grid_of(named, request.POST)
    valid = rows.is_valid()
    sites = {str(site.uid): site for site in named}
    opens = OPEN in request.POST
    changed = [row for row in rows.forms if valid and (row.says_something() or _is_draft(row, sites, opens))]
    saved = [_save_row(row, sites, organization, opens=opens) for row in changed]
    if not valid or not all(saved):
        transaction.set_rollback(True)
        return _page(request, rows)
    messages.success(request, _told(len(changed)))
    answer = redirect("listings:site_grid")
    if sent:
        keep(record=sent, answer=answer)
    return answer


def _is_draft(row: GridRow, sites: dict[str, Site], opens: bool) -> bool:
    site = sites.get(str(row.cleaned_data.get("uid")))
    return opens and site is not None and site.status == Status.DRAFT


def _save_row(row: GridRow, sites: dict[str, Site], organization: Organization, *, opens: bool) -> bool:
    uid, now = row.cleaned_data["uid"], timezone.now()
    site = sites.get(str(uid))
    if uid and site is None:
        row.add_error(None, "You have no such site.")
        return False
    if site and row.cleaned_data["version"] != site.version:
        row.compare(site)
        return False
    try:
        if site:
            services.update_site(site=site, fields=row.typed(), phases=row.phases_typed(), now=now)
            if opens and site.status == Status.DRAFT:
                services.move_post(post=site, to=Status.OPEN, now=now)
        else:
            fields = {**row.typed(), "status": Status.OPEN if opens else Status.DRAFT}
            services.create_site(
                organization=organization, fields=fields, phases=row.phases_typed() or [], now=now
            )
    except DomainError as refusal:
        row.refuse(refusal)
        return False
    return True


def _own(reader: Reader) -> Any:
    return Site.objects.of(reader).exclude(status=Status.WITHDRAWN).prefetch_related("phases")


def _named(reader: Reader, uids: list[str], *, lock: bool = False) -> list[Site]:
    """The reader's own sites among these, locked in key order if they are to be written."""
    own = _own(reader).filter(uid__in=[uid for uid in uids if _is_uid(uid)]).order_by("pk")
    return list(own.select_for_update(no_key=True) if lock else own)


def _is_uid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _page(
    request: PageRequest, rows: Any, *, page: dict[str, Any] | None = None, was_kept: bool = False
) -> HttpResponse:
    wrong = request.method == "POST"
    faults = sum(len(row.errors) for row in rows.forms) if wrong else 0
    context = {
        "rows": rows,
        "columns": [(name, LABELS[name]) for name in GridRow.columns],
        "page": page,
        "faults": faults,
        "wrong": wrong,
        "was_kept": was_kept,
        "mark": request.POST.get(once.MARK) or once.new_mark(request.reader),
        "known": {"country": list(countries), "grid": Grid.choices, "stage": BuildStage.choices},
    }
    return render(request, "listings/grid.html", context, status=400 if wrong else 200)


def _told(count: int) -> str:
    if not count:
        return "Nothing had changed."
    return "One site is saved." if count == 1 else f"{count} sites are saved."
