"""Every constant of the rules, in one frozen and versioned place. docs/matching.md explains each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from engine.types import Freshness, Unit


@dataclass(frozen=True, slots=True, eq=False)
class Assumptions:
    """The constants that a score depends on. A stored match carries the version."""

    version: int

    # Confidence, in hundredths; evidence in tenths: their product is whole thousandths.
    build_confidence: Mapping[str, int]
    grid_confidence: Mapping[str, int]
    grid_confidence_unknown: int
    evidence_confidence: Mapping[Freshness, int]

    # Quantities and time
    smallest_block: Mapping[Unit, int]  # kW, GPUs: below it no part of a split is worth a contract
    months_after_last_step: int
    network_and_storage: Decimal  # IT load of a GPU cluster over that of its GPU servers

    # Comparable price; money in 1/10,000 US$ per critical kW-month
    mwh_per_kw_month: Decimal
    pue: Decimal
    load_factor: Decimal
    operating_allowance: int
    capital_rate: Decimal
    powered_shell_capex_usd_mw: int
    shared_conversion: Decimal  # the tenant's part when the conversion is shared
    gross_per_critical: Decimal
    dearest_ratio_pct: int  # the gate: above it there is nothing to negotiate

    # Scores
    weights: Mapping[Unit, Mapping[str, Mapping[str, Decimal]]]  # unit, dimension, criterion
    price_curve: tuple[tuple[Decimal, Decimal], ...]  # negotiable ratio, score
    firmness_zero_hours: int
    evidence_share: Mapping[Freshness, Decimal]
    buildable: Decimal
    not_preferred: Decimal
    full_lateness_cost: Decimal
    free_escalator_pct: Decimal
    escalator_span_pct: Decimal
    unknown: Decimal
    least_dimension: Decimal
    guarantee_months: int  # a guarantor's class counts from this length on
    landlord_weights: Mapping[str, Decimal]
    keep_score: int

    # Words for a score, best first
    words: tuple[tuple[int, str], ...]


def _weights(**criteria: str) -> Mapping[str, Decimal]:
    return MappingProxyType({key: Decimal(weight) for key, weight in criteria.items()})


STANDARD = Assumptions(
    version=1,
    build_confidence=MappingProxyType(
        {"planned": 10, "study": 25, "contracted": 65, "construction": 85, "ready_for_service": 100}
    ),
    grid_confidence=MappingProxyType(
        {
            "withdrawn": 0,
            "not_submitted": 10,
            "requested": 25,
            "study": 25,
            "delayed": 25,
            "facility_study": 40,
            "agreement_pending": 50,
            "agreement_executed": 85,
            "in_service": 100,
        }
    ),
    grid_confidence_unknown=50,
    evidence_confidence=MappingProxyType({Freshness.FRESH: 10, Freshness.STALE: 9, Freshness.NONE: 8}),
    smallest_block=MappingProxyType({Unit.MW: 1_000, Unit.GPU: 8}),
    months_after_last_step=12,
    network_and_storage=Decimal("1.12"),
    mwh_per_kw_month=Decimal("0.73"),
    pue=Decimal("1.30"),
    load_factor=Decimal("0.85"),
    operating_allowance=120_000,
    capital_rate=Decimal("0.10"),
    powered_shell_capex_usd_mw=6_000_000,
    shared_conversion=Decimal("0.5"),
    gross_per_critical=Decimal("1.43"),
    dearest_ratio_pct=110,
    weights=MappingProxyType(
        {
            Unit.MW: MappingProxyType(
                {
                    "power": _weights(
                        capacity="0.55", firmness="0.20", density="0.10", evidence="0.10", cooling="0.05"
                    ),
                    "timeline": _weights(ramp="0.65", first_power="0.35"),
                    "terms": _weights(
                        price="0.35", security="0.30", term="0.20", delivery="0.10", escalator="0.05"
                    ),
                }
            ),
            Unit.GPU: MappingProxyType(
                {
                    "power": _weights(capacity="0.85", evidence="0.15"),
                    "timeline": _weights(ramp="0.65", first_power="0.35"),
                    "terms": _weights(price="0.50", term="0.25", security="0.25"),
                }
            ),
        }
    ),
    price_curve=(
        (Decimal("0.80"), Decimal(1)),
        (Decimal("1.00"), Decimal("0.5")),
        (Decimal("1.10"), Decimal(0)),
    ),
    firmness_zero_hours=876,
    evidence_share=MappingProxyType(
        {Freshness.FRESH: Decimal(1), Freshness.STALE: Decimal("0.5"), Freshness.NONE: Decimal(0)}
    ),
    buildable=Decimal("0.8"),
    not_preferred=Decimal("0.6"),
    full_lateness_cost=Decimal("0.5"),
    free_escalator_pct=Decimal(2),
    escalator_span_pct=Decimal(4),
    unknown=Decimal("0.25"),
    least_dimension=Decimal("0.01"),
    guarantee_months=36,
    landlord_weights=_weights(security="0.35", term="0.25", utilization="0.25", price="0.15"),
    keep_score=20,
    words=((80, "strong"), (60, "workable"), (40, "needs work"), (0, "long shot")),
)
