"""Load an invented market into the database that the settings name, to measure pages and matching with it.

    .venv/bin/python -m bench.load_market --sites 100000 --requests 100000 --seed 1

GPU pools come with the sites, one for every seven. The rows are those that the services would write, with
their bands and versions, but they go in by COPY with the triggers off. Nothing is queued unless asked.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from accounts.models import Organization, User
from accounts.vocabulary import Kind
from bench import market
from bench.rows import Rows, Stamp, pool_rows, request_rows, site_rows
from listings import reference
from listings.models import (
    CapacityRequest,
    Change,
    Evidence,
    GpuModel,
    GpuPool,
    GpuWish,
    Phase,
    Post,
    Site,
    Step,
)
from listings.services import load_gpu_models
from listings.vocabulary import PostType

POOLS_PER_SITE = 14 / 92
POSTS_PER_ORGANIZATION = 60
BATCH = 5_000
TABLES: list[type[Model]] = [Site, Phase, Evidence, GpuPool, CapacityRequest, Step, GpuWish]


class Refused(Exception):
    """This database is not one to fill with inventions."""


def load(*, sites: int, requests: int, seed: int, now: datetime, queue: bool = False) -> int:
    """Load the market in one transaction and return how many posts that are."""
    with transaction.atomic():
        _take_time()
        stamp = _stamp(sites + round(sites * POOLS_PER_SITE) + requests, now)
        first = stamp.next_id + 1
        with _triggers_off():
            for batch in _batches(_all_rows(sites, requests, seed, stamp)):
                _copy_batch(batch)
        if queue:
            _queue_from(first)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return stamp.next_id - first + 1


def _take_time() -> None:
    """The limits of a page are not those of a long load: inventing the rows leaves the session idle."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def refuse_unless_free(*, among_members: bool) -> None:
    """Always in production; elsewhere where somebody has an address that mail can reach."""
    if not settings.DEVELOPMENT:
        raise Refused("An invented market never goes into production.")
    if not among_members and User.objects.exclude(email__endswith=".example").exists():
        raise Refused("This database has real members. Give --among-members if that is meant.")


# ---- rows


def _all_rows(sites: int, requests: int, seed: int, stamp: Stamp) -> Iterator[Rows]:
    today, pools = stamp.now.date(), round(sites * POOLS_PER_SITE)
    return chain(
        (site_rows(offer, stamp) for offer in market.sites(sites, seed, today)),
        (pool_rows(offer, stamp) for offer in market.pools(pools, seed, today)),
        (request_rows(asked, stamp) for asked in market.requests(requests, seed, today)),
    )


def _batches(each: Iterator[Rows]) -> Iterator[Rows]:
    while some := list(islice(each, BATCH)):
        yield list(chain.from_iterable(some))


def _stamp(posts: int, now: datetime) -> Stamp:
    """Keys for all posts at once, and organizations that own them."""
    load_gpu_models(reference.gpu_models())
    miners, tenants = (_found(kind, posts // 2, now) for kind in (Kind.MINER, Kind.TENANT))
    return Stamp(
        next_id=_reserve(posts),
        transaction=_ask("SELECT pg_current_xact_id()::text::bigint"),
        now=now,
        owners={PostType.SITE: miners, PostType.GPU_POOL: miners, PostType.REQUEST: tenants},
        models=dict(GpuModel.objects.values_list("name", "pk")),
    )


def _found(kind: Kind, posts: int, now: datetime) -> range:
    """Verified organizations of one kind, enough for so many posts."""
    taken = Organization.objects.count()
    new = [
        Organization(name=f"Invented {kind} {taken + number}", kind=kind, verified_at=now)
        for number in range(1, 2 + posts // POSTS_PER_ORGANIZATION)
    ]
    keys = [one.pk for one in Organization.objects.bulk_create(new)]
    return range(keys[0], keys[-1] + 1)


def _reserve(posts: int) -> int:
    """Take so many keys from the sequence; return the key before the first of them."""
    sequence = "pg_get_serial_sequence('listings_post', 'id')"
    last = _ask(f"SELECT nextval({sequence})")
    _ask(f"SELECT setval({sequence}, %s)", last + posts)
    return last


def _ask(sql: str, *params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.fetchone()[0])


# ---- into Postgres


@contextmanager
def _triggers_off() -> Iterator[None]:
    """The rows come stamped and are known to hold together, so no trigger needs to see to it. CHECKs, unique
    and foreign keys stay on; if anything fails the transaction brings the triggers back."""
    _triggers("DISABLE")
    yield
    _triggers("ENABLE")


def _triggers(how: str) -> None:
    tables: list[type[Model]] = [Post, *TABLES]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # checks still owed would hold the tables
        for model in tables:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} {how} TRIGGER USER")


def _copy_batch(rows: Rows) -> None:
    """Each table's rows together, posts before what belongs to them."""
    by_model: dict[type[Model], list[Model]] = defaultdict(list)
    for row in rows:
        by_model[type(row)].append(row)
    posts = [row for model in (Site, GpuPool, CapacityRequest) for row in by_model[model]]
    _copy(Post, posts)
    for model in TABLES:
        _copy(model, by_model[model])


def _copy(model: type[Model], rows: list[Model]) -> None:
    local = [one for one in model._meta.local_concrete_fields if one.name != "id" or model is Post]
    fields = [one for one in local if not one.has_db_default()]
    columns = ", ".join(f'"{one.column}"' for one in fields)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields])


def _queue_from(first: int) -> None:
    waiting = Post.objects.filter(pk__gte=first).values_list("pk", "version").iterator()
    _copy(
        Change, [Change(post_id=pk, version=version, created_at=datetime.now(UTC)) for pk, version in waiting]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sites", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--queue", action="store_true", help="put all new posts on the queue for matching")
    parser.add_argument("--among-members", action="store_true", help="even where real people are members")
    asked = parser.parse_args()
    try:
        refuse_unless_free(among_members=asked.among_members)
    except Refused as why:
        sys.exit(str(why))
    started = time.perf_counter()
    posts = load(
        sites=asked.sites, requests=asked.requests, seed=asked.seed, now=datetime.now(UTC), queue=asked.queue
    )
    print(f"{posts} posts in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
