"""The most points that a pair can have, told from a few facts of its offer and what its need asks.

Nothing here decides: a pair is judged by its gates and scores. A bound says which pairs need not be. It reads
each offer as if all its free phases counted, and errs in the pair's favour by a little wherever it rounds.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.arrays.columns import NONE
from engine.arrays.compiled import unchecked
from engine.arrays.facts import EVERY, LINES, SOME, STEPS
from engine.arrays.quantities import BUILT
from engine.arrays.ranking import View
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
)
from engine.supply import DAYS_MULTIPLE

POINTS = 101
SAFE = 1e-5  # above the rounding of scores and of single precision: a bound must not be lower
FINE = 512  # steps of a dimension's score in the tables of powers


class Power(NamedTuple):
    """What a need asks for the first dimension: weights of its criteria, and what they compare with."""

    row: int  # of the table of powers
    capacity: float
    evidence: float
    firmness: float
    density: float
    cooling: float
    total: float
    by: int
    rack_kw: float
    cooling_type: int
    may_build: float
    types: int
    compliance: int


class Timeline(NamedTuple):
    """The second: the first step, and the demand month by month."""

    row: int
    ramp: float
    first_power: float
    first: float
    least: int
    by: int
    starts_on: int
    slack: int
    late_cost: float  # a day
    month: int
    rows: int
    months: int
    needed: float


class Terms(NamedTuple):
    """The third, with the cap that the need has for a group of offers."""

    row: int
    price: float
    security: float
    term: float
    delivery: float
    escalator: float
    delivery_type: int
    types: int
    credit: int
    security_months: float
    term_min: int
    term_max: int
    term_preferred: int
    cap: int


Asked = tuple[Power, Timeline, Terms]


@unchecked
def asked(need: Any, cap: int, M: View) -> Asked:
    weights = need.weights_without_cap if cap == NONE else need.weights
    first, last = M.steps[need.step], M.steps[need.step + need.steps - 1]
    least = min(first.quantity, need.smallest_block) if need.splittable else first.least
    types = need.delivery & EVERY if need.delivery else EVERY
    may_build = 1.0 if types & BUILT else 0.0
    power = Power(
        int(need.importance[0] * 100 + SAFE),
        weights[CAPACITY],
        weights[EVIDENCE],
        weights[FIRMNESS],
        weights[DENSITY],
        weights[COOLING],
        float(need.total),
        last.on + need.slack,
        need.preferred_rack_kw,
        need.preferred_cooling & EVERY,
        may_build,
        types,
        need.compliance & EVERY,
    )
    timeline = Timeline(
        int(need.importance[1] * 100 + SAFE),
        weights[RAMP],
        weights[FIRST_POWER],
        float(first.quantity),
        least,
        first.on + need.slack,
        need.starts_on,
        need.slack,
        M.constants.full_lateness_cost / max(1, need.slack),
        M.months[need.month].month,
        need.month,
        need.months,
        need.needed,
    )
    terms = Terms(
        int(need.importance[2] * 100 + SAFE),
        weights[PRICE],
        weights[SECURITY],
        weights[TERM],
        weights[DELIVERY],
        weights[ESCALATOR],
        need.preferred_delivery & EVERY,
        types,
        need.credit,
        need.security_months,
        need.term_min,
        need.term_max,
        need.term_preferred,
        cap,
    )
    return power, timeline, terms


@cache
def powers() -> NDArray[np.float32]:
    """Tables of share^weight, one for each whole percent of weight."""
    shares, percents = np.arange(FINE + 1) / FINE, np.arange(POINTS) / 100
    return np.power(shares[None, :], percents[:, None]).astype(np.float32)


@unchecked
def step_of(share: float, M: View) -> int:
    """The place of a share in a table of powers, taken up to the next step."""
    share = min(1.0, max(M.constants.least_dimension, share + SAFE))
    return int(np.ceil(share * FINE))


@unchecked
def bound(ask: Asked, fact: Any, M: View, table: NDArray[np.float32], enough: int) -> int:
    """The most points that the pair can have; 0 where that is not enough, or a gate is seen to fail."""
    least = enough - 0.5 - SAFE
    # Few tests, of several answers each: which of them fails cannot be foreseen, and a wrong guess is dear.
    power, has_it = _power(ask[0], fact)
    timeline, in_time = _timeline(ask[1], fact, M)
    most = 100 * table[ask[0].row, step_of(power, M)] * table[ask[1].row, step_of(timeline, M)]
    if not (has_it & in_time & (most >= least)):
        return 0
    terms, affordable = _terms(ask[2], fact, M)
    most *= table[ask[2].row, step_of(terms, M)]
    if not (affordable & (most >= least)):
        return 0
    return min(POINTS - 1, int(most + 0.5 + SAFE))


@unchecked
def _power(ask: Power, fact: Any) -> tuple[float, bool]:
    sure = 0.0
    for n in range(STEPS):
        sure = _dependable(fact, n, ask.total, 1.0) if fact.ready[n] <= ask.by else sure
    power = ask.capacity * sure / ask.total
    power += ask.evidence * fact.evidence + ask.firmness * fact.firmness
    built = ask.may_build * fact.built
    rack = min(1.0, fact.rack_kw / ask.rack_kw) if ask.density > 0 else 0.0
    power += ask.density * max(rack, max(built, fact.rack_blank))
    cooled = 1.0 if fact.cooling & ask.cooling_type else max(built, fact.cooling_otherwise)
    power += ask.cooling * cooled
    return power, (ask.compliance & ~fact.compliance == 0) & (fact.deliverable & ask.types != 0)


@unchecked
def _timeline(ask: Timeline, fact: Any, M: View) -> tuple[float, bool]:
    late, first, in_time = ask.slack, 0.0, False
    share, next_month, next_rest = 0.0, ask.months, 0.0
    for n in range(STEPS - 1, -1, -1):
        # From the last step back: what of the demand lies between this rise and the next.
        month = min(max(0, fact.month[n] - ask.month), ask.months)
        rest = M.months[ask.rows + month].rest if month < ask.months else 0.0
        share += _dependable(fact, n, rest - next_rest, (next_month - month) * float(DAYS_MULTIPLE))
        next_month, next_rest = month, rest
        suffices = fact.risen[n] >= ask.least
        late = min(ask.slack, max(0, fact.ready[n] - ask.starts_on)) if suffices else late
        soon = fact.ready[n] <= ask.by
        in_time |= suffices & soon
        first = max(first, _dependable(fact, n, ask.first, 1.0) if soon else 0.0)
    share, sure = share / ask.needed, first / ask.first
    return ask.ramp * share + ask.first_power * (1 - ask.late_cost * late) * sure, in_time


@unchecked
def _dependable(fact: Any, step: int, wanted: float, time: float) -> float:
    """C(t, x) at most, once so many steps are ready; over some time, where `wanted` is x over that time."""
    most = min(fact.confidence[step] * wanted, fact.dependable[step] * time)
    for n in range(LINES):
        most = min(most, fact.base[n] * time + fact.slope[n] * wanted)
    return most


@unchecked
def _terms(ask: Terms, fact: Any, M: View) -> tuple[float, bool]:
    unknown = M.constants.unknown
    terms = ask.escalator * fact.escalator
    terms += ask.delivery * (1.0 if fact.delivery & ask.delivery_type else fact.delivery_otherwise)
    needless = (fact.credit != NONE and ask.credit > fact.credit) or fact.security <= ask.security_months
    kept = unknown if np.isnan(fact.security) else ask.security_months / fact.security
    terms += ask.security * (1.0 if needless else kept)
    shortest = max(ask.term_min, fact.term_min)
    longest = ask.term_max if fact.term_max == NONE else min(ask.term_max, fact.term_max)
    preferred = longest if ask.term_preferred == NONE else ask.term_preferred
    off = max(shortest - preferred, preferred - longest, 0) / max(1, preferred)
    blank = fact.term_min == NONE or fact.term_max == NONE
    terms += ask.term * (unknown if blank else max(0.0, 1 - off))
    if ask.cap == NONE:
        return terms, True
    months = max(0, shortest, min(longest, preferred))
    part = fact.capex * M.recovery[min(months, len(M.recovery) - 1)]
    room = ask.cap - fact.power - part + 1
    types = fact.delivery & ask.types | SOME
    known = (types & fact.priced != 0) & (types & fact.unpriced == 0)
    ratio = (fact.ask + fact.allowance) / max(1.0, room)
    score = on_falling_curve(ratio, M) if known and not np.isnan(ratio) else unknown
    most = M.constants.dearest_ratio_pct * room / 100 - fact.allowance
    return terms + ask.price * score, not (known and fact.lowest - 1 > most)


@unchecked
def on_falling_curve(ratio: float, M: View) -> float:
    """The curve of the price criterion without a branch."""
    curve = M.constants.curve
    one, two, three = curve[0], curve[1], curve[2]
    score = one[1] + (two[1] - one[1]) * min(1.0, max(0.0, (ratio - one[0]) / (two[0] - one[0])))
    return score + (three[1] - two[1]) * min(1.0, max(0.0, (ratio - two[0]) / (three[0] - two[0])))
