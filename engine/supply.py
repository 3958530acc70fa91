"""Quantities over time: what a need asks for and what an offer can be depended on to deliver.

All quantities are whole kW or GPUs, all confidences whole thousandths, so a dependable
quantity in thousandths is exact.
"""

from __future__ import annotations

import math
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from engine import halls
from engine.assumptions import STANDARD, Assumptions
from engine.types import Need, Offer, Phase, Step, Unit

# A multiple of 28, 29, 30 and 31: monthly means of daily sums stay whole numbers.
DAYS_MULTIPLE = 377_580
CERTAIN = 1_000


class Block(NamedTuple):
    """A phase that counts, as the curves see it. `confidence` is in thousandths."""

    confidence: int
    ready_on: date
    free: int
    ask: int | None
    phase: Phase

    @property
    def month(self) -> int:
        """Months since year 0 of the day it is ready."""
        return month_of(self.ready_on)


class Supply(NamedTuple):
    """Blocks surest first, and the most that may be taken of them together."""

    blocks: tuple[Block, ...]
    limit: int | None


@dataclass(frozen=True, slots=True)
class Supplies:
    """One offer as a need sees it: at worst, as expected, and at best.

    They differ only where the offer leaves blanks: `low` leaves out phases whose hall facts are
    not known and takes an unknown grid stage for withdrawn; `high` takes it for in service.
    """

    low: Supply
    expected: Supply
    high: Supply

    @property
    def certain(self) -> bool:
        """Whether no blank bears on the quantities."""
        return self.low is self.expected


class Month(NamedTuple):
    """Demand in one calendar month: `needed` is in kW-days or GPU-days."""

    month: int
    days: int
    needed: int


# ---- the need


def starts_on(need: Need) -> date:
    """F₁, the day of the first step."""
    return need.steps[0].on


def total(need: Need) -> int:
    """Q = Dₙ, the quantity of the last step."""
    return need.steps[-1].quantity


def slack_days(need: Need) -> int:
    """Days from the first step to the outside date, granted to every step."""
    return max(0, (need.latest_on - starts_on(need)).days)


def least(need: Need, quantity: int) -> int:
    """(1 − τ) × quantity, in whole units rounded up, at least one."""
    return max(1, math.ceil(quantity * (100 - need.tolerance_pct) / 100))


def smallest_order(offer: Offer) -> int:
    """The least the offer is sold in: its smallest block or order, 0 without a limit."""
    return max(offer.min_block or 0, offer.min_order or 0)


