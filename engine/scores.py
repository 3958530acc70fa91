"""The criteria of a pair, each 0 to 1, the three dimensions they make, and the total."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from engine import halls, supply
from engine.assumptions import Assumptions
from engine.gates import CREDIT_RANK, Pair, credit_class
from engine.price import cap_of, overlap, ratio
from engine.supply import CERTAIN, Supply
from engine.types import Need, Phase, Weights
from engine.verdicts import Verdict

PLACES = 6


class Estimate(NamedTuple):
    """A score and the worst and best it can turn out to be; `score` is None if unknown."""

    low: float
    score: float | None
    high: float


UNKNOWN = Estimate(0.0, None, 1.0)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a score. `weight` is its share of the dimension; an unknown counts as `counted`."""

    key: str
    dimension: str
    score: float | None
    low: float
    high: float
    counted: float
    weight: float

    @property
    def passed(self) -> Verdict:
        """Met in full, short of it, or not known."""
        return None if self.score is None else self.score == 1


class Totals(NamedTuple):
    """The three dimensions and the total, once as expected, at worst or at best."""

    power: float
    timeline: float
    terms: float
    total: float


def rounded(number: float) -> float:
    """The one rounding of all scores: to 1e-6."""
    return round(number, PLACES)


def certain(score: float) -> Estimate:
    """A score that no blank bears on."""
    return Estimate(score, score, score)


# ---- power


def capacity(pair: Pair) -> Estimate:
    """Dependable share of the whole quantity by the last step and its slack."""
    quantity = supply.total(pair.need)
    until = supply.granted_until(pair.need, pair.need.steps[-1])
    return _over_supplies(pair, lambda seen: supply.dependable(seen, until, quantity) / (quantity * CERTAIN))


def _over_supplies(pair: Pair, share: Callable[[Supply], float]) -> Estimate:
    """The share at worst, as expected and at best; worked out once where they are the same."""
    seen = pair.supplies
    expected = share(seen.expected)
    low = expected if seen.low is seen.expected else share(seen.low)
    high = expected if seen.high is seen.expected else share(seen.high)
    return Estimate(low, expected, high)


def firmness(pair: Pair) -> Estimate:
    """1 with no interruption, 0 from a tenth of the year on."""
    hours = pair.offer.interruptible_hours
    if hours is None:
        return UNKNOWN
    return certain(1 - min(1.0, hours / pair.assumptions.firmness_zero_hours))


def density(pair: Pair) -> Estimate:
    """Rack power of the best phase that counts against the preferred one."""
    preferred = pair.need.preferred_rack_kw or Decimal(1)

    def fact(phase: Phase) -> float | None:
        return None if phase.max_rack_kw is None else float(min(Decimal(1), phase.max_rack_kw / preferred))

    return _best_hall(pair, fact)


def cooling(pair: Pair) -> Estimate:
    """Whether the preferred cooling is there."""
    preferred, otherwise = pair.need.preferred_cooling, float(pair.assumptions.not_preferred)

    def fact(phase: Phase) -> float | None:
        if phase.cooling is None:
            return None
        return 1.0 if preferred in phase.cooling else otherwise

    return _best_hall(pair, fact)


def _best_hall(pair: Pair, fact: Callable[[Phase], float | None]) -> Estimate:
    return _best(pair, lambda phase: _built(pair, phase, fact(phase)))


def _best(pair: Pair, each: Callable[[Phase], Estimate]) -> Estimate:
    """The best phase that counts; at worst, the best of those that surely count."""
    expected = [each(block.phase) for block in pair.supplies.expected.blocks]
    sure = [each(block.phase) for block in pair.supplies.low.blocks]
    known = max((estimate.score for estimate in expected if estimate.score is not None), default=0.0)
    blank = any(estimate.score is None for estimate in expected)
    return Estimate(
        max((estimate.low for estimate in sure), default=0.0),
        None if blank and known < pair.assumptions.unknown else known,
        max((estimate.high for estimate in expected), default=0.0),
    )


