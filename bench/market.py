"""A market of any size, invented from one seed with the shares of the real one.

    list(offers(1_000, seed=1)), list(needs(1_000, seed=1))

Shares are those of the reference listings and example requests in marketplace/demo/data (92 sites, 14 pools,
27 requests): places, situations, sizes, terms, credit. Half of the sites leave blank what public sources
leave blank; the owners of the others have filled in half of that. A longer market begins with the shorter.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count, islice
from pathlib import Path
from typing import Any

from bench import shares
from bench.dice import Dice, months_from
from engine import GpuFacts, Need, Offer, Phase, Step, Unit, Weights, hosting_need

TODAY = date(2026, 11, 23)
NOTHING: frozenset[str] = frozenset()
MONEY = 10_000
GPU_MODELS = Path(__file__).parent.parent / "listings/data/gpu_models.csv"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its need, and whether its GPUs may also stand in a miner's hall."""

    need: Need
    accepts_hosting: bool = False

    @property
    def needs(self) -> list[Need]:
        facts = [GPU_FACTS[model] for model, _ in self.need.gpu_caps]
        return [self.need, hosting_need(self.need, facts)] if self.accepts_hosting else [self.need]


def offers(n: int, seed: int, today: date = TODAY) -> Iterator[Offer]:
    """Sites and, one in eight, GPU pools; ids from 1 on."""
    dice = Dice(f"offers {seed}")
    for number in range(1, n + 1):
        make = pool if dice.chance(shares.POOL_AMONG_OFFERS) else site
        yield make(dice, number, today)


def sites(n: int, seed: int, today: date = TODAY) -> Iterator[Offer]:
    dice = Dice(f"sites {seed}")
    return (site(dice, number, today) for number in range(1, n + 1))


def pools(n: int, seed: int, today: date = TODAY) -> Iterator[Offer]:
    dice = Dice(f"pools {seed}")
    return (pool(dice, number, today) for number in range(1, n + 1))


def requests(n: int, seed: int, today: date = TODAY) -> Iterator[Asked]:
    """Requests for power and, one in four, for GPUs; ids from 1 on."""
    dice = Dice(f"requests {seed}")
    return (_asked(dice, number, today) for number in range(1, n + 1))


def needs(n: int, seed: int, today: date = TODAY) -> Iterator[Need]:
    """The needs of as many requests as it takes. A request that accepts hosting has two, with one id."""
    dice = Dice(f"requests {seed}")
    each = (need for number in count(1) for need in _asked(dice, number, today).needs)
    return islice(each, n)


def _asked(dice: Dice, number: int, today: date) -> Asked:
    if not dice.chance(shares.GPU_AMONG_REQUESTS):
        return Asked(power_need(dice, number, today))
    return Asked(gpu_need(dice, number, today), accepts_hosting=dice.chance(2 / 7))


# ---- supply


def site(dice: Dice, number: int, today: date) -> Offer:
    situation = shares.SITUATIONS.drawn(dice)
    country, region, grid = shares.PLACES.drawn(dice)
    known = _Known(dice, from_public_sources=dice.chance(0.5))
    phases = _phases(dice, situation, known, today)
    free = sum(phase.free for phase in phases)
    credit, security, instead = shares.CREDIT_OF_LARGE if free >= 200_000 else shares.CREDIT_OF_OTHERS
    ask = _ask(dice, situation, country, grid, known)
    return Offer(
        id=number,
        unit=Unit.MW,
        country=country,
        region=region,
        grid=grid,
        phases=phases,
        grid_stage=None if dice.chance(0.02) else situation.grid_stages.drawn(dice),
        evidence=shares.EVIDENCE.drawn(dice),
        min_block=_smallest_block(dice, free),
        max_block=_largest_block(dice, free),
        interruptible_hours=shares.INTERRUPTIBLE_HOURS.drawn(dice) if known(0.15) else None,
        compliance=shares.COMPLIANCE_OFFERED.drawn(dice) if known(0.05) else None,
        lease_basis=situation.lease_basis if known(0.99) else None,
        ask=ask,
        ask_floor=int(ask * dice.whole(88, 98) / 100) if ask and dice.chance(0.15) else None,
        priced_on_gross=situation.is_shell and dice.chance(0.1),
        gross_per_critical=Decimal(dice.whole(135, 145)) / 100 if known(0.1) else None,
        power_price_usd_mwh=_power_price(dice, grid) if known(0.91) else None,
        pue_design=Decimal(dice.whole(107, 134)) / 100 if known(0.05) else None,
        conversion_paid_by=situation.paid_by.drawn(dice) if known(situation.paid_by_known) else None,
        conversion_capex_usd_mw=dice.whole(20, 110) * 100_000 if known(0.05) else None,
        escalator_pct=shares.ESCALATOR_PCT.drawn(dice) if known(0.98) else None,
        **_site_terms(dice, situation, free, known),
        required_credit=credit if known(0.98) else None,
        required_security_months=security if known(0.98) else None,
        security_months_instead=instead if known(0.95) else None,
    )


