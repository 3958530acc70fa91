"""One need against one offer: gates first, and a score for what passes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.assumptions import STANDARD, Assumptions
from engine.gates import Gate, Pair, all_gates, cheap_gates, in_order, late_gates
from engine.landlord import landlord_score, utilization
from engine.price import Comparable
from engine.scores import Criterion, Totals, criteria, totals
from engine.supply import least_first, reached_on
from engine.types import Need, Offer, State
from engine.verdicts import every


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules say of one pair. Scores are 0 to 100, dimensions 0 to 1, all to 1e-6.

    A pair that fails has no scores: all are 0, and only the gates up to the failing one are there.
    """

    need_id: int
    offer_id: int
    assumptions_version: int
    state: State
    gates: tuple[Gate, ...]
    score: float = 0.0
    low: float = 0.0
    high: float = 0.0
    power: float = 0.0
    timeline: float = 0.0
    terms: float = 0.0
    criteria: tuple[Criterion, ...] = ()
    landlord_score: float = 0.0
    comparable: Comparable | None = None
    utilization: float = 0.0
    first_power_on: date | None = None

    @property
    def comparable_price(self) -> int | None:
        """All in, in 1/10,000 US$ per critical kW-month or GPU-hour; None if unknown."""
        return None if self.comparable is None else self.comparable.total


def assess(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Assessment:
    """Gates, cheapest first, until one fails; then the scores."""
    answers: list[Gate] = []
    for gate in cheap_gates(need, offer, assumptions):
        answers.append(gate)
        if gate.passed is False:
            return _failed(need, offer, assumptions, answers)
    pair = Pair(need, offer, assumptions)
    for gate in late_gates(pair):
        answers.append(gate)
        if gate.passed is False:
            return _failed(need, offer, assumptions, answers)
    return scored(pair, in_order(need, answers))


def examine(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Assessment:
    """Every gate, and the scores even of a pair that fails, as if the failing gates were open.

    Pairs of different units have nothing to score.
    """
    pair = Pair(need, offer, assumptions)
    answers = all_gates(pair)
    if answers[0].passed is False:
        return _failed(need, offer, assumptions, list(answers))
    return scored(pair, answers)


def _failed(need: Need, offer: Offer, assumptions: Assumptions, gates: list[Gate]) -> Assessment:
    return Assessment(need.id, offer.id, assumptions.version, State.FAIL, tuple(gates))


def state_of(gates: tuple[Gate, ...]) -> State:
    """Fit if all pass, conditional if some are not known, fail if one fails."""
    verdict = every(gate.passed for gate in gates)
    return State.CONDITIONAL if verdict is None else State.FIT if verdict else State.FAIL


def scored(pair: Pair, gates: tuple[Gate, ...]) -> Assessment:
    """The scores of a pair whose gates are answered."""
    lines = criteria(pair)
    expected = _totals(pair, lines, [line.counted for line in lines])
    low = _totals(pair, lines, [line.low for line in lines])
    high = _totals(pair, lines, [line.high for line in lines])
    return Assessment(
        need_id=pair.need.id,
        offer_id=pair.offer.id,
        assumptions_version=pair.assumptions.version,
        state=state_of(gates),
        gates=gates,
        score=expected.total,
        low=low.total,
        high=high.total,
        power=expected.power,
        timeline=expected.timeline,
        terms=expected.terms,
        criteria=lines,
        landlord_score=landlord_score(pair),
        comparable=pair.price,
        utilization=utilization(pair),
        first_power_on=_first_power_on(pair),
    )


def _totals(pair: Pair, lines: tuple[Criterion, ...], counted: list[float]) -> Totals:
    each = ((line.dimension, score, line.weight) for line, score in zip(lines, counted, strict=True))
    return totals(each, pair.need.weights, pair.assumptions)


def _first_power_on(pair: Pair) -> date | None:
    return reached_on(pair.supplies.expected, least_first(pair.need, pair.offer, pair.assumptions))
