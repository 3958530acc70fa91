"""One post, by the face that its reader may see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.readers import PageRequest, Reader
from listings.faces import show
from listings.querysets import MAX_ATTEMPTS
from listings.views.sheets import sheet_of
from listings.views.shelves import GPU_POOLS, REQUESTS, SITES, Shelf
from listings.vocabulary import MOVES, Face, PostType, Status

# A worker answers within a second or two; whoever waits longer is told so.
PATIENCE = timedelta(seconds=10)
LOOK_AGAIN_SECONDS = 3
DELAYED_LOOK_AGAIN_SECONDS = 15
MOVE_LABELS = {
    Status.OPEN: "Open it",
    Status.PAUSED: "Pause",
    Status.WITHDRAWN: "Withdraw…",
}


class Matching(NamedTuple):
    """How matching stands, in words, and when the page should look again by itself."""

    text: str
    refresh_seconds: int | None = None


@require_safe
def site_page(request: PageRequest, uid: str) -> HttpResponse:
    return _page(request, SITES, uid)


@require_safe
def gpu_pool_page(request: PageRequest, uid: str) -> HttpResponse:
    return _page(request, GPU_POOLS, uid)


@require_safe
def request_page(request: PageRequest, uid: str) -> HttpResponse:
    return _page(request, REQUESTS, uid)


def matching_of(post: Any, now: datetime) -> Matching:
    """Whether a post has been matched; `post` is annotated with what is `waiting`."""
    if post.status != Status.OPEN:
        return Matching("Not on the market, so it is not matched.")
    if post.waiting is None:
        return Matching("Matched: its matches are up to date.")
    is_parked = post.waiting["attempts"] >= MAX_ATTEMPTS
    if post.waiting["in_run"] and not is_parked:
        text = "The whole market is being ranked anew. Until its turn this post keeps its earlier matches."
        return Matching(text, DELAYED_LOOK_AGAIN_SECONDS)
    if is_parked or now - datetime.fromisoformat(post.waiting["since"]) > PATIENCE:
        text = "Matching is delayed; your post is stored and will be matched."
        return Matching(text, DELAYED_LOOK_AGAIN_SECONDS)
    return Matching("Matching…", LOOK_AGAIN_SECONDS)


def _page(request: PageRequest, shelf: Shelf, uid: str) -> HttpResponse:
    found = shelf.model.objects.for_page(request.reader, timezone.localdate())
    post = get_object_or_404(found, uid=uid)
    shown = show(post)
    is_own = shown["face"] == Face.RESERVE
    context = {
        "shelf": shelf,
        "shown": shown,
        "sheet": sheet_of(shelf, shown),
        "owner": _owner(shelf, post) if is_own else None,
        "matches": _matches(post, request.reader) if is_own or request.reader.is_broker else None,
    }
    return render(request, "listings/post.html", context)


def _matches(post: Any, reader: Reader) -> dict[str, Any]:
    """How many matches the post has for whoever may list them, and where. Matching stands above this
    package, so its rows are reached from the post."""
    today = timezone.localdate()
    if post.post_type == PostType.REQUEST:
        found = post.matches.for_list(reader, today).best_of_request(post.uid)
    else:
        found = post.offer_matches.for_list(reader, today)
    return {"count": found.count(), "url": reverse("matching:of_post", args=[post.uid])}


def _owner(shelf: Shelf, post: Any) -> dict[str, Any]:
    """What only the post's own organization finds on its page."""
    return {
        "matching": matching_of(post, timezone.now()),
        "edit_url": reverse(f"listings:{shelf.one}_edit", args=[post.uid]),
        "evidence_url": "" if shelf is REQUESTS else reverse("listings:evidence", args=[post.uid]),
        "grants_url": reverse("listings:grants", args=[post.uid]),
        "moves": [{"to": to, "label": MOVE_LABELS[Status(to)]} for to in Status if to in MOVES[post.status]],
        "may_renew": post.status in (Status.OPEN, Status.PAUSED),
    }