class _Known:
    """Whether a field is filled in, given the share of reference listings that have it."""

    def __init__(self, dice: Dice, *, from_public_sources: bool) -> None:
        self._dice, self._public = dice, from_public_sources

    def __call__(self, share: float) -> bool:
        return self._dice.chance(share if self._public else (1 + share) / 2)


def _phases(dice: Dice, situation: shares.Situation, known: _Known, today: date) -> tuple[Phase, ...]:
    """The first phase as its situation has it; later ones are larger, later and less far."""
    hall = _hall(dice, situation, known)
    months = dice.whole(*situation.months)
    phases = [Phase(_day(dice, today, months), _site_kw(dice), situation.stage, **hall)]
    for _ in range(shares.PHASES.drawn(dice) - 1):
        months += dice.whole(3, 18)
        stage = shares.LATER_STAGES.drawn(dice)
        own_ask = _money(dice.near(shares.ASK, 0.15)) if dice.chance(0.1) else None
        phases.append(Phase(_day(dice, today, months), _site_kw(dice), stage, **hall, ask=own_ask))
    return tuple(phases)


def _day(dice: Dice, today: date, months: int) -> date:
    return months_from(today, months, of_month=dice.whole(1, 28))


def _hall(dice: Dice, situation: shares.Situation, known: _Known) -> dict[str, Any]:
    cooling, rack_kw = shares.COOLED.drawn(dice) if known(situation.cooling_known) else (None, None)
    return {
        "cooling": cooling,
        "max_rack_kw": rack_kw,
        "redundancy": shares.REDUNDANCY.drawn(dice) if known(situation.redundancy_known) else None,
        "delivery_types": situation.delivery.drawn(dice) if known(0.97) else None,
    }


def _site_kw(dice: Dice) -> int:
    return int(dice.heavy(80, 1.3, 1, 1_500) * 10) * 100


def _smallest_block(dice: Dice, free: int) -> int | None:
    """Nobody opens a campus for a corner of it."""
    stated = next(block for least, block in shares.SMALLEST_BLOCKS if free >= least)
    return None if stated == 0 or dice.chance(0.05) else stated


