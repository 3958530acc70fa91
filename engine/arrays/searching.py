"""The best offers of one need after the other, and on the way the best needs of each offer.

Candidates are judged in the order of the points that they can have at most, until that is below what the need
and the offer have already.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.arrays.bounds import POINTS, asked, bound, most_points, powers, tables_of
from engine.arrays.columns import NONE, Rows
from engine.arrays.compiled import pairwise
from engine.arrays.gates import Judgement, judge, same_unit
from engine.arrays.loose import WORD, Loose, large_enough, least_size, passing
from engine.arrays.money import cap_of
from engine.arrays.quantities import EXPECTED, least_of_step, reached_on
from engine.arrays.ranking import View
from engine.arrays.scores import dimensions, total, total_price, utilization

KEPT = np.dtype(
    [("need", "i4"), ("offer", "i4"), ("score", "f8"), ("for_need", "?"), ("for_offer", "?")], align=True
)
# A need hopes that its best are among so many times as many that seem to be.
HOPED = 1.5


# A partner, by its row, in the list of a post: with both keys of the order, as `_keys` has them.
SLOT = np.dtype([("first", "i8"), ("second", "i8"), ("score", "f8"), ("partner", "i4")], align=True)


class Best(NamedTuple):
    """The best partners so far of each post, by its place; best first.

    `floor` is the points that a newcomer must reach: what the one at place `decides` has, counted from 1.
    """

    slots: Rows  # of SLOT, a row for each post
    held: NDArray[np.int32]
    floor: NDArray[np.int32]
    decides: int


class Room(NamedTuple):
    """What one need takes while it is worked on: room for all offers."""

    groups: NDArray[np.int32]
    fits: NDArray[np.uint8]
    words: NDArray[np.uint64]  # the same, eight at a time
    maybe: NDArray[np.int32]
    bounds: NDArray[np.int32]
    chosen: NDArray[np.int32]
    ordered: NDArray[np.int32]
    counts: NDArray[np.int32]  # by points


class Search(NamedTuple):
    """Where one thread looks, and what it found so far."""

    loose: Loose
    table: NDArray[np.float32]  # of powers
    own: Best  # of the need that is worked on, as the only post
    best: Best  # of the offers, by their places in `loose`
    room: Room
    least: int  # points


def searching(loose: Loose, floor: NDArray[np.int32], per_need: int, per_offer: int, least: int) -> Search:
    """A search for the best needs of these offers (`floor` as in `Best`), and the best offers of needs."""
    own = _nothing(per_need, np.zeros(1, np.int32))
    return Search(loose, powers(), own, _nothing(per_offer, floor), _room(len(loose.rows)), least)


def _nothing(kept: int, floor: NDArray[np.int32]) -> Best:
    return Best(np.zeros((len(floor), kept), SLOT), np.zeros(len(floor), np.int32), floor, kept)


def _room(offers: int) -> Room:
    room = offers + WORD & -WORD
    fits = np.zeros(room, np.uint8)
    return Room(
        groups=np.zeros(room, np.int32),
        fits=fits,
        words=fits.view(np.uint64),
        maybe=np.zeros(room, np.int32),
        bounds=np.zeros(room, np.int32),
        chosen=np.zeros(room, np.int32),
        ordered=np.zeros(room, np.int32),
        counts=np.zeros(POINTS + 1, np.int32),
    )


@njit(cache=True, nogil=True)
def best_of(M: View, S: Search, needs: NDArray[np.int32]) -> Rows:
    """The best pairs of each of these needs; those of each offer gather in `S.best`."""
    per_need = S.own.slots.shape[1]
    kept = np.empty(len(needs) * per_need, KEPT)
    length, groups, before = 0, 0, NONE
    for row in needs:
        if before == NONE or not _wish_alike(M.needs[before], M.needs[row]):
            groups = _suiting(M.needs[row], M, S)
        before = row
        count = _bounds(M.needs[row], M, S, groups)
        hope = _hope(S.room, int(HOPED * per_need), S.least)
        _match(row, M, S, _by_bound(S, count, hope, True), True)
        if S.least < hope and S.own.floor[0] < hope:
            _match(row, M, S, _by_bound(S, count, S.least, False), False)
        length = _append(row, S.own, kept, length)
    return kept[:length]


@pairwise
def _wish_alike(one: Any, other: Any) -> bool:
    return one.wishes == other.wishes and one.unit == other.unit


@pairwise
def _suiting(need: Any, M: View, S: Search) -> int:
    """The groups of a need's unit whose place suits; return their number."""
    count = 0
    for group in range(len(S.loose.starts) - 1):
        offer = M.offers[S.loose.rows[S.loose.starts[group]]]
        if M.verdicts[need.wishes, offer.place] >= 0 and need.unit == offer.unit:
            S.room.groups[count] = group
            count += 1
    return count


