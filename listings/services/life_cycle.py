"""How posts come onto the market and leave it."""

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Value, When

from accounts.models import Organization
from common.bell import ring_on_commit
from common.errors import DomainError
from listings.models import Evidence, GpuPool, Post, Site
from listings.services import gpu_pools, requests, sites
from listings.services.filling import Faults
from listings.services.posts import a_year_after, locked, stored
from listings.services.sites import CapacityReserved
from listings.services.unfinished import forget_unfinished
from listings.vocabulary import MOVES, REPEATABLE_METHODS, PostType, Status

_JUDGES: dict[str, Callable[[Any, Faults], None]] = {
    PostType.SITE: sites.judge_opening,
    PostType.GPU_POOL: gpu_pools.judge_opening,
    PostType.REQUEST: requests.judge_opening,
}


class MoveRefused(DomainError):
    """The life cycle has no such step."""

    code = "move_refused"


@transaction.atomic
def move_post(*, post: Post, to: str, now: datetime) -> Post:
    """Open, pause or withdraw a post. Where it stands already, nothing happens.

    A post that is opened after its last day stays open for another year. Raises MoveRefused,
    CapacityReserved (withdrawing under a deal), Withdrawn, InvalidInput (opening an incomplete draft).
    """
    post = locked(post)
    if to == post.status:
        return post
    if to not in MOVES[post.status]:
        raise MoveRefused(
            f"A post that is {post.status} cannot become {to}.", fields={"status": "No such step."}
        )
    if to == Status.WITHDRAWN and _is_reserved(post):
        raise CapacityReserved("Deals hold part of it. It can be withdrawn once they have ended.")
    post.status = to
    if to == Status.OPEN:
        _open(post, today=now.date())
    post.save(update_fields=["status", "open_until"])
    ring_on_commit()
    return stored(post)


@transaction.atomic
def renew_post(*, post: Post, now: datetime) -> Post:
    """The owner says "still true": the post is open for another year, again if it had expired, and evidence
    counts as verified today as far as the owner's word can renew it."""
    post = locked(post)
    _renew([post.pk], today=now.date())
    post.refresh_from_db(fields=["status", "open_until"])
    return stored(post)


@transaction.atomic
def renew_posts(*, organization: Organization, uids: Collection[UUID], now: datetime) -> int:
    """The owner says "still true" of many posts at once, all or none; returns how many there were.

    Posts of others and withdrawn ones are passed over.
    """
    own = Post.objects.filter(organization=organization, uid__in=uids).exclude(status=Status.WITHDRAWN)
    posts = list(own.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    _renew(posts, today=now.date())
    return len(posts)


def _renew(posts: Collection[int], *, today: date) -> None:
    backing = Evidence.objects.filter(post__in=posts)
    backing.filter(method__in=REPEATABLE_METHODS, verified_on__lt=today).update(
        verified_on=today, expires_on=None
    )
    backing.age(today)
    reopened = When(status=Status.EXPIRED, then=Value(Status.OPEN))
    Post.objects.filter(pk__in=posts).update(
        open_until=a_year_after(today), status=Case(reopened, default=F("status"))
    )
    ring_on_commit()


@transaction.atomic
def turn_the_day(*, today: date) -> dict[str, int]:
    """Let time pass: posts past their last day expire, evidence ages, what was begun long ago is forgotten.
    Twice a day changes nothing more."""
    forget_unfinished(today=today)
    ended = Post.objects.filter(status=Status.OPEN, open_until__lt=today)
    counts = {"expired": ended.update(status=Status.EXPIRED), "aged": Evidence.objects.age(today)}
    if any(counts.values()):
        ring_on_commit()
    return counts


def _open(post: Post, *, today: date) -> None:
    faults = Faults()
    _JUDGES[post.post_type](post, faults)
    faults.raise_if_any()
    if post.open_until < today:
        post.open_until = a_year_after(today)


def _is_reserved(post: Post) -> bool:
    if isinstance(post, Site):
        return post.phases.filter(reserved_mw__gt=0).exists()
    return isinstance(post, GpuPool) and post.reserved_gpus > 0
