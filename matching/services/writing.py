"""Writing what a ranking found: the difference to what stands, never an older verdict over a newer one."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
from django.db import connection
from django.db.models import Count, Q

from engine import STANDARD, Unit, arrays
from engine.arrays import NEVER, NONE
from listings.models import Post
from listings.services import changes
from listings.vocabulary import PostType
from matching.models import Match, Ranking
from matching.services.losses import lose
from matching.services.ranking import Ranked
from matching.snapshots import Entry
from matching.vocabulary import FAT, KEPT_PER_NEED, KEPT_PER_OFFER, THIN_NEED, THIN_OFFER

WhichSide = Literal["request", "offer"]
_OTHER: dict[WhichSide, WhichSide] = {"request": "offer", "offer": "request"}


class Overtaken(Exception):
    """The post changed while it was being ranked; its newer change row will be worked instead."""


@dataclass(frozen=True, slots=True)
class Own:
    """The post that was ranked, at the version that was read."""

    post_id: int
    version: int
    side: WhichSide

    @property
    def other_side(self) -> WhichSide:
        return _OTHER[self.side]

    @property
    def kept(self) -> int:
        return KEPT_PER_NEED if self.side == "request" else KEPT_PER_OFFER


def write(
    *, own: Own, ranked: list[Ranked], entries: Mapping[int, Entry], seen_xid: int, now: datetime
) -> None:
    """Make the stored matches of one post say what was found.

    `entries` are the posts of the other side as they were scored. Partners that have changed since are left
    alone: they await matching themselves. All posts concerned are share-locked, so that at commit every row
    written belongs to versions that still stand.
    """
    rows = [row for one in ranked for row in _rows(own, one, entries)]
    stored = set(_stored(own).values_list(f"{own.other_side}_id", flat=True))
    still = _unchanged(own, entries, {row["partner_id"] for row in rows} | stored)
    _upsert(own, [row for row in rows if row["partner_id"] in still])
    gone = still - {row["partner_id"] for row in rows}
    lose(post_id=own.post_id, side=own.side, partners=gone)
    _note(own, ranked, seen_xid, now)
    _mark_thin_and_fat(own.other_side, still)


def forget(*, post_id: int, side: WhichSide) -> None:
    """A post that left the market has no matches and no ranking; lists that it leaves thin are made anew."""
    stored = Match.objects.filter(**{f"{side}_id": post_id})
    partners = list(stored.values_list(f"{_OTHER[side]}_id", flat=True))
    lose(post_id=post_id, side=side)
    Ranking.objects.filter(post=post_id).delete()
    _mark_thin_and_fat(_OTHER[side], partners)


def _stored(own: Own) -> Any:
    return Match.objects.filter(**{f"{own.side}_id": own.post_id})


def _unchanged(own: Own, entries: Mapping[int, Entry], partners: set[int]) -> set[int]:
    """Share-lock the posts in key order and return the partners that are as they were scored."""
    posts = Post.objects.filter(pk__in=partners | {own.post_id}).order_by("pk")
    current = dict(_for_share(posts.values_list("pk", "version")))
    if current[own.post_id] != own.version:
        raise Overtaken
    return {pk for pk in partners if pk in entries and current[pk] == entries[pk].version}


def _for_share(query: Any) -> list[tuple[int, int]]:
    # Django knows FOR UPDATE only. SHARE lets workers pass each other and holds back editors alone.
    sql, params = query.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR SHARE", params)
        return [(pk, version) for pk, version in cursor.fetchall()]


def _rows(own: Own, ranked: Ranked, entries: Mapping[int, Entry]) -> list[dict[str, Any]]:
    """Pairs worth keeping: the best of the own post, and whatever the other would have among its best.

    A partner that was never ranked has its own turn before it, and finds the pair if it is worth keeping.
    Which pairs are kept depends on all places in the order, ties included, so it does not depend on who was
    ranked first.
    """
    floors = Ranking.objects.reached(ranked.partners, ranked.pairs["points"].tolist(), ranked.unit)
    theirs = arrays.standing(ranked.pairs, np.full(len(ranked.pairs), own.post_id))
    rows = []
    for place, partner in enumerate(ranked.partners):
        among_best = place < own.kept
        among_theirs = partner in floors and theirs[place].tolist() >= (floors[partner] or [])
        if among_best or among_theirs:
            flags = {f"for_{_flag(own.side)}": among_best, f"for_{_flag(own.other_side)}": among_theirs}
            rows.append(_row(own, ranked.pairs[place], partner, entries[partner].version) | flags)
    return rows


def _flag(side: WhichSide) -> str:
    return "need" if side == "request" else "offer"


def _row(own: Own, pair: Any, partner: int, version: int) -> dict[str, Any]:
    """The columns of a match from a row of `engine.arrays.PAIR`."""
    first, price = int(pair["first_power_on"]), int(pair["price"])
    return {
        "partner_id": partner,
        f"{own.side}_id": own.post_id,
        f"{own.other_side}_id": partner,
        f"{own.side}_version": own.version,
        f"{own.other_side}_version": version,
        "assumptions_version": STANDARD.version,
        "score": float(pair["score"]),
        "low": float(pair["low"]),
        "high": float(pair["high"]),
        "conditional": bool(pair["unknown"]),
        "power": float(pair["power"]),
        "timeline": float(pair["timeline"]),
        "terms": float(pair["terms"]),
        "landlord_score": float(pair["landlord"]),
        "points": int(pair["points"]),
        "utilization": float(pair["utilization"]),
        "first_power_on": None if first == NEVER else date.fromordinal(first).isoformat(),
        "comparable_price": None if price == NONE else price / 10_000,
    }


# A flag that the other side's ranking has set stays until that side is ranked anew. An older worker never
# overwrites what a newer one scored.
_UPSERT = """
INSERT INTO matching_match AS m ({columns})
SELECT {columns} FROM jsonb_to_recordset(%s) AS r({types})
ON CONFLICT (request_id, offer_id) DO UPDATE
SET {updates}, {own_flag} = EXCLUDED.{own_flag}, {other_flag} = m.{other_flag} OR EXCLUDED.{other_flag}
WHERE m.request_version <= EXCLUDED.request_version AND m.offer_version <= EXCLUDED.offer_version
  AND m.assumptions_version <= EXCLUDED.assumptions_version
