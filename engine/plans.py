"""One request served from several offers: the few best ways to divide its ramp among them.

A plan promises each MW (or GPU) of the ramp to one offer, from the day it is needed on and for good, so an
offer's part is a ramp of its own. The plan delivers what each offer dependably delivers of its part, the
C(t, part) of `engine.supply`, day by day until the month of the last step + 12: dependable MW-months on
time. Nothing is counted twice, neither a MW of supply nor one of demand.

How a ramp is divided best among given offers, and which offers are tried, stands in `engine.splits`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import NamedTuple

from engine.assumptions import STANDARD, Assumptions
from engine.scores import rounded
from engine.splits import Level, Source, Split, best_splits
from engine.supply import (
    CERTAIN,
    Supply,
    dependable,
    first_day,
    month_of,
    nominal,
    smallest_order,
    starts_on,
    supplies,
    threshold,
    total,
)
from engine.types import Need, Offer, Step, Unit

PLANS = 5
HOURS_PER_MONTH = 730


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that matches one of the needs: its score and its comparable price, None if unknown.

    The price is in 1/10,000 US$ per critical kW-month or GPU-hour.
    """

    offer: Offer
    score: float
    price: int | None = None


class Stage(NamedTuple):
    """From this day on a part delivers `quantity`; `dependable` of it, in thousandths, is sure."""

    on: date
    quantity: int
    dependable: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one offer is to deliver: its share of every step, and what comes of it when.

    Quantities are in the plan's unit; `own_quantity` is the part in the offer's own, kW or GPUs.
    `delivered` is in thousandths of kW-days or GPU-days.
    """

    candidate: Candidate
    steps: tuple[Step, ...]
    stages: tuple[Stage, ...]
    own_quantity: int
    delivered: int

    @property
    def quantity(self) -> int:
        """The part once the ramp is complete."""
        return self.steps[-1].quantity

    @property
    def monthly_cost(self) -> int | None:
        """Comparable, all in, in 1/10,000 US$ a month once the ramp is complete."""
        price, unit = self.candidate.price, self.candidate.offer.unit
        hours = HOURS_PER_MONTH if unit is Unit.GPU else 1
        return None if price is None else price * hours * self.own_quantity


@dataclass(frozen=True, slots=True)
class Plan:
    """Parts, the largest first; `needed` in kW-days or GPU-days."""

    parts: tuple[Part, ...]
    needed: int
    score: float  # of the offers, weighted by what each delivers in the end

    @property
    def delivered(self) -> int:
        """What can be depended on in time, in thousandths of kW-days or GPU-days."""
        return sum(part.delivered for part in self.parts)

    @property
    def share(self) -> float:
        """What can be depended on, of all that is needed."""
        return rounded(self.delivered / (self.needed * CERTAIN))

    @property
    def price(self) -> int | None:
        """The comparable price weighted by quantity; None if a part's is unknown or MW and GPUs mix."""
        known = [part.candidate.price for part in self.parts if part.candidate.price is not None]
        units = {part.candidate.offer.unit for part in self.parts}
        if len(known) < len(self.parts) or len(units) > 1:
            return None
        sizes = [part.own_quantity for part in self.parts]
        whole = sum(sizes)
        return (2 * sum(map(int.__mul__, known, sizes)) + whole) // (2 * whole)

    @property
    def monthly_cost(self) -> int | None:
        """All parts together, in 1/10,000 US$ a month once the ramp is complete; None if one is unknown."""
        costs = [part.monthly_cost for part in self.parts if part.monthly_cost is not None]
        return sum(costs) if len(costs) == len(self.parts) else None


@dataclass(frozen=True, slots=True)
class Plans:
    """The best plans, best first. No plan at all delivers more than `most`; where the search was
    `complete`, that is the first one."""

    unit: Unit
    plans: tuple[Plan, ...]
    most: int
    complete: bool


def plans(
    needs: Sequence[Need],
    candidates: Iterable[Candidate],
    max_sites: int,
    *,
    limit: int = PLANS,
    assumptions: Assumptions = STANDARD,
) -> Plans:
    """The best plans of up to `max_sites` offers, by what they deliver, then by their weighted score.

    `needs` is one splittable need, or the two of a GPU request that accepts hosting, GPUs first: then a plan
    counts GPUs, and megawatts serve as the GPUs they can host. Each part is at least the smallest block of
    either side. A plan of one offer is that offer's own dependable ramp.
    """
    ramp = _Ramp.of(needs, assumptions)
    found = sorted(candidates, key=lambda one: (-one.score, one.offer.id))
    served = {one.offer.id: _Served(one, ramp.supply(one.offer)) for one in found}
    sources = [source for one in served.values() if (source := ramp.source(one)) is not None]
    result = best_splits(sources, ramp.increments, max_sites, limit)
    made = sorted(
        (ramp.plan(split, served) for split in result.splits),
        key=lambda plan: (-plan.delivered, -plan.score, len(plan.parts)),
    )
    return Plans(needs[0].unit, tuple(made), result.most, result.complete)


class _Served(NamedTuple):
    """A candidate with its supply, counted in the plan's unit."""

    candidate: Candidate
    supply: Supply


