"""Ranking one post against the other side, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from engine import (
    STANDARD,
    Assessment,
    FunnelRow,
    Need,
    Offer,
    State,
    Unit,
    assess,
    funnel,
    order_key,
    rank,
)
from engine.near import NearMiss, near_misses
from matching.prefilter import requests_for
from matching.snapshots import Side
from matching.vocabulary import NEAR_MISSES


@dataclass(frozen=True, slots=True)
class Ranked:
    """All matches of one need, or of one offer, best first, and what else was learned of it."""

    unit: Unit
    assessments: list[Assessment]
    funnel: tuple[FunnelRow, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()


def rank_need(need: Need, supply: Side, today: date) -> Ranked:
    """One need against all offers."""
    offers = [offer for offer in _offers(supply, today) if offer.unit is need.unit]
    return Ranked(
        unit=need.unit,
        assessments=rank(need, offers),
        funnel=funnel(need, offers),
        near_misses=near_misses(need, offers, limit=NEAR_MISSES),
    )


def rank_offer(offer: Offer, demand: Side, today: date) -> Ranked:
    """One offer against the needs that it might serve."""
    maybe = set(requests_for(offer, today).values_list("pk", flat=True))
    open_entries = (demand.entries.get(pk) for pk in maybe)
    needs = [
        need
        for entry in open_entries
        if entry is not None and entry.is_open(today)
        for need in entry.values
        if isinstance(need, Need) and need.unit is offer.unit
    ]
    found = [assess(need, offer) for need in needs]
    kept = [one for one in found if one.state is not State.FAIL and one.score >= STANDARD.keep_score]
    return Ranked(unit=offer.unit, assessments=sorted(kept, key=lambda one: (order_key(one), one.need_id)))


def _offers(supply: Side, today: date) -> Iterable[Offer]:
    for entry in supply.entries.values():
        if entry.is_open(today):
            yield from (value for value in entry.values if isinstance(value, Offer))
