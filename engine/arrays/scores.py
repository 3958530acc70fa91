"""The scores of one pair of rows; `engine.scores` and `engine.landlord` in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import isnan

from engine.arrays.columns import CRITERIA, NEVER, NONE
from engine.arrays.compiled import pairwise
from engine.arrays.gates import Judgement
from engine.arrays.money import overlap
from engine.arrays.quantities import (
    EXPECTED,
    GPU,
    HIGH,
    LOW,
    buildable,
    dependable,
    least_of_step,
    nominal,
    ramp_share,
    reached_on,
)

(
    CAPACITY,
    FIRMNESS,
    DENSITY,
    EVIDENCE,
    COOLING,
    RAMP,
    FIRST_POWER,
    PRICE,
    SECURITY,
    TERM,
    DELIVERY,
    ESCALATOR,
) = range(len(CRITERIA))
UNKNOWN = np.nan
MILLION = 1e6
SPLIT = 2.0**27 + 1

# Low, expected (NaN = not known) and high.
Estimate = tuple[float, float, float]
BLANK: Estimate = (0.0, UNKNOWN, 1.0)
Dimensions = tuple[float, float, float]

PAIR = np.dtype(
    [
        ("need", "i4"),
        ("offer", "i4"),
        ("unknown", "i4"),  # gates, as a mask; a pair without any is a fit
        ("first_power_on", "i4"),
        ("points", "i4"),
        ("price", "i8"),
        ("score", "f8"),
        ("low", "f8"),
        ("high", "f8"),
        ("power", "f8"),
        ("timeline", "f8"),
        ("terms", "f8"),
        ("landlord", "f8"),
        ("utilization", "f8"),
    ],
    align=True,
)


@pairwise
def rounded(number: float) -> float:
    """To 1e-6 as Python's `round` does it: by the exact value of the float, to even where that is a tie."""
    scaled = number * MILLION
    nearest = np.rint(scaled)
    if abs(abs(scaled - nearest) - 0.5) < 1e-6:
        down = np.floor(scaled)
        above_half = scaled - down - 0.5 + lost(number, MILLION, scaled)
        nearest = down + (above_half > 0 or (above_half == 0 and down % 2 == 1))
    return nearest / MILLION


@pairwise
def lost(left: float, right: float, product: float) -> float:
    """What rounding took from a product, exactly (Dekker 1971)."""
    one, other = SPLIT * left, SPLIT * right
    left_high, right_high = one - (one - left), other - (other - right)
    left_low, right_low = left - left_high, right - right_high
    missing = product - left_high * right_high - left_low * right_high - left_high * right_low
    return left_low * right_low - missing


@pairwise
def certain(score: float) -> Estimate:
    return score, score, score


@pairwise
def seen(offer: Any, judged: Judgement, view: int) -> int:
    """The mask of phases at worst, or as expected and at best."""
    return judged[2] if view == LOW else judged[3]


# ---- power


@pairwise
def capacity(need: Any, offer: Any, M: Any, judged: Judgement, view: int) -> float:
    until = M.steps[need.step + need.steps - 1].on + need.slack
    mask = seen(offer, judged, view)
    return dependable(offer, M, mask, view, until, need.total) / (need.total * 1000)


@pairwise
def built(need: Any, phase: Any, score: float, M: Any) -> Estimate:
    """A hall fact's score where the hall can perhaps be built to suit."""
    floor = M.constants.buildable
    can = buildable(need, phase)
    if can == 1:
        return (floor, floor, 1.0) if isnan(score) else certain(max(score, floor))
    if isnan(score):
        return BLANK
    return score, score, max(score, floor) if can == 0 else score


@pairwise
def hall(need: Any, phase: Any, M: Any, criterion: int) -> Estimate:
    """One phase's estimate for density, cooling or delivery."""
    if criterion == DENSITY:
        fact = min(1.0, phase.max_rack_kw / need.preferred_rack_kw)
        return built(need, phase, UNKNOWN if isnan(phase.max_rack_kw) else fact, M)
    had = phase.cooling if criterion == COOLING else phase.delivery
    preferred = need.preferred_cooling if criterion == COOLING else need.preferred_delivery
    score = UNKNOWN if had == NONE else 1.0 if had & preferred else M.constants.not_preferred
    if criterion == COOLING:
        return built(need, phase, score, M)
    return BLANK if isnan(score) else certain(score)