@dataclass(frozen=True, slots=True)
class _Ramp:
    """What is needed, in the unit of the first need, until `end`."""

    needs: Sequence[Need]
    end: date
    kw_per_gpu: Fraction
    assumptions: Assumptions

    @classmethod
    def of(cls, needs: Sequence[Need], assumptions: Assumptions) -> _Ramp:
        last = month_of(needs[0].steps[-1].on) + assumptions.months_after_last_step
        rate = Fraction(total(needs[1]), total(needs[0])) if len(needs) > 1 else Fraction(1)
        return cls(needs, first_day(last + 1), rate, assumptions)

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.needs[0].steps

    @property
    def increments(self) -> list[int]:
        """What each step adds."""
        return [later - earlier for earlier, later in pairwise([0, *(s.quantity for s in self.steps)])]

    def need_of(self, offer: Offer) -> Need:
        return next(need for need in self.needs if need.unit is offer.unit)

    def supply(self, offer: Offer) -> Supply:
        seen = supplies(self.need_of(offer), offer, self.assumptions).expected
        return _in_unit(seen, self._rate(offer))

    def source(self, served: _Served) -> Source | None:
        """The offer as a source of levels; None if it cannot deliver the least part."""
        offer, need = served.candidate.offer, self.need_of(served.candidate.offer)
        smallest = max(threshold(need, offer, self.assumptions), need.min_block or 0, smallest_order(offer))
        least = math.ceil(smallest / self._rate(offer))
        most = min(nominal(served.supply), self.steps[-1].quantity)
        if most < least:
            return None
        return Source(offer.id, served.candidate.score, least, tuple(self._levels(served.supply, most)))

    def plan(self, split: Split, served: Mapping[int, _Served]) -> Plan:
        parts = [self._part(served[pk], shares) for pk, shares in split.shares.items()]
        parts.sort(key=lambda part: (-part.quantity, part.candidate.offer.id))
        needed = sum(
            quantity * (self.end - step.on).days
            for quantity, step in zip(self.increments, self.steps, strict=True)
        )
        return Plan(tuple(parts), needed, split.score)

    def _rate(self, offer: Offer) -> Fraction:
        """How much of the offer's unit makes one of the plan's."""
        return Fraction(1) if offer.unit is self.needs[0].unit else self.kw_per_gpu

    def _levels(self, supply: Supply, most: int) -> Iterable[Level]:
        """The offer's capacity kW by kW, surest at the bottom; what one kW of each level is worth to each
        step. In every span of days between two events the ready phases are stacked surest first."""
        spans = self._spans(supply)
        stacks = [_stack(supply, start) for start, _ in spans]
        tops = sorted({min(top, most) for heights, _ in stacks for top in heights} | {most})
        for low, top in pairwise([0, *tops]):
            worth, earned = 0, {}
            for (start, days), (heights, confidences) in zip(reversed(spans), reversed(stacks), strict=True):
                at = bisect_right(heights, low)
                worth += days * confidences[at] if at < len(heights) else 0
                earned[start] = worth
            yield Level(top - low, tuple(earned[step.on] for step in self.steps))

    def _spans(self, supply: Supply) -> list[tuple[date, int]]:
        """(first day, days) between steps and phases, from the first step to the end."""
        start = starts_on(self.needs[0])
        ready = (block.ready_on for block in supply.blocks if start < block.ready_on < self.end)
        days = sorted({*(step.on for step in self.steps), *ready})
        return [(one, (then - one).days) for one, then in zip(days, [*days[1:], self.end], strict=True)]

    def _part(self, served: _Served, shares: Sequence[int]) -> Part:
        """`shares`: what of each step's increment this offer is to deliver."""
        steps, promised = [], 0
        for step, share in zip(self.steps, shares, strict=True):
            promised += share
            if share:
                steps.append(Step(step.on, promised))
        own = math.ceil(promised * self._rate(served.candidate.offer))
        stands = list(self._stands(served.supply, steps))
        delivered = sum(stage.dependable * days for stage, days in stands)
        return Part(served.candidate, tuple(steps), _changes(stands), own, delivered)

    def _stands(self, supply: Supply, steps: Sequence[Step]) -> Iterator[tuple[Stage, int]]:
        """What a part delivers in every span, and the span's days."""
        for day, days in self._spans(supply):
            promised = max((step.quantity for step in steps if step.on <= day), default=0)
            yield Stage(day, min(promised, nominal(supply, day)), dependable(supply, day, promised)), days


def _changes(stands: Iterable[tuple[Stage, int]]) -> tuple[Stage, ...]:
    """The stages that differ from what was before."""
    stages, before = [], (0, 0)
    for stage, _ in stands:
        if stage[1:] != before:
            stages.append(stage)
        before = stage[1:]
    return tuple(stages)


def _in_unit(supply: Supply, rate: Fraction) -> Supply:
    """The supply counted in the plan's unit: whole GPUs that each phase's power can host."""
    blocks = (block._replace(free=int(block.free / rate)) for block in supply.blocks)
    limit = None if supply.limit is None else int(supply.limit / rate)
    return Supply(tuple(blocks), limit)


def _stack(supply: Supply, day: date) -> tuple[list[int], list[int]]:
    """Of the phases ready by the day, surest first: the heights up to which they reach, and confidences."""
    ready = [block for block in supply.blocks if block.ready_on <= day]
    return list(accumulate(block.free for block in ready)), [block.confidence for block in ready]
