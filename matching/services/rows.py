"""Rows of matches as the worker reads and writes them: many in one statement, in the order of their keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from itertools import compress, repeat
from typing import Any, Literal, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from engine import STANDARD
from engine.arrays import NEVER, NONE, Rows
from listings.models import Post
from matching.models import Match
from matching.snapshots import Entry

WhichSide = Literal["request", "offer"]
OTHER: dict[WhichSide, WhichSide] = {"request": "offer", "offer": "request"}
FLAG: dict[WhichSide, str] = {"request": "for_need", "offer": "for_offer"}


def share_locked(posts: Collection[int]) -> dict[int, int]:
    """{post: its version}, share-locked in key order: until the transaction ends these versions stand.

    A post that is no more is left out.
    """
    found = Post.objects.filter(pk__in=posts).order_by("pk").values_list("pk", "version")
    # Django knows FOR UPDATE only. SHARE lets workers pass each other and holds back editors alone.
    sql, params = found.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR SHARE", params)
        return dict(cursor.fetchall())


def unchanged(posts: Iterable[int], current: Mapping[int, int], entries: Mapping[int, Entry]) -> set[int]:
    """The posts that are at the version at which they were read; `current` has those that stand."""
    return {post for post in posts if post in entries and current.get(post) == entries[post].version}


class Stored(NamedTuple):
    """A match of a post, for which of the two lists it is kept, and what it was scored at."""

    post: int
    partner: int
    for_post: bool
    for_partner: bool
    version: int
    partner_version: int
    assumptions: int


def stored(side: WhichSide, posts: Collection[int]) -> list[Stored]:
    """All matches of these posts, which are of one side."""
    other = OTHER[side]
    found = Match.objects.filter(**{f"{side}__in": list(posts)})
    flags, versions = (FLAG[side], FLAG[other]), (f"{side}_version", f"{other}_version")
    rows = found.values_list(f"{side}_id", f"{other}_id", *flags, *versions, "assumptions_version")
    return [Stored(*row) for row in rows]


class Kept(NamedTuple):
    """Pairs worth keeping (rows of `engine.arrays.PAIR`), their posts, and whose list each is for."""

    pairs: Rows
    posts: list[int]
    partners: list[int]
    for_own: NDArray[np.bool_]
    for_other: NDArray[np.bool_]

    def only(self, chosen: Iterable[bool]) -> Kept:
        those = np.fromiter(chosen, np.bool_, len(self.pairs))
        posts, partners = ([*compress(each, those)] for each in (self.posts, self.partners))
        return Kept(self.pairs[those], posts, partners, self.for_own[those], self.for_other[those])


def _columns(side: WhichSide, kept: Kept, versions: Mapping[int, int]) -> dict[str, Iterable[Any]]:
    """What is stored of pairs, column by column."""
    pairs, other = kept.pairs, OTHER[side]
    copied = ("score", "low", "high", "power", "timeline", "terms", "points", "utilization")
    days, prices = pairs["first_power_on"].tolist(), pairs["price"].tolist()
    return {name: pairs[name].tolist() for name in copied} | {
        "conditional": (pairs["unknown"] != 0).tolist(),
        "landlord_score": pairs["landlord"].tolist(),
        "first_power_on": (None if day == NEVER else date.fromordinal(day) for day in days),
        "comparable_price": (None if price == NONE else price / 10_000 for price in prices),
        f"{side}_id": kept.posts,
        f"{other}_id": kept.partners,
        f"{side}_version": (versions[post] for post in kept.posts),
        f"{other}_version": (versions[post] for post in kept.partners),
        "assumptions_version": repeat(STANDARD.version, len(pairs)),
        FLAG[side]: kept.for_own.tolist(),
        FLAG[other]: kept.for_other.tolist(),
    }


# A flag that the other side's ranking has set stays until that side is ranked anew. An older worker never
# overwrites what a newer one scored. What says the same already is not written again. In the order of the
# keys, so that no two workers wait for each other.
_UPSERT = """
INSERT INTO matching_match AS m ({columns})
SELECT {columns} FROM unnest({arrays}) AS r({columns}) ORDER BY request_id, offer_id
ON CONFLICT (request_id, offer_id) DO UPDATE
SET {updates}, {own} = EXCLUDED.{own}, {other} = m.{other} OR EXCLUDED.{other}
WHERE m.request_version <= EXCLUDED.request_version AND m.offer_version <= EXCLUDED.offer_version
  AND m.assumptions_version <= EXCLUDED.assumptions_version
  AND ({old}, m.{own}, m.{other})
      IS DISTINCT FROM ({new}, EXCLUDED.{own}, m.{other} OR EXCLUDED.{other})
"""
_KEYS = ("request_id", "offer_id")
_MADE_BY_DATABASE = ("id", "uid", "created_at")
_COLUMNS = {
    field.attname: str(field.rel_db_type(connection))
    for field in Match._meta.concrete_fields
    if field.column not in _MADE_BY_DATABASE
}
_SCORED = [name for name in _COLUMNS if name not in _KEYS + tuple(FLAG.values())]


def upsert(side: WhichSide, kept: Kept, versions: Mapping[int, int]) -> None:
    """Store what one side's ranking found of posts and partners, scored at these versions."""
    sql = _UPSERT.format(
        columns=", ".join(_COLUMNS),
        arrays=", ".join(f"%({name})s::{kind}[]" for name, kind in _COLUMNS.items()),
        updates=", ".join(f"{name} = EXCLUDED.{name}" for name in _SCORED),
        old=", ".join(f"m.{name}" for name in _SCORED),
        new=", ".join(f"EXCLUDED.{name}" for name in _SCORED),
        own=FLAG[side],
        other=FLAG[OTHER[side]],
    )
    with connection.cursor() as cursor:
        columns = _columns(side, kept, versions)
        cursor.execute(sql, {name: literal(values) for name, values in columns.items()})


def literal(values: Iterable[Any]) -> str:
    """An array as Postgres writes it, of numbers, truths, days and nothing; a fifth of the driver's time."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def leave_to_others(side: WhichSide, pairs: Collection[tuple[int, int]]) -> None:
    """Pairs (post, partner) that one side's ranking keeps no more, and the other side's still does."""
    mine, theirs = [post for post, _ in pairs], [partner for _, partner in pairs]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE matching_match SET {FLAG[side]} = false"  # noqa: S608 - made of this file's own words
            f" FROM unnest(%s::bigint[], %s::bigint[]) AS pair(mine, theirs)"
            f" WHERE {side}_id = mine AND {OTHER[side]}_id = theirs",
            [mine, theirs],
        )
