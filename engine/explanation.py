"""Why a pair scores what it scores: every gate and criterion, what binds, what to state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine import scores, supply
from engine.assessment import Assessment, examine
from engine.assumptions import STANDARD, Assumptions
from engine.gates import Facts, Gate, Pair, Value, gate_ratio
from engine.near import RESERVE_GATES, mend, root_failures
from engine.price import cap_of, overlap
from engine.reasons import asked, criterion_sentence, gate_sentence, text
from engine.scores import Criterion, totals
from engine.statements import Statement, statements
from engine.types import Freshness, Need, Offer, Step
from engine.verdicts import Verdict

Coarse = Literal["inside", "edge", "outside"]


@dataclass(frozen=True, slots=True)
class Line:
    """One gate or criterion, with raw values and texts.

    `reserve` marks lines whose values or sentence give away an outside date, a cap or an ask
    floor; `coarse` is what the other side may see of them instead.
    """

    key: str
    kind: Literal["gate", "criterion"]
    dimension: str | None
    passed: Verdict
    score: float | None
    low: float | None
    high: float | None
    weight: float | None
    offered: str
    needed: str
    offered_value: Value
    needed_value: Value
    sentence: str
    reserve: bool
    coarse: Coarse | None


@dataclass(frozen=True, slots=True)
class Binding:
    """What holds the pair back most, and the score without it; None where no change is known."""

    key: str
    sentence: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything the rules can say of one pair."""

    assessment: Assessment
    lines: tuple[Line, ...]
    binding: Binding
    statements: tuple[Statement, ...]

    @property
    def gates(self) -> tuple[Line, ...]:
        """The lines of the gates."""
        return tuple(line for line in self.lines if line.kind == "gate")

    @property
    def criteria(self) -> tuple[Line, ...]:
        """The lines of the criteria."""
        return tuple(line for line in self.lines if line.kind == "criterion")


