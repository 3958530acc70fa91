"""A worker's picture of the market: every post as the rules read it, kept fresh by what changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from django.db import connection

from engine import Need, Offer
from listings.models import CapacityRequest, GpuPool, Post, Site
from listings.vocabulary import PostType, Status
from matching.conversion import needs_from, offer_from

AnyPost: TypeAlias = Site | GpuPool | CapacityRequest


@dataclass(frozen=True, slots=True)
class Entry:
    """One post at one version. A post that is not on the market keeps its version and nothing else."""

    version: int
    open_until: date | None
    values: tuple[Offer, ...] | tuple[Need, ...]

    def is_open(self, today: date) -> bool:
        return self.open_until is not None and self.open_until >= today


@dataclass
class Side:
    """Supply or demand. Every transaction before `seen_xid` has been seen; the next look starts there."""

    types: tuple[PostType, ...]
    seen_xid: int = 0
    entries: dict[int, Entry] = field(default_factory=dict)

    def refresh(self) -> None:
        """Read what changed since the last look, late commits included, in a fixed number of queries."""
        oldest = _oldest_running()
        changed = Post.objects.filter(post_type__in=self.types, changed_xid__gte=self.seen_xid)
        self._drop(changed.exclude(status=Status.OPEN).values_list("pk", "version"))
        self._take(changed.filter(status=Status.OPEN).values_list("pk", flat=True))
        self.seen_xid = oldest

    def _drop(self, closed: Iterable[tuple[int, int]]) -> None:
        self.entries.update({pk: Entry(version, None, ()) for pk, version in closed})

    def _take(self, opened: Iterable[int]) -> None:
        self.entries.update({post.pk: entry_of(post) for post in load(self.types, list(opened))})


class Market:
    """Both sides. One lives in each worker process and is refreshed before each post."""

    def __init__(self) -> None:
        self.supply = Side((PostType.SITE, PostType.GPU_POOL))
        self.demand = Side((PostType.REQUEST,))


_MODELS: dict[str, type[AnyPost]] = {
    PostType.SITE: Site,
    PostType.GPU_POOL: GpuPool,
    PostType.REQUEST: CapacityRequest,
}


def load(types: Iterable[str], posts: list[int]) -> list[AnyPost]:
    """Posts with all that the rules read, in at most eight queries."""
    models = [_MODELS[one] for one in types] if posts else []
    return [post for model in models for post in model.objects.filter(pk__in=posts).with_all()]


def entry_of(post: AnyPost) -> Entry:
    if post.status != Status.OPEN:
        return Entry(post.version, None, ())
    if isinstance(post, CapacityRequest):
        return Entry(post.version, post.open_until, tuple(needs_from(post)))
    return Entry(post.version, post.open_until, (offer_from(post),))


def _oldest_running() -> int:
    """The oldest transaction that may still be running; whatever it commits is not yet visible."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])
