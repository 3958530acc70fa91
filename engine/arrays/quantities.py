"""Quantities over time for one pair of rows; `engine.supply` and `engine.halls` in numbers.

Verdicts are 1, 0 and −1 (`codes.as_number`). A set of phases is a mask, bit n for the n-th phase.
"""

from __future__ import annotations

from typing import Any

from numpy import isnan

from engine.arrays.columns import NEVER, NONE
from engine.arrays.compiled import pairwise
from engine.vocabulary import BUILD_TO_SUIT, DELIVERY_TYPES

BUILT = 1 << DELIVERY_TYPES.index(BUILD_TO_SUIT)
GPU = 1
# How the phases are looked at: at worst, as expected, at best.
LOW, EXPECTED, HIGH = 0, 1, 2


@pairwise
def buildable(need: Any, phase: Any) -> int:
    if need.delivery and not need.delivery & BUILT:
        return -1
    if phase.delivery == NONE:
        return 0
    return 1 if phase.delivery & BUILT else -1


@pairwise
def density(need: Any, phase: Any, built: int) -> int:
    if isnan(need.min_rack_kw):
        return 1
    if isnan(phase.max_rack_kw):
        return max(0, built)
    return 1 if phase.max_rack_kw >= need.min_rack_kw else built


@pairwise
def cooling(need: Any, phase: Any, built: int) -> int:
    if need.cooling == 0:
        return 1
    if phase.cooling == NONE:
        return max(0, built)
    return 1 if need.cooling & phase.cooling else built


@pairwise
def redundancy(need: Any, phase: Any, built: int) -> int:
    if need.redundancy == NONE:
        return 1
    if phase.redundancy == NONE:
        return max(0, built)
    return 1 if phase.redundancy >= need.redundancy else built


@pairwise
def delivery(need: Any, phase: Any) -> int:
    if need.delivery == 0:
        return 1
    if phase.delivery == NONE:
        return 0
    return 1 if need.delivery & phase.delivery else -1


@pairwise
def counting(need: Any, offer: Any, M: Any) -> tuple[int, int, int, int, int, int]:
    """Masks of the free phases that surely and that possibly count; the best verdict on each hall fact."""
    sure = possible = 0
    best_density = best_cooling = best_redundancy = best_delivery = -1
    for n in range(offer.phases):
        phase = M.phases[offer.phase + n]
        if phase.free <= 0:
            continue
        verdict = 1
        if need.unit != GPU:
            built = buildable(need, phase)
            one = density(need, phase, built)
            two = cooling(need, phase, built)
            three = redundancy(need, phase, built)
            four = delivery(need, phase)
            best_density = max(best_density, one)
            best_cooling = max(best_cooling, two)
            best_redundancy = max(best_redundancy, three)
            best_delivery = max(best_delivery, four)
            verdict = min(one, two, three, four)
        if verdict == 1:
            sure |= 1 << n
        if verdict >= 0:
            possible |= 1 << n
    return sure, possible, best_density, best_cooling, best_redundancy, best_delivery


@pairwise
def free(offer: Any, M: Any) -> int:
    """The mask of phases that have anything left."""
    mask = 0
    for n in range(offer.phases):
        if M.phases[offer.phase + n].free > 0:
            mask |= 1 << n
    return mask


@pairwise
def nominal(offer: Any, M: Any, mask: int, on: int) -> int:
    ready = 0
    for n in range(offer.phases):
        phase = M.phases[offer.phase + n]
        if mask >> n & 1 and phase.ready_on <= on:
            ready += phase.free
    return ready if offer.max_block == NONE else min(ready, offer.max_block)


@pairwise
def reached_on(offer: Any, M: Any, mask: int, quantity: int) -> int:
    """The first day on which `quantity` is ready; NEVER if it never is."""
    if offer.max_block != NONE and offer.max_block < quantity:
        return NEVER
    ready = 0
    for n in range(offer.phases):
        at = M.phases[offer.phase + n].by_ready
        if mask >> at & 1:
            ready += M.phases[offer.phase + at].free
            if ready >= quantity:
                return M.phases[offer.phase + at].ready_on
    return NEVER


