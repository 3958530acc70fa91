"""Ranking many posts at once, as a whole-market run does: the lists alone, each of them exact.

What takes every pair's gates, the funnel with near misses and wins, is left to each post's own next turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from engine import STANDARD, arrays
from engine.arrays import Rows
from engine.arrays.columns import UNITS
from listings.vocabulary import PostType
from matching.models import Match, Ranking
from matching.services.losses import lose
from matching.services.rows import (
    Kept,
    WhichSide,
    leave_to_others,
    literal,
    share_locked,
    stored,
    unchanged,
    upsert,
)
from matching.services.writing import forget, kept_by
from matching.snapshots import Market, Side
from matching.vocabulary import NOTHING_SEEN


def rank_many(posts: Iterable[int], market: Market, now: datetime) -> set[int]:
    """Rank these posts and write their lists; return those that are done.

    A post that changes meanwhile is not: what changed it has put it on the queue. As in a single post's turn,
    the posts that are ranked are read before the other side.
    """
    chosen, done = set(posts), set[int]()
    sides: dict[WhichSide, tuple[Side, Side]] = {
        "request": market.sides(PostType.REQUEST),
        "offer": market.sides(PostType.SITE),
    }
    for side, (own, other) in sides.items():
        own.refresh(now.date())
        other.refresh(now.date())
        of_side = [post for post in chosen if post in own.entries]
        on_market = [post for post in of_side if post in own.rows.rows_of]
        if on_market:
            done |= _Batch(side, own, other, market).write(on_market, now)
        done |= _forget(set(of_side) - set(on_market), side)
    return done


def _forget(posts: set[int], side: WhichSide) -> set[int]:
    """Most posts that left the market did so long ago and left nothing behind."""
    matched = Match.objects.filter(**{f"{side}__in": posts}).values_list(f"{side}_id", flat=True)
    for post in {*matched, *Ranking.objects.filter(post__in=posts).values_list("post_id", flat=True)}:
        forget(post_id=post, side=side)
    return posts


class _Batch:
    """Posts of one side, ranked against all of the other."""

    def __init__(self, side: WhichSide, own: Side, other: Side, market: Market) -> None:
        self.side, self.own, self.other, self.market = side, own, other, market
        self.mine, self.theirs = ("need", "offer") if side == "request" else ("offer", "need")

    def write(self, posts: list[int], now: datetime) -> set[int]:
        """Rank these posts, which are on the market; return those that still are what they were."""
        pairs, floors = self._lists([row for post in posts for row in self.own.rows.rows_of[post]])
        mine, theirs = self._ids(pairs, self.mine), self._ids(pairs, self.theirs)
        found = set(zip(mine, theirs, strict=True))
        had = stored(self.side, posts)
        partners = {*theirs, *(row.partner for row in had)}
        current = share_locked({*posts, *partners})
        done = unchanged(posts, current, self.own.entries)
        still = unchanged(partners, current, self.other.entries)
        for_own = np.ones(len(pairs), np.bool_)
        every = Kept(pairs, mine, theirs, for_own, ~for_own)
        stands = (post in done and partner in still for post, partner in zip(mine, theirs, strict=True))
        scored = {post: self.own.entries[post].version for post in posts}
        scored |= {partner: self.other.entries[partner].version for partner in theirs}
        upsert(self.side, every.only(stands), scored)
        gone = [row for row in had if row.post in done and row.partner in still and row[:2] not in found]
        kept = [row[:2] for row in gone if row.for_partner and row.for_post]
        leave_to_others(self.side, kept)
        lose(self.side, [row[:2] for row in gone if not row.for_partner])
        self._note(done, floors, now)
        return done

    def _lists(self, rows: list[int]) -> tuple[Rows, dict[int, list[int] | None]]:
        """The best pairs of each row; {row: its floor}."""
        kept, lists = kept_by(self.side), self.market.lists
        pairs = (lists.of_needs if self.side == "request" else lists.of_offers)(rows, kept + 1)
        place = _place_in_list(pairs[self.mine])
        floors: dict[int, list[int] | None] = dict.fromkeys(rows)
        cut = pairs[self.mine][place == kept]
        last = pairs[np.isin(pairs[self.mine], cut) & (place == kept - 1)]
        standing = arrays.standing(last, np.array(self._ids(last, self.theirs), np.int64))
        floors.update(zip(last[self.mine].tolist(), standing.tolist(), strict=True))
        return pairs[place < kept], floors

    def _ids(self, pairs: Rows, which: str) -> list[int]:
        table = self.market.rows.needs.table if which == "need" else self.market.rows.offers.table
        ids: list[int] = table.rows["id"][pairs[which]].tolist()
        return ids

    def _note(self, done: set[int], floors: dict[int, list[int] | None], now: datetime) -> None:
        """Say that these lists are current, and that all else about the posts is due."""
        table = self.own.rows.table.rows
        rows = [row for row in floors if int(table["id"][row]) in done]
        posts = table["id"][rows].tolist()
        columns: dict[str, Any] = {
            "post": literal(posts),
            "unit": literal(UNITS[unit] for unit in table["unit"][rows].tolist()),
            "version": literal(self.own.entries[post].version for post in posts),
            "floor": [None if (floor := floors[row]) is None else literal(floor) for row in rows],
        }
        with connection.cursor() as cursor:
            cursor.execute(
                _NOTE, columns | {"assumptions": STANDARD.version, "seen": NOTHING_SEEN, "now": now}
            )


# Funnel, near misses and wins stay as they are until the post's own next turn.
_NOTE = """
INSERT INTO matching_ranking
    (post_id, unit, post_version, floor, assumptions_version, seen_xid, ranked_at, funnel, near_misses)
SELECT post, unit, version, floor::bigint[], %(assumptions)s, %(seen)s, %(now)s, '[]', '[]'
  FROM unnest(%(post)s::bigint[], %(unit)s::text[], %(version)s::int[], %(floor)s::text[])
       AS r(post, unit, version, floor)
 ORDER BY post, unit
ON CONFLICT (post_id, unit) DO UPDATE
SET post_version = EXCLUDED.post_version, floor = EXCLUDED.floor, seen_xid = EXCLUDED.seen_xid,
    assumptions_version = EXCLUDED.assumptions_version, ranked_at = EXCLUDED.ranked_at
"""


def _place_in_list(own: NDArray[Any]) -> NDArray[np.int64]:
    """The place of each pair in its list; lists stand one behind the other."""
    starts = np.flatnonzero(np.concatenate([[True], own[1:] != own[:-1]])) if len(own) else np.zeros(0, int)
    return np.arange(len(own)) - np.repeat(starts, np.diff([*starts, len(own)]))
