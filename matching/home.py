"""A member's front page: what waits for them, what is new, and how their posts stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.readers import PageRequest, Reader
from accounts.visits import note_visit
from listings.models import Evidence, Post, SavedSearch
from listings.views.shelves import SHELVES
from listings.vocabulary import REPEATABLE_METHODS, Freshness, PostType, Status
from listings.words import said
from matching.losses import lost_since
from matching.models import Match
from matching.vocabulary import LOSSES_KEPT

POSTS_SHOWN = 50
POSTS_READ = 500
NEWS_SHOWN = 10
EXPIRES_SOON = timedelta(days=30)
FIRST_LOOK_BACK = timedelta(days=7)

Counts = Mapping[int, tuple[int, int]]


class Action(NamedTuple):
    """A button that posts `to`, or a link where `url` is no action of a form."""

    label: str
    url: str
    to: str = ""
    is_form: bool = True


class Waiting(NamedTuple):
    """One thing that waits for the reader; `tone` colours the chip, `word` says it."""

    word: str
    tone: str
    title: str
    url: str
    text: str
    action: Action


class News(NamedTuple):
    title: str
    url: str
    text: str


class Line(NamedTuple):
    """One own post in the table."""

    title: str
    code_name: str
    url: str
    kind: str
    status: str
    tone: str
    matches: str
    matches_url: str
    best: str
    evidence: str
    confirmed: str
    evidence_tone: str
    open_until: str
    renew_url: str


def member_home(request: PageRequest) -> HttpResponse:
    """The same number of queries for one post and for five hundred."""
    reader, now, today = request.reader, timezone.now(), timezone.localdate()
    last_visit = note_visit(by=reader, now=now)
    since = last_visit or now - FIRST_LOOK_BACK
    posts = _own_posts(reader)
    known = Match.objects.for_list(reader, today)
    counts = known.counts_of([post.pk for post in posts], _side(reader)) if posts else {}
    lost, is_more_lost = lost_since(since, reader, today, _side(reader))
    context = {
        "organization": reader.organization,
        "today": today,
        "may_post": [shelf for shelf in SHELVES.values() if shelf.is_for(reader)],
        "waiting": [one for post in posts for one in _waiting(post, counts, today)],
        "since": since,
        "is_first": last_visit is None,
        "news": _news(known.new_since(since), posts, reader, since),
        "lost": lost,
        "is_more_lost": is_more_lost,
        "lost_from": now - LOSSES_KEPT if since < now - LOSSES_KEPT else None,
        "searches": SavedSearch.objects.for_lists(reader),
        "stats": _stats(posts, counts),
        "lines": [_line(post, counts) for post in posts[:POSTS_SHOWN]],
        "more": max(0, len(posts) - POSTS_SHOWN),
        "renewable": [post.uid for post in posts if post.status in (Status.OPEN, Status.EXPIRED)],
    }
    return render(request, "home_member.html", context)


def _own_posts(reader: Reader) -> list[Any]:
    own = Post.objects.for_owner(reader).exclude(status=Status.WITHDRAWN)
    return list(own.with_stuck().prefetch_related("evidence")[:POSTS_READ])


def _side(reader: Reader) -> str:
    return "offer" if reader.is_miner else "request"


# --- What waits --------------------------------------------------------------------------------


def _waiting(post: Any, counts: Counts, today: date) -> Iterator[Waiting]:
    """The first reason that applies; one post asks for one thing at a time."""
    found = next((reason for reason in _reasons(post, counts, today)), None)
    if found:
        word, tone, text, action = found
        yield Waiting(word, tone, post.title, _url(post), text, action)


def _reasons(post: Any, counts: Counts, today: date) -> Iterator[tuple[str, str, str, Action]]:
    still_true = Action(_("Still true"), reverse("listings:renew", args=[post.uid]))
    last_day = said(Post, "open_until", post.open_until)
    if post.status == Status.DRAFT:
        edit = Action(
            _("Finish it"), reverse(f"listings:{post.post_type}_edit", args=[post.uid]), is_form=False
        )
        yield _("Draft"), "open", _("Only you see it."), edit
    if post.status == Status.PAUSED:
        move = Action(_("Open it"), reverse("listings:move", args=[post.uid]), to=Status.OPEN)
        yield _("Paused"), "open", _("Nobody else sees it, and it has no matches."), move
    if post.status == Status.EXPIRED or (post.status == Status.OPEN and post.open_until < today):
        yield _("Expired"), "bad", _("It left the market after {day}.").format(day=last_day), still_true
    if post.status != Status.OPEN:
        return
    if post.stuck:
        look = Action(_("Look at it"), _url(post), is_form=False)
        yield _("Delayed"), "bad", _("It is stored, but could not be matched yet."), look
    if post.open_until - today <= EXPIRES_SOON:
        yield _("Expires"), "open", _("It leaves the market after {day}.").format(day=last_day), still_true
    if aged := [one for one in post.evidence.all() if one.freshness != Freshness.FRESH]:
        yield _("Evidence"), "open", _aged(aged), _confirming(aged, post, still_true)
    if post.post_type == PostType.REQUEST and not post.pending and post.pk not in counts:
        why = Action(_("See why"), _matches_url(post), is_form=False)
        yield _("No match"), "open", _("Nothing on the market fits it today."), why


def _confirming(aged: Iterable[Evidence], post: Any, still_true: Action) -> Action:
    """Saying so again is enough for a statement or a source; a document wants to be verified anew."""
    if all(one.method in REPEATABLE_METHODS for one in aged):
        return still_true
    return Action(_("Verify"), reverse("listings:evidence", args=[post.uid]), is_form=False)


def _aged(aged: Iterable[Evidence]) -> str:
    claims = sorted(one.get_claim_display().lower() for one in aged)
    return _("Not confirmed for 90 days: {claims}.").format(claims=", ".join(claims))


# --- What is new -------------------------------------------------------------------------------


def _news(fresh: Any, posts: Sequence[Any], reader: Reader, since: datetime) -> list[News]:
    """New matches of the reader's posts (a broker: of all requests), best first, then what expired."""
    found = list(fresh.counted(_side(reader)).order_by("-best", "post")[:NEWS_SHOWN])
    titled = {post.pk: post for post in posts} if posts else _titled([row["post"] for row in found], reader)
    matches = [
        _new(titled[row["post"]], row["matches"], row["best"]) for row in found if row["post"] in titled
    ]
    return matches + [
        News(post.title, _url(post), _("left the market"))
        for post in posts
        if post.status == Status.EXPIRED and post.open_until >= since.date()
    ]