@pairwise
def _bounds(need: Any, M: View, S: Search, groups: int) -> int:
    """The offers that may fit a need, and the most points that each can have; return their number."""
    loose, room = S.loose, S.room
    room.counts[:] = 0
    count, wanted = 0, least_size(need, M)
    for group in room.groups[:groups]:
        start, end = loose.starts[group], loose.starts[group + 1]
        offer = M.offers[loose.rows[start]]
        if not same_unit(need, offer, M):
            continue
        end = large_enough(loose, start, end, wanted)
        passed = passing(need, M, loose, start, end, room, count)
        if passed == count:
            continue
        ask = asked(need, cap_of(need, offer, M), M)
        for n in range(count, passed):
            most = bound(ask, loose.facts[room.maybe[n]], M, S.table)
            room.bounds[n] = most
            room.counts[most] += 1
        count = passed
    return count


@pairwise
def _hope(room: Room, hoped: int, least: int) -> int:
    """The points that so many offers seem to have; POINTS if none is hoped for."""
    points = POINTS
    while hoped > 0 and points > least:
        points -= 1
        hoped -= room.counts[points]
    return points


@pairwise
def _by_bound(S: Search, count: int, hope: int, for_offers: bool) -> int:
    """Put those first whose bound is highest; leave out who has less than the need hopes for, unless the
    offer itself may want it. Return how many there are."""
    room, floor = S.room, S.best.floor
    room.counts[:] = 0
    chosen = 0
    for n in range(count):
        room.chosen[chosen] = n
        chosen += room.bounds[n] >= (min(hope, floor[room.maybe[n]]) if for_offers else hope)
    for n in room.chosen[:chosen]:
        room.counts[room.bounds[n]] += 1
    before = 0
    for points in range(POINTS - 1, -1, -1):
        room.counts[points], before = before, before + room.counts[points]
    for n in room.chosen[:chosen]:
        room.ordered[room.counts[room.bounds[n]]] = n
        room.counts[room.bounds[n]] += 1
    return chosen


@pairwise
def _match(row: int, M: View, S: Search, count: int, for_offers: bool) -> None:
    """Judge a need's candidates, and keep them for the need and for its offers."""
    own, best, room = S.own, S.best, S.room
    need = M.needs[row]
    tables = tables_of(need)
    own.held[0], own.floor[0] = 0, S.least if own.slots.shape[1] else POINTS
    for n in range(count):
        at = room.ordered[n]
        place = room.maybe[at]
        wanted = best.floor[place] if for_offers else POINTS
        if room.bounds[at] < min(own.floor[0], wanted):
            continue
        offer_row = S.loose.rows[place]
        offer = M.offers[offer_row]
        judged = judge(need, offer, M, True)
        if judged[0]:
            continue
        parts = dimensions(need, offer, M, judged, EXPECTED)
        # Powers are dear: most that fall short do so by more than a bound is wide.
        if most_points(tables, parts, M, S.table) < min(own.floor[0], wanted):
            continue
        score = total(need, parts)
        points = int(np.floor(score + 0.5))
        if score < S.least or points < min(own.floor[0], wanted):
            continue
        first, second = _keys(need, offer, M, judged, points)
        if points >= wanted:
            _keep(best, place, row, first, second, score, M.needs)
        if points >= own.floor[0]:
            _keep(own, 0, offer_row, first, second, score, M.offers)