"""
_FLAGS = ("for_need", "for_offer")
_KEYS = ("request_id", "offer_id")
_MADE_BY_DATABASE = ("id", "uid", "created_at")


def _upsert(own: Own, rows: list[dict[str, Any]]) -> None:
    columns = [f for f in Match._meta.concrete_fields if f.column not in _MADE_BY_DATABASE]
    names = [f.attname for f in columns]
    sql = _UPSERT.format(
        columns=", ".join(names),
        types=", ".join(f"{f.attname} {f.rel_db_type(connection)}" for f in columns),
        updates=", ".join(f"{name} = EXCLUDED.{name}" for name in names if name not in _KEYS + _FLAGS),
        own_flag=f"for_{_flag(own.side)}",
        other_flag=f"for_{_flag(own.other_side)}",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(rows)])


def _note(own: Own, ranked: list[Ranked], seen_xid: int, now: datetime) -> None:
    """Replace the post's ranking rows, one a need."""
    Ranking.objects.filter(post=own.post_id).exclude(unit__in=[one.unit for one in ranked]).delete()
    notes = [_ranking(own, one, seen_xid, now) for one in ranked]
    fields = [f.name for f in Ranking._meta.concrete_fields if f.name not in ("id", "post", "unit")]
    Ranking.objects.bulk_create(
        notes, update_conflicts=True, unique_fields=["post", "unit"], update_fields=fields
    )


def _ranking(own: Own, ranked: Ranked, seen_xid: int, now: datetime) -> Ranking:
    return Ranking(
        post_id=own.post_id,
        unit=ranked.unit,
        post_version=own.version,
        assumptions_version=STANDARD.version,
        seen_xid=seen_xid,
        ranked_at=now,
        floor=_floor(own, ranked),
        funnel=[row._asdict() for row in ranked.funnel],
        near_misses=[_plain(asdict(near)) for near in ranked.near_misses],
        wins=[_plain(asdict(win)) for win in ranked.wins],
    )


def _floor(own: Own, ranked: Ranked) -> list[int] | None:
    if len(ranked.pairs) <= own.kept:
        return None
    last = slice(own.kept - 1, own.kept)
    return [int(one) for one in arrays.standing(ranked.pairs[last], np.array(ranked.partners[last]))[0]]


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: sets become sorted lists, dates and decimals text."""
    return json.loads(
        json.dumps(value, default=lambda it: sorted(it) if isinstance(it, frozenset) else str(it))
    )


def _mark_thin_and_fat(side: WhichSide, posts: Collection[int]) -> None:
    """Put posts on the queue whose list has too few rows left, or has collected too many newcomers."""
    thin, kept = (THIN_NEED, KEPT_PER_NEED) if side == "request" else (THIN_OFFER, KEPT_PER_OFFER)
    counted = Ranking.objects.filter(post__in=posts).annotate(rows=Count("pk", filter=_rows_of(side)))
    uneven = counted.filter(Q(rows__gt=FAT * kept) | Q(rows__lt=thin, floor__isnull=False))
    changes.mark(set(uneven.values_list("post_id", flat=True)))


def _rows_of(side: WhichSide) -> Q:
    """The match rows that a ranking of this side counts as its own."""
    if side == "offer":
        return Q(post__offer_matches__for_offer=True)
    offers = "post__capacityrequest__matches__offer__post_type"
    in_unit = Q(unit=Unit.GPU, **{offers: PostType.GPU_POOL}) | Q(unit=Unit.MW, **{offers: PostType.SITE})
    return in_unit & Q(post__capacityrequest__matches__for_need=True)
