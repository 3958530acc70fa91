"""Ranking one post against the other side, in memory."""

from __future__ import annotations

from dataclasses import dataclass

from engine import FunnelRow, NearMiss, Need, Offer, Unit, arrays, near_misses
from engine.arrays import Rows
from engine.winning import Win, wins
from listings.vocabulary import PostType
from matching.snapshots import Market, read
from matching.vocabulary import NEAR_MISSES


@dataclass(frozen=True, slots=True)
class Ranked:
    """All matches of one need, or of one offer, best first, and what else was learned of it.

    `partners` are the posts on the other side of `pairs` (rows of `engine.arrays.PAIR`). A need has near
    misses, an offer what would win it more.
    """

    unit: Unit
    pairs: Rows
    partners: list[int]
    funnel: tuple[FunnelRow, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    wins: tuple[Win, ...] = ()


def rank_need(need: Need, market: Market) -> Ranked:
    """One need, which the market must hold, against all offers."""
    rows = market.rows
    found = arrays.rank_need(rows, rows.needs.row(need))
    nearest = arrays.nearest(rows, rows.needs.row(need), found.failed)
    return Ranked(
        unit=need.unit,
        pairs=found.pairs,
        partners=rows.offers.table.rows["id"][found.pairs["offer"]].tolist(),
        funnel=arrays.funnel(need.unit, found.failed),
        near_misses=near_misses(need, _offers(nearest, need.unit), limit=NEAR_MISSES),
    )


def rank_offer(offer: Offer, market: Market) -> Ranked:
    """One offer, which the market must hold, against all needs."""
    rows = market.rows
    row = rows.offers.row(offer)
    found = arrays.rank_offer(rows, row)
    return Ranked(
        unit=offer.unit,
        pairs=found.pairs,
        partners=rows.needs.table.rows["id"][found.pairs["need"]].tolist(),
        funnel=arrays.funnel(offer.unit, found.failed),
        wins=wins(offer, _needs(arrays.nearest_needs(rows, row, found.failed), offer.unit)),
    )


def _offers(posts: list[int], unit: Unit) -> list[Offer]:
    """Offers as the reference form reads them: it alone can tell what would have to change."""
    kind = PostType.SITE if unit is Unit.MW else PostType.GPU_POOL
    return [value for value in read(kind, posts) if isinstance(value, Offer)]


def _needs(posts: list[int], unit: Unit) -> list[Need]:
    needs = (value for value in read(PostType.REQUEST, posts) if isinstance(value, Need))
    return [need for need in needs if need.unit is unit]
