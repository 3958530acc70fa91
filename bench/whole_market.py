"""How fast do one and two worker processes rank a whole market anew, end to end with all writes?

    .venv/bin/python -m bench.with_servers bench.whole_market --sites 2000 --requests 2000

Loads an invented market into the database that the settings name, which has to be empty, and has it ranked by
so many real Celery workers in turn, the first time from nothing. The pace is that between a tenth and nine
tenths of the posts: by then every worker has its picture of the market. All must end in the same rows.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from django.core.management import call_command
from django.db import connection

from bench.load_market import load
from common import bell
from listings.models import Post
from marketplace.local.processes import Child, wait_until
from marketplace.management.commands import up
from matching.models import Match, Run
from matching.rematch.shown import shown
from matching.services import start_run

BEAT_SECONDS, LOOK_SECONDS = 5, 0.2
GIVE_UP_SECONDS = 7_200
FROM, TO = 0.1, 0.9  # of the posts


class Measured(NamedTuple):
    workers: int
    seconds: float  # from the start to the report
    posts_per_second: float
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
    first = _measure(max(asked.workers))
    _say(f"from nothing: {_told(first)}")
    found = [_measure(workers) for workers in asked.workers]
    for one in found:
        times = one.posts_per_second / found[0].posts_per_second
        _say(f"{_told(one)}, {times:.2f} times")
    same = len({one.rows for one in [first, *found]}) == 1
    _say(f"{Match.objects.count():,} matches, {'the same' if same else 'NOT the same'} each time")


def _told(one: Measured) -> str:
    return f"{one.workers} workers: {one.posts_per_second:,.0f} posts/s, {one.seconds:,.0f} s in all"


def _measure(workers: int) -> Measured:
    with at_work(workers):
        started = time.perf_counter()
        looks = list(_looks(start_run(by=None, now=datetime.now(UTC))))
        seconds = time.perf_counter() - started
    return Measured(workers, seconds, _pace(looks), _fingerprint())


@contextmanager
def at_work(workers: int) -> Iterator[None]:
    """So many workers of one process each, as `manage.py up` starts them."""
    with ExitStack() as stop, tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"worker-{number}.log" for number in range(workers)]
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
        if not wait_until(lambda: all("ready." in log.read_text() for log in logs), 180, every_s=0.5):
            sys.exit("The workers did not start: " + "\n".join(log.read_text() for log in logs))
        yield


def _looks(run: Run) -> Iterator[tuple[float, int]]:
    """(when, posts done), from marking to the end, ringing as beat does."""
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
            yield time.perf_counter(), seen["posts"] - seen["remaining"]


def _pace(looks: list[tuple[float, int]]) -> float:
    posts = looks[-1][1]
    within = [(when, done) for when, done in looks if FROM * posts <= done <= TO * posts]
    (began, first), (ended, last) = within[0], within[-1]
    return (last - first) / (ended - began)


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
    return parser.parse_args()


if __name__ == "__main__":
    main()
