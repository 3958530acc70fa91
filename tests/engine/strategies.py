"""A small market for hypothesis: needs, and offers shaped so that many of them nearly fit.

Hypothesis draws one seed per market and prints the market that fails: thirty fields a post drawn
one by one cost a hundred times as much, and here many markets find more than few that shrink.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from engine import Evidence, Freshness, Need, Offer, Phase, Step, Unit, Weights
from engine.vocabulary import (
    BUILD_STAGES,
    COOLING,
    CREDIT,
    DELIVERY_TYPES,
    FABRICS,
    GRID_STAGES,
    LEASE_BASES,
    PAID_BY,
    REDUNDANCY,
)

TODAY = date(2026, 11, 23)
MODELS = ("h100", "h200", "gb200")
COUNTRIES = ("US", "CA", "NO")
REGIONS = {"US": ("US-TX", "US-NY"), "CA": ("CA-AB",), "NO": ("NO-18",)}
COMPLIANCE = ("soc2", "iso27001", "hipaa")
RACKS_KW = tuple(Decimal(kw) for kw in (10, 17, 40, 80, 100, 130))
NOTHING: frozenset[str] = frozenset()


class Dice:
    """The few kinds of throw that a market is made of."""

    def __init__(self, random):
        self.random = random

    def whole(self, low, high):
        return self.random.randint(low, high)

    def decimal(self, low, high, places=1):
        scale = 10**places
        return Decimal(self.whole(int(low * scale), int(high * scale))) / scale

    def one(self, values):
        return values[self.whole(0, len(values) - 1)]

    def often(self, values, fitting):
        """Nearly always one that fits, sometimes any."""
        return self.one(values if self.whole(1, 8) == 1 else fitting)

    def some(self, values, least=1):
        return frozenset(self.random.sample(values, self.whole(least, len(values))))

    def blank(self, one_in):
        return self.whole(1, one_in) == 1

    def day(self, after, low, high):
        return after + timedelta(days=self.whole(low, high))


def ramp(dice, largest):
    """Steps in date order, totals rising."""
    steps = [Step(dice.day(TODAY, 30, 700), dice.whole(largest // 50, largest))]
    for _ in range(dice.whole(0, 3)):
        last = steps[-1]
        steps.append(Step(dice.day(last.on, 1, 300), last.quantity + dice.whole(0, largest)))
    return tuple(steps)


def weights(dice):
    power = dice.whole(10, 80)
    timeline = dice.whole(10, min(80, 90 - power))
    terms = 100 - power - timeline
    return Weights() if terms > 80 else Weights(*(Decimal(n) / 100 for n in (power, timeline, terms)))


def need_of(dice, unit):
    steps = ramp(dice, 40_000 if unit is Unit.MW else 2_000)
    shortest = dice.whole(12, 180)
    longest = shortest + dice.whole(0, 120)
    need = Need(
        id=dice.whole(1, 10**6),
        unit=unit,
        steps=steps,
        latest_on=steps[0].on if dice.blank(6) else dice.day(steps[0].on, 1, 500),
        tolerance_pct=dice.decimal(0, 30),
        splittable=dice.blank(2),
        min_block=None if dice.blank(2) else dice.whole(1, steps[-1].quantity),
        countries=NOTHING if dice.blank(2) else dice.some(COUNTRIES),
        regions=NOTHING if dice.blank(2) else dice.some(REGIONS["US"]),
        grids=NOTHING if dice.blank(2) else dice.some(("ERCOT", "PJM")),
        excluded_countries=frozenset({"NO"}) if dice.blank(4) else NOTHING,
        compliance_all_of=NOTHING if dice.blank(2) else dice.some(COMPLIANCE),
        term_min_months=shortest,
        term_max_months=longest,
        term_preferred_months=None if dice.blank(3) else dice.whole(shortest, longest),
        credit=dice.one(CREDIT),
        guarantor_credit=None if dice.blank(3) else dice.one(CREDIT),
        guarantee_months=dice.whole(0, 60),
        security_months=dice.decimal(0, 24),
        weights=weights(dice),
    )
    return gpu_wishes(dice, need) if unit is Unit.GPU else hall_wishes(dice, need)


def hall_wishes(dice, need):
    return replace(
        need,
        min_rack_kw=None if dice.blank(2) else dice.one(RACKS_KW[:4]),
        cooling_any_of=NOTHING if dice.blank(2) else dice.some(COOLING),
        min_redundancy=None if dice.blank(2) else dice.one(REDUNDANCY),
        max_interruptible_hours=None if dice.blank(2) else dice.whole(0, 900),
        delivery_types_any_of=NOTHING if dice.blank(2) else dice.some(DELIVERY_TYPES, 2),
        lease_basis_any_of=NOTHING if dice.blank(2) else dice.some(LEASE_BASES, 2),
        max_escalator_pct=None if dice.blank(2) else dice.decimal(1, 8),
        preferred_rack_kw=None if dice.blank(3) else dice.one(RACKS_KW),
        preferred_cooling=None if dice.blank(3) else dice.one(COOLING),
        preferred_delivery_type=None if dice.blank(3) else dice.one(DELIVERY_TYPES),
        price_cap=None if dice.blank(4) else dice.whole(1_000_000, 4_000_000),
    )


def gpu_wishes(dice, need):
    models = sorted(dice.some(MODELS, 0))
    return replace(
        need,
        gpu_caps=tuple((model, None if dice.blank(4) else dice.whole(10_000, 50_000)) for model in models),
        fabric_any_of=NOTHING if dice.blank(2) else dice.some(FABRICS, 2),
        min_fabric_gbps=None if dice.blank(2) else dice.one((400, 800)),
    )


def phase_of(dice, need):
    return Phase(
        ready_on=dice.day(need.steps[0].on, -300, 500),
        free=dice.whole(0, 2 * need.steps[-1].quantity),
        stage=dice.one(BUILD_STAGES),
        cooling=None if dice.blank(4) else dice.some(COOLING, 2),
        max_rack_kw=None if dice.blank(4) else dice.one(RACKS_KW),
        redundancy=None if dice.blank(4) else dice.one(REDUNDANCY),
        delivery_types=None if dice.blank(4) else dice.some(DELIVERY_TYPES, 2),
        ask=None if dice.blank(2) else dice.whole(300_000, 2_500_000),
    )


def site_of(dice, need):
    """A site for a need in MW."""
    country = dice.often(COUNTRIES, sorted(need.countries) or ["US"])
    shortest = dice.whole(1, need.term_max_months)
    ask = None if dice.blank(5) else dice.whole(300_000, 2_500_000)
    return Offer(
        id=dice.whole(1, 10**6),
        unit=Unit.MW,
        country=country,
        region=None if dice.blank(3) else dice.one(REGIONS[country]),
        grid=None if dice.blank(3) else dice.one(("ERCOT", "PJM")),
        phases=tuple(phase_of(dice, need) for _ in range(dice.whole(1, 4))),
        grid_stage=None if dice.blank(6) else dice.one(GRID_STAGES),
        evidence=evidence(dice),
        min_block=None if dice.blank(2) else dice.whole(1, need.steps[-1].quantity),
        max_block=None if dice.blank(2) else dice.whole(1_000, 3 * need.steps[-1].quantity + 1_000),
        interruptible_hours=None if dice.blank(3) else dice.whole(0, 500),
        compliance=None if dice.blank(3) else dice.some(COMPLIANCE, 2),
        lease_basis=None if dice.blank(5) else dice.one(LEASE_BASES),
        ask=ask,
        ask_floor=None if ask is None or dice.blank(2) else dice.whole(ask // 2, ask),
        priced_on_gross=dice.blank(2),
        gross_per_critical=None if dice.blank(3) else dice.decimal(1.1, 1.6, 2),
        power_price_usd_mwh=None if dice.blank(5) else dice.decimal(20, 90),
        pue_design=None if dice.blank(3) else dice.decimal(1.05, 1.6, 2),
        conversion_paid_by=None if dice.blank(4) else dice.one(PAID_BY),
        conversion_capex_usd_mw=None if dice.blank(3) else dice.whole(500_000, 9_000_000),
        escalator_pct=None if dice.blank(3) else dice.decimal(0, 7),
        term_min_months=None if dice.blank(5) else shortest,
        term_max_months=None if dice.blank(5) else dice.whole(max(shortest, need.term_min_months), 400),
        required_credit=None if dice.blank(3) else dice.often(CREDIT, [need.credit]),
        required_security_months=None if dice.blank(3) else dice.decimal(0, 24),
        security_months_instead=None if dice.blank(3) else dice.decimal(0, 36),
    )


def pool_of(dice, need):
    """A pool for a need in GPUs."""
    largest = need.steps[-1].quantity
    ready = dice.day(need.steps[0].on, -300, 400)
    return Offer(
        id=dice.whole(1, 10**6),
        unit=Unit.GPU,
        country=dice.often(COUNTRIES, sorted(need.countries) or ["US"]),
        phases=(Phase(ready, dice.whole(0, 3 * largest), "ready_for_service"),),
        evidence=evidence(dice),
        compliance=None if dice.blank(3) else dice.some(COMPLIANCE, 2),
        ask=None if dice.blank(5) else dice.whole(8_000, 50_000),
        term_min_months=None if dice.blank(5) else dice.whole(1, need.term_max_months),
        term_max_months=None if dice.blank(5) else dice.whole(need.term_min_months, 400),
        required_security_months=None if dice.blank(3) else dice.decimal(0, 24),
        gpu_model=dice.often(MODELS, [model for model, _ in need.gpu_caps] or ["h100"]),
        largest_cluster=None if dice.blank(4) else dice.whole(1, 2 * largest),
        min_order=None if dice.blank(2) else dice.whole(1, largest),
        available_until=None if dice.blank(2) else dice.day(ready, 400, 9_000),
        fabric=None if dice.blank(3) else dice.one(FABRICS),
        fabric_gbps=None if dice.blank(3) else dice.one((200, 400, 800)),
    )


def evidence(dice):
    return Evidence(*(dice.one(tuple(Freshness)) for _ in range(4)))


def offer_for(dice, need):
    return pool_of(dice, need) if need.unit is Unit.GPU else site_of(dice, need)


def pair_of(dice):
    """One need and one offer of its unit; power three times in four."""
    need = need_of(dice, Unit.GPU if dice.blank(4) else Unit.MW)
    return need, offer_for(dice, need)


def market_of(dice):
    """One need and several offers, one of them made for another need, with ids of their own."""
    need, first = pair_of(dice)
    offers = [first, *(offer_for(dice, need) for _ in range(dice.whole(0, 4))), pair_of(dice)[1]]
    return need, [replace(offer, id=number) for number, offer in enumerate(offers, 1)]


dice = st.randoms(use_true_random=True).map(Dice)
pairs = dice.map(pair_of)
markets = dice.map(market_of)
