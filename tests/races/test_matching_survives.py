"""Whatever dies while posts are matched, the same rows stand in the end.

A real worker in a process of its own, real Postgres, real Valkey; the kills are real.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
import redis
from django.db import OperationalError, connection, connections
from django.utils import timezone

from common import bell
from listings import services
from listings.models import Change, Post, Site
from listings.services import changes
from marketplace.invariants import violations
from matching.models import Match, Ranking
from matching.services import drain
from tests.plugins.servers import ValkeyServer
from tests.plugins.workers import WorkerProcess
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
StartWorker = Callable[[], WorkerProcess]


def picture() -> list[tuple[Any, ...]]:
    """All that matching has stored, without keys and times."""
    columns = [f.attname for f in Match._meta.concrete_fields if f.attname not in ("id", "uid", "created_at")]
    return sorted(Match.objects.values_list(*columns), key=str)


def assert_as_if_nothing_had_happened() -> None:
    """The queue is empty, and ranking everything anew from nothing gives the rows that are there."""
    assert not Change.objects.exists()
    found = picture()
    assert found
    Match.objects.all().delete()
    Ranking.objects.all().delete()
    changes.mark_for_run()
    drain()
    eventually(all_matched)  # a worker that still runs may have claimed the last post
    assert picture() == found
    assert violations() == {}


def all_matched() -> bool:
    return not Change.objects.exists()


@contextmanager
def editor_holds(post: Post) -> Iterator[None]:
    """Somebody else's transaction has changed this post and does not commit."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM listings_post WHERE id = %s FOR NO KEY UPDATE", [post.pk])
            yield
    finally:
        other.rollback()
        other.close()


def a_backend_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


@pytest.fixture
def market(make, miner, tenant):
    """Three sites and two requests that all fit each other, none of them matched yet."""
    make.sites(3)
    make.request()
    make.request()
    assert Change.objects.count() >= 5


def test_a_bell_that_never_rang_costs_time_not_work(
    market, start_worker: StartWorker, valkey_server: ValkeyServer
):
    redis.Redis(unix_socket_path=str(valkey_server.socket_path)).flushall()

    start_worker()
    bell.ring()  # as beat does every few seconds

    eventually(all_matched)
    assert_as_if_nothing_had_happened()


def test_posting_works_while_valkey_is_down(
    make, miner, tenant, start_worker: StartWorker, valkey_server: ValkeyServer
):
    valkey_server.stop()
    make.site()
    make.request()
    assert Change.objects.exists()

    valkey_server.start()
    start_worker()
    bell.ring()

    eventually(all_matched)
    assert_as_if_nothing_had_happened()


def test_a_worker_outlives_valkey(
    make, miner, tenant, start_worker: StartWorker, valkey_server: ValkeyServer
):
    start_worker()
    valkey_server.stop()
    make.site()
    make.request()
    valkey_server.start()

    def rung_and_matched() -> bool:
        bell.ring()
        return all_matched()

    eventually(rung_and_matched, 30)
    assert_as_if_nothing_had_happened()


def test_flushall_between_bell_and_worker(market, start_worker: StartWorker, valkey_server: ValkeyServer):
    bell.ring()
    redis.Redis(unix_socket_path=str(valkey_server.socket_path)).flushall()
    start_worker()
    assert Change.objects.exists()

    bell.ring()

    eventually(all_matched)
    assert_as_if_nothing_had_happened()


def test_killed_before_its_transaction(market, start_worker: StartWorker):
    first = start_worker()
    first.pause()
    bell.ring()
    first.kill()

    start_worker()
    bell.ring()

    eventually(all_matched)
    assert_as_if_nothing_had_happened()


def test_killed_during_its_transaction(market, start_worker: StartWorker):
    with editor_holds(Post.objects.earliest("pk")):
        first = start_worker()
        bell.ring()
        eventually(a_backend_waits_for_a_lock)
        first.kill()
        assert not Match.objects.exists()

    start_worker()
    bell.ring()

    eventually(all_matched)
    assert_as_if_nothing_had_happened()


def test_the_task_process_dies_and_the_worker_lives(market, start_worker: StartWorker):
    with editor_holds(Post.objects.earliest("pk")):
        worker = start_worker()
        bell.ring()
        eventually(a_backend_waits_for_a_lock)
        worker.kill_pool()

    bell.ring()

    eventually(all_matched, 30)
    assert_as_if_nothing_had_happened()


def test_killed_right_after_its_first_commit(market, start_worker: StartWorker):
    first = start_worker()
    bell.ring()
    eventually(lambda: Ranking.objects.exists())
    first.kill()

    start_worker()
    bell.ring()

    eventually(all_matched)
    assert_as_if_nothing_had_happened()


def test_a_message_delivered_three_times(market, start_worker: StartWorker):
    start_worker()
    for _ in range(3):
        bell.ring()

    eventually(all_matched)
    assert_as_if_nothing_had_happened()


def edit(site: Site, rounds: int) -> None:
    """Change the ask again and again, as a client would who meets a locked post."""
    done = 0
    while done < rounds:
        try:
            services.update_site(site=site, fields={"ask_usd_kw_month": 120 + done}, now=timezone.now())
        except OperationalError:
            continue
        done += 1
    connections.close_all()


def test_two_workers_and_eight_editors(make, miner, tenant, start_worker: StartWorker):
    sites = make.sites(8)
    make.request()
    make.request()
    start_worker()
    sleeper = start_worker()

    editors = [Thread(target=edit, args=(site, 8)) for site in sites]
    for editor in editors:
        editor.start()
    # Wherever it is, perhaps in the middle of a transaction with its locks.
    eventually(lambda: Ranking.objects.filter(post_version__gt=2).exists())
    sleeper.pause()
    for editor in editors:
        editor.join(60)
    sleeper.resume()

    eventually(all_matched, 30)
    assert_as_if_nothing_had_happened()


def test_a_worker_that_hangs_lets_go_of_its_locks(market, start_worker: StartWorker):
    """Postgres ends the transaction of a process that has stopped in the middle of it."""
    site = Site.objects.earliest("pk")
    worker = start_worker()
    eventually(all_matched)
    with editor_holds(site):
        changes.mark([site.pk])
        bell.ring()
        eventually(a_backend_waits_for_a_lock)
        worker.pause()
    Thread(target=edit, args=(site, 1)).start()

    eventually(lambda: Site.objects.get(pk=site.pk).ask_usd_kw_month == 120, 30)

    worker.resume()
    eventually(all_matched, 30)
    assert_as_if_nothing_had_happened()
