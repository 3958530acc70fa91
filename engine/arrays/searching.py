"""The best offers of one need after the other, and on the way the best needs of each offer.

Candidates are judged in the order of the points that they can have at most, until that is below what the need
and the offer have already.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.arrays.bounds import POINTS, asked, bound, powers
from engine.arrays.columns import NEVER, NONE, Rows
from engine.arrays.compiled import pairwise
from engine.arrays.gates import Judgement, judge, same_unit
from engine.arrays.loose import WORD, Loose, large_enough, least_size, passing
from engine.arrays.money import cap_of
from engine.arrays.quantities import EXPECTED, least_of_step, reached_on
from engine.arrays.ranking import View
from engine.arrays.scores import total_price, totals, utilization

KEPT = np.dtype(
    [("need", "i4"), ("offer", "i4"), ("score", "f8"), ("for_need", "?"), ("for_offer", "?")], align=True
)
# A need hopes that its best are among so many times as many that seem to be.
HOPED = 1.5


class Best(NamedTuple):
    """The best needs so far of each offer, by its place in `Loose`; best first.

    `floor` is the points that a newcomer must reach.
    """

    first: NDArray[np.int64]  # both keys of the order, as `_keys` has them
    second: NDArray[np.int64]
    need: NDArray[np.int32]
    score: NDArray[np.float64]
    held: NDArray[np.int32]
    floor: NDArray[np.int32]


class Room(NamedTuple):
    """What one need takes while it is worked on: room for all offers."""

    fits: NDArray[np.uint8]
    words: NDArray[np.uint64]  # the same, eight at a time
    maybe: NDArray[np.int32]
    bounds: NDArray[np.int32]
    ordered: NDArray[np.int32]
    counts: NDArray[np.int32]  # by points
    offers: NDArray[np.int32]  # of the matches: their rows, both keys, scores
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    score: NDArray[np.float64]


class Search(NamedTuple):
    """Where one thread looks, what it found so far, and how much it shall find for each need."""

    loose: Loose
    table: NDArray[np.float32]  # of powers
    best: Best
    room: Room
    per_need: int
    least: int  # points


def searching(loose: Loose, floor: NDArray[np.int32], per_need: int, per_offer: int, least: int) -> Search:
    """`floor` is shared: whichever thread knows better needs raises it for the other."""
    return Search(loose, powers(), _nothing(per_offer, floor), _room(len(loose.rows)), per_need, least)


def _nothing(kept: int, floor: NDArray[np.int32]) -> Best:
    last, offers = np.iinfo(np.int64).max, len(floor)
    first, second = np.full((offers, kept), last), np.full((offers, kept), last)
    need, score = np.full((offers, kept), NONE, np.int32), np.zeros((offers, kept))
    return Best(first, second, need, score, np.zeros(offers, np.int32), floor)


def _room(offers: int) -> Room:
    room = offers + WORD & -WORD
    fits = np.zeros(room, np.uint8)
    return Room(
        fits=fits,
        words=fits.view(np.uint64),
        maybe=np.zeros(room, np.int32),
        bounds=np.zeros(room, np.int32),
        ordered=np.zeros(room, np.int32),
        counts=np.zeros(POINTS + 1, np.int32),
        offers=np.zeros(room, np.int32),
        first=np.zeros(room, np.int64),
        second=np.zeros(room, np.int64),
        score=np.zeros(room),
    )


@njit(cache=True, nogil=True)
def best_of(M: View, S: Search, needs: NDArray[np.int32]) -> Rows:
    """The best pairs of each of these needs; those of each offer gather in `S.best`."""
    kept = np.zeros(len(needs) * S.per_need, KEPT)
    length = 0
    for row in needs:
        count, hope = _candidates(M.needs[row], M, S, int(HOPED * S.per_need))
        found, floor = _matches(row, M, S, count, True)
        if floor < hope:
            count, _ = _candidates(M.needs[row], M, S, NEVER)
            found, _ = _matches(row, M, S, count, False)
        order = np.argsort(S.room.first[:found])
        length = _append(M, row, S, order, kept, length)
    return kept[:length]


@pairwise
def _candidates(need: Any, M: View, S: Search, hoped: int) -> tuple[int, int]:
    """The offers that may be worth keeping, and the most points that each can have.

    The need hopes that enough of the `hoped` best of them are what they seem: who has less points than
    those is not a candidate, unless the offer itself may want it. Return their number, and these points.
    """
    loose, room = S.loose, S.room
    room.counts[:] = 0
    count, above, hope, wanted = 0, 0, S.least if hoped else POINTS, least_size(need, M)
    for group in range(len(loose.starts) - 1):
        start, end = loose.starts[group], loose.starts[group + 1]
        offer = M.offers[loose.rows[start]]
        if M.verdicts[need.wishes, offer.place] < 0 or not same_unit(need, offer, M):
            continue
        end = large_enough(loose, start, end, wanted)
        passed = passing(need, M, loose, start, end, room, count)
        if passed == count:
            continue
        ask = asked(need, cap_of(need, offer, M), M)
        for n in range(count, passed):
            enough = min(hope, S.best.floor[room.maybe[n]])
            most = bound(ask, loose.facts[room.maybe[n]], M, S.table, enough)
            if not most:
                continue
            room.maybe[count], room.bounds[count] = room.maybe[n], most
            count += 1
            room.counts[most] += 1
            above += most >= hope
            while hope < POINTS and above - room.counts[hope] >= hoped:
                above -= room.counts[hope]
                hope += 1
    return count, hope


@pairwise
def _by_bound(room: Room, count: int) -> None:
    """Positions of the candidates by falling bound."""
    room.counts[:] = 0
    for n in range(count):
        room.counts[POINTS - room.bounds[n]] += 1
    for n in range(POINTS):
        room.counts[n + 1] += room.counts[n]
    for n in range(count):
        place = POINTS - 1 - room.bounds[n]
        room.ordered[room.counts[place]] = n
        room.counts[place] += 1


@pairwise
def _matches(row: int, M: View, S: Search, count: int, for_offers: bool) -> tuple[int, int]:
    """Judge a need's candidates: how many may be among its best, and the points that these have at least."""
    best, room, per_need, least = S.best, S.room, S.per_need, S.least
    _by_bound(room, count)
    need = M.needs[row]
    room.counts[:] = 0
    found, floor, above = 0, least if per_need else POINTS, 0
    for n in range(count):
        at = room.ordered[n]
        place = room.maybe[at]
        wanted = best.floor[place] if for_offers else POINTS
        if room.bounds[at] < min(floor, wanted):
            continue
        offer_row = S.loose.rows[place]
        offer = M.offers[offer_row]
        judged = judge(need, offer, M, True)
        if judged[0]:
            continue
        total = totals(need, offer, M, judged, EXPECTED)[3]
        points = int(np.floor(total + 0.5))
        if total < least or points < min(floor, wanted):
            continue
        first, second = _keys(need, offer, M, judged, points)
        if points >= wanted:
            _offer_keeps(best, place, row, first, second, total, M)
        if points >= floor:
            room.offers[found], room.score[found] = offer_row, total
            room.first[found], room.second[found] = first, second
            found += 1
            room.counts[points] += 1
            above += 1
            while above - room.counts[floor] >= per_need:
                above -= room.counts[floor]
                floor += 1
    return found, floor


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
def _offer_keeps(best: Best, offer: int, need: int, first: int, second: int, score: float, M: View) -> None:
    """Put a pair among the best of its offer if it belongs there."""
    kept = best.first.shape[1]
    held = best.held[offer]
    if held == kept:
        if not _is_before(M, first, second, need, best, offer, held - 1):
            return
        held -= 1
    slot = held
    while slot > 0 and _is_before(M, first, second, need, best, offer, slot - 1):
        best.first[offer, slot], best.second[offer, slot] = (
            best.first[offer, slot - 1],
            best.second[offer, slot - 1],
        )
        best.need[offer, slot], best.score[offer, slot] = (
            best.need[offer, slot - 1],
            best.score[offer, slot - 1],
        )
        slot -= 1
    best.first[offer, slot], best.second[offer, slot] = first, second
    best.need[offer, slot], best.score[offer, slot] = need, score
    best.held[offer] = held + 1
    if held + 1 == kept:
        best.floor[offer] = max(best.floor[offer], _points(best.first[offer, held]))