@pairwise
def best(need: Any, offer: Any, M: Any, judged: Judgement, criterion: int) -> Estimate:
    """The best phase that counts; at worst, the best of those that surely count."""
    low = known = high = 0.0
    blank = False
    for n in range(offer.phases):
        if not judged[3] >> n & 1:
            continue
        worst, score, top = hall(need, M.phases[offer.phase + n], M, criterion)
        high = max(high, top)
        if isnan(score):
            blank = True
        else:
            known = max(known, score)
        if judged[2] >> n & 1:
            low = max(low, worst)
    return low, UNKNOWN if blank and known < M.constants.unknown else known, high


# ---- timeline


@pairwise
def first_power(need: Any, offer: Any, M: Any, judged: Judgement, view: int) -> float:
    first = M.steps[need.step]
    mask = seen(offer, judged, view)
    sure = dependable(offer, M, mask, view, first.on + need.slack, first.quantity)
    if sure == 0:
        return 0.0
    reached = reached_on(offer, M, mask, least_of_step(need, offer, M, 0))
    late = need.slack if reached == NEVER else min(need.slack, max(0, reached - need.starts_on))
    cost = M.constants.full_lateness_cost * late / max(1, need.slack)
    return (1 - cost) * (sure / (first.quantity * 1000))


# ---- terms


@pairwise
def price(offer: Any, M: Any, judged: Judgement) -> Estimate:
    ask, _, _, part, settled = judged[6]
    cap = judged[5]
    known = offer.power != NONE and part != NONE
    room = cap - offer.power - part
    if known and room <= 0:
        score = M.constants.curve[2][1]
    elif not known or ask == NONE or offer.allowance == NONE:
        return BLANK
    else:
        score = on_curve((ask + offer.allowance) / room, M.constants.curve)
    return certain(score) if settled else (0.0, score, 1.0)


@pairwise
def on_curve(value: float, curve: Any) -> float:
    if value <= curve[0][0]:
        return curve[0][1]
    for n in range(1, len(curve)):
        left, above = curve[n - 1]
        right, below = curve[n]
        if value <= right:
            return above + (below - above) * (value - left) / (right - left)
    return curve[len(curve) - 1][1]


@pairwise
def security(need: Any, offer: Any) -> Estimate:
    if offer.credit != NONE and need.credit > offer.credit:
        return certain(1.0)
    if isnan(offer.security_months):
        return BLANK
    if offer.security_months <= need.security_months:
        return certain(1.0)
    share = need.security_months / offer.security_months
    return share, share, 1.0 if offer.credit == NONE and need.credit else share


@pairwise
def term(need: Any, offer: Any) -> Estimate:
    if offer.term_min == NONE or offer.term_max == NONE:
        return BLANK
    shortest, longest = overlap(need, offer)
    distance = max(shortest - need.term_preferred, need.term_preferred - longest, 0)
    return certain(max(0.0, 1 - distance / need.term_preferred))


# ---- together


@pairwise
def view_of(estimate: Estimate, view: int, M: Any) -> float:
    if view == EXPECTED:
        return M.constants.unknown if isnan(estimate[1]) else rounded(estimate[1])
    return rounded(estimate[0] if view == LOW else estimate[2])


@pairwise
def totals(need: Any, offer: Any, M: Any, judged: Judgement, view: int) -> tuple[float, float, float, float]:
    """Power, timeline, terms and the total, in one view."""
    found = dimensions(need, offer, M, judged, view)
    return found[0], found[1], found[2], total(need, found)


@pairwise
def total(need: Any, found: Dimensions) -> float:
    weight, (power, timeline, terms) = need.importance, found
    return rounded(100 * power ** weight[0] * timeline ** weight[1] * terms ** weight[2])