def _titled(posts: Sequence[int], reader: Reader) -> dict[int, Any]:
    if not reader.is_broker:
        return {}
    seen: dict[int, Any] = Post.objects.visible_to(reader, timezone.localdate()).with_title().in_bulk(posts)
    return seen


def _new(post: Any, matches: int, best: int) -> News:
    words = ngettext(
        "{count} new match, scored {best}", "{count} new matches, the best scored {best}", matches
    )
    return News(post.title, _matches_url(post), words.format(count=matches, best=best))


# --- How one's posts stand ---------------------------------------------------------------------


def _stats(posts: Sequence[Any], counts: Counts) -> list[tuple[str, str, str]]:
    """(label, figure, what it is of)."""
    open_posts = [post for post in posts if post.status == Status.OPEN]
    evidence = [one for post in open_posts for one in post.evidence.all()]
    fresh = sum(one.freshness == Freshness.FRESH for one in evidence)
    matched = sum(post.pk in counts for post in open_posts)
    best = max((best for _many, best in counts.values()), default=None)
    stats = [
        (_("Open posts"), str(len(open_posts)), _("of {count}").format(count=len(posts))),
        (_("Matches"), f"{sum(many for many, _best in counts.values()):,}", ""),
        (_("Best score"), "–" if best is None else str(best), _("of 100") if best is not None else ""),
        (_("Matched posts"), str(matched), _("of {count}").format(count=len(open_posts))),
    ]
    if evidence:
        stats.append((_("Fresh evidence"), str(fresh), _("of {count}").format(count=len(evidence))))
    return stats


_STATUS_TONES = {Status.OPEN: "good", Status.EXPIRED: "bad"}


def _line(post: Any, counts: Counts) -> Line:
    count, best = counts.get(post.pk, (0, None))
    is_open, evidence = post.status == Status.OPEN, list(post.evidence.all())
    renewable = post.status in (Status.OPEN, Status.EXPIRED)
    return Line(
        title=post.title,
        code_name=post.code_name,
        url=_url(post),
        kind=PostType(post.post_type).label,
        status=_("being matched") if is_open and post.pending else Status(post.status).label,
        tone=_STATUS_TONES.get(post.status, "open"),
        matches=str(count) if is_open else "",
        matches_url=_matches_url(post),
        best="" if best is None else str(best),
        evidence=_freshness(evidence),
        confirmed=said(Evidence, "verified_on", min((one.verified_on for one in evidence), default=None)),
        evidence_tone="good" if all(one.freshness == Freshness.FRESH for one in evidence) else "open",
        open_until=said(Post, "open_until", post.open_until),
        renew_url=reverse("listings:renew", args=[post.uid]) if renewable else "",
    )


def _freshness(evidence: Sequence[Evidence]) -> str:
    fresh = sum(one.freshness == Freshness.FRESH for one in evidence)
    return _("{fresh} of {all} fresh").format(fresh=fresh, all=len(evidence)) if evidence else ""


def _url(post: Any) -> str:
    return SHELVES[PostType(post.post_type)].url(post.uid)


def _matches_url(post: Any) -> str:
    return reverse("matching:of_post", args=[post.uid])
