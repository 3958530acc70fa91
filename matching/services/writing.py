"""Writing what a ranking found: the difference to what stands, never an older verdict over a newer one."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q

from engine import STANDARD, arrays
from listings.services import changes
from matching.models import Ranking
from matching.services.losses import lose
from matching.services.ranking import Ranked
from matching.services.rows import (
    OTHER,
    Kept,
    Stored,
    WhichSide,
    share_locked,
    stored,
    unchanged,
    upsert,
)
from matching.snapshots import Entry
from matching.vocabulary import (
    ASKED_AT_ONCE,
    FAT,
    KEPT_PER_NEED,
    KEPT_PER_OFFER,
    THIN_NEED,
    THIN_OFFER,
    UNEVEN_LOOKED_AT,
    WRITTEN_AT_ONCE,
)


def kept_by(side: WhichSide) -> int:
    """How many pairs each list of this side keeps."""
    return KEPT_PER_NEED if side == "request" else KEPT_PER_OFFER


class Overtaken(Exception):
    """The post changed while it was being ranked; its newer change row will be worked instead."""


@dataclass(frozen=True, slots=True)
class Own:
    """The post that was ranked, at the version that was read."""

    post_id: int
    version: int
    side: WhichSide

    @property
    def kept(self) -> int:
        return kept_by(self.side)


def write(
    *,
    own: Own,
    ranked: list[Ranked],
    entries: Mapping[int, Entry],
    seen_xid: int,
    now: datetime,
    own_first: bool = False,
) -> bool:
    """Make the stored matches of one post say what was found; False if other lists are still owed some.

    With `own_first` a post that enters very many lists of the other side has its own written before them.

    `entries` are the posts of the other side as they were scored. Partners that have changed since are left
    alone: they await matching themselves. All posts concerned are share-locked, so that at commit every row
    written belongs to versions that still stand.
    """
    rows = stored(own.side, [own.post_id])
    due, gone, is_all = _turn(own, ranked, rows, entries, own_first)
    written = {partner for one in due for partner in one.partners}
    current = share_locked(written | gone | {own.post_id})
    if current.get(own.post_id) != own.version:
        raise Overtaken
    still = unchanged(written | gone, current, entries)
    scored = {partner: entries[partner].version for partner in written} | {own.post_id: own.version}
    for one in due:
        upsert(own.side, one.only(partner in still for partner in one.partners), scored)
    lose(own.side, [(own.post_id, partner) for partner in gone & still])
    _note(own, ranked, seen_xid, now)
    theirs = {row.partner for row in rows if row.for_partner}
    joined = {partner for one in due for partner in one.only(one.for_other).partners} - theirs
    _mark_uneven_afterwards(OTHER[own.side], still & (joined | gone & theirs), own.post_id)
    return is_all


def _turn(
    own: Own, ranked: list[Ranked], rows: list[Stored], entries: Mapping[int, Entry], own_first: bool
) -> tuple[list[Kept], set[int], bool]:
    """The pairs to write this turn, the partners to lose, and whether that is all there is to do."""
    is_asked = not own_first or sum(len(one.partners) for one in ranked) <= ASKED_AT_ONCE
    every = [_kept(own, one) if is_asked else _own_list(own, one) for one in ranked]
    settled = [row.partner for row in rows if _is_settled(row, own, entries)]
    due = [one.only(one.for_own | ~np.isin(one.partners, settled)) for one in every]
    if is_asked and sum(int((~one.for_own).sum()) for one in due) <= WRITTEN_AT_ONCE:
        found = {partner for one in every for partner in one.partners}
        return due, {row.partner for row in rows} - found, True
    room = 0 if own_first else WRITTEN_AT_ONCE
    return [one.only(one.for_own | (np.cumsum(~one.for_own) <= room)) for one in due], set(), False


def _is_settled(row: Stored, own: Own, entries: Mapping[int, Entry]) -> bool:
    """Whether a match is kept for the other list only, and says there what it would be made to say."""
    scored_at = row.version, row.partner_version, row.assumptions
    partner = entries.get(row.partner)
    stands = partner is not None and scored_at == (own.version, partner.version, STANDARD.version)
    return row.for_partner and not row.for_post and stands


def forget(*, post_id: int, side: WhichSide) -> None:
    """A post that left the market has no matches and no ranking; lists that it leaves thin are made anew."""
    rows = stored(side, [post_id])
    lose(side, [row[:2] for row in rows])
    Ranking.objects.filter(post=post_id).delete()
    _mark_uneven_afterwards(OTHER[side], {row.partner for row in rows if row.for_partner}, post_id)


def _kept(own: Own, ranked: Ranked) -> Kept:
    """The best of the own post, and whatever the other would have among its best.

    A partner that was never ranked has its own turn before it, and finds the pair if it is worth keeping.
    Which pairs are kept depends on all places in the order, ties included, so it does not depend on who was
    ranked first.
    """
    floors = Ranking.objects.reached(ranked.partners, ranked.pairs["points"].tolist(), ranked.unit)
    asked = np.flatnonzero(np.isin(ranked.partners, list(floors)))
    theirs = arrays.standing(ranked.pairs[asked], np.full(len(asked), own.post_id)).tolist()
    every = _list(own, ranked)
    for n, place in zip(asked.tolist(), theirs, strict=True):
        every.for_other[n] = place >= (floors[ranked.partners[n]] or [])
    return every.only(every.for_own | every.for_other)


def _own_list(own: Own, ranked: Ranked) -> Kept:
    every = _list(own, ranked)
    return every.only(every.for_own)


def _list(own: Own, ranked: Ranked) -> Kept:
    """All pairs, of which nobody has said yet whether the others want them."""
    count = len(ranked.pairs)
    for_own = np.arange(count) < own.kept
    return Kept(
        ranked.pairs, [own.post_id] * count, ranked.partners, for_own, for_other=np.zeros(count, np.bool_)
    )


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


def _mark_uneven_afterwards(side: WhichSide, posts: Collection[int], post_id: int) -> None:
    """Once what was written stands, look at lists that have lost a row or gained one: nobody waits for that.

    A post that is in thousands of lists looks at some of them, another post at others. What is missed, or
    lost with a worker that is killed before, is mended by the posts' next turn.
    """
    step = -(-len(posts) // UNEVEN_LOOKED_AT) or 1
    some = sorted(posts)[post_id % step :: step]
    if some:
        transaction.on_commit(partial(_mark_uneven, side, some), robust=True)


def _mark_uneven(side: WhichSide, posts: Collection[int]) -> None:
    """Put posts on the queue whose list has too few rows left, or has collected too many newcomers."""
    thin = THIN_NEED if side == "request" else THIN_OFFER
    counted = Ranking.objects.filter(post__in=posts).with_rows(side)
    uneven = counted.filter(Q(rows__gt=FAT * kept_by(side)) | Q(rows__lt=thin, floor__isnull=False))
    changes.mark(set(uneven.values_list("post_id", flat=True)))