def threshold(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> int:
    """θ: the smallest part of a splittable need that is worth having from this offer."""
    floor = max(need.min_block or 0, smallest_order(offer), assumptions.smallest_block[need.unit])
    return min(need.steps[0].quantity, floor)


def least_total(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> int:
    """The least of this offer that makes a match: θ if splittable, else (1 − τ) q."""
    if need.splittable:
        return threshold(need, offer, assumptions)
    return least(need, total(need))


def least_of_step(need: Need, offer: Offer, step: Step, assumptions: Assumptions = STANDARD) -> int:
    """The least that serves one step: θ if splittable, else (1 − τ) Dₖ."""
    return threshold(need, offer, assumptions) if need.splittable else least(need, step.quantity)


def least_first(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> int:
    """The quantity that counts as first power."""
    return least_of_step(need, offer, need.steps[0], assumptions)


def judged_steps(need: Need) -> tuple[Step, ...]:
    """The steps that an offer must meet in time: all, or the first alone if splittable."""
    return need.steps[:1] if need.splittable else need.steps


# ---- the offer


def evidence_tenths(offer: Offer, assumptions: Assumptions = STANDARD) -> int:
    """The weaker of the evidence on power and on date."""
    worth = assumptions.evidence_confidence
    return min(worth[offer.evidence.power], worth[offer.evidence.date])


def confidence(phase: Phase, offer: Offer, grid: int, assumptions: Assumptions = STANDARD) -> int:
    """Thousandths of a phase that can be depended on: min(build, grid) × evidence."""
    return min(assumptions.build_confidence[phase.stage], grid) * evidence_tenths(offer, assumptions)


def supplies(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Supplies:
    """The phases of the offer that count for the need, at worst, as expected and at best."""
    sure, possible = counting_phases(need, offer)
    grid = grid_hundredths(offer, assumptions)
    if grid is not None:
        expected = _supply(possible, offer, grid, assumptions)
        low = expected if len(sure) == len(possible) else _supply(sure, offer, grid, assumptions)
        return Supplies(low, expected, expected)
    return Supplies(
        _supply(sure, offer, 0, assumptions),
        _supply(possible, offer, assumptions.grid_confidence_unknown, assumptions),
        _supply(possible, offer, 100, assumptions),
    )


def counting_phases(need: Need, offer: Offer) -> tuple[list[Phase], list[Phase]]:
    """The free phases that surely count for the need, and those that do not surely fail it."""
    free = [phase for phase in offer.phases if phase.free > 0]
    if need.unit is Unit.GPU:
        return free, free
    verdicts = [(phase, halls.counts(need, phase)) for phase in free]
    possible = [phase for phase, verdict in verdicts if verdict is not False]
    return [phase for phase, verdict in verdicts if verdict], possible


def grid_hundredths(offer: Offer, assumptions: Assumptions = STANDARD) -> int | None:
    """Confidence in the grid, None if unknown. The GPUs of a pool already draw their power."""
    if offer.unit is Unit.GPU:
        return assumptions.grid_confidence["in_service"]
    return None if offer.grid_stage is None else assumptions.grid_confidence[offer.grid_stage]


def _supply(phases: list[Phase], offer: Offer, grid: int, assumptions: Assumptions) -> Supply:
    blocks = [
        Block(
            confidence(phase, offer, grid, assumptions),
            phase.ready_on,
            phase.free,
            offer.ask if phase.ask is None else phase.ask,
            phase,
        )
        for phase in phases
    ]
    blocks.sort(key=lambda block: (-block.confidence, block.ready_on))
    return Supply(tuple(blocks), offer.max_block)


# ---- curves


def nominal(supply: Supply, on: date | None = None) -> int:
    """N(t): free quantity ready by the day (None = ever), at most the largest block."""
    ready = sum(block.free for block in supply.blocks if on is None or block.ready_on <= on)
    return ready if supply.limit is None else min(ready, supply.limit)


def dependable(supply: Supply, on: date, quantity: int) -> int:
    """C(t, x) in thousandths: the surest way to take `quantity` by the day."""
    room = quantity if supply.limit is None else min(quantity, supply.limit)
    taken = 0
    for block in supply.blocks:
        if block.ready_on <= on:
            take = min(room, block.free)
            taken += block.confidence * take
            room -= take
    return taken


def reached_on(supply: Supply, quantity: int) -> date | None:
    """The first day on which N(t) is at least `quantity`; None if never."""
    if supply.limit is not None and supply.limit < quantity:
        return None
    ready = 0
    for block in sorted(supply.blocks, key=lambda block: block.ready_on):
        ready += block.free
        if ready >= quantity:
            return block.ready_on
    return None


def days_late(supply: Supply, need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> int:
    """Days from F₁ until first power, 0 to slack; slack where it never comes."""
    slack = slack_days(need)
    first = reached_on(supply, least_first(need, offer, assumptions))
    if first is None:
        return slack
    return min(slack, max(0, (first - starts_on(need)).days))


def granted_until(need: Need, step: Step) -> date:
    """The last day on which a step is still accepted: its date plus the slack."""
    return step.on + timedelta(days=slack_days(need))


# ---- months


def month_of(day: date) -> int:
    """Months since year 0."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """The first day of a month counted since year 0."""
    return date(month // 12, month % 12 + 1, 1)


def add_months(day: date, months: int) -> date:
    """The same day some months later, at most the last of its month."""
    first = first_day(month_of(day) + months)
    return first.replace(day=min(day.day, monthrange(first.year, first.month)[1]))


def days_from(day: date, month: int, days: int) -> int:
    """How many of the month's days lie on or after the day."""
    started = month_of(day)
    if started == month:
        return days - day.day + 1
    return days if started < month else 0


@lru_cache(maxsize=4096)
def demand(steps: tuple[Step, ...], months_after: int) -> tuple[Month, ...]:
    """D(m) for the months from the first step to `months_after` behind the last, in unit-days.

    In its own month a step counts with the share of days from its date on.
    """
    last = month_of(steps[-1].on) + months_after
    return tuple(_month(steps, month) for month in range(month_of(steps[0].on), last + 1))


def _month(steps: tuple[Step, ...], month: int) -> Month:
    first = first_day(month)
    days = monthrange(first.year, first.month)[1]
    needed, before = 0, 0
    for step in steps:
        needed += (step.quantity - before) * days_from(step.on, month, days)
        before = step.quantity
    return Month(month, days, needed)


def dependable_days(supply: Supply, month: Month) -> int:
    """C(m, D(m)) in thousandths of unit-days: a phase, too, counts from its own day on."""
    room = month.needed if supply.limit is None else min(month.needed, supply.limit * month.days)
    taken = 0
    for block in supply.blocks:
        take = min(room, block.free * days_from(block.ready_on, month.month, month.days))
        taken += block.confidence * take
        room -= take
        if not room:
            break
    return taken


def ramp_share(supply: Supply, need: Need, assumptions: Assumptions = STANDARD) -> float:
    """Σ C(m, D(m)) / Σ D(m), each month by its daily mean: dependable MW-months on time."""
    delivered = needed = 0
    for month in demand(need.steps, assumptions.months_after_last_step):
        share = DAYS_MULTIPLE // month.days
        delivered += dependable_days(supply, month) * share
        needed += month.needed * share
    return delivered / (needed * CERTAIN)


class Curve(NamedTuple):
    """Monthly means for a chart, in whole kW or GPUs. `month` is its first day."""

    month: date
    needed: int
    nominal: int
    dependable: int


def curves(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> tuple[Curve, ...]:
    """What is needed, ready, and dependable for the need, month by month over its horizon."""
    supply = supplies(need, offer, assumptions).expected
    return tuple(
        Curve(
            first_day(month.month),
            round(month.needed / month.days),
            round(_nominal_days(supply, month) / month.days),
            round(dependable_days(supply, month) / (month.days * CERTAIN)),
        )
        for month in demand(need.steps, assumptions.months_after_last_step)
    )


def _nominal_days(supply: Supply, month: Month) -> int:
    ready = sum(block.free * days_from(block.ready_on, month.month, month.days) for block in supply.blocks)
    return ready if supply.limit is None else min(ready, supply.limit * month.days)
