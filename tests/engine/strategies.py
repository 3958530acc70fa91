"""A small market for hypothesis: needs, and offers shaped so that many of them nearly fit."""

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
RACKS_KW = [Decimal(kw) for kw in (10, 17, 40, 80, 100, 130)]


def maybe(values, empty=None, one_in=3):
    """A value, or (one time in some) the blank."""
    return st.integers(1, one_in).flatmap(lambda roll: st.just(empty) if roll == 1 else values)


def some_of(values, least=1):
    return st.frozensets(st.sampled_from(values), min_size=least)


def mostly(values, often):
    """Nearly always one of the values that fit, sometimes any."""
    return st.integers(1, 8).flatmap(lambda roll: st.sampled_from(values if roll == 1 else often))


def decimals(low, high, places=1):
    scale = 10**places
    return st.integers(int(low * scale), int(high * scale)).map(lambda n: Decimal(n) / scale)


freshness = st.sampled_from(Freshness)
evidences = st.builds(Evidence, freshness, freshness, freshness, freshness)
weights = st.tuples(st.integers(10, 80), st.integers(10, 80)).filter(lambda w: 20 <= sum(w) <= 90)
weights = weights.map(lambda w: Weights(*(Decimal(n) / 100 for n in (*w, 100 - sum(w)))))


