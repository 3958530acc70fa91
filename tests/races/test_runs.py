"""A whole-market run with real workers, real kills and real races."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from common import bell
from listings.models import Change, Post, Site
from marketplace.invariants import violations
from matching.models import ListBefore, Match, Ranking, Run
from matching.services import cancel_run, drain, start_run
from matching.services.runs import RunUnderWay
from tests.plugins.workers import WorkerProcess
from tests.races.test_matching_survives import a_backend_waits_for_a_lock, picture
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
StartWorker = Callable[[], WorkerProcess]
# A worker's first ranking in a fresh checkout may have to compile its loops.
WARM_UP_S = 90


@pytest.fixture
def market(make, miner, tenant) -> list[tuple[Any, ...]]:
    """Eight sites and four requests that all fit each other, matched; what stands then."""
    make.sites(8)
    make.requests(4)
    drain()
    assert Match.objects.count() == 32
    return picture()


@contextmanager
def held(sql: str, *params: Any) -> Iterator[None]:
    """Somebody else's transaction has taken these locks and does not end."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '2min'")
            cursor.execute(sql, params)
            yield
    finally:
        other.rollback()
        other.close()


def edited(post: int) -> AbstractContextManager[None]:
    """Whoever ranks this post, or one that matches it, waits for its lock and then lets it be for a while."""
    return held("SELECT 1 FROM listings_post WHERE id = %s FOR NO KEY UPDATE", post)


def posts() -> list[int]:
    return list(Post.objects.order_by("pk").values_list("pk", flat=True))


def start() -> Run:
    return start_run(by=None, now=timezone.now())


def ended(run: Run) -> bool:
    """Ring as beat does, and look."""
    bell.ring()
    run.refresh_from_db()
    return run.ended_at is not None


def is_marked() -> bool:
    return Run.objects.filter(marked_at__isnull=False).exists()


def latest_ranking() -> datetime:
    return Ranking.objects.latest("ranked_at").ranked_at


def assert_ran(run: Run, market: list[tuple[Any, ...]]) -> None:
    """It has ended with every post ranked, nothing left over, and the rows as they were."""
    assert (run.posts, run.left, run.cancelled_at) == (12, 0, None)
    assert (run.report["matches_before"], run.report["matches_after"]) == (32, 32)
    assert (run.report["matches_new"], run.report["matches_gone"], run.report["step_0"]) == (0, 0, 32)
    assert not Change.objects.exists()
    assert not ListBefore.objects.exists()
    assert picture() == market
    assert violations() == {}


def test_two_workers_drain_a_run(market, start_worker: StartWorker):
    before = latest_ranking()
    start_worker()
    start_worker()
    run = start()

    eventually(lambda: ended(run), WARM_UP_S)

    assert_ran(run, market)
    # Not by the start of the run: a worker's slice, and with it its clock, may have begun before that.
    assert not Ranking.objects.filter(ranked_at__lte=before).exists()


def test_a_worker_killed_in_the_middle_costs_nothing(market, start_worker: StartWorker):
    first = start_worker()
    with edited(posts()[-1]):  # the last of the requests, which are ranked first
        run = start()
        eventually(a_backend_waits_for_a_lock, WARM_UP_S)
        first.kill()
        assert 0 < Change.objects.of_run().count() < 12

    start_worker()
    eventually(lambda: ended(run), WARM_UP_S)

    assert_ran(run, market)


def test_a_worker_killed_while_it_prepares_costs_nothing(market, start_worker: StartWorker):
    first = start_worker()
    with held("LOCK TABLE matching_listbefore IN SHARE MODE"):
        run = start()
        eventually(a_backend_waits_for_a_lock, WARM_UP_S)
        first.kill()
    assert not is_marked()

    start_worker()
    eventually(lambda: ended(run), WARM_UP_S)

    assert_ran(run, market)


def test_an_edit_is_matched_before_the_rest_of_the_run(market, make, start_worker: StartWorker):
    start_worker()
    left: list[int] = []

    def is_ranked(site: Site) -> bool:
        left.append(Change.objects.of_run().count())
        return Ranking.objects.filter(post=site).exists()

    with edited(posts()[-1]):  # a request that every site matches: none of them gets anywhere
        run = start()
        eventually(a_backend_waits_for_a_lock, WARM_UP_S)
        newcomer = make.site(country="NO", region="NO-50", grid="NO3")
        eventually(lambda: is_ranked(newcomer), WARM_UP_S)
    assert left[-1] >= 8

    eventually(lambda: ended(run), WARM_UP_S)
    assert_ran(run, market)


def test_a_cancelled_run_leaves_ordinary_changes_alone(market, make, start_worker: StartWorker):
    start_worker()
    with edited(posts()[0]):
        run = start()
        eventually(a_backend_waits_for_a_lock, WARM_UP_S)
        newcomer = make.site()
        cancel_run(by=None, run=run, now=timezone.now())

    eventually(lambda: ended(run) and not Change.objects.exists(), WARM_UP_S)

    assert run.left >= 9
    assert Match.objects.filter(offer=newcomer).count() == 4
    assert violations() == {}


STARTS = 8


def starts_at_once() -> list[Any]:
    """What as many starts at the same moment come to, each on a connection of its own."""
    came_to: list[Any] = []
    together = threading.Barrier(STARTS, timeout=10)

    def run() -> None:
        together.wait()
        try:
            came_to.append(start())
        except RunUnderWay as refused:
            came_to.append(refused)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(STARTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return came_to


class TestOneAtATime:
    def test_of_many_starts_at_once_one_comes_through(self):
        came_to = starts_at_once()

        assert len(came_to) == STARTS
        assert sum(isinstance(one, Run) for one in came_to) == Run.objects.count() == 1

    def test_without_the_constraint_the_race_is_seen(self, no_constraint):
        starts_at_once()

        assert Run.objects.count() == STARTS

    @pytest.fixture
    def no_constraint(self) -> Iterator[None]:
        """The negative control."""
        [constraint] = [one for one in Run._meta.constraints if one.name == "run_one_at_a_time"]
        with connection.schema_editor() as schema:
            schema.remove_constraint(Run, constraint)
        yield
        Run.objects.all().delete()
        with connection.schema_editor() as schema:
            schema.add_constraint(Run, constraint)
