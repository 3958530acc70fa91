"""The whole market at once: the pairs that are among the best of their need or of their offer.

The same pairs that ranking each post alone would keep, found without judging most of them: offers stand in
groups of one unit, model and place, large ones first, and a group whose place does not suit is passed over;
a loose test on a few whole numbers drops most of the rest; what remains is tried in the order of the score
that it can have at most, until that is below what the need and the offer have already.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.arrays.columns import NONE, Rows
from engine.arrays.gates import Judgement, judge, same_unit
from engine.arrays.money import by_factor
from engine.arrays.quantities import EXPECTED, GPU, least_of_step, reached_on
from engine.arrays.ranking import Market, View
from engine.arrays.scores import (
    CAPACITY,
    COOLING,
    DELIVERY,
    DENSITY,
    ESCALATOR,
    EVIDENCE,
    FIRMNESS,
    FIRST_POWER,
    PRICE,
    RAMP,
    SECURITY,
    TERM,
    on_curve,
    total_price,
    totals,
    utilization,
)
from engine.supply import DAYS_MULTIPLE

ANY = np.iinfo(np.int32).max
STEPS = 4  # of an offer's nominal curve in the loose test; the last stands for all that follow
FINE = 512  # steps of a dimension's score in the tables of powers
POINTS = 101
SAFE = 1e-5  # above the rounding of scores and of single precision: a bound must not be lower

KEPT = np.dtype(
    [("need", "i4"), ("offer", "i4"), ("score", "f8"), ("for_need", "?"), ("for_offer", "?")], align=True
)


# What the bound of an offer depends on: one line of the processor's cache.
FACTS = np.dtype(
    [
        ("confidence", "f4"),  # of the surest phase
        ("dependable", "f4"),  # Σ confidence × free
        ("ready", "i4"),  # the first day and month on which anything is
        ("month", "i4"),
        ("evidence", "f4"),  # criteria that depend on the offer alone, as expected
        ("firmness", "f4"),
        ("escalator", "f4"),
        ("credit", "i4"),
        ("security", "f4"),
        ("term_min", "i4"),
        ("term_max", "i4"),
        (
            "ask",
            "f4",
        ),  # the lowest of any phase, per critical kW; NaN where it or what comes on top is unknown
        ("power", "f4"),
        ("allowance", "f4"),
    ],
    align=True,
)


class Loose(NamedTuple):
    """Offers, group by group, as the loose test reads them, and as the bounds do."""

    rows: NDArray[np.int32]
    starts: NDArray[np.int32]  # of each group, and the end of the last
    size: NDArray[np.int32]
    order: NDArray[np.int32]
    term_min: NDArray[np.int32]
    term_max: NDArray[np.int32]
    credit: NDArray[np.int32]
    instead: NDArray[np.int32]
    hours: NDArray[np.int32]
    basis: NDArray[np.int32]
    escalator: NDArray[np.int32]
    ready: NDArray[np.int32]  # STEPS × offers: the days on which the nominal curve rises,
    risen: NDArray[np.int32]  # and what it has risen to
    facts: Rows


class Best(NamedTuple):
    """The best needs of each offer so far, in no order; `floor` is the points that a newcomer must reach."""

    first: NDArray[np.int64]  # both keys of the order, as `order_key` has it
    second: NDArray[np.int64]
    need: NDArray[np.int32]
    score: NDArray[np.float64]
    held: NDArray[np.int32]
    floor: NDArray[np.int32]


def keep(market: Market, per_need: int, per_offer: int, threads: int = 2) -> Rows:
    """The pairs (rows of KEPT) among the best `per_need` of their need or best `per_offer` of their offer.

    Exact: the same pairs as ranking each need and each offer alone. Ids of needs and offers break ties.
    """
    view = market.view()
    loose, least = _loosened(view), market.assumptions.keep_score
    needs = _alike(view)
    if not len(needs) or not len(loose.rows):
        return np.zeros(0, KEPT)
    floor = np.full(len(view.offers), least, np.int32)
    parts = [needs[start::threads] for start in range(threads)]
    bests = [_best(len(view.offers), per_offer, floor) for _ in parts]
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda part, best: _keep(view, loose, part, best, per_need, least), parts, bests)
        of_needs = np.concatenate(list(found))
    return _joined(of_needs, _of_offers(view, bests, per_offer))


def _alike(view: View) -> NDArray[np.int32]:
    """The living needs, those that look at the same offers one after the other: what was read is at hand."""
    needs = view.needs
    alive = np.flatnonzero(needs["alive"])
    order = np.lexsort((needs["total"][alive], needs["wishes"][alive], needs["unit"][alive]))
    return alive[order].astype(np.int32)


def _best(offers: int, kept: int, floor: NDArray[np.int32]) -> Best:
    """`floor` is shared: whichever thread knows better needs raises it for the other."""
    last = np.iinfo(np.int64).max
    first, second = np.full((offers, kept), last), np.full((offers, kept), last)
    need, score = np.full((offers, kept), NONE, np.int32), np.zeros((offers, kept))
    return Best(first, second, need, score, np.zeros(offers, np.int32), floor)


def _of_offers(view: View, bests: list[Best], kept: int) -> Rows:
    """The best of each offer over what all threads found."""
    first, second, need, score = (
        np.concatenate([getattr(best, name) for best in bests], axis=1) for name in Best._fields[:4]
    )
    order = np.lexsort((view.needs["id"][need], second, first), axis=1)[:, :kept]
    found = np.zeros(order.shape, KEPT)
    found["offer"] = np.arange(len(first))[:, None]
    found["need"], found["score"] = (np.take_along_axis(each, order, 1) for each in (need, score))
    found["for_offer"] = True
    return found[found["need"] != NONE]


def _joined(of_needs: Rows, of_offers: Rows) -> Rows:
    """Pairs found from both sides as one row with both flags."""
    both = np.concatenate([of_needs, of_offers])
    pairs = both["need"].astype(np.int64) << 32 | both["offer"]
    order = np.argsort(pairs)
    both, pairs = both[order], pairs[order]
    twice = np.flatnonzero(pairs[1:] == pairs[:-1])
    for flag in ("for_need", "for_offer"):
        both[flag][twice] |= both[flag][twice + 1]
    return np.delete(both, twice + 1)


# ---- offers in groups


def _loosened(view: View) -> Loose:
    """The living offers in groups of one unit, model and place, the largest of each group first."""
    offers = view.offers
    size, ready, risen, month, confidence, dependable, ask = _curves(view)
    alive = np.flatnonzero(offers["alive"])
    rows = alive[
        np.lexsort((-size[alive], offers["place"][alive], offers["model"][alive], offers["unit"][alive]))
    ]
    group = np.stack([offers[name][rows] for name in ("unit", "model", "place")])
    changes = np.flatnonzero((group[:, 1:] != group[:, :-1]).any(axis=0)) + 1
    basis = offers["basis"].astype(np.int64)

    def column(values: NDArray[Any]) -> NDArray[np.int32]:
        return np.minimum(values[rows].astype(np.int64), ANY).astype(np.int32)

    facts = np.zeros(len(rows), FACTS)
    for name, values in (("confidence", confidence), ("dependable", dependable), ("ready", ready[0])):
        facts[name] = values[rows]
    for name in ("evidence", "credit", "term_min", "term_max", "power", "allowance"):
        facts[name] = offers[name][rows]
    priced = (offers["power"] != NONE) & (offers["allowance"] != NONE)
    facts["month"], facts["ask"] = month[rows], np.where(priced, ask, np.nan)[rows]
    facts["security"] = offers["security_months"][rows]
    for name, stated in (
        ("firmness", offers["interruptible_hours"] != NONE),
        ("escalator", ~np.isnan(offers["escalator_pct"])),
    ):
        facts[name] = np.where(stated, offers[name], view.constants.unknown)[rows]
    return Loose(
        rows=rows.astype(np.int32),
        starts=np.array([0, *changes, len(rows)], np.int32),
        size=column(size),
        order=column(offers["smallest_order"]),
        term_min=column(offers["term_min"]),
        term_max=column(np.where(offers["term_max"] == NONE, ANY, offers["term_max"])),
        credit=column(offers["credit"]),
        instead=column(np.nan_to_num(offers["security_instead"], nan=ANY)),
        hours=column(offers["interruptible_hours"]),
        basis=column(np.where(basis == NONE, ANY, 1 << np.maximum(basis, 0))),
        escalator=column(np.nan_to_num(offers["escalator_pct"], nan=NONE)),
        ready=np.ascontiguousarray(ready[:, rows]),
        risen=np.ascontiguousarray(risen[:, rows]),
        facts=facts,
    )


@njit(cache=True, forceinline=True)
def _curves(M: View) -> Any:
    """Of each offer, all free phases taken to count: size, nominal curve, confidence and lowest ask."""
    offers = len(M.offers)
    size, month = np.zeros(offers, np.int64), np.full(offers, ANY, np.int32)
    ready, risen = np.full((STEPS, offers), ANY, np.int32), np.zeros((STEPS, offers), np.int32)
    confidence, dependable, ask = np.zeros(offers), np.zeros(offers), np.full(offers, np.nan)
    for n in range(offers):
        offer = M.offers[n]
        step = total = 0
        for p in range(offer.phases):
            phase = M.phases[offer.phase + M.phases[offer.phase + p].by_ready]
            if phase.free <= 0:
                continue
            total += phase.free
            if step < STEPS:
                ready[step, n] = phase.ready_on
            else:
                step = STEPS - 1
            if step == 0:
                month[n] = phase.month
            risen[step, n] = min(total, ANY, ANY if offer.max_block == NONE else offer.max_block)
            step += 1
            confidence[n] = max(confidence[n], phase.confidence / 1000)
            dependable[n] += phase.confidence / 1000 * phase.free
            if offer.asks:
                per_critical = by_factor(phase.ask, offer.factor)
                ask[n] = per_critical if np.isnan(ask[n]) else min(ask[n], per_critical)
        size[n] = total if offer.max_block == NONE else min(total, offer.max_block)
        if offer.unit == GPU and offer.largest_cluster != NONE:
            size[n] = min(size[n], offer.largest_cluster)
    return size, ready, risen, month, confidence, dependable, ask


# ---- one need after the other


@njit(cache=True, nogil=True)
def _keep(M: View, L: Loose, needs: NDArray[np.int32], best: Best, per_need: int, least: int) -> Rows:
    """The best pairs of each need; those of each offer gather in `best`."""
    kept = np.zeros(len(needs) * per_need, KEPT)
    length = 0
    fits = np.zeros(len(L.rows), np.uint8)
    maybe, bounds = np.zeros(len(L.rows), np.int32), np.zeros(len(L.rows), np.int32)
    ordered, good = np.zeros(len(L.rows), np.int32), np.zeros(len(L.rows), np.int32)
    first, second = np.zeros(len(L.rows), np.int64), np.zeros(len(L.rows), np.int64)
    score = np.zeros(len(L.rows))
    tail, powers = np.zeros(64), _powers()
    for row in needs:
        need = M.needs[row]
        if need.months >= len(tail):
            tail = np.zeros(need.months + 1)
        _fill_tail(need, M, tail)
        count = _candidates(need, M, L, fits, maybe)
        for n in range(count):
            bounds[n] = _bound(need, M, L.facts[maybe[n]], tail, powers)
        _by_bound(maybe, bounds, count, ordered)
        found = 0
        reached = np.zeros(POINTS, np.int32)  # how many pairs have these points
        floor, above = least, 0
        for n in range(count):
            at = ordered[n]
            offer_row = L.rows[maybe[at]]
            if bounds[at] < floor and bounds[at] < best.floor[offer_row]:
                continue
            offer = M.offers[offer_row]
            judged = judge(need, offer, M, True)
            if judged[0]:
                continue
            total = totals(need, offer, M, judged, EXPECTED)[3]
            points = int(np.floor(total + 0.5))
            if total < least or (points < floor and points < best.floor[offer_row]):
                continue
            first[found], second[found] = _keys(need, offer, M, judged, points)
            score[found], good[found] = total, offer_row
            _offer_keeps(best, offer_row, row, first[found], second[found], total, points, M)
            if points >= floor:
                found += 1
                reached[points] += 1
                above += 1
                while above - reached[floor] >= per_need:
                    above -= reached[floor]
                    floor += 1
        length = _best_of(M, row, found, good, first, second, score, per_need, kept, length)
    return kept[:length]


@njit(cache=True, forceinline=True)
def _candidates(need: Any, M: View, L: Loose, fits: NDArray[np.uint8], maybe: NDArray[np.int32]) -> int:
    """Which offers pass the loose test: whoever fits is among them."""
    count = 0
    least = _least_size(need, M)
    for group in range(len(L.starts) - 1):
        start, end = L.starts[group], L.starts[group + 1]
        offer = M.offers[L.rows[start]]
        if M.verdicts[need.wishes, offer.place] < 0 or not same_unit(need, offer, M):
            continue
        end = start + np.searchsorted(-L.size[start:end], -least, "right")
        _test(need, M, L, start, end, fits)
        for n in range(start, end):
            if fits[n]:
                maybe[count] = n
                count += 1
    return count


@njit(cache=True, forceinline=True)
def _least_size(need: Any, M: View) -> int:
    """The least that a need can do with."""
    first = M.steps[need.step]
    if need.splittable:
        return min(first.quantity, need.smallest_block)
    return M.steps[need.step + need.steps - 1].least


@njit(cache=True, forceinline=True)
def _test(need: Any, M: View, L: Loose, start: int, end: int, fits: NDArray[np.uint8]) -> None:
    """The loose test of a stretch of offers; whole numbers and no branch, many at a time."""
    is_gpu = need.unit == GPU
    total, shortest, longest = (
        np.int32(min(need.total, ANY)),
        np.int32(need.term_min),
        np.int32(need.term_max),
    )
    credit = np.int32(ANY if is_gpu else need.credit)
    months = np.int32(need.security_months)
    hours = np.int32(ANY if is_gpu or need.interruptible_hours == NONE else need.interruptible_hours)
    basis = np.int32(ANY if is_gpu or need.basis == 0 else need.basis)
    escalator = np.int32(ANY if is_gpu or np.isnan(need.max_escalator_pct) else need.max_escalator_pct)
    last = M.steps[need.step + need.judged - 1]
    by, wanted = np.int32(last.on + need.slack), np.int32(min(_least_size(need, M), ANY))
    for n in range(start, end):
        ok = (L.order[n] <= total) & (L.term_min[n] <= longest) & (L.term_max[n] >= shortest)
        ok &= (L.credit[n] <= credit) | (L.instead[n] <= months)
        ok &= (L.hours[n] <= hours) & ((L.basis[n] & basis) != 0) & (L.escalator[n] <= escalator)
        ready = (L.ready[0, n] <= by) & (L.risen[0, n] >= wanted)
        ready |= (L.ready[1, n] <= by) & (L.risen[1, n] >= wanted)
        ready |= (L.ready[2, n] <= by) & (L.risen[2, n] >= wanted)
        ready |= (L.ready[3, n] <= by) & (L.risen[3, n] >= wanted)
        fits[n] = ok & ready


# ---- bounds


@njit(cache=True, forceinline=True)
def _fill_tail(need: Any, M: View, tail: NDArray[np.float64]) -> None:
    """The share of the demand that lies in the n-th month and after it."""
    tail[need.months] = 0.0
    for n in range(need.months - 1, -1, -1):
        month = M.months[need.month + n]
        tail[n] = tail[n + 1] + month.needed * (DAYS_MULTIPLE // month.days) / need.needed


@njit(cache=True, forceinline=True)
def _powers() -> NDArray[np.float32]:
    """Tables of share^weight, one for each whole percent of weight."""
    powers = np.zeros((POINTS, FINE + 1), np.float32)
    for percent in range(POINTS):
        for n in range(FINE + 1):
            powers[percent, n] = (n / FINE) ** (percent / 100)
    return powers


@njit(cache=True, forceinline=True)
def _power_of(powers: NDArray[np.float32], share: float, weight: float, M: View) -> float:
    """At least share^weight: the share is taken up to the next step, the weight down to the next percent."""
    share = min(1.0, max(M.constants.least_dimension, share + SAFE))
    return powers[int(weight * 100 + SAFE), int(np.ceil(share * FINE))]


@njit(cache=True, forceinline=True)
def _bound(need: Any, M: View, fact: Any, tail: NDArray[np.float64], powers: NDArray[np.float32]) -> int:
    """The most points that the pair can have."""
    weights = need.weights_without_cap if need.cap == NONE else need.weights
    power = weights[CAPACITY] * min(fact.confidence, fact.dependable / need.total)
    power += weights[EVIDENCE] * fact.evidence + weights[FIRMNESS] * fact.firmness
    power += weights[DENSITY] + weights[COOLING]
    begins = min(max(0, fact.month - M.months[need.month].month), need.months)
    late = min(need.slack, max(0, fact.ready - need.starts_on))
    cost = M.constants.full_lateness_cost * late / max(1, need.slack)
    timeline = fact.confidence * (weights[RAMP] * tail[begins] + weights[FIRST_POWER] * (1 - cost))
    if need.unit == GPU:
        terms = 1.0  # a cap for each model, or none: the weights differ
    else:
        terms = weights[DELIVERY] + weights[ESCALATOR] * fact.escalator
        terms += weights[SECURITY] * _security_bound(need, M, fact)
        if weights[TERM] > 0:
            terms += weights[TERM] * _term_bound(need, M, fact)
        if weights[PRICE] > 0:
            terms += weights[PRICE] * _price_bound(need, M, fact)
    importance = need.importance
    total = 100 * _power_of(powers, power, importance[0], M) * _power_of(powers, timeline, importance[1], M)
    total *= _power_of(powers, terms, importance[2], M)
    return min(POINTS - 1, int(total + 0.5 + SAFE))


@njit(cache=True, forceinline=True)
def _security_bound(need: Any, M: View, fact: Any) -> float:
    if (fact.credit != NONE and need.credit > fact.credit) or fact.security <= need.security_months:
        return 1.0
    return M.constants.unknown if np.isnan(fact.security) else need.security_months / fact.security


@njit(cache=True, forceinline=True)
def _term_bound(need: Any, M: View, fact: Any) -> float:
    if fact.term_min == NONE or fact.term_max == NONE:
        return M.constants.unknown
    preferred = need.term_preferred
    distance = max(fact.term_min - preferred, preferred - fact.term_max, 0)
    return max(0.0, 1 - distance / preferred)


@njit(cache=True, forceinline=True)
def _price_bound(need: Any, M: View, fact: Any) -> float:
    """The price criterion with the lowest ask and no fit-out; what is not known scores as such."""
    unknown = M.constants.unknown
    room = need.cap - fact.power
    if np.isnan(fact.ask) or room <= 0:
        return unknown
    return max(unknown, on_curve((fact.ask + fact.allowance) / room, M.constants.curve))


@njit(cache=True, forceinline=True)
def _by_bound(
    maybe: NDArray[np.int32], bounds: NDArray[np.int32], count: int, ordered: NDArray[np.int32]
) -> None:
    """Positions of the candidates by falling bound."""
    first = np.zeros(POINTS + 1, np.int64)
    for n in range(count):
        first[POINTS - 1 - bounds[n] + 1] += 1
    for n in range(POINTS):
        first[n + 1] += first[n]
    for n in range(count):
        place = POINTS - 1 - bounds[n]
        ordered[first[place]] = n
        first[place] += 1


# ---- the best so far


@njit(cache=True, forceinline=True)
def _keys(need: Any, offer: Any, M: View, judged: Judgement, points: int) -> tuple[int, int]:
    """Points, fits, tight before oversized and early in one number; the price in another. Low is good."""
    used = int(np.rint(utilization(need, offer, M, judged) * 1e6))
    on = min(reached_on(offer, M, judged[3], least_of_step(need, offer, M, 0)), (1 << 22) - 1)
    key = ((100 - points) * 2 + (judged[1] != 0)) << 42 | (1_000_000 - used) << 22 | on
    price = total_price(offer, judged)
    return key, np.iinfo(np.int64).max if price == NONE else price


@njit(cache=True, forceinline=True)
def _before(M: View, one: int, other: int, need: int, first: int, second: int, than: int) -> bool:
    if first != one:
        return one < first
    if second != other:
        return other < second
    return M.needs[need].id < M.needs[than].id


@njit(cache=True, forceinline=True)
def _offer_keeps(
    best: Best, offer: int, need: int, first: int, second: int, score: float, points: int, M: View
) -> None:
    """Put a pair among the best of its offer if it belongs there."""
    kept = best.first.shape[1]
    place = best.held[offer]
    if place == kept:
        place = 0
        for n in range(1, kept):
            if _before(
                M,
                best.first[offer, place],
                best.second[offer, place],
                best.need[offer, place],
                best.first[offer, n],
                best.second[offer, n],
                best.need[offer, n],
            ):
                place = n
        worst = best.first[offer, place], best.second[offer, place], best.need[offer, place]
        if not _before(M, first, second, need, worst[0], worst[1], worst[2]):
            return
    else:
        best.held[offer] += 1
    best.first[offer, place], best.second[offer, place] = first, second
    best.need[offer, place], best.score[offer, place] = need, score
    if best.held[offer] == kept:
        lowest = 100 - (best.first[offer].max() >> 43)
        best.floor[offer] = max(best.floor[offer], lowest)


@njit(cache=True, forceinline=True)
def _best_of(
    M: View,
    need: int,
    found: int,
    offers: NDArray[np.int32],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    score: NDArray[np.float64],
    per_need: int,
    kept: Rows,
    length: int,
) -> int:
    """Append the best pairs of a need to `kept`; return its new length."""
    order = np.argsort(first[:found])
    # Ties of the first key are rare: sort each stretch of them by price and id.
    start = 0
    while start < found:
        end = start + 1
        while end < found and first[order[end]] == first[order[start]]:
            end += 1
        for n in range(start + 1, end):
            at, m = order[n], n
            while m > start and (
                second[at] < second[order[m - 1]]
                or (
                    second[at] == second[order[m - 1]]
                    and M.offers[offers[at]].id < M.offers[offers[order[m - 1]]].id
                )
            ):
                order[m] = order[m - 1]
                m -= 1
            order[m] = at
        start = end
    for n in range(min(found, per_need)):
        at = order[n]
        kept[length].need, kept[length].offer = need, offers[at]
        kept[length].score, kept[length].for_need = score[at], True
        length += 1
    return length
