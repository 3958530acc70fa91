"""A worker's picture of the market: every open post as rows of numbers, kept fresh by what changed."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from math import inf
from time import monotonic
from typing import Any, NamedTuple, TypeAlias

from django.db import connection
from django.db.models import Model

from engine import Need, Offer
from engine.arrays import Lists
from engine.arrays import Market as Rows
from listings.models import CapacityRequest, Evidence, GpuModel, GpuPool, GpuWish, Phase, Post, Site, Step
from listings.vocabulary import PostType, Status
from matching.conversion import needs_from, offer_from, pool_offer, request_needs, site_offer

AnyPost: TypeAlias = Site | GpuPool | CapacityRequest
Values: TypeAlias = list[Offer] | list[Need]

# Posts read at once: it bounds what the first look at a large market holds in memory.
PIECE = 5_000


class Entry(NamedTuple):
    """One post at one version. A post that is not on the market has no last day."""

    version: int
    open_until: date | None

    def is_open(self, today: date) -> bool:
        return self.open_until is not None and self.open_until >= today


@dataclass
class Side:
    """Supply or demand. Every transaction before `seen_xid` has been seen; the next look starts there."""

    types: tuple[PostType, ...]
    rows: Any  # the offers or the needs of `engine.arrays.Market`
    seen_xid: int = 0
    entries: dict[int, Entry] = field(default_factory=dict)
    _swept_on: date | None = None

    def refresh(self, today: date, ends: float = inf) -> bool:
        """Read what changed since the last look, late commits included, in a fixed number of queries for
        each few thousand posts.

        False if the clock (`time.monotonic`) reached `ends` before all was read; the next look goes on there.
        """
        oldest = _oldest_running()
        changed = Post.objects.filter(post_type__in=self.types, changed_xid__gte=self.seen_xid)
        wanted: dict[str, list[int]] = {kind: [] for kind in self.types}
        for pk, kind, version, status in changed.values_list("pk", "post_type", "version", "status"):
            if status != Status.OPEN:
                self._drop(pk, Entry(version, None))
            elif pk not in self.entries or self.entries[pk].version != version:
                wanted[kind].append(pk)
        for kind, posts in wanted.items():
            for piece in _pieces(posts):
                if monotonic() > ends:
                    return False
                for pk, entry, values in _READ[kind](piece):
                    self.put(pk, entry, values, today)
        self._sweep(today)
        self.seen_xid = oldest
        return True

    def put(self, pk: int, entry: Entry, values: Values, today: date) -> None:
        """Take a post as it now is, in place of what it was."""
        if values and entry.is_open(today):
            self.rows.put(*values)
            self.entries[pk] = entry
        else:
            self._drop(pk, entry)

    def _drop(self, pk: int, entry: Entry) -> None:
        self.rows.drop(pk)
        self.entries[pk] = entry

    def _sweep(self, today: date) -> None:
        """Once a day, let go of posts whose last day has passed."""
        if self._swept_on != today:
            self._swept_on = today
            for pk in [pk for pk in self.rows.rows_of if not self.entries[pk].is_open(today)]:
                self.rows.drop(pk)


class Market:
    """Both sides. One lives in each worker process and is refreshed before each post.

    What is `for_good` is left out when Python collects garbage: to look at a hundred thousand posts for it
    held up a post for half a second now and then.
    """

    def __init__(self, *, for_good: bool = False) -> None:
        self.for_good = for_good
        self.rows = Rows()
        self.lists = Lists(self.rows)
        self.supply = Side((PostType.SITE, PostType.GPU_POOL), self.rows.offers)
        self.demand = Side((PostType.REQUEST,), self.rows.needs)

    def refresh(self, today: date, ends: float = inf) -> bool:
        """Bring both sides up to date; False if the clock reached `ends` before that."""
        was_read = self.demand.seen_xid > 0
        is_fresh = self.supply.refresh(today, ends) and self.demand.refresh(today, ends)
        if self.for_good and is_fresh and not was_read:
            gc.freeze()
        return is_fresh

    def sides(self, post_type: str) -> tuple[Side, Side]:
        """The side of a post, and the other."""
        if post_type == PostType.REQUEST:
            return self.demand, self.supply
        return self.supply, self.demand


# ---- one post, as an instance with all that belongs to it

_MODELS: dict[str, type[AnyPost]] = {
    PostType.SITE: Site,
    PostType.GPU_POOL: GpuPool,
    PostType.REQUEST: CapacityRequest,
}


def load(types: Iterable[str], posts: list[int]) -> list[AnyPost]:
    """Posts with all that the rules read, in at most eight queries."""
    models = [_MODELS[one] for one in types] if posts else []
    return [post for model in models for post in model.objects.filter(pk__in=posts).with_all()]


def values_of(post: AnyPost) -> Values:
    """A post as the rules read it: an offer, or one need or two."""
    return needs_from(post) if isinstance(post, CapacityRequest) else [offer_from(post)]


def entry_of(post: Any) -> Entry:
    """A post, or a row with its version, status and last day, as an entry."""
    return Entry(post.version, post.open_until if post.status == Status.OPEN else None)


# ---- many posts, as the rows of a fixed number of queries
#
# The posts are read first: what belongs to them may then be newer than the version that was read, and is read
# again, but never older than it.

_POST = ("pk", "version", "open_until", "status")
_SITE = (
    *("country", "region", "grid", "interconnection_stage", "min_block_mw", "max_block_mw"),
    *("interruptible_hours_per_year", "compliance", "lease_basis", "ask_usd_kw_month"),
    *("ask_floor_usd_kw_month", "ask_on_gross", "pue_peak", "power_price_usd_mwh", "pue_design"),
    *("conversion_paid_by", "conversion_capex_usd_mw", "escalator_pct", "term_min_months"),
    *("term_max_months", "required_credit", "required_security_months", "security_months_instead"),
    *("cooling", "max_rack_kw", "power_redundancy", "delivery_types"),
)
_PHASE = (
    *("ready_on", "critical_mw", "reserved_mw", "stage", "cooling", "max_rack_kw"),
    *("power_redundancy", "delivery_types", "ask_usd_kw_month"),
)
_POOL = (
    *("model_id", "gpus", "reserved_gpus", "available_from", "available_until", "price_usd_gpu_hour"),
    *("commit_min_months", "commit_max_months", "required_security_months", "largest_cluster_gpus"),
    *("min_order_gpus", "fabric", "fabric_gbps", "country", "region", "grid", "at_site_id"),
)
_PLACE = ("pk", "country", "region", "grid")
_EVIDENCE = ("claim", "freshness")
_REQUEST = (
    *("kind", "accepts_hosting", "latest_on", "term_min_months", "term_max_months", "tolerance_pct"),
    *("splittable", "min_block_mw", "countries", "regions", "grids", "excluded_countries"),
    *("min_rack_kw", "cooling_any_of", "min_redundancy", "max_interruptible_hours", "compliance_all_of"),
    *("delivery_types_any_of", "lease_basis_any_of", "max_escalator_pct", "preferred_rack_kw"),
    *("preferred_cooling", "term_preferred_months", "preferred_delivery_type", "credit"),
    *("guarantor_credit", "guarantee_months", "security_months", "price_cap_usd_kw_month"),
    *("power_weight_pct", "timeline_weight_pct", "terms_weight_pct", "fabric_any_of", "min_fabric_gbps"),
)
_STEP = ("need_on", "critical_mw", "gpus")
_WISH = ("model_id", "price_cap_usd_gpu_hour")

Read: TypeAlias = tuple[int, Entry, Values]


def _sites(posts: list[int]) -> Iterator[Read]:
    sites = _rows(Site, _POST + _SITE, posts)
    phases = _children(Phase, "site", _PHASE, posts)
    evidence = _children(Evidence, "post", _EVIDENCE, posts)
    for site in sites:
        yield site.pk, entry_of(site), [site_offer(site, phases[site.pk], evidence[site.pk])]


def _pools(posts: list[int]) -> Iterator[Read]:
    pools, models = _rows(GpuPool, _POST + _POOL, posts), _gpu_models()
    homes = {pool.at_site_id for pool in pools} - {None}
    places = {site.pk: site for site in _rows(Site, _PLACE, homes)}
    evidence = _children(Evidence, "post", _EVIDENCE, posts)
    for pool in pools:
        place = places.get(pool.at_site_id, pool)
        yield pool.pk, entry_of(pool), [pool_offer(pool, place, models[pool.model_id], evidence[pool.pk])]


def _requests(posts: list[int]) -> Iterator[Read]:
    requests, models = _rows(CapacityRequest, _POST + _REQUEST, posts), _gpu_models()
    steps = _children(Step, "request", _STEP, posts)
    wishes = _children(GpuWish, "request", _WISH, posts)
    for request in requests:
        wished = [(models[wish.model_id], wish.price_cap_usd_gpu_hour) for wish in wishes[request.pk]]
        yield request.pk, entry_of(request), request_needs(request, steps[request.pk], wished)


_READ: dict[str, Callable[[list[int]], Iterator[Read]]] = {
    PostType.SITE: _sites,
    PostType.GPU_POOL: _pools,
    PostType.REQUEST: _requests,
}


def read(post_type: str, posts: list[int]) -> list[Offer | Need]:
    """Posts of one type as the rules read them."""
    return [value for _, _, values in _READ[post_type](posts) for value in values] if posts else []


def _pieces(posts: list[int]) -> Iterator[list[int]]:
    return (posts[start : start + PIECE] for start in range(0, len(posts), PIECE))


def _rows(model: type[Model], columns: tuple[str, ...], posts: Iterable[int]) -> list[Any]:
    return list(model._default_manager.filter(pk__in=posts).values_list(*columns, named=True))


def _children(
    model: type[Model], parent: str, columns: tuple[str, ...], posts: list[int]
) -> dict[int, list[Any]]:
    """{post: its rows}, in the order in which they were made."""
    found: dict[int, list[Any]] = defaultdict(list)
    rows = model._default_manager.filter(**{f"{parent}__in": posts}).order_by("pk")
    for row in rows.values_list(*columns, f"{parent}_id", named=True):
        found[row[-1]].append(row)
    return found


def _gpu_models() -> dict[int, GpuModel]:
    return {model.pk: model for model in GpuModel.objects.all()}


def _oldest_running() -> int:
    """The oldest transaction that may still be running; whatever it commits is not yet visible."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])