@pairwise
def dimensions(need: Any, offer: Any, M: Any, judged: Judgement, view: int) -> Dimensions:
    """Power, timeline and terms."""
    weights = need.weights_without_cap if judged[5] == NONE else need.weights
    # In the order of the reference form: a sum of floats depends on it.
    power = weights[CAPACITY] * rounded(capacity(need, offer, M, judged, view))
    if weights[FIRMNESS] > 0:
        hours = offer.interruptible_hours
        power += weights[FIRMNESS] * view_of(BLANK if hours == NONE else certain(offer.firmness), view, M)
    if weights[DENSITY] > 0:
        power += weights[DENSITY] * view_of(best(need, offer, M, judged, DENSITY), view, M)
    power += weights[EVIDENCE] * offer.evidence
    if weights[COOLING] > 0:
        power += weights[COOLING] * view_of(best(need, offer, M, judged, COOLING), view, M)
    timeline = weights[RAMP] * rounded(ramp_share(need, offer, M, seen(offer, judged, view), view))
    timeline += weights[FIRST_POWER] * rounded(first_power(need, offer, M, judged, view))
    terms = 0.0
    if weights[PRICE] > 0:
        terms += weights[PRICE] * view_of(price(offer, M, judged), view, M)
    if offer.unit != GPU:
        terms += weights[SECURITY] * view_of(security(need, offer), view, M)
    if weights[TERM] > 0:
        terms += weights[TERM] * view_of(term(need, offer), view, M)
    if offer.unit == GPU:
        terms += weights[SECURITY] * view_of(security(need, offer), view, M)
    if weights[DELIVERY] > 0:
        terms += weights[DELIVERY] * view_of(best(need, offer, M, judged, DELIVERY), view, M)
    if weights[ESCALATOR] > 0:
        known = not isnan(offer.escalator_pct)
        terms += weights[ESCALATOR] * view_of(certain(offer.escalator) if known else BLANK, view, M)
    least = M.constants.least_dimension
    power = rounded(min(1.0, max(least, power)))
    timeline = rounded(min(1.0, max(least, timeline)))
    terms = rounded(min(1.0, max(least, terms)))
    return power, timeline, terms


@pairwise
def utilization(need: Any, offer: Any, M: Any, judged: Judgement) -> float:
    free = nominal(offer, M, judged[3], NEVER)
    return rounded(min(1.0, need.total / free)) if free else 0.0


@pairwise
def landlord_score(need: Any, offer: Any, M: Any, judged: Judgement, used: float) -> float:
    weights = M.constants.landlord_weights
    length = UNKNOWN
    if offer.term_max != NONE:
        length = max(0.0, min(1.0, overlap(need, offer)[1] / offer.term_max))
    counted = weights[0] * view_of(security(need, offer), EXPECTED, M)
    counted += weights[1] * view_of((length, length, length), EXPECTED, M)
    counted += weights[2] * rounded(min(1.0, 2 * used))
    whole = weights[0] + weights[1] + weights[2]
    if judged[5] != NONE:
        counted += weights[3] * view_of(price(offer, M, judged), EXPECTED, M)
        whole += weights[3]
    return rounded(100 * counted / whole)


@pairwise
def total_price(offer: Any, judged: Judgement) -> int:
    ask, _, _, part, _ = judged[6]
    if ask == NONE or part == NONE or offer.power == NONE or offer.allowance == NONE:
        return NONE
    return ask + part + offer.power + offer.allowance


@pairwise
def score(need: Any, offer: Any, M: Any, judged: Judgement, out: Any) -> None:
    """Fill in all that a match stores of its pair."""
    out.unknown = judged[1]
    out.power, out.timeline, out.terms, out.score = totals(need, offer, M, judged, EXPECTED)
    out.low = totals(need, offer, M, judged, LOW)[3]
    out.high = totals(need, offer, M, judged, HIGH)[3]
    out.points = int(np.floor(out.score + 0.5))
    out.utilization = utilization(need, offer, M, judged)
    out.landlord = landlord_score(need, offer, M, judged, out.utilization)
    out.first_power_on = reached_on(offer, M, judged[3], least_of_step(need, offer, M, 0))
    out.price = total_price(offer, judged)
