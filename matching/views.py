"""Matches: of all of one's posts, of one post in rank order, and one match with its reasons."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.readers import PageRequest, Reader
from common.pages import page_of
from listings.faces import show
from listings.models import Post
from listings.views.lines import title_of
from listings.views.pages import matching_of
from listings.views.shelves import GPU_POOLS, REQUESTS, SHELVES, SITES
from listings.vocabulary import Face, PostType, Status
from matching.charts import chart_of
from matching.comparison import MOST as COMPARED_MOST
from matching.comparison import comparison_of
from matching.forms import WhatIfForm
from matching.lists import funnels_of, rows_of
from matching.models import Match
from matching.places import Place, place_of
from matching.prices import price_of
from matching.querysets import LIST_ORDER
from matching.release import offers_of, release, release_one, requests_of
from matching.services.what_if import NotNow, TooManyTries
from matching.services.what_if import what_if as tried
from matching.sheets import (
    curve_table,
    dimensions_of,
    facts_of,
    gates_of,
    table_of_posts,
)
from matching.summary import near_offers, rankings_of, summaries
from matching.trying import outcome_of
from matching.winning import winnable, wins_of


@require_safe
@login_required
def matches(request: PageRequest) -> HttpResponse:
    """One's own posts (for a broker: all open requests), each with its matches counted."""
    if request.reader.organization is None:
        return redirect("accounts:create_organization")
    page = page_of(request, _posts(request.reader), ("-created_at", "uid"))
    counts = _counts(page["results"], request.reader)
    context = {"page": page, "table": table_of_posts(page["results"], counts)}
    return render(request, "matching/matches.html", context)


@require_safe
@login_required
def of_post(request: PageRequest, uid: str) -> HttpResponse:
    """The matches of one post, best first, and where the other side was lost and what nearly fits."""
    reader, today = request.reader, timezone.localdate()
    post = _post(uid, reader, today)
    is_request = post.post_type == PostType.REQUEST
    rankings = rankings_of(post)
    known = Match.objects.for_list(reader, today)
    found = known.best_of_request(post.uid) if is_request else known.filter(offer=post.pk)
    page = page_of(request, found, LIST_ORDER)
    if is_request:
        matched = {match.offer_id for match in page["results"]}
        others = offers_of(matched | near_offers(rankings), reader, today)
        summary = summaries(post, rankings, others, reader)
    else:
        matched = {match.request_id for match in page["results"]}
        others = requests_of(matched | winnable(rankings), reader, today)
        summary = wins_of(post, rankings, others, reader)
    rows = release(page["results"], reader, today, {**others, post.pk: post})
    context = {
        "post": post,
        "title": title_of(show(post)),
        "post_url": SHELVES[PostType(post.post_type)].url(post.uid),
        "matching": matching_of(post, timezone.now()),
        "page": page,
        "rows": rows_of(rows, of_request=is_request),
        "is_request": is_request,
        "as_table": request.GET.get("view") == "table",
        "may_try": _may_try(post, reader, today),
        "funnels": funnels_of(summary),
    }
    return render(request, "matching/of_post.html", context)


@require_safe
@login_required
def match(request: PageRequest, uid: str) -> HttpResponse:
    """One match with every reason that its reader may know."""
    today = timezone.localdate()
    known = Match.objects.for_list(request.reader, today)
    found = get_object_or_404(known, uid=uid)
    shown = release_one(found, request.reader, today)
    if shown is None:
        raise Http404
    is_gpu = shown["offer"]["post_type"] == PostType.GPU_POOL
    context = {
        "shown": shown,
        "match": facts_of(shown),
        "dimensions": dimensions_of(shown),
        "gates": gates_of(shown),
        "has_lines": bool(shown["criteria"]),
        "price": price_of(shown),
        "place": _place(shown, known, request.reader),
        "unit": "GPUs" if is_gpu else "critical MW",
        # Only the request's own face has the outside date.
        "chart": chart_of(shown["curve"], "GPUs" if is_gpu else "MW", shown["request"].get("latest_on")),
        "curve": curve_table(shown["curve"], is_gpu=is_gpu),
    }
    return render(request, "matching/match.html", context)


