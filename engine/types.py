"""What the rules read: offers and needs as plain frozen values.

Quantities are whole kW (unit MW) or whole GPUs; money is whole 1/10,000 US$ per critical
kW-month or per GPU-hour. On an offer None means *unknown*; on a need None or an empty set
means *no wish*. The few exceptions stand beside their fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine import vocabulary


class Unit(StrEnum):
    """What is counted: megawatts (in kW) or GPUs."""

    MW = "mw"
    GPU = "gpu"


class Freshness(StrEnum):
    """Age of the evidence for one claim."""

    FRESH = "fresh"
    STALE = "stale"
    NONE = "none"


class State(StrEnum):
    """The outcome of the gates: all passed, some unknown, one failed."""

    FIT = "fit"
    CONDITIONAL = "conditional"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How fresh the proof of each claim is."""

    power: Freshness = Freshness.NONE
    capacity: Freshness = Freshness.NONE
    date: Freshness = Freshness.NONE
    site_control: Freshness = Freshness.NONE


@dataclass(frozen=True, slots=True)
class Phase:
    """A dated block of one offer, with its own effective hall facts (site defaults resolved)."""

    ready_on: date
    free: int
    stage: str
    cooling: frozenset[str] | None = None
    max_rack_kw: Decimal | None = None
    redundancy: str | None = None
    delivery_types: frozenset[str] | None = None
    ask: int | None = None  # the phase's own ask; None = the offer's


@dataclass(frozen=True, slots=True)
class Offer:
    """A site's convertible power, or a pool of identical GPUs (one phase, ready for service)."""

    id: int
    unit: Unit
    country: str
    phases: tuple[Phase, ...]
    region: str | None = None
    grid: str | None = None
    grid_stage: str | None = None
    evidence: Evidence = Evidence()
    min_block: int | None = None  # None = no limit
    max_block: int | None = None  # None = no limit
    interruptible_hours: int | None = None
    compliance: frozenset[str] | None = None
    lease_basis: str | None = None
    ask: int | None = None
    ask_floor: int | None = None  # None = no floor below the ask
    priced_on_gross: bool = False
    gross_per_critical: Decimal | None = None
    power_price_usd_mwh: Decimal | None = None
    pue_design: Decimal | None = None
    conversion_paid_by: str | None = None
    conversion_capex_usd_mw: int | None = None  # whole US$ per critical MW
    escalator_pct: Decimal | None = None
    term_min_months: int | None = None
    term_max_months: int | None = None
    required_credit: str | None = None
    required_security_months: Decimal | None = None
    security_months_instead: Decimal | None = None  # None = nothing accepted instead of the class
    gpu_model: str | None = None
    largest_cluster: int | None = None
    min_order: int | None = None  # None = no limit
    available_until: date | None = None  # None = no end
    fabric: str | None = None
    fabric_gbps: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From this day on the need uses this total."""

    on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the three dimensions: each 0.10 to 0.80, together 1."""

    power: Decimal = Decimal("0.40")
    timeline: Decimal = Decimal("0.35")
    terms: Decimal = Decimal("0.25")

    def __post_init__(self) -> None:
        """Refuse weights that leave a dimension out; raises ValueError."""
        each = (self.power, self.timeline, self.terms)
        if sum(each) != 1 or not all(Decimal("0.10") <= weight <= Decimal("0.80") for weight in each):
            raise ValueError("Weights must each lie between 0.10 and 0.80 and sum to 1.")


@dataclass(frozen=True, slots=True)
class Need:
    """A request for capacity over time: steps in date order, totals rising."""

    id: int
    unit: Unit
    steps: tuple[Step, ...]
    latest_on: date  # the outside date of the first step; reserve
    term_min_months: int
    term_max_months: int
    tolerance_pct: Decimal = Decimal(5)
    splittable: bool = False
    min_block: int | None = None
    countries: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    grids: frozenset[str] = frozenset()
    excluded_countries: frozenset[str] = frozenset()
    min_rack_kw: Decimal | None = None
    cooling_any_of: frozenset[str] = frozenset()
    min_redundancy: str | None = None
    max_interruptible_hours: int | None = None
    compliance_all_of: frozenset[str] = frozenset()
    delivery_types_any_of: frozenset[str] = frozenset()
    lease_basis_any_of: frozenset[str] = frozenset()
    max_escalator_pct: Decimal | None = None
    preferred_rack_kw: Decimal | None = None
    preferred_cooling: str | None = None
    term_preferred_months: int | None = None
    preferred_delivery_type: str | None = None
    credit: str = vocabulary.UNRATED
    guarantor_credit: str | None = None
    guarantee_months: int = 0
    security_months: Decimal = Decimal(0)
    price_cap: int | None = None  # comparable, all in, per critical kW-month; reserve
    gpu_caps: tuple[tuple[str, int | None], ...] = ()  # wished model, cap per GPU-hour; reserve
    fabric_any_of: frozenset[str] = frozenset()
    min_fabric_gbps: int | None = None
    weights: Weights = Weights()
