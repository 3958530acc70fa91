"""Which pages are slowest with the market that is in the database, and how many queries does each ask?

    .venv/bin/python -m bench.pages [--rounds 3]
    .venv/bin/python -m bench.with_servers bench.pages --load 100000

Visits lists, pages, home and REST inside this process, as a visitor and as the people of the demo market, and
prints the median time to a whole answer, slowest first. Needs the demo market beside whatever else is loaded;
`--load` loads both into an empty database and ranks what the people of the demo market have.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any, NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from bench.load_market import load
from listings.models import CapacityRequest, GpuPool, Post, Site
from listings.vocabulary import Status
from matching.models import Match
from matching.services import drain, what_if

MOST_QUERIES, MOST_SECONDS = 12, 1.0
WHAT_IF_DAYS = timedelta(days=200)
TODAY = datetime.now(UTC).date()

LISTS = (
    "/",
    "/market/",
    "/sites/",
    "/sites/?view=cards",
    "/sites/?country=US&sort=largest",
    "/sites/?country=NO&min_rack_kw=80",
    "/sites/?q=river",
    "/gpu-pools/",
    "/gpu-pools/?country=US&sort=largest",
    "/requests/",
    "/requests/?kind=power&sort=largest",
    "/requests/?q=river",
    "/api/v1/sites/",
    "/api/v1/sites/?country=US&sort=-mw_band",
    "/api/v1/gpu-pools/",
    "/api/v1/requests/",
)
OF_MEMBERS = ("/matches/", "/api/v1/matches/", "/organization/")
FORMS = {"miner": ("/sites/new/", "/sites/grid/", "/gpu-pools/new/"), "tenant": ("/requests/new/",)}


class Visit(NamedTuple):
    seconds: float
    queries: int
    status: int
    who: str
    path: str


def visits(rounds: int) -> Iterator[Visit]:
    for who in ("visitor", "miner", "tenant", "broker"):
        client = Client(headers={"host": "localhost"})
        if who != "visitor":
            client.force_login(
                User.objects.get(email=f"{who}@demo.example"), backend=settings.AUTHENTICATION_BACKENDS[0]
            )
        for path in _paths(who):
            yield _visited(client, who, path, rounds)


def _person(login: str) -> User:
    return User.objects.get(email=f"{login}@demo.example")


def _paths(who: str) -> Iterator[str]:
    yield from LISTS
    for model, folder in ((Site, "sites"), (GpuPool, "gpu-pools"), (CapacityRequest, "requests")):
        post = model.objects.filter(status=Status.OPEN).latest("pk")
        yield from (f"/{folder}/{post.uid}/", f"/api/v1/{folder}/{post.uid}/")
    if who == "visitor":
        return
    yield from (*OF_MEMBERS, *FORMS.get(who, ()))
    if who == "broker":
        yield "/desk/"
    else:
        yield from _about_own_matches(_person(who))


def _about_own_matches(person: User) -> Iterator[str]:
    """The pages about the member's post that has the most matches, and about one match of it."""
    own = Post.objects.filter(organization__memberships__user=person)
    for side in ("request", "offer"):
        matched = Match.objects.filter(**{f"{side}__in": own}).values_list(f"{side}__uid", "uid")
        for post, match in matched[:1]:
            tried = f"/matches/of/{post}/what-if/?first_on={TODAY + WHAT_IF_DAYS}"
            yield from (f"/matches/of/{post}/", tried, f"/matches/{match}/")


def _visited(client: Client, who: str, path: str, rounds: int) -> Visit:
    """The median of some rounds, after one that warms the caches of this process."""
    found = [_once(client, path) for _ in range(1 + rounds)][1:]
    _, queries, status = found[0]
    return Visit(statistics.median(seconds for seconds, _, _ in found), queries, status, who, path)


def _once(client: Client, path: str) -> tuple[float, int, int]:
    asked: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    started = time.perf_counter()
    with connection.execute_wrapper(note):
        answer = client.get(path)
    return time.perf_counter() - started, len(asked), answer.status_code


def _load(posts: int) -> None:
    call_command("migrate", verbosity=0)
    if Post.objects.exists():
        sys.exit("This database has posts already. Give an empty one.")
    call_command("demo_market", stdout=StringIO())
    load(sites=posts, requests=posts, seed=1, now=datetime.now(UTC))
    drain()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--load", type=int, help="sites, and requests")
    parser.add_argument("--shown", type=int, help="show the slowest only")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if asked.load:
        _load(asked.load)
    what_if.read_on(what_if.market, TODAY)
    found = sorted(visits(asked.rounds), reverse=True)[: asked.shown]
    print(f"{Post.objects.count():,} posts; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("  seconds  queries  status  who      page")
    for one in found:
        mark = "!" if one.seconds > MOST_SECONDS or one.queries > MOST_QUERIES else " "
        print(f"{mark} {one.seconds:7.3f}  {one.queries:7}  {one.status:6}  {one.who:7}  {one.path}")


if __name__ == "__main__":
    main()