@require_safe
@login_required
def compare(request: PageRequest) -> HttpResponse:
    """Up to four of the reader's matches side by side; more are left out and the page says so."""
    today = timezone.localdate()
    wanted = _uids(request.GET.getlist("m"))
    chosen = wanted[:COMPARED_MOST]
    known = Match.objects.for_list(request.reader, today).filter(uid__in=chosen)
    shown = release(list(known.order_by(*LIST_ORDER)), request.reader, today)
    context = {
        "comparison": comparison_of(shown) if shown else None,
        "is_cut": len(wanted) > len(chosen),
        "is_gone": len(shown) < len(chosen),
        "back_url": _list_of(shown),
    }
    return render(request, "matching/compare.html", context)


@require_safe
@login_required
def what_if(request: PageRequest, uid: str) -> HttpResponse:
    """The owner of an open post tries another date or price; nothing is saved."""
    reader, today = request.reader, timezone.localdate()
    post = _post(uid, reader, today)
    if not _may_try(post, reader, today):
        raise Http404
    form = WhatIfForm(request.GET, post=post)
    outcome, status = None, 200
    if form.is_bound and form.is_valid():
        try:
            outcome = outcome_of(tried(post=post, changes=form.changes, reader=reader, today=today))
        except (NotNow, TooManyTries) as refusal:
            form.add_error(None, refusal.message)
            status = 429 if isinstance(refusal, TooManyTries) else 503
    elif form.is_bound:
        status = 400
    context = {
        "title": title_of(show(post)),
        "matches_url": reverse("matching:of_post", args=[post.uid]),
        "is_request": post.post_type == PostType.REQUEST,
        "form": form,
        "suggestions": form.suggestions(),
        "outcome": outcome,
    }
    return render(request, "matching/what_if.html", context, status=status)


def _post(uid: str, reader: Reader, today: date) -> Any:
    """A post whose matches the reader may list, of whichever kind, with all that belongs to it. A request is
    looked for first: its matches and near misses take the most queries."""
    for shelf in (REQUESTS, SITES, GPU_POOLS):
        known: Any = shelf.model.objects.for_page(reader, today).filter(uid=uid)
        found = (known.open(today) if reader.is_broker else known.of(reader)).first()
        if found is not None:
            return found
    raise Http404


def _uids(texts: list[str]) -> list[UUID]:
    """The ids among what was sent, each once."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(text))
    return list(dict.fromkeys(found))


def _list_of(shown: list[dict[str, Any]]) -> str:
    """The list that the matches come from, where it is that of one post of the reader's own."""
    posts = [match[side] for match in shown for side in ("request", "offer")]
    own = {post["uid"] for post in posts if post["face"] == Face.RESERVE}
    return reverse("matching:of_post", args=[own.pop()]) if len(own) == 1 else reverse("matching:matches")


def _place(shown: dict[str, Any], known: Any, reader: Reader) -> Place | None:
    """The match's place in the list of the reader's own post, or for a broker in that of the request."""
    if reader.is_broker or shown["request"]["face"] == Face.RESERVE:
        return place_of(shown, known.best_of_request(shown["request"]["uid"]))
    return place_of(shown, known.filter(offer__uid=shown["offer"]["uid"]))


def _may_try(post: Any, reader: Reader, today: date) -> bool:
    """Whether the reader may try another figure on it: one's own open posts."""
    is_own = reader.organization is not None and post.organization_id == reader.organization.pk
    return is_own and post.status == Status.OPEN and post.open_until >= today


def _posts(reader: Reader) -> Any:
    """The posts whose matches the reader may list."""
    if reader.is_broker:
        today = timezone.localdate()
        seen = Post.objects.visible_to(reader, today).open(today).with_pending().with_title()
        return seen.order_by("-created_at", "uid")
    return Post.objects.for_owner(reader)


def _counts(posts: list[Any], reader: Reader) -> dict[int, tuple[int, int]]:
    """{post: (how many matches, the best score as the reader may see it)} in two queries."""
    ids = [post.pk for post in posts]
    known = Match.objects.for_list(reader, timezone.localdate())
    return known.counts_of(ids, "request") | known.counts_of(ids, "offer")