def _built(pair: Pair, phase: Phase, score: float | None) -> Estimate:
    floor = float(pair.assumptions.buildable)
    can_build = halls.buildable(pair.need, phase)
    if can_build:
        return Estimate(floor, floor, 1.0) if score is None else certain(max(score, floor))
    if score is None:
        return UNKNOWN
    return Estimate(score, score, max(score, floor) if can_build is None else score)


def evidence(pair: Pair) -> Estimate:
    """Share of the four claims that have evidence; stale evidence counts half."""
    claims, worth = pair.offer.evidence, pair.assumptions.evidence_share
    shares = [worth[each] for each in (claims.power, claims.capacity, claims.date, claims.site_control)]
    return certain(float(sum(shares)) / len(shares))


# ---- timeline


def ramp(pair: Pair) -> Estimate:
    """Dependable MW-months on time over those needed, until a year after the last step."""
    return _over_supplies(pair, lambda seen: supply.ramp_share(seen, pair.need, pair.assumptions))


def first_power(pair: Pair) -> Estimate:
    """How late first power comes, times how dependable the first step is by the outside date."""
    need, first = pair.need, pair.need.steps[0]
    slack = max(1, supply.slack_days(need))
    until = supply.granted_until(need, first)
    cost = float(pair.assumptions.full_lateness_cost)

    def share(seen: Supply) -> float:
        late = supply.days_late(seen, need, pair.offer, pair.assumptions)
        sure = supply.dependable(seen, until, first.quantity) / (first.quantity * CERTAIN)
        return (1 - cost * late / slack) * sure

    return _over_supplies(pair, share)


# ---- terms


def price(pair: Pair) -> Estimate:
    """By the negotiable ratio with the ask; a default or a blank leaves it open from 0 to 1."""
    r = ask_ratio(pair)
    if r is None:
        return UNKNOWN
    score = on_curve(r, pair.assumptions.price_curve)
    return certain(score) if pair.price.settled else Estimate(0.0, score, 1.0)


def ask_ratio(pair: Pair) -> float | None:
    """The negotiable ratio with the ask itself; None without a cap or a price."""
    cap = cap_of(pair.need, pair.offer)
    return None if cap is None else ratio(pair.price, cap, pair.price.ask)


def on_curve(value: float, curve: tuple[tuple[Decimal, Decimal], ...]) -> float:
    """Linear between the points of a curve, flat outside them."""
    points = [(float(x), float(y)) for x, y in curve]
    if value <= points[0][0]:
        return points[0][1]
    for (left, above), (right, below) in pairwise(points):
        if value <= right:
            return above + (below - above) * (value - left) / (right - left)
    return points[-1][1]


def security(pair: Pair) -> Estimate:
    """Months of security against those asked; 1 if none are asked or the class is above."""
    need, offer = pair.need, pair.offer
    rank = CREDIT_RANK[credit_class(need, pair.assumptions)]
    if offer.required_credit is not None and rank > CREDIT_RANK[offer.required_credit]:
        return certain(1.0)
    if offer.required_security_months is None:
        return UNKNOWN
    if offer.required_security_months <= need.security_months:
        return certain(1.0)
    share = float(need.security_months / offer.required_security_months)
    return Estimate(share, share, 1.0 if offer.required_credit is None and rank else share)


def term(pair: Pair) -> Estimate:
    """How far the preferred term lies from what both accept."""
    if None in (pair.offer.term_min_months, pair.offer.term_max_months):
        return UNKNOWN
    shortest, longest = overlap(pair.need, pair.offer)
    preferred = pair.need.term_preferred_months or 1
    distance = max(shortest - preferred, preferred - longest, 0)
    return certain(max(0.0, 1 - distance / preferred))