def _largest_block(dice: Dice, free: int) -> int | None:
    return max(1_000, free * dice.whole(3, 9) // 1_000 * 100) if free >= 20_000 and dice.chance(0.1) else None


def _ask(
    dice: Dice, situation: shares.Situation, country: str, grid: str | None, known: _Known
) -> int | None:
    """First year's rent around the comparables, where leases have been priced."""
    if situation.no_ask or (country not in shares.PRICED_COUNTRIES and not known(0)) or not known(0.95):
        return None
    return _money(dice.near(shares.ASK_BY_GRID.get(grid or "", shares.ASK), 0.12))


def _money(usd: float) -> int:
    """In quarters of a dollar."""
    return int(usd * 4) * MONEY // 4


def _power_price(dice: Dice, grid: str | None) -> Decimal:
    return Decimal(round(dice.near(shares.POWER_PRICE_BY_GRID.get(grid or "", 50), 0.1) * 2)) / 2


def _site_terms(dice: Dice, situation: shares.Situation, free: int, known: _Known) -> dict[str, Any]:
    shortest = 24 if situation.is_hall else 60 if free <= 20_000 else shares.SHORTEST_TERM.drawn(dice)
    longest = 120 if situation.is_hall else shares.LONGEST_TERM.drawn(dice)
    stated = known(0.98)
    return {"term_min_months": shortest if stated else None, "term_max_months": longest if stated else None}


def pool(dice: Dice, number: int, today: date) -> Offer:
    model, price = shares.POOL_MODELS.drawn(dice)
    country, region, grid = shares.PLACES.drawn(dice)
    gpus = 64 * max(1, int(dice.heavy(1_024, 1.0, 64, 65_536)) // 64)
    months = dice.whole(0, 10)
    fabric, gbps = shares.FABRICS.drawn(dice)
    shortest = shares.SHORTEST_COMMITMENT.drawn(dice)
    return Offer(
        id=number,
        unit=Unit.GPU,
        country=country,
        region=region,
        grid=grid,
        phases=(Phase(months_from(today, months), gpus, "ready_for_service"),),
        grid_stage="in_service",
        evidence=shares.POOL_EVIDENCE.drawn(dice),
        ask=None if dice.chance(1 / 14) else _money(dice.near(price, 0.1)),
        term_min_months=shortest,
        term_max_months=max(shortest, shares.LONGEST_COMMITMENT.drawn(dice)),
        required_security_months=shares.POOL_SECURITY.drawn(dice),
        gpu_model=model,
        largest_cluster=None if dice.chance(0.1) else gpus // dice.one((1, 1, 1, 2)),
        min_order=shares.SMALLEST_ORDER.drawn(dice),
        available_until=months_from(today, months + dice.whole(12, 36)) if dice.chance(1 / 7) else None,
        fabric=fabric,
        fabric_gbps=gbps,
    )


# ---- demand


def power_need(dice: Dice, number: int, today: date) -> Need:
    workload = shares.HALL_WISHES.drawn(dice)
    steps = _ramp(dice, int(dice.heavy(80, 1.1, 2, 1_000) * 2) * 500, today, first=(2, 28))
    splittable = dice.chance(0.2)
    return Need(
        id=number,
        unit=Unit.MW,
        steps=steps,
        min_block=max(1_000, steps[0].quantity // 2_000 * 1_000) if splittable else None,
        splittable=splittable,
        **_place(dice, anywhere=0.02),
        **workload,
        max_interruptible_hours=shares.MOST_INTERRUPTED.drawn(dice),
        compliance_all_of=shares.COMPLIANCE_ASKED.drawn(dice),
        delivery_types_any_of=shares.DELIVERY_ASKED.drawn(dice),
        preferred_delivery_type=shares.DELIVERY_PREFERRED.drawn(dice),
        lease_basis_any_of=shares.BASIS_ASKED.drawn(dice),
        max_escalator_pct=shares.MOST_ESCALATOR_PCT.drawn(dice),
        price_cap=_money(dice.near(shares.CAP, 0.15)) if dice.chance(0.95) else None,
        **_offered(dice),
        **_need_terms(dice, shares.POWER_TERMS.drawn(dice)),
        latest_on=_latest(dice, steps),
        weights=shares.WEIGHTS.drawn(dice),
    )


def gpu_need(dice: Dice, number: int, today: date) -> Need:
    models = shares.WISHED_MODELS.drawn(dice)
    steps = _ramp(dice, 64 * max(1, int(dice.heavy(1_000, 1.0, 64, 32_768)) // 64), today, first=(2, 9))
    splittable = dice.chance(1 / 7)
    fabrics, gbps = shares.FABRICS_ASKED.drawn(dice)
    return Need(
        id=number,
        unit=Unit.GPU,
        steps=steps,
        splittable=splittable,
        **_place(dice, anywhere=4 / 7),
        gpu_caps=tuple((model, _money(dice.near(cap, 0.1))) for model, cap in models),
        fabric_any_of=fabrics,
        min_fabric_gbps=gbps,
        **_offered(dice),
        **_need_terms(dice, shares.GPU_TERMS.drawn(dice)),
        latest_on=_latest(dice, steps),
        weights=Weights(),
    )


def _ramp(dice: Dice, total: int, today: date, first: tuple[int, int]) -> tuple[Step, ...]:
    """Steps some months apart, in equal parts of the total, rounded up to whole MW or nodes."""
    parts = shares.STEPS.drawn(dice)
    grain = 500 if total >= 4_000 else 8
    months, steps = dice.whole(*first), list[Step]()
    for part in range(1, parts + 1):
        quantity = total if part == parts else max(grain, total * part // parts // grain * grain)
        if not steps or quantity > steps[-1].quantity:
            steps.append(Step(months_from(today, months), quantity))
        months += dice.whole(2, 6)
    return tuple(steps)


def _latest(dice: Dice, steps: tuple[Step, ...]) -> date:
    """The outside date of the first step."""
    return months_from(steps[0].on, dice.whole(1, 12))


def _place(dice: Dice, anywhere: float) -> dict[str, Any]:
    """Countries, grids or regions, named as often as real sites lie there."""
    if dice.chance(anywhere):
        return {}
    kind = shares.PLACE_NAMED.drawn(dice)
    part = ("countries", "regions", "grids").index(kind)
    drawn = [shares.PLACES.drawn(dice)[part] for _ in range(shares.PLACES_NAMED[kind].drawn(dice))]
    named = frozenset(place for place in drawn if place)
    excluded = frozenset({"CA"}) - named if kind == "grids" and dice.chance(0.1) else NOTHING
    return {kind: named, "excluded_countries": excluded}


def _offered(dice: Dice) -> dict[str, Any]:
    credit, guarantor, months = shares.TENANTS.drawn(dice)
    return {
        "credit": credit,
        "guarantor_credit": guarantor,
        "guarantee_months": months,
        "security_months": shares.SECURITY_OFFERED[credit].drawn(dice),
    }


def _need_terms(dice: Dice, terms: tuple[int, int, int]) -> dict[str, Any]:
    shortest, longest, preferred = terms
    return {
        "term_min_months": shortest,
        "term_max_months": longest,
        "term_preferred_months": None if dice.chance(0.1) else preferred,
    }


def _gpu_facts() -> dict[str, GpuFacts]:
    with GPU_MODELS.open(encoding="utf-8", newline="") as file:
        return {
            row["model"]: GpuFacts(
                Decimal(row["it_w_per_gpu_server_share"]),
                Decimal(row["typical_rack_kw_low"]),
                row["liquid_cooling_required"] == "yes",
            )
            for row in csv.DictReader(file)
            if row["it_w_per_gpu_server_share"]
        }


GPU_FACTS = _gpu_facts()