# ---- the best so far


@pairwise
def _keys(need: Any, offer: Any, M: View, judged: Judgement, points: int) -> tuple[int, int]:
    """Points, fits, tight before oversized and early in one number; the price in another. Low is good."""
    used = int(np.rint(utilization(need, offer, M, judged) * 1e6))
    on = min(reached_on(offer, M, judged[3], least_of_step(need, offer, M, 0)), (1 << 22) - 1)
    key = ((POINTS - 1 - points) * 2 + (judged[1] != 0)) << 42 | (1_000_000 - used) << 22 | on
    price = total_price(offer, judged)
    return key, np.iinfo(np.int64).max if price == NONE else price


@pairwise
def _points(key: int) -> int:
    """The points in the first key of the order."""
    return POINTS - 1 - (key >> 43)


@pairwise
def _keep(best: Best, post: int, row: int, first: int, second: int, score: float, partners: Rows) -> None:
    """Put a partner among the best of a post if it belongs there."""
    kept = best.slots.shape[1]
    slot = best.held[post]
    if slot == kept:
        if not _is_before(partners, first, second, row, best.slots[post, slot - 1]):
            return
        slot -= 1
    best.held[post] = slot + 1
    while slot > 0 and _is_before(partners, first, second, row, best.slots[post, slot - 1]):
        best.slots[post, slot] = best.slots[post, slot - 1]
        slot -= 1
    newcomer = best.slots[post, slot]
    newcomer.first, newcomer.second, newcomer.partner, newcomer.score = first, second, row, score
    _raise_floor(best, post)


@pairwise
def _raise_floor(best: Best, post: int) -> None:
    """Ask of newcomers what the list says."""
    if best.held[post] >= best.decides:
        points = _points(best.slots[post, best.decides - 1].first)
        # Other threads read the floors: touch them only where they rise.
        if best.floor[post] < points:
            best.floor[post] = points


@pairwise
def _is_before(partners: Rows, first: int, second: int, row: int, other: Any) -> bool:
    """Whether a partner comes before one that the post holds."""
    if first != other.first:
        return first < other.first
    if second != other.second:
        return second < other.second
    return partners[row].id < partners[other.partner].id


@pairwise
def _append(need: int, own: Best, kept: Rows, length: int) -> int:
    """Append the best pairs of a need to `kept`; return its new length."""
    for n in range(own.held[0]):
        kept[length].need, kept[length].offer = need, own.slots[0, n].partner
        kept[length].score = own.slots[0, n].score
        kept[length].for_need, kept[length].for_offer = True, False
        length += 1
    return length


@njit(cache=True, nogil=True)
def merge(M: View, best: Best, to: Best) -> None:
    """Put the needs that one thread found for its offers among those of another."""
    for offer in range(len(best.held)):
        for n in range(best.held[offer]):
            one = best.slots[offer, n]
            _keep(to, offer, one.partner, one.first, one.second, one.score, M.needs)


@njit(cache=True, nogil=True)
def settle(best: Best) -> None:
    """Set each floor to what the list says, and leave out who does not reach it: others like them were."""
    for post in range(len(best.held)):
        _raise_floor(best, post)
        while best.held[post] and _points(best.slots[post, best.held[post] - 1].first) < best.floor[post]:
            best.held[post] -= 1


@njit(cache=True, nogil=True)
def mark(of_needs: Rows, places: NDArray[np.int32], best: Best, known: NDArray[np.bool_]) -> None:
    """Mark the pairs of needs that are in the lists of their offers as well, and their places there."""
    for pair in of_needs:
        place = places[pair.offer]
        if np.floor(pair.score + 0.5) < best.floor[place]:
            continue
        for n in range(best.held[place]):
            if best.slots[place, n].partner == pair.need:
                pair.for_offer = known[place, n] = True
                break
