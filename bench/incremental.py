"""How long from posting a site by REST until its matches are readable by REST, in a large market?

    .venv/bin/python -m bench.with_servers bench.incremental --sites 100000 --requests 100000

Loads an invented market into the database that the settings name, which has to be empty, starts the site and
one worker, and posts, reads and withdraws one site after the other as `bench/post_to_match.py` does: before
anything of the market has been ranked, and again once all of it has. Then the site, which suits nearly
everybody, also enters the lists of all requests that it is among the best for: the worst case. A run writes
millions of rows that Postgres still has to tidy up, so that is measured before and after it has done so.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from django.core.management import call_command
from django.db import connection

from accounts import services
from accounts.models import Membership, Organization, User
from accounts.readers import reader_of_user
from accounts.vocabulary import Kind, Role, Scope
from bench.load_market import load
from bench.post_to_match import rounds, told
from bench.whole_market import at_work, largest_mb, looks
from listings.models import Post
from marketplace.local.processes import Child, wait_until
from marketplace.management.commands import up
from matching.services import start_run

CORES = 2
STATISTICS_SECONDS = 2  # until backends have reported what they did


def main() -> None:
    asked = _arguments()
    call_command("migrate", verbosity=0)
    if Post.objects.exists():
        sys.exit("This database has posts already. Give an empty one.")
    load(sites=asked.sites, requests=asked.requests, seed=asked.seed, now=datetime.now(UTC))
    key, posts = _key(), Post.objects.count()
    with _web() as url:
        print(f"{posts:,} posts, none of them ranked:")
        _measure(url, key, asked.rounds)
        with at_work(CORES):
            for _ in looks(start_run(by=None, now=datetime.now(UTC))):
                pass
        print("all of them ranked, just after the run:")
        _measure(url, key, asked.rounds)
        _tidy_up()
        print("all of them ranked, after VACUUM and CHECKPOINT:")
        _measure(url, key, asked.rounds)


def _measure(url: str, key: str, count: int) -> None:
    with at_work(1):
        warm = next(rounds(url, key, 1, patience_seconds=600))
        before = _written()
        found = list(rounds(url, key, count))
        time.sleep(STATISTICS_SECONDS)
        written = (_written() - before) / count
        largest = largest_mb()
    print(f"{told(found)}; the first, with the first picture of the market, {warm:.1f} s")
    print(f"{written:,.0f} match rows inserted or updated a post; largest process {largest:,.0f} MB")


def _tidy_up() -> None:
    """What autovacuum and the next checkpoint do sooner or later."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


def _written() -> int:
    """Match rows inserted and updated since the server started, as its statistics have it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE relname = 'matching_match'"
        )
        return int(cursor.fetchone()[0])


def _key() -> str:
    """A key of one of the invented miners."""
    miner = Organization.objects.filter(kind=Kind.MINER).earliest("pk")
    user = User.objects.create_user(email="stopwatch@demo.example")
    Membership.objects.create(user=user, organization=miner, role=Role.OWNER)
    _, secret = services.create_api_key(
        by=reader_of_user(user, None),
        name="Stopwatch",
        scopes=[Scope.READ, Scope.WRITE],
        now=datetime.now(UTC),
        expires_at=None,
    )
    return secret


@contextmanager
def _web() -> Iterator[str]:
    """The site on a free port, as `manage.py up` starts it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with ExitStack() as stop, tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "web.log"
        web = Child("web", [sys.executable, *up.WEB.format(port=port).split()], output=log)
        web.start()
        stop.callback(web.stop)
        if not wait_until(lambda: _listens(port), 60):
            sys.exit(log.read_text())
        yield f"http://localhost:{port}"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sites", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
