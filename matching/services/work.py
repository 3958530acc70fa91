"""The worker's loop: claim a post, rank it, write the difference, take it off the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from django.conf import settings
from django.db import Error, transaction
from django.db.models import Max, Q

from engine import STANDARD, Need, Offer, arrays
from listings.models import Change, Post
from listings.services import changes
from listings.vocabulary import PostType
from matching.models import Ranking, Run
from matching.services.many import rank_many
from matching.services.ranking import Ranked, rank_need, rank_offer
from matching.services.rows import WhichSide
from matching.services.writing import Overtaken, Own, forget, write
from matching.snapshots import Market, entry_of, load, values_of
from matching.vocabulary import RECOUNT_AFTER_SECONDS

log = structlog.get_logger(__name__)


def work_for(*, seconds: float, market: Market, now: datetime) -> int:
    """Work the queue until it is empty or the time slice ends; return how many posts were ranked.

    What takes long comes before the first claim: a transaction that idles meanwhile would be ended. The
    first look at a large market may take several slices.
    """
    arrays.warm()
    ends, done, failed = monotonic() + seconds, 0, set[int]()
    if not market.refresh(now.date(), ends):
        return 0
    steps = (_work_one, _work_on_run, _work_one_of_run)
    while monotonic() < ends:
        # What has changed comes first, each time.
        outcomes = (step(market, failed, now) for step in steps)
        outcome = next((outcome for outcome in outcomes if outcome is not None), None)
        if outcome is None and not mark_overdue(now=now):
            break
        done += outcome or 0
    return done


def drain(*, now: datetime | None = None) -> int:
    """Work the queue until nothing waits, with a fresh picture of the market."""
    return work_for(seconds=float("inf"), market=Market(), now=now or datetime.now(UTC))


def mark_overdue(*, now: datetime) -> bool:
    """Put one post on the queue that is due without having changed; False if none is.

    Due are posts ranked under older assumptions, and those whose counts, near misses and wins have not seen
    what changed on the other side a while ago. The matches of such a post are current: each post's own turn
    writes them. Ranking it anew also mends the rare pair that two rankings at once left out of both lists.
    One at a time, and only when nothing else waits, so that whoever posts meanwhile is served first. While a
    run is under way none is due: it would have to wait for them.
    """
    if Run.objects.under_way().exists():
        return False
    demand = Q(post_type=PostType.REQUEST)
    needs, offers = Q(post__post_type=PostType.REQUEST), ~Q(post__post_type=PostType.REQUEST)
    unseen = needs & Q(seen_xid__lte=_latest(~demand)) | offers & Q(seen_xid__lte=_latest(demand))
    uncounted = unseen & Q(ranked_at__lt=now - timedelta(seconds=RECOUNT_AFTER_SECONDS))
    due = Ranking.objects.filter(uncounted | Q(assumptions_version__lt=STANDARD.version))
    idle = due.exclude(post__in=Change.objects.values("post")).order_by("ranked_at", "pk")
    first = list(idle.values_list("post_id", flat=True)[:1])
    changes.mark(first, rest_only=True)
    return bool(first)


def _latest(posts: Q) -> int:
    """The transaction that last changed one of these posts."""
    return int(Post.objects.filter(posts).aggregate(xid=Max("changed_xid"))["xid"] or 0)


def _work_one(market: Market, failed: set[int], now: datetime, of_run: bool = False) -> int | None:
    """Rank the next post: 1 if it was, 0 if it could not be, None if nothing waits."""
    claim: changes.Claim | None = None
    try:
        with transaction.atomic():
            claim = changes.claim_next(of_run=of_run, passing_over=failed)
            if claim is None:
                return None
            is_all = _rank_and_write(claim.post_id, market, now, own_first=not claim.rest_only)
            changes.finish(claim)
            if not is_all:
                changes.mark([claim.post_id], rest_only=True)
    except Overtaken:
        return 0
    except Exception as error:
        if claim is None:
            raise
        _remember(error, [claim.post_id], failed)
        return 0
    return 1


def _work_one_of_run(market: Market, failed: set[int], now: datetime) -> int | None:
    return _work_one(market, failed, now, of_run=True)


def _work_on_run(market: Market, failed: set[int], now: datetime) -> int | None:
    """Rank the next posts of a run at once: how many were, None if none waits that has not failed before.

    None as well if others have claimed all that wait.
    """
    if not changes.run_waits(passing_over=failed):
        return None
    # What takes long comes before the claim, as in `work_for`.
    arrays.warm_lists()
    market.lists.prepare()
    claims: list[changes.Claim] = []
    try:
        with transaction.atomic():
            claims = changes.claim_of_run(settings.RUN_POSTS_AT_ONCE, passing_over=failed)
            done = rank_many((claim.post_id for claim in claims), market, now)
            changes.finish(*(claim for claim in claims if claim.post_id in done))
    except Exception as error:
        if not claims:
            raise
        _remember(error, [claim.post_id for claim in claims], failed)
        return 0
    return len(done) if claims else None


def _remember(error: Exception, posts: list[int], failed: set[int]) -> None:
    """Leave the posts for the next slice. Only the rules' own failures count: a post of a run is then tried
    alone, and in the end it is parked."""
    log.exception("matching.failed", posts=posts)
    if isinstance(error, Error):
        failed.update(posts)
    else:
        changes.count_failure(*posts)
        failed.update(posts if len(posts) == 1 else ())


def _rank_and_write(post_id: int, market: Market, now: datetime, *, own_first: bool) -> bool:
    """Rank one post; False if only its own list was written.

    The own post is read first and the other side after it, so a pair is never scored with an older other
    side than the one that stood when this post changed.
    """
    post = load(list(PostType), [post_id])[0]
    entry, values = entry_of(post), values_of(post)
    side: WhichSide = "request" if post.post_type == PostType.REQUEST else "offer"
    if not entry.is_open(now.date()):
        forget(post_id=post_id, side=side)
        return True
    own, other = market.sides(post.post_type)
    own.put(post_id, entry, values, now.date())
    other.refresh(now.date())
    return write(
        own=Own(post_id, entry.version, side),
        ranked=[_ranked(value, market) for value in values],
        entries=other.entries,
        seen_xid=other.seen_xid,
        now=now,
        own_first=own_first,
    )


def _ranked(value: Need | Offer, market: Market) -> Ranked:
    return rank_need(value, market) if isinstance(value, Need) else rank_offer(value, market)
