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
from engine.arrays.facts import ANY, EVERY, LINES, SOME, STEPS
from engine.arrays.loose import first_least
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

    capacity: float
    evidence: float
    firmness: float
    density: float
    cooling: float
    whole: float  # what is asked in the end, as 1/x
    rack_kw: float  # as 1/x
    cooling_type: int
    may_build: float


class Timeline(NamedTuple):
    """The second: the first step, and the demand of all months together."""

    ramp: float
    first_power: float
    mean: float  # what is asked over all months, as 1/x
    first: float  # by the first step, as 1/x
    least: int
    starts_on: int
    slack: int
    late_cost: float  # a day


class Curve(NamedTuple):
    """The curve of the price criterion: flat, falling, falling otherwise, flat."""

    flat: float
    first: float  # where it begins to fall,
    first_fall: float  # and what it loses for each 1 from there on,
    second: float
    second_fall: float
    last: float  # until here


class Terms(NamedTuple):
    """The third, with the cap that the need has for a group of offers."""

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
    off_cost: float  # a month
    cap: int
    dearest: float  # of what is left for the ask
    curve: Curve


class Asked(NamedTuple):
    tables: tuple[int, int, int]  # of powers, for each dimension
    power: Power
    timeline: Timeline
    terms: Terms


@unchecked
def asked(need: Any, cap: int, M: View) -> Asked:
    weights = need.weights_without_cap if cap == NONE else need.weights
    types = need.delivery & EVERY if need.delivery else EVERY
    power = Power(
        weights[CAPACITY],
        weights[EVIDENCE],
        weights[FIRMNESS],
        weights[DENSITY],
        weights[COOLING],
        1 / need.total,
        1 / need.preferred_rack_kw if weights[DENSITY] > 0 else 0.0,
        need.preferred_cooling & EVERY,
        1.0 if types & BUILT else 0.0,
    )
    timeline = Timeline(
        weights[RAMP],
        weights[FIRST_POWER],
        need.months * DAYS_MULTIPLE / need.needed,
        1 / M.steps[need.step].quantity,
        first_least(need, M),
        need.starts_on,
        need.slack,
        M.constants.full_lateness_cost / max(1, need.slack),
    )
    terms = Terms(
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
        ANY if need.term_preferred == NONE else need.term_preferred,
        1 / max(1, need.term_preferred),
        cap,
        M.constants.dearest_ratio_pct / 100,
        _curve(M),
    )
    return Asked(tables_of(need), power, timeline, terms)


@cache
def powers() -> NDArray[np.float32]:
    """Tables of share^weight, one for each whole percent of weight."""
    shares, percents = np.arange(FINE + 1) / FINE, np.arange(POINTS) / 100
    return np.power(shares[None, :], percents[:, None]).astype(np.float32)


@unchecked
def tables_of(need: Any) -> tuple[int, int, int]:
    """Where the tables of powers have the weights of a need's dimensions."""
    power, timeline, terms = need.importance
    return int(power * 100 + SAFE), int(timeline * 100 + SAFE), int(terms * 100 + SAFE)


@unchecked
def step_of(share: float, M: View) -> int:
    """The place of a share in a table of powers, taken up to the next step."""
    share = min(1.0, max(M.constants.least_dimension, share + SAFE))
    return int(np.ceil(share * FINE))


@unchecked
def bound(ask: Asked, fact: Any, M: View, table: NDArray[np.float32]) -> int:
    """The most points that the pair can have; 0 where its price is seen to fail."""
    terms, affordable = _terms(ask.terms, fact, M)
    dimensions = _power(ask.power, fact), _timeline(ask.timeline, fact), terms
    return most_points(ask.tables, dimensions, M, table) * affordable


@unchecked
def most_points(tables: tuple[int, int, int], dimensions: Any, M: View, table: NDArray[np.float32]) -> int:
    """The points that a pair of these dimensions has at most."""
    most = 100 * table[tables[0], step_of(dimensions[0], M)]
    most *= table[tables[1], step_of(dimensions[1], M)]
    most *= table[tables[2], step_of(dimensions[2], M)]
    return min(POINTS - 1, int(most + 0.5 + SAFE))


@unchecked
def _power(ask: Power, fact: Any) -> float:
    power = ask.capacity * _share(fact, ask.whole)
    power += ask.evidence * fact.evidence + ask.firmness * fact.firmness
    built = ask.may_build * fact.built
    rack = min(1.0, fact.rack_kw * ask.rack_kw)
    power += ask.density * max(rack, max(built, fact.rack_blank))
    cooled = max(1.0 * (fact.cooling & ask.cooling_type != 0), fact.cooling_otherwise)
    return power + ask.cooling * max(cooled, built)


@unchecked
def _timeline(ask: Timeline, fact: Any) -> float:
    late = ask.slack
    for n in range(STEPS):
        late = min(late, fact.ready[n] - ask.starts_on + ANY * (fact.risen[n] < ask.least))
    # Every month alike asks for no more in all, and has no less.
    ramp = ask.ramp * _share(fact, ask.mean)
    return ramp + ask.first_power * (1 - ask.late_cost * max(0, late)) * _share(fact, ask.first)


@unchecked
def _share(fact: Any, asked: float) -> float:
    """C(x)/x at most, once all phases are ready; x is told as 1/x."""
    most = min(fact.confidence, fact.dependable * asked)
    for n in range(LINES):
        most = min(most, fact.base[n] * asked + fact.slope[n])
    return most


@unchecked
def _terms(ask: Terms, fact: Any, M: View) -> tuple[float, bool]:
    # No branches: which way they go cannot be foreseen, and a wrong guess is dear.
    terms = ask.escalator * fact.escalator
    terms += ask.delivery * max(1.0 * (fact.delivery & ask.delivery_type != 0), fact.delivery_otherwise)
    kept = min(1.0, fact.security_least + ask.security_months * fact.per_security)
    terms += ask.security * max(1.0 * (ask.credit > fact.credit), kept)
    shortest, longest = max(ask.term_min, fact.term_min), min(ask.term_max, fact.term_max)
    off = max(shortest - ask.term_preferred, ask.term_preferred - longest, 0) * ask.off_cost
    terms += ask.term * (fact.term_blank + fact.term_known * max(0.0, 1 - off))
    if ask.cap == NONE:
        return terms, True
    months = max(0, shortest, min(longest, ask.term_preferred))
    room = ask.cap - fact.power - fact.capex * M.recovery[min(months, len(M.recovery) - 1)]
    types = fact.delivery & ask.types | SOME
    known = (types & fact.priced != 0) & (types & fact.unpriced == 0)
    unknown = M.constants.unknown
    score = unknown + known * fact.asks * (_on_curve(fact.ask / max(1.0, room), ask.curve) - unknown)
    return terms + ask.price * score, not (known & (fact.lowest > ask.dearest * room))


@unchecked
def _curve(M: View) -> Curve:
    (first, top), (second, middle), (last, bottom) = M.constants.curve
    return Curve(
        top, first, (top - middle) / (second - first), second, (middle - bottom) / (last - second), last
    )


@unchecked
def _on_curve(ratio: float, curve: Curve) -> float:
    score = curve.flat - curve.first_fall * (min(curve.second, max(curve.first, ratio)) - curve.first)
    return score - curve.second_fall * (min(curve.last, max(curve.second, ratio)) - curve.second)
