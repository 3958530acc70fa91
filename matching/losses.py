"""What a reader had at their last visit and has no more, and why, as far as they may know it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.readers import Reader
from listings.models import Post
from listings.views.shelves import SHELVES
from listings.vocabulary import Face, PostType, Status
from matching.models import Loss
from matching.sheets import listed_labels
from matching.vocabulary import Cause

LOST_SHOWN = 10


class Lost(NamedTuple):
    """One pair: the reader's post (a broker's: the request) and what it lost; `other_url` may be ""."""

    title: str
    url: str
    other: str
    other_url: str
    score: int
    why: str


def lost_since(since: datetime, reader: Reader, today: date, side: str) -> tuple[list[Lost], bool]:
    """The best that were lost, and whether there are more; two queries.

    `side` is that of the reader's posts. A post that is only a teaser goes by its code name, and of it nobody
    learns that something changed which the teaser hides: only the gates that fail, as from a near miss.
    """
    found: list[Any] = list(Loss.objects.for_home(reader, since, today, side)[: LOST_SHOWN + 1])
    posts = _posts(found, reader)
    shown = [_lost(loss, posts, reader, today, side) for loss in found[:LOST_SHOWN]]
    return shown, len(found) > LOST_SHOWN


def _posts(losses: Sequence[Any], reader: Reader) -> dict[int, Any]:
    wanted = {post for loss in losses for post in (loss.request_id, loss.offer_id)}
    return Post.objects.with_face(reader).with_title().in_bulk(wanted) if wanted else {}


def _lost(loss: Any, posts: dict[int, Any], reader: Reader, today: date, side: str) -> Lost:
    request, offer = posts[loss.request_id], posts[loss.offer_id]
    own, other = (request, offer) if side == "request" else (offer, request)
    is_seen = reader.is_broker or (other.status == Status.OPEN and other.open_until >= today)
    return Lost(
        title=_title(own),
        url=reverse("matching:of_post", args=[own.uid]),
        other=_title(other),
        other_url=SHELVES[PostType(other.post_type)].url(other.uid) if is_seen else "",
        score=loss.shown,
        why=_why(loss, other, reader, side),
    )


def _title(post: Any) -> str:
    return str(post.code_name if post.face == Face.TEASER else post.title)


# --- Why ---------------------------------------------------------------------------------------


def _why(loss: Any, other: Any, reader: Reader, side: str) -> str:
    if loss.cause in (Cause.REQUEST_LEFT, Cause.OFFER_LEFT):
        return _left(other)
    if loss.cause == Cause.OUTRANKED and not loss.gates:
        return _("Better ones took its place.")
    who = _who(loss.cause, reader, side, is_coarse=other.face == Face.TEASER)
    words = {"who": who, "gates": listed_labels(loss.gates or ())}
    if not who:
        return _("The two fail on {gates} now.").format(**words) if loss.gates else _("It fits no more.")
    if loss.gates is None:
        return _("{who} changed.").format(**words)
    if not loss.gates:
        return _("{who} changed; the two score too low to be listed.").format(**words)
    return _("{who} changed; the two fail on {gates} now.").format(**words)


def _left(post: Any) -> str:
    """How a post left is told to whoever could read it in full."""
    told: dict[str, str] = {
        Status.EXPIRED: _("It expired."),
        Status.WITHDRAWN: _("It was withdrawn."),
        Status.PAUSED: _("It was paused."),
    }
    return told.get(post.status if post.face != Face.TEASER else "", _("It left the market."))


def _who(cause: str, reader: Reader, side: str, *, is_coarse: bool) -> str:
    """Whose change it was; "" where nobody's, or where it is not told."""
    own_change = Cause.REQUEST_CHANGED if side == "request" else Cause.OFFER_CHANGED
    if cause == Cause.OUTRANKED or (is_coarse and cause != own_change):
        return ""
    if cause == Cause.BOTH_CHANGED:
        return _("Both posts")
    if reader.is_broker:
        return _("The request") if cause == Cause.REQUEST_CHANGED else _("The offer")
    return _("Your post") if cause == own_change else _("The other post")
