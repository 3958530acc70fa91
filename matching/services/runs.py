"""The whole market ranked anew: started, taken a step further by whichever worker comes by, cancelled."""

from __future__ import annotations

from datetime import datetime
from time import monotonic

from django.db import IntegrityError, connection, transaction

from accounts.models import User
from accounts.readers import Reader
from accounts.vocabulary import Scope
from common import bell
from common.errors import DomainError, NotAllowed
from engine import STANDARD
from listings.models import Change
from listings.services import changes
from matching.models import Ranking, Run
from matching.services.comparing import added, compare_lists, note_lists
from matching.vocabulary import Stage, Why


class NotAnOperator(NotAllowed):
    code = "not_an_operator"


class RunUnderWay(DomainError):
    """One at a time: the queue could not tell two apart."""

    code = "run_under_way"


class RunOver(DomainError):
    """There is nothing left to cancel."""

    code = "run_over"


def require_watcher(reader: Reader) -> None:
    """Operators and brokers may see runs; raises NotAllowed for anybody else."""
    if not (is_operator(reader) or reader.is_broker):
        raise NotAllowed("Whole-market runs are shown to operators and verified brokers.")


def is_operator(reader: Reader) -> bool:
    return reader.user is not None and reader.user.is_staff


@transaction.atomic
def start_run(*, by: Reader | None, now: datetime) -> Run:
    """Have the whole market ranked anew; `by` is None for a command on the server.

    It takes a worker to do anything about it, so this is quick on any market. Raises NotAnOperator,
    RunUnderWay.
    """
    stale = Ranking.objects.filter(assumptions_version__lt=STANDARD.version).exists()
    run = Run(
        why=Why.ASSUMPTIONS if stale else Why.ASKED,
        assumptions_version=STANDARD.version,
        started_by=_operator(by),
        started_at=now,
    )
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as error:
        raise RunUnderWay("A run is under way already. Wait for it, or cancel it first.") from error
    bell.ring_on_commit()
    return run


@transaction.atomic
def cancel_run(*, by: Reader | None, run: Run, now: datetime) -> Run:
    """Take what is left of a run off the queue. What has been ranked stays, and so does what was changed
    meanwhile; the report tells what has moved so far. Raises NotAnOperator, RunOver."""
    user = _operator(by)
    run = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
    if run.drained_at:
        raise RunOver("It is over: every post has been ranked, or the run was cancelled.")
    run.left = changes.take_off_run()
    run.cancelled_by, run.cancelled_at, run.drained_at = user, now, now
    run.save(update_fields=["left", "cancelled_by", "cancelled_at", "drained_at"])
    bell.ring_on_commit()
    return run


def advance(*, seconds: float, now: datetime) -> bool:
    """Take the run under way, if any, further in short steps; True if the next may follow at once.

    Each step is a transaction of its own and finds in the database what to do, so it may be killed, and be
    called at any time by any worker; only one of them takes a step at a time. While the posts are ranked
    there is nothing to do here but to see whether any is left.
    """
    ends = monotonic() + seconds
    while _step(now):
        if monotonic() > ends:
            return True
    return False


@transaction.atomic
def _step(now: datetime) -> bool:
    run = Run.objects.under_way().select_for_update(skip_locked=True, no_key=True).first()
    return run is not None and _STEPS[run.stage](run, now)


def _prepare(run: Run, now: datetime) -> bool:
    """Before anything is ranked, note what there is; then mark every post."""
    if note_lists():
        return True
    run.posts, run.marked_at = changes.mark_for_run(), now
    run.save(update_fields=["posts", "marked_at"])
    return False


def _see_whether_drained(run: Run, now: datetime) -> bool:
    if Change.objects.waiting().of_run().exists():
        return False
    with connection.cursor() as cursor:
        # So many rows have come and gone that plans made for the market before would be far off.
        cursor.execute("ANALYZE (SKIP_LOCKED) matching_match, matching_ranking")
    run.drained_at, run.left = now, Change.objects.parked().of_run().count()
    run.save(update_fields=["drained_at", "left"])
    return True


def _compare(run: Run, now: datetime) -> bool:
    """Once the lists that ran thin meanwhile are full again, count what has moved; then end."""
    if Change.objects.waiting().filter(created_at__lte=run.drained_at).exists():
        return False
    counts = compare_lists()
    run.report = added(run.report, counts or {})
    run.ended_at = None if counts else now
    run.save(update_fields=["report", "ended_at"])
    return run.ended_at is None


_STEPS = {
    Stage.PREPARING: _prepare,
    Stage.RANKING: _see_whether_drained,
    Stage.COMPARING: _compare,
}


def _operator(by: Reader | None) -> User | None:
    if by is None:
        return None
    if not is_operator(by) or Scope.WRITE not in by.scopes:
        raise NotAnOperator(
            "Only operators start and cancel whole-market runs, by key with the scope “write”."
        )
    return by.user