@pairwise
def _is_before(M: View, first: int, second: int, need: int, best: Best, offer: int, slot: int) -> bool:
    """Whether a need comes before one that the offer holds."""
    if first != best.first[offer, slot]:
        return first < best.first[offer, slot]
    if second != best.second[offer, slot]:
        return second < best.second[offer, slot]
    return M.needs[need].id < M.needs[best.need[offer, slot]].id


@njit(cache=True, nogil=True)
def merge(M: View, best: Best, to: Best) -> None:
    """Put the pairs that one thread found for its offers among those of another."""
    for offer in range(len(best.held)):
        for n in range(best.held[offer]):
            _offer_keeps(
                to,
                offer,
                best.need[offer, n],
                best.first[offer, n],
                best.second[offer, n],
                best.score[offer, n],
                M,
            )


@njit(cache=True, nogil=True)
def marked(of_needs: Rows, places: NDArray[np.int32], best: Best) -> NDArray[np.bool_]:
    """Mark the pairs of needs that are in the lists of their offers as well; return their places there."""
    found = np.zeros(best.need.shape, np.bool_)
    for pair in of_needs:
        place = places[pair.offer]
        if np.floor(pair.score + 0.5) < best.floor[place]:
            continue
        for n in range(best.held[place]):
            if best.need[place, n] == pair.need:
                pair.for_offer = found[place, n] = True
                break
    return found


@pairwise
def _append(M: View, need: int, S: Search, order: NDArray[np.int64], kept: Rows, length: int) -> int:
    """Append the best pairs of a need to `kept`; return its new length."""
    room = S.room
    found = len(order)
    # Ties of the first key are rare: sort each stretch of them by price and id.
    start = 0
    while start < found:
        end = start + 1
        while end < found and room.first[order[end]] == room.first[order[start]]:
            end += 1
        for n in range(start + 1, end):
            at, m = order[n], n
            while m > start and _is_cheaper(M, room, at, order[m - 1]):
                order[m] = order[m - 1]
                m -= 1
            order[m] = at
        start = end
    for n in range(min(found, S.per_need)):
        at = order[n]
        kept[length].need, kept[length].offer = need, room.offers[at]
        kept[length].score, kept[length].for_need = room.score[at], True
        length += 1
    return length


@pairwise
def _is_cheaper(M: View, room: Room, one: int, other: int) -> bool:
    if room.second[one] != room.second[other]:
        return room.second[one] < room.second[other]
    return M.offers[room.offers[one]].id < M.offers[room.offers[other]].id