def explain(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Explanation:
    """Every gate and criterion in words and raw values, what binds, and what the owner should state."""
    found = examine(need, offer, assumptions)
    pair = Pair(need, offer, assumptions)
    lines = (
        *(_gate_line(pair, gate) for gate in found.gates),
        *(_criterion_line(pair, line) for line in found.criteria),
    )
    return Explanation(
        found, lines, _binding(pair, found, lines), statements(found, need, offer, assumptions)
    )


# ---- lines


def _gate_line(pair: Pair, gate: Gate) -> Line:
    return Line(
        key=gate.key,
        kind="gate",
        dimension=None,
        passed=gate.passed,
        score=None,
        low=None,
        high=None,
        weight=None,
        offered=text(pair, gate.key, gate.offered),
        needed=asked(pair, gate.key, gate.needed),
        offered_value=gate.offered,
        needed_value=gate.needed,
        sentence=gate_sentence(pair, gate),
        reserve=gate.key in RESERVE_GATES,
        coarse=_coarse(pair, gate.key, gate_ratio(pair)) if gate.key in RESERVE_GATES else None,
    )


def _criterion_line(pair: Pair, line: Criterion) -> Line:
    offered, needed = CRITERION_FACTS[line.key](pair)
    return Line(
        key=line.key,
        kind="criterion",
        dimension=line.dimension,
        passed=line.passed,
        score=line.score,
        low=line.low,
        high=line.high,
        weight=line.weight,
        offered=text(pair, line.key, offered),
        needed=asked(pair, line.key, needed),
        offered_value=offered,
        needed_value=needed,
        sentence=criterion_sentence(pair, line, offered, needed),
        reserve=line.key in ("price", "first_power", "capacity"),
        coarse=_coarse(pair, line.key, scores.ask_ratio(pair)),
    )


def _coarse(pair: Pair, key: str, ratio: float | None) -> Coarse | None:
    """Price: inside up to the cap, edge up to a tenth above. Time: edge is late within the slack."""
    if key == "price":
        dearest = pair.assumptions.dearest_ratio_pct / 100
        return (
            None if ratio is None else "inside" if ratio <= 1 else "edge" if ratio <= dearest else "outside"
        )
    if key == "first_power":
        return _coarse_time(pair, pair.need.steps[:1])
    return _coarse_time(pair, supply.judged_steps(pair.need)) if key in ("timeline", "capacity") else None


def _coarse_time(pair: Pair, steps: tuple[Step, ...]) -> Coarse:
    """Inside if every step is on time, edge if late within the slack, outside beyond it."""
    need, seen = pair.need, pair.supplies.expected
    least = [supply.least_of_step(need, pair.offer, step, pair.assumptions) for step in steps]
    ready = [supply.reached_on(seen, wanted) for wanted in least]
    if any(
        day is None or day > supply.granted_until(need, step) for day, step in zip(ready, steps, strict=True)
    ):
        return "outside"
    on_time = all(day is not None and day <= step.on for day, step in zip(ready, steps, strict=True))
    return "inside" if on_time else "edge"


# ---- what is compared


def _dependable_by_the_end(pair: Pair) -> Facts:
    last = pair.need.steps[-1]
    until = supply.granted_until(pair.need, last)
    sure = supply.dependable(pair.supplies.expected, until, last.quantity)
    return sure // supply.CERTAIN, last.quantity


def _dependable_in_time(pair: Pair) -> Facts:
    last = pair.need.steps[-1]
    return supply.dependable(pair.supplies.expected, last.on, last.quantity) // supply.CERTAIN, last.quantity


def _phases(pair: Pair, field: str) -> Value:
    values = {getattr(block.phase, field) for block in pair.supplies.expected.blocks} - {None}
    if field == "max_rack_kw":
        return max(values, default=None)
    return frozenset().union(*values) if values else None


def _first_power_facts(pair: Pair) -> Facts:
    wanted = supply.least_first(pair.need, pair.offer, pair.assumptions)
    return supply.reached_on(pair.supplies.expected, wanted), supply.starts_on(pair.need)


CRITERION_FACTS: dict[str, Callable[[Pair], Facts]] = {
    "capacity": _dependable_by_the_end,
    "firmness": lambda pair: (pair.offer.interruptible_hours, pair.need.max_interruptible_hours),
    "density": lambda pair: (_phases(pair, "max_rack_kw"), pair.need.preferred_rack_kw),
    "evidence": lambda pair: (
        tuple(
            f"{claim} {getattr(pair.offer.evidence, claim).value}"
            for claim in ("power", "capacity", "date", "site_control")
        ),
        Freshness.FRESH.value,
    ),
    "cooling": lambda pair: (_phases(pair, "cooling"), pair.need.preferred_cooling),
    "ramp": _dependable_in_time,
    "first_power": _first_power_facts,
    "price": lambda pair: (pair.price.total, cap_of(pair.need, pair.offer)),
    "security": lambda pair: (pair.need.security_months, pair.offer.required_security_months),
    "term": lambda pair: (overlap(pair.need, pair.offer), pair.need.term_preferred_months),
    "delivery": lambda pair: (_phases(pair, "delivery_types"), pair.need.preferred_delivery_type),
    "escalator": lambda pair: (pair.offer.escalator_pct, pair.need.max_escalator_pct),
}


# ---- what binds


def _binding(pair: Pair, found: Assessment, lines: tuple[Line, ...]) -> Binding:
    failed = root_failures(found.gates)
    if failed:
        return _binding_gate(pair, failed, lines)
    best = max(found.criteria, key=lambda line: (_without(found, pair, line.key), line.key))
    score = _without(found, pair, best.key)
    sentence = next(line.sentence for line in lines if line.kind == "criterion" and line.key == best.key)
    return Binding(best.key, sentence, score)


def _binding_gate(pair: Pair, failed: tuple[str, ...], lines: tuple[Line, ...]) -> Binding:
    """The first failing gate; the score it would rise to where one change makes it a match."""
    sentence = next(line.sentence for line in lines if line.key == failed[0])
    way = None if failed == ("unit",) else mend(pair, "offer")
    return Binding(failed[0], sentence, way[1].score if way and len(way[0]) == 1 else None)


def _without(found: Assessment, pair: Pair, key: str) -> float:
    """The total if this one criterion were met in full."""
    each = (
        (line.dimension, 1.0 if line.key == key else line.counted, line.weight) for line in found.criteria
    )
    return totals(each, pair.need.weights, pair.assumptions).total
