"""A member's saved searches: keep one, open it, rename, pause, delete, and stop the mails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.readers import PageRequest
from common.forms import refusals_told
from listings.forms.filters import Chosen
from listings.models import SavedSearch
from listings.searches import data_of, digest_of_token, form_of, save_search
from listings.services import saved_searches as services
from listings.views.shelves import SHELVES, Shelf
from listings.vocabulary import PostType


class Line(NamedTuple):
    """One saved search on the page of all."""

    search: SavedSearch
    shelf: Shelf
    chosen: list[Chosen]
    is_broken: bool  # one of its choices is no longer offered


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def saved_searches(request: PageRequest) -> HttpResponse:
    """All of them; posting switches the daily mail."""
    if request.reader.organization is None:
        return redirect("accounts:create_organization")
    searches = list(SavedSearch.objects.for_lists(request.reader))
    digest = searches[0].digest if searches else None
    if request.method == "POST" and digest:
        services.switch_mail(digest=digest, on=request.POST.get("is_mailed") == "yes")
        return redirect("listings:saved_searches")
    context = {"lines": [_line(search) for search in searches], "digest": digest, "most": services.MOST}
    return render(request, "listings/searches.html", context)


@require_POST
@login_required
def saved_search_new(request: PageRequest) -> HttpResponse:
    """Keep the list as it is narrowed; `query` is the list's own address without its page."""
    if request.reader.organization is None:
        return redirect("accounts:create_organization")
    shelf = SHELVES.get(request.POST.get("catalogue", ""))  # type: ignore[call-overload]  # any text may come
    if shelf is None:
        raise BadRequest("The search was changed on its way.")
    query, now = request.POST.get("query", ""), timezone.now()
    with refusals_told(request):
        save_search(
            by=request.reader,
            catalogue=shelf.post_type,
            name=request.POST.get("name", ""),
            query=_filters(query),
            now=now,
        )
        messages.success(request, _("Saved. A mail tells you once a day what is new in it."))
    return redirect(f"{shelf.list_url}?{query}" if query else shelf.list_url)


@require_safe
@login_required
def saved_search(request: PageRequest, uid: str) -> HttpResponse:
    """On to the list as it was saved; nothing in it is new any more."""
    search = _own(request, uid)
    services.see_saved_search(search=search, now=timezone.now())
    query = data_of(search.catalogue, search.query).urlencode()
    return redirect(f"{SHELVES[PostType(search.catalogue)].list_url}?{query}")


@require_POST
@login_required
def saved_search_change(request: PageRequest, uid: str) -> HttpResponse:
    """Rename, pause or resume."""
    search, pause = _own(request, uid), request.POST.get("is_paused")
    with refusals_told(request):
        services.update_saved_search(
            search=search, name=request.POST.get("name"), is_paused=None if pause is None else pause == "yes"
        )
    return redirect("listings:saved_searches")


@require_POST
@login_required
def saved_search_delete(request: PageRequest, uid: str) -> HttpResponse:
    """For good, so it asks first."""
    search = _own(request, uid)
    if "sure" not in request.POST:
        return render(request, "listings/search_delete.html", {"search": search})
    services.delete_saved_search(search=search)
    messages.success(request, _("The search is deleted."))
    return redirect("listings:saved_searches")


@csrf_exempt  # the token in the address is the right; mail programs post without a page (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mail(request: PageRequest, token: str) -> HttpResponse:
    """No more mail, without signing in. Looking at it changes nothing: mail scanners open every link."""
    digest = digest_of_token(token)
    if digest and request.method == "POST":
        services.switch_mail(digest=digest, on=False)
    context = {"digest": digest, "is_stopped": digest is not None and request.method == "POST"}
    return render(request, "listings/stop_mail.html", context, status=200 if digest else 400)


def _own(request: PageRequest, uid: str) -> SavedSearch:
    own: SavedSearch = get_object_or_404(SavedSearch.objects.of(request.reader), uid=uid)
    return own


def _line(search: SavedSearch) -> Line:
    form = form_of(search.catalogue, search.query, timezone.localdate())
    return Line(search, SHELVES[PostType(search.catalogue)], list(form.chosen()), not form.is_valid())


def _filters(query: str) -> Mapping[str, Any]:
    """The filters of a list's address; how it is sorted and drawn is no part of a search."""
    given = QueryDict(query[:2000])
    return {
        name: ",".join(values) for name, values in given.lists() if name not in ("sort", "view", "cursor")
    }