@pairwise
def reaches(offer: Any, M: Any, sure: int, possible: int, wanted: int, on: int) -> int:
    if nominal(offer, M, sure, on) >= wanted:
        return 1
    return 0 if nominal(offer, M, possible, on) >= wanted else -1


@pairwise
def threshold(need: Any, offer: Any, M: Any) -> int:
    return min(M.steps[need.step].quantity, max(need.smallest_block, offer.smallest_order))


@pairwise
def least_of_step(need: Any, offer: Any, M: Any, step: int) -> int:
    return threshold(need, offer, M) if need.splittable else M.steps[need.step + step].least


@pairwise
def least_total(need: Any, offer: Any, M: Any) -> int:
    return least_of_step(need, offer, M, need.steps - 1)


@pairwise
def nth(offer: Any, M: Any, n: int, view: int) -> tuple[int, int]:
    """The n-th surest phase: its place in the offer and its confidence in thousandths."""
    if view == HIGH:
        at = M.phases[offer.phase + n].by_best
        return at, M.phases[offer.phase + at].best_confidence
    return n, M.phases[offer.phase + n].confidence


@pairwise
def dependable(offer: Any, M: Any, mask: int, view: int, on: int, quantity: int) -> int:
    """C(t, x) in thousandths. At worst an unknown grid is withdrawn, and nothing can be depended on."""
    if view == LOW and not offer.grid_known:
        return 0
    room = quantity if offer.max_block == NONE else min(quantity, offer.max_block)
    taken = 0
    for n in range(offer.phases):
        at, confidence = nth(offer, M, n, view)
        phase = M.phases[offer.phase + at]
        if mask >> at & 1 and phase.ready_on <= on:
            take = min(room, phase.free)
            taken += confidence * take
            room -= take
    return taken


@pairwise
def ramp_share(need: Any, offer: Any, M: Any, mask: int, view: int) -> float:
    """Σ C(m, D(m)) / Σ D(m), each month by its daily mean."""
    if view == LOW and not offer.grid_known:
        return 0.0
    begins, settled, confidence = ramp_span(need, offer, M, mask, view)
    delivered = 0.0
    if settled < need.months:
        delivered = confidence * M.months[need.month + settled].rest
    for m in range(need.month + begins, need.month + settled):
        month = M.months[m]
        room = month.needed
        if offer.max_block != NONE:
            room = min(room, offer.max_block * month.days)
        taken = 0
        for n in range(offer.phases):
            at, confidence = nth(offer, M, n, view)
            phase = M.phases[offer.phase + at]
            if mask >> at & 1 and phase.month <= month.month:
                days = month.days if phase.month < month.month else month.days - phase.day + 1
                take = min(room, phase.free * days)
                taken += confidence * take
                room -= take
                if room == 0:
                    break
        delivered += taken * month.scale
    return delivered / (need.needed * 1000)


@pairwise
def ramp_span(need: Any, offer: Any, M: Any, mask: int, view: int) -> tuple[int, int, int]:
    """The first month with any supply; the first in which the surest phase covers all; its confidence."""
    begins, settled, confidence = need.months, need.months, NONE
    for n in range(offer.phases):
        at, surest = nth(offer, M, n, view)
        if not mask >> at & 1:
            continue
        phase = M.phases[offer.phase + at]
        begins = min(begins, max(0, phase.month - M.months[need.month].month))
        if confidence == NONE:
            confidence = surest
            if phase.free >= need.total and (offer.max_block == NONE or offer.max_block >= need.total):
                settled = min(need.months, max(0, phase.month + 1 - M.months[need.month].month))
    return begins, settled, confidence


# ---- days


@pairwise
def civil(ordinal: int) -> tuple[int, int, int]:
    """Year, month and day of a day counted as `date.toordinal` does, by eras of 400 years from March on."""
    day = ordinal + 305
    era = day // 146_097
    of_era = day - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


@pairwise
def days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@pairwise
def lasts(begins: int, months: int, until: int) -> bool:
    """Whether `months` from one day on end by the other; at most the last day of the month."""
    year, month, day = civil(begins)
    months += month - 1
    year, month = year + months // 12, months % 12 + 1
    last_year, last_month, last_day = civil(until)
    if (year, month) != (last_year, last_month):
        return (year, month) < (last_year, last_month)
    return min(day, days_in(year, month)) <= last_day
