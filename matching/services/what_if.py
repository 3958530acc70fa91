"""What a post would match if one of its own figures were another. Nothing is saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Lock, Thread
from time import monotonic
from typing import Any

from django.db import connection

from accounts.readers import Reader
from common.counters import counted
from common.errors import DomainError
from engine import Need, Offer, State, Unit, arrays
from engine.arrays import NEVER
from listings.faces import show
from listings.models import CapacityRequest, GpuPool, Site
from listings.vocabulary import Face, PostType, RequestKind
from matching.conversion import money
from matching.release import offers_of, points, requests_of, rounded_to_five
from matching.snapshots import Market, values_of
from matching.vocabulary import KEPT_PER_OFFER, SHOWN_PER_NEED, TRIES_PER_MINUTE

OwnPost = Site | GpuPool | CapacityRequest
Pair = Any  # a row of `engine.arrays.PAIR`

# What this process knows of the market: read by the first try, brought up to date by each, one at a time.
market, _looking, _reading = Market(for_good=True), Lock(), Lock()
LONGEST_WAIT_SECONDS = 5
# A market of hundreds of thousands is not read while somebody waits, but behind his back, in slices.
FIRST_LOOK_SECONDS, SLICE_SECONDS = 5, 1
# The key under which the post that is tried stands beside the real ones.
TRIED = -1


@dataclass(frozen=True, slots=True)
class Changes:
    """Own figures to try; None is as posted. Later steps or phases move along with the first day.

    `price` is the cap of a request (per GPU-hour for GPUs, of every wished model) or the ask of an offer.
    """

    first_on: date | None = None
    latest_on: date | None = None
    price: Decimal | None = None


class TooManyTries(DomainError):
    code = "too_many_tries"


class NotNow(DomainError):
    code = "not_now"


def what_if(*, post: OwnPost, changes: Changes, reader: Reader, today: date) -> list[dict[str, Any]]:
    """Each post of the other side that matches before or after: its face, both scores, and what else the
    reader may know; best first. A teaser tells its scores to five, as its match does.

    `post` is the reader's own, open and loaded `with_all`; it is tried against all open posts. Raises
    TooManyTries: editing a post to feel for what others hide leaves its traces, and this must not be the
    faster way. Raises NotNow while a large market is read for the first time, or others are in the way.
    """
    if counted(f"what-if:{post.organization_id}") > TRIES_PER_MINUTE:
        raise TooManyTries("That was a lot of tries. Wait a minute, then go on.")
    now = values_of(post)
    then = [_changed(post, value, changes) for value in now]
    with _market_of(today, post.post_type) as market:
        before, after = _matched(now, market), _matched(then, market)
    load = offers_of if post.post_type == PostType.REQUEST else requests_of
    others = load({*before, *after}, reader, today)
    tried = [_tried(other, before.get(pk), after.get(pk)) for pk, other in others.items()]
    return sorted(tried, key=lambda one: (-(one["after"] or 0), -(one["before"] or 0), one["post"]["uid"]))


# --- The own post, as the rules read it --------------------------------------------------------


def _changed(post: OwnPost, value: Need | Offer, changes: Changes) -> Need | Offer:
    if isinstance(value, Need):
        is_power = isinstance(post, CapacityRequest) and post.kind == RequestKind.POWER
        return _changed_need(value, changes, priced=Unit.MW if is_power else Unit.GPU)
    return _changed_offer(value, changes)


def _changed_need(need: Need, changes: Changes, *, priced: Unit) -> Need:
    moved = timedelta(0) if changes.first_on is None else changes.first_on - need.steps[0].on
    steps = tuple(replace(step, on=step.on + moved) for step in need.steps)
    need = replace(need, steps=steps, latest_on=changes.latest_on or need.latest_on)
    cap = money(changes.price)
    if cap is None or need.unit is not priced:
        return need
    if need.unit is Unit.MW:
        return replace(need, price_cap=cap)
    return replace(need, gpu_caps=tuple((model, cap) for model, _ in need.gpu_caps))


def _changed_offer(offer: Offer, changes: Changes) -> Offer:
    """One ask then holds for all phases; a floor above it goes down with it."""
    first = min(phase.ready_on for phase in offer.phases)
    moved = timedelta(0) if changes.first_on is None else changes.first_on - first
    phases = tuple(replace(phase, ready_on=phase.ready_on + moved) for phase in offer.phases)
    ask = money(changes.price)
    if ask is None:
        return replace(offer, phases=phases)
    floor = None if offer.ask_floor is None else min(offer.ask_floor, ask)
    phases = tuple(replace(phase, ask=None) for phase in phases)
    return replace(offer, phases=phases, ask=ask, ask_floor=floor)


# --- Ranked ------------------------------------------------------------------------------------


@contextmanager
def _market_of(today: date, post_type: str) -> Iterator[Market]:
    """The market with the side opposite to a post up to date, for this thread alone."""
    if not _looking.acquire(timeout=LONGEST_WAIT_SECONDS):
        raise NotNow("Others are trying too. Wait a moment, then try again.")
    try:
        if not market.sides(post_type)[1].refresh(today, monotonic() + FIRST_LOOK_SECONDS):
            Thread(target=read_on, args=(market, today), daemon=True).start()
            raise NotNow("All open posts are being read for the first time. Try again in half a minute.")
        yield market
    finally:
        _looking.release()


def read_on(market: Market, today: date) -> None:
    """Read both sides to the end, in one thread, a slice at a time: whoever tries meanwhile is told."""
    if not _reading.acquire(blocking=False):
        return
    try:
        for side in (market.supply, market.demand):
            is_read = False
            while not is_read:
                with _looking:
                    is_read = side.refresh(today, monotonic() + SLICE_SECONDS)
    finally:
        connection.close()
        _reading.release()


def _matched(values: list[Any], market: Market) -> dict[int, Pair]:
    """{post of the other side: its pair}, as many as the list of these needs or this offer would show."""
    tried = [replace(value, id=TRIED) for value in values]
    own = market.rows.needs if isinstance(tried[0], Need) else market.rows.offers
    own.put(*tried)
    found: dict[int, Pair] = {}
    for value in tried:
        found |= _of_need(value, market.rows) if isinstance(value, Need) else _of_offer(value, market.rows)
    own.drop(TRIED)
    return found


def _of_need(need: Need, rows: arrays.Market) -> dict[int, Pair]:
    pairs = arrays.rank_need(rows, rows.needs.row(need)).pairs[:SHOWN_PER_NEED]
    return dict(zip(rows.offers.table.rows["id"][pairs["offer"]].tolist(), pairs, strict=True))


def _of_offer(offer: Offer, rows: arrays.Market) -> dict[int, Pair]:
    pairs = arrays.rank_offer(rows, rows.offers.row(offer)).pairs[:KEPT_PER_OFFER]
    return dict(zip(rows.needs.table.rows["id"][pairs["need"]].tolist(), pairs, strict=True))


# --- As the reader may see it ------------------------------------------------------------------


def _tried(post: Any, before: Pair | None, after: Pair | None) -> dict[str, Any]:
    is_coarse = post.face == Face.TEASER
    score = rounded_to_five if is_coarse else points
    told = None if is_coarse else after
    return {
        "post": show(post),
        "coarse": is_coarse,
        "before": None if before is None else score(Decimal(str(before["score"]))),
        "after": None if after is None else score(Decimal(str(after["score"]))),
        "state": None if told is None else _state(told),
        "first_power_on": None if told is None else _day(int(told["first_power_on"])),
    }


def _state(pair: Pair) -> str:
    return (State.CONDITIONAL if pair["unknown"] else State.FIT).value


def _day(ordinal: int) -> date | None:
    return None if ordinal == NEVER else date.fromordinal(ordinal)