def delivery(pair: Pair) -> Estimate:
    """Whether the preferred delivery type is offered by a phase that counts."""
    preferred, otherwise = pair.need.preferred_delivery_type, float(pair.assumptions.not_preferred)

    def each(phase: Phase) -> Estimate:
        if phase.delivery_types is None:
            return UNKNOWN
        return certain(1.0 if preferred in phase.delivery_types else otherwise)

    return _best(pair, each)


def escalator(pair: Pair) -> Estimate:
    """1 up to 2 % a year, 0 from 6 %."""
    pct, limits = pair.offer.escalator_pct, pair.assumptions
    if pct is None:
        return UNKNOWN
    above = max(Decimal(0), pct - limits.free_escalator_pct) / limits.escalator_span_pct
    return certain(max(0.0, float(1 - above)))


SCORES: dict[str, Callable[[Pair], Estimate]] = {
    "capacity": capacity,
    "firmness": firmness,
    "density": density,
    "evidence": evidence,
    "cooling": cooling,
    "ramp": ramp,
    "first_power": first_power,
    "price": price,
    "security": security,
    "term": term,
    "delivery": delivery,
    "escalator": escalator,
}

# Criteria that measure a wish apply only where the need states it (price: where it has a cap); others always.
WISHES: dict[str, Callable[[Need], bool]] = {
    "firmness": lambda need: need.max_interruptible_hours is not None,
    "density": lambda need: need.preferred_rack_kw is not None,
    "cooling": lambda need: need.preferred_cooling is not None,
    "term": lambda need: need.term_preferred_months is not None,
    "delivery": lambda need: need.preferred_delivery_type is not None,
    "escalator": lambda need: need.max_escalator_pct is not None,
}


# ---- together


def criteria(pair: Pair) -> tuple[Criterion, ...]:
    """Every criterion that applies, with its weight in its dimension."""
    scaled = weights(pair.need, cap_of(pair.need, pair.offer) is not None, pair.assumptions)
    return tuple(
        _criterion(key, dimension, SCORES[key](pair), scaled[key], pair.assumptions)
        for dimension, keys in pair.assumptions.weights[pair.need.unit].items()
        for key in keys
        if key in scaled
    )


def weights(need: Need, has_cap: bool, assumptions: Assumptions) -> dict[str, float]:
    """The weights of the criteria that apply, scaled so that each dimension sums to 1."""
    result: dict[str, float] = {}
    for each in assumptions.weights[need.unit].values():
        applied = {key: weight for key, weight in each.items() if applies(key, need, has_cap)}
        whole = sum(applied.values())
        result.update({key: rounded(float(weight / whole)) for key, weight in applied.items()})
    return result


def applies(key: str, need: Need, has_cap: bool) -> bool:
    """Whether the criterion counts for this need: it measures no wish, or one that is stated."""
    return has_cap if key == "price" else key not in WISHES or WISHES[key](need)


def _criterion(
    key: str, dimension: str, estimate: Estimate, weight: float, assumptions: Assumptions
) -> Criterion:
    score = None if estimate.score is None else rounded(estimate.score)
    return Criterion(
        key=key,
        dimension=dimension,
        score=score,
        low=rounded(estimate.low),
        high=rounded(estimate.high),
        counted=float(assumptions.unknown) if score is None else score,
        weight=weight,
    )


def totals(lines: Iterable[tuple[str, float, float]], weights: Weights, assumptions: Assumptions) -> Totals:
    """Dimensions and total from (dimension, score, weight): 100 × power^w₁ × timeline^w₂ × terms^w₃."""
    sums = {"power": 0.0, "timeline": 0.0, "terms": 0.0}
    for dimension, score, weight in lines:
        sums[dimension] += score * weight
    least = float(assumptions.least_dimension)
    power, timeline, terms = (rounded(min(1.0, max(least, each))) for each in sums.values())
    total = 100 * power ** float(weights.power) * timeline ** float(weights.timeline)
    return Totals(power, timeline, terms, rounded(total * terms ** float(weights.terms)))
