"""How fast do one and two worker processes rank a whole market anew, end to end with all writes?

    .venv/bin/python -m bench.with_servers bench.whole_market --sites 2000 --requests 2000

Loads an invented market into the database that the settings name, which has to be empty, and has it ranked by
so many real Celery workers in turn, the first time from nothing. The pace is that between a tenth and nine
tenths of the posts: by then every worker has its picture of the market. All must end in the same rows.
With --kill, one worker is killed half-way through the first run and another takes its place.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from django.core.management import call_command
from django.db import connection

from bench.load_market import load
from common import bell
from listings.models import Post
from marketplace.local.processes import Child, wait_until
from marketplace.management.commands import up
from matching.models import Match, Ranking, Run
from matching.rematch.shown import shown
from matching.services import start_run

BEAT_SECONDS, LOOK_SECONDS, RECOUNT_LOOK_SECONDS = 5, 0.2, 30
GIVE_UP_SECONDS = 7_200
FROM, TO = 0.1, 0.9  # of the posts


class Measured(NamedTuple):
    workers: int
    seconds: float  # from the start to the report
    posts_per_second: float
    peak_mb: float  # of the largest process
    rows: str


def main() -> None:
    asked = _arguments()
    call_command("migrate", verbosity=0)
    if Post.objects.exists():
        sys.exit("This database has posts already. Give an empty one.")
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 0")  # inventing a batch may take a while
    load(sites=asked.sites, requests=asked.requests, seed=asked.seed, now=datetime.now(UTC))
    _say(f"{Post.objects.count():,} posts, seed {asked.seed}; {os.cpu_count()} cores {platform.machine()},")
    _say(f"Python {platform.python_version()}, load before the start {os.getloadavg()[0]:.1f}")
    first = _measure(max(asked.workers), kill=asked.kill)
    _say(f"from nothing: {_told(first)}{', one killed half-way and replaced' if asked.kill else ''}")
    _say(f"largest process {first.peak_mb:,.0f} MB")
    found = [_measure(workers) for workers in asked.workers]
    for one in found:
        times = one.posts_per_second / found[0].posts_per_second
        _say(f"{_told(one)}, {times:.2f} times")
    same = len({one.rows for one in [first, *found]}) == 1
    _say(f"{Match.objects.count():,} matches, {'the same' if same else 'NOT the same'} each time")
    _say(f"then funnels, near misses and wins, {max(asked.workers)} workers: {_recounts(asked):.0f} posts/s")


def _told(one: Measured) -> str:
    return f"{one.workers} workers: {one.posts_per_second:,.0f} posts/s, {one.seconds:,.0f} s in all"


def _measure(workers: int, *, kill: bool = False) -> Measured:
    seen: list[Look] = []
    peak = 0.0
    with at_work(workers) as children, ExitStack() as replaced:
        started = time.perf_counter()
        for look in looks(start_run(by=None, now=datetime.now(UTC))):
            seen.append(look)
            peak = max(peak, largest_mb())
            if kill and look.done > look.posts / 2:
                children[0].kill()
                replaced.enter_context(at_work(1))
                kill = False
        seconds = time.perf_counter() - started
    return Measured(workers, seconds, _pace(seen), peak, _fingerprint())


def largest_mb() -> float:
    """Of the processes that this one has started."""
    sizes = [0.0]
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            sizes.append(process.memory_info().rss / 2**20)
    return max(sizes)


def _recounts(asked: argparse.Namespace) -> float:
    """Posts a second whose counts follow the lists, once these have stood for a minute."""
    with at_work(max(asked.workers)):
        left = [(time.perf_counter(), Ranking.objects.recounting().count())]
        while len(left) < 2 or (left[-1][1] and left[-1][0] - left[0][0] < RECOUNT_LOOK_SECONDS):
            bell.ring()
            time.sleep(BEAT_SECONDS)
            left.append((time.perf_counter(), Ranking.objects.recounting().count()))
            if left[-1][1] == left[0][1]:  # none has been due so far
                left = left[-1:]
    return (left[0][1] - left[-1][1]) / (left[-1][0] - left[0][0])


@contextmanager
def at_work(workers: int) -> Iterator[list[Child]]:
    """So many workers of one process each, as `manage.py up` starts them."""
    with ExitStack() as stop, tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"worker-{number}.log" for number in range(workers)]
        children = []
        for log in logs:
            worker = Child(
                "worker",
                [sys.executable, *up.WORKER.split()],
                env={**os.environ, **up.WORKER_ENV, "LOG_LEVEL": "INFO"},
                output=log,
                patience_s=30,
            )
            worker.start()
            stop.callback(worker.stop)
            children.append(worker)
        if not wait_until(lambda: all("ready." in log.read_text() for log in logs), 180, every_s=0.5):
            sys.exit("The workers did not start: " + "\n".join(log.read_text() for log in logs))
        yield children


class Look(NamedTuple):
    when: float
    done: int
    posts: int


def looks(run: Run) -> Iterator[Look]:
    """How far it is, from marking to the end, ringing as beat does."""
    begun, rung = time.perf_counter(), 0.0
    while not run.ended_at:
        now = time.perf_counter()
        if now - begun > GIVE_UP_SECONDS:
            sys.exit(f"Still not done after {GIVE_UP_SECONDS} s.")
        if now - rung > BEAT_SECONDS:
            bell.ring()
            rung = now
        time.sleep(LOOK_SECONDS)
        run.refresh_from_db()
        seen = shown(run, datetime.now(UTC))
        if seen["posts"] is not None:
            yield Look(time.perf_counter(), seen["posts"] - seen["remaining"], seen["posts"])


def _pace(looks: list[Look]) -> float:
    within = [look for look in looks if FROM * look.posts <= look.done <= TO * look.posts]
    if len(within) < 2:
        sys.exit("This market is ranked between two looks. Take a larger one.")
    return (within[-1].done - within[0].done) / (within[-1].when - within[0].when)


def _fingerprint() -> str:
    """Of all that stands, without keys and times."""
    left_out = ("id", "uid", "created_at")
    columns = ", ".join(str(f.column) for f in Match._meta.concrete_fields if f.column not in left_out)
    rows = f"SELECT ({columns})::text AS line FROM matching_match"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(string_agg(line, '' ORDER BY line)) FROM ({rows}) t")
        return str(cursor.fetchone()[0])


def _say(line: str) -> None:
    print(line, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sites", type=int, default=2_000)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill", action="store_true", help="kill one worker half-way through the first run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