@st.composite
def ramps(draw, largest):
    """Steps in date order, totals rising."""
    first = TODAY + timedelta(days=draw(st.integers(30, 700)))
    gaps = draw(st.lists(st.integers(1, 300), max_size=3))
    parts = draw(
        st.lists(st.integers(largest // 50, largest), min_size=len(gaps) + 1, max_size=len(gaps) + 1)
    )
    days = [first]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    return tuple(Step(day, sum(parts[: n + 1])) for n, day in enumerate(days))


@st.composite
def needs(draw, unit=Unit.MW):
    steps = draw(ramps(40_000 if unit is Unit.MW else 2_000))
    shortest = draw(st.integers(12, 180))
    longest = shortest + draw(st.integers(0, 120))
    need = Need(
        id=draw(st.integers(1, 10**6)),
        unit=unit,
        steps=steps,
        latest_on=steps[0].on + timedelta(days=draw(maybe(st.integers(1, 500), empty=0, one_in=6))),
        tolerance_pct=draw(decimals(0, 30)),
        splittable=draw(st.booleans()),
        min_block=draw(maybe(st.integers(1, steps[-1].quantity), one_in=2)),
        countries=draw(maybe(some_of(COUNTRIES), empty=frozenset(), one_in=2)),
        regions=draw(maybe(some_of(REGIONS["US"]), empty=frozenset(), one_in=2)),
        grids=draw(maybe(some_of(("ERCOT", "PJM")), empty=frozenset(), one_in=2)),
        excluded_countries=draw(maybe(some_of(("NO",)), empty=frozenset(), one_in=2)),
        compliance_all_of=draw(maybe(some_of(COMPLIANCE), empty=frozenset(), one_in=2)),
        term_min_months=shortest,
        term_max_months=longest,
        term_preferred_months=draw(maybe(st.integers(shortest, longest))),
        credit=draw(st.sampled_from(CREDIT)),
        guarantor_credit=draw(maybe(st.sampled_from(CREDIT))),
        guarantee_months=draw(st.integers(0, 60)),
        security_months=draw(decimals(0, 24)),
        weights=draw(maybe(weights, empty=Weights())),
    )
    return draw(_gpu_wishes(need) if unit is Unit.GPU else _hall_wishes(need))


@st.composite
def _hall_wishes(draw, need):
    return replace(
        need,
        min_rack_kw=draw(maybe(st.sampled_from(RACKS_KW[:4]), one_in=2)),
        cooling_any_of=draw(maybe(some_of(COOLING), empty=frozenset(), one_in=2)),
        min_redundancy=draw(maybe(st.sampled_from(REDUNDANCY), one_in=2)),
        max_interruptible_hours=draw(maybe(st.integers(0, 900), one_in=2)),
        delivery_types_any_of=draw(maybe(some_of(DELIVERY_TYPES, 2), empty=frozenset(), one_in=2)),
        lease_basis_any_of=draw(maybe(some_of(LEASE_BASES, 2), empty=frozenset(), one_in=2)),
        max_escalator_pct=draw(maybe(decimals(1, 8), one_in=2)),
        preferred_rack_kw=draw(maybe(st.sampled_from(RACKS_KW))),
        preferred_cooling=draw(maybe(st.sampled_from(COOLING))),
        preferred_delivery_type=draw(maybe(st.sampled_from(DELIVERY_TYPES))),
        price_cap=draw(maybe(st.integers(1_000_000, 4_000_000))),
    )


@st.composite
def _gpu_wishes(draw, need):
    models = draw(st.lists(st.sampled_from(MODELS), unique=True))
    return replace(
        need,
        gpu_caps=tuple((model, draw(maybe(st.integers(10_000, 50_000)))) for model in models),
        fabric_any_of=draw(maybe(some_of(FABRICS, 2), empty=frozenset(), one_in=2)),
        min_fabric_gbps=draw(maybe(st.sampled_from((400, 800)), one_in=2)),
    )


@st.composite
def phases(draw, need):
    largest = need.steps[-1].quantity
    return Phase(
        ready_on=need.steps[0].on + timedelta(days=draw(st.integers(-300, 500))),
        free=draw(st.integers(0, 2 * largest)),
        stage=draw(st.sampled_from(BUILD_STAGES)),
        cooling=draw(maybe(some_of(COOLING, 2), one_in=4)),
        max_rack_kw=draw(maybe(st.sampled_from(RACKS_KW), one_in=4)),
        redundancy=draw(maybe(st.sampled_from(REDUNDANCY), one_in=4)),
        delivery_types=draw(maybe(some_of(DELIVERY_TYPES, 2), one_in=4)),
        ask=draw(maybe(st.integers(300_000, 2_500_000), one_in=2)),
    )


@st.composite
def sites(draw, need):
    """A site for a need in MW."""
    country = draw(mostly(COUNTRIES, sorted(need.countries) or ["US"]))
    shortest = draw(st.integers(1, need.term_max_months))
    return Offer(
        id=draw(st.integers(1, 10**6)),
        unit=Unit.MW,
        country=country,
        region=draw(maybe(st.sampled_from(REGIONS[country]))),
        grid=draw(maybe(st.sampled_from(("ERCOT", "PJM")))),
        phases=tuple(draw(st.lists(phases(need), min_size=1, max_size=4))),
        grid_stage=draw(maybe(st.sampled_from(GRID_STAGES), one_in=6)),
        evidence=draw(evidences),
        min_block=draw(maybe(st.integers(1, need.steps[-1].quantity), one_in=2)),
        max_block=draw(maybe(st.integers(1_000, 3 * need.steps[-1].quantity + 1_000), one_in=2)),
        interruptible_hours=draw(maybe(st.integers(0, 500))),
        compliance=draw(maybe(some_of(COMPLIANCE, 2))),
        lease_basis=draw(maybe(st.sampled_from(LEASE_BASES), one_in=5)),
        ask=(ask := draw(maybe(st.integers(300_000, 2_500_000), one_in=5))),
        ask_floor=None if ask is None else draw(maybe(st.integers(ask // 2, ask))),
        priced_on_gross=draw(st.booleans()),
        gross_per_critical=draw(maybe(decimals(1.1, 1.6, 2))),
        power_price_usd_mwh=draw(maybe(decimals(20, 90), one_in=5)),
        pue_design=draw(maybe(decimals(1.05, 1.6, 2))),
        conversion_paid_by=draw(maybe(st.sampled_from(PAID_BY))),
        conversion_capex_usd_mw=draw(maybe(st.integers(500_000, 9_000_000))),
        escalator_pct=draw(maybe(decimals(0, 7))),
        term_min_months=draw(maybe(st.just(shortest), one_in=5)),
        term_max_months=draw(maybe(st.integers(max(shortest, need.term_min_months), 400), one_in=5)),
        required_credit=draw(maybe(mostly(CREDIT, [need.credit]))),
        required_security_months=draw(maybe(decimals(0, 24))),
        security_months_instead=draw(maybe(decimals(0, 36))),
    )


@st.composite
def pools(draw, need):
    """A pool for a need in GPUs."""
    largest = need.steps[-1].quantity
    ready = need.steps[0].on + timedelta(days=draw(st.integers(-300, 400)))
    free = draw(st.integers(0, 2 * largest))
    return Offer(
        id=draw(st.integers(1, 10**6)),
        unit=Unit.GPU,
        country=draw(mostly(COUNTRIES, sorted(need.countries) or ["US"])),
        phases=(Phase(ready, free, "ready_for_service"),),
        evidence=draw(evidences),
        compliance=draw(maybe(some_of(COMPLIANCE, 2))),
        ask=draw(maybe(st.integers(8_000, 50_000), one_in=5)),
        term_min_months=draw(maybe(st.integers(1, need.term_max_months), one_in=5)),
        term_max_months=draw(maybe(st.integers(need.term_min_months, 400), one_in=5)),
        required_security_months=draw(maybe(decimals(0, 24))),
        gpu_model=draw(mostly(MODELS, [model for model, _ in need.gpu_caps] or ["h100"])),
        largest_cluster=draw(maybe(st.integers(1, 2 * largest), one_in=4)),
        min_order=draw(maybe(st.integers(1, largest), one_in=2)),
        available_until=draw(
            maybe(st.integers(400, 9_000).map(lambda days: ready + timedelta(days)), one_in=2)
        ),
        fabric=draw(maybe(st.sampled_from(FABRICS))),
        fabric_gbps=draw(maybe(st.sampled_from((200, 400, 800)))),
    )


def offers_for(need):
    return pools(need) if need.unit is Unit.GPU else sites(need)


@st.composite
def pairs(draw):
    """One need and one offer of its unit; power three times in four."""
    need = draw(needs(draw(st.sampled_from((Unit.MW, Unit.MW, Unit.MW, Unit.GPU)))))
    return need, draw(offers_for(need))


@st.composite
def markets(draw):
    """One need and several offers, of either unit, with ids of their own."""
    need, _ = draw(pairs())
    found = draw(st.lists(offers_for(need), min_size=1, max_size=5))
    other = draw(pairs().map(lambda pair: pair[1]))
    return need, [replace(offer, id=number) for number, offer in enumerate([*found, other], 1)]
