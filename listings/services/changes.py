"""The queue of posts that await matching: claimed by one worker at a time, finished or tried again."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F, QuerySet

from listings.models import Change, Post

# The namespace of advisory locks that say "this worker has this post".
_LOCK = 7_481


@dataclass(frozen=True, slots=True)
class Claim:
    """One post and exactly the change rows that were read for it.

    `rest_only`: its own list stands as it is.
    """

    post_id: int
    change_ids: tuple[int, ...]
    rest_only: bool = False


def claim_next(*, of_run: bool = False, passing_over: Collection[int] = ()) -> Claim | None:
    """Claim the post that has waited longest, until the transaction ends; None if nothing waits.

    Of what has changed, own lists first, or of what a whole-market run asks for. Works beside any number of
    other workers: what one of them has claimed is stepped over.
    """
    passed = list(passing_over)
    while (post_id := _longest_waiting(of_run, passed)) is not None:
        if _locked([post_id]):
            # Parked rows too: what has changed since may have mended the post.
            changes = Change.objects.filter(post=post_id).select_for_update(skip_locked=True)
            rows = dict(changes.values_list("pk", "rest_only"))
            return Claim(post_id, tuple(rows), all(rows.values()))
        passed.append(post_id)
    return None


def claim_of_run(most: int, *, passing_over: Collection[int] = ()) -> list[Claim]:
    """Claim the next posts of a whole-market run, until the transaction ends, requests before offers.

    A post that failed before is left for `claim_next`: the others shall not fail with it.
    """
    waiting = _of_run(passing_over).order_by("pk")
    rows = dict(waiting.select_for_update(skip_locked=True).values_list("post_id", "pk")[:most])
    return [Claim(post_id, (rows[post_id],)) for post_id in _locked(rows)]


def run_waits(*, passing_over: Collection[int] = ()) -> bool:
    """Whether there is anything for `claim_of_run`, claimed by others or not."""
    return _of_run(passing_over).exists()


def _of_run(passing_over: Collection[int]) -> QuerySet[Change]:
    return Change.objects.of_run().filter(rest_only=False, attempts=0).exclude(post__in=passing_over)


def finish(*claims: Claim) -> None:
    """Take the claimed rows off the queue. What has been appended since stays."""
    Change.objects.filter(pk__in=[pk for claim in claims for pk in claim.change_ids]).delete()


def count_failure(*posts: int) -> None:
    """Remember a failed attempt; after the fifth a post is parked until it changes again."""
    Change.objects.waiting().filter(post__in=posts).update(attempts=F("attempts") + 1)


def mark(posts: Collection[int], *, rest_only: bool = False) -> None:
    """Put posts on the queue at the version they have; `rest_only` if their own lists stand."""
    marked = Post.objects.filter(pk__in=posts).order_by("pk").values_list("pk", "version")
    Change.objects.bulk_create(
        [Change(post_id=pk, version=version, rest_only=rest_only) for pk, version in marked]
    )


@transaction.atomic
def mark_for_run() -> int:
    """Put every post on the queue behind all that has changed, requests first; return how many.

    Parked ones are tried again. It holds key shares only: nobody who edits a post waits for it.
    """
    unpark()
    with connection.cursor() as cursor:
        cursor.execute(_MARK_ALL)
    return Change.objects.of_run().count()


# A post that a worker still held when an earlier run was cancelled may have its row already.
_MARK_ALL = """
INSERT INTO listings_change (post_id, version, in_run)
SELECT id, version, true FROM listings_post p
 WHERE NOT EXISTS (SELECT FROM listings_change c WHERE c.post_id = p.id AND c.in_run)
 ORDER BY post_type <> 'request', id
"""


@transaction.atomic
def take_off_run() -> int:
    """Take the run's posts off the queue but for those in work, and return how many that were."""
    idle = Change.objects.of_run().select_for_update(skip_locked=True).values("pk")
    return Change.objects.filter(pk__in=idle).delete()[0]


@transaction.atomic
def unpark() -> int:
    """Let parked posts be tried again; return how many changes that were."""
    return Change.objects.parked().update(attempts=0)


def _longest_waiting(of_run: bool, passed: list[int]) -> int | None:
    waiting = (
        Change.objects.waiting().filter(in_run=of_run).exclude(post__in=passed).order_by("rest_only", "pk")
    )
    first = waiting.select_for_update(skip_locked=True, no_key=True).values_list("post_id", flat=True)
    return first.first()


def _locked(posts: Collection[int]) -> list[int]:
    """Those of these posts that no other worker has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT post FROM unnest(%s::bigint[]) AS post"
            " WHERE pg_try_advisory_xact_lock(%s, hashint8(post))",
            [list(posts), _LOCK],
        )
        return [post for (post,) in cursor.fetchall()]
