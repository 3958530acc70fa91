"""The posts of the worked examples in docs/matching.md."""

from datetime import date
from decimal import Decimal

from engine import Evidence, Freshness, Need, Offer, Phase, Step, Unit

# Example 1: 40 MW from January, 60 MW from May 2027, against a site that is ready in March.
NEED = Need(
    id=1,
    unit=Unit.MW,
    steps=(Step(date(2027, 1, 16), 40_000), Step(date(2027, 5, 1), 60_000)),
    latest_on=date(2027, 6, 30),
    tolerance_pct=Decimal(5),
    countries=frozenset({"US"}),
    min_rack_kw=Decimal(80),
    cooling_any_of=frozenset({"direct_to_chip"}),
    max_interruptible_hours=100,
    delivery_types_any_of=frozenset({"turnkey"}),
    term_min_months=120,
    term_max_months=180,
    term_preferred_months=180,
    preferred_rack_kw=Decimal(120),
    credit="speculative_grade",
    security_months=Decimal(6),
    price_cap=2_000_000,
)
SITE = Offer(
    id=7,
    unit=Unit.MW,
    country="US",
    grid_stage="agreement_executed",
    evidence=Evidence(Freshness.FRESH, Freshness.FRESH, Freshness.STALE, Freshness.NONE),
    phases=(
        Phase(
            ready_on=date(2027, 3, 1),
            free=60_000,
            stage="construction",
            cooling=frozenset({"direct_to_chip"}),
            max_rack_kw=Decimal(100),
            delivery_types=frozenset({"turnkey"}),
        ),
    ),
    interruptible_hours=40,
    lease_basis="nnn",
    ask=1_300_000,
    power_price_usd_mwh=Decimal(48),
    pue_design=Decimal("1.25"),
    conversion_paid_by="landlord",
    term_min_months=120,
    term_max_months=240,
    required_credit="speculative_grade",
    required_security_months=Decimal(8),
)

# Example 2: 1,000 H100 for two years, against a pool that leaves fabric and security blank.
GPU_NEED = Need(
    id=2,
    unit=Unit.GPU,
    steps=(Step(date(2027, 2, 1), 1_000),),
    latest_on=date(2027, 3, 3),
    term_min_months=12,
    term_max_months=36,
    term_preferred_months=24,
    security_months=Decimal(1),
    gpu_caps=(("h100", 25_000), ("h200", None)),
    fabric_any_of=frozenset({"infiniband"}),
)
POOL = Offer(
    id=9,
    unit=Unit.GPU,
    country="NO",
    phases=(Phase(ready_on=date(2027, 2, 13), free=1_200, stage="ready_for_service"),),
    evidence=Evidence(power=Freshness.FRESH, date=Freshness.FRESH),
    ask=24_000,
    term_min_months=6,
    term_max_months=18,
    required_security_months=None,
    gpu_model="h100",
    largest_cluster=1_024,
    fabric=None,
)
