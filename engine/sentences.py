"""Values in words: quantities, money, days, and the sentences made of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from engine.gates import Value
from engine.price import MONEY
from engine.types import Unit

KW_PER_MW = 1_000
NOT_STATED = "not stated"

QUANTITY_FIELDS = frozenset({"quantity", "free", "min_block", "max_block", "largest_cluster", "min_order"})
MONEY_FIELDS = frozenset({"ask", "ask_floor", "price_cap", "gpu_caps"})
UNITS = {
    "max_rack_kw": "kW per rack",
    "min_rack_kw": "kW per rack",
    "interruptible_hours": "hours a year",
    "max_interruptible_hours": "hours a year",
    "escalator_pct": "% a year",
    "max_escalator_pct": "% a year",
    "term_min_months": "months",
    "term_max_months": "months",
    "security_months": "months of rent",
    "fabric_gbps": "Gbit/s",
    "min_fabric_gbps": "Gbit/s",
}
NAMES = {
    "free": "free capacity",
    "quantity": "capacity asked",
    "ready_on": "ready date",
    "latest_on": "outside date",
    "price_cap": "price cap",
    "gpu_caps": "price cap",
    "ask": "ask",
    "max_rack_kw": "power per rack",
    "min_rack_kw": "least power per rack",
    "term_min_months": "shortest term",
    "term_max_months": "longest term",
    "power_price_usd_mwh": "power price",
    "lease_basis": "lease basis",
    "conversion_paid_by": "who pays the conversion",
    "conversion_capex_usd_mw": "conversion cost",
    "pue_design": "design PUE",
    "gross_per_critical": "gross per critical MW",
    "grid_stage": "interconnection stage",
    "escalator_pct": "escalator",
}


def name(field: str) -> str:
    """A field in words."""
    return NAMES.get(field, field.replace("_", " "))


def quantity(amount: float, unit: Unit) -> str:
    """40000 kW as '40 MW'; GPUs with a thousands separator."""
    if unit is Unit.GPU:
        return f"{amount:,.0f} GPUs"
    return f"{Decimal(round(amount)) / KW_PER_MW:,.1f}".removesuffix(".0") + " MW"


def money(amount: int | None, unit: Unit) -> str:
    """1/10,000 US$ as '$128.00 per kW-month' or '$2.35 per GPU-hour'."""
    if amount is None:
        return NOT_STATED
    return f"${Decimal(amount) / MONEY:,.2f} per {'GPU-hour' if unit is Unit.GPU else 'kW-month'}"


def month(day: date) -> str:
    """'March 2027'."""
    return day.strftime("%B %Y")


def months_between(first: date, second: date) -> str:
    """'4 months', or days below two months."""
    days = (second - first).days
    return f"{days} day{'s' if days != 1 else ''}" if days < 61 else f"{round(days / 30.4375)} months"


def words(value: Value, field: str, unit: Unit) -> str:
    """A raw value of a field with its unit."""
    if value is None:
        return NOT_STATED
    if field in QUANTITY_FIELDS and isinstance(value, int):
        return quantity(value, unit)
    if field in MONEY_FIELDS and isinstance(value, int):
        return money(value, unit)
    text = plain(value)
    return f"{text} {UNITS[field]}" if field in UNITS else text


# Words that do not read as they are stored.
SPOKEN = {"mw": "MW", "gpu": "GPUs", "n": "N", "n_plus_1": "N+1", "2n": "2N", "nnn": "triple net"}


def plain(value: Value) -> str:
    """A value without its unit; sets in alphabetical order, what several phases say only once."""
    if value is None:
        return NOT_STATED
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset | tuple):
        return ", ".join(_each(value)) or "none"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return SPOKEN.get(str(value), str(value).replace("_", " "))


def _each(values: frozenset[str] | tuple[Value, ...]) -> dict[str, None]:
    parts: list[Value] = []
    for part in values:
        parts.extend(part if isinstance(part, frozenset) else [part])
    spoken = [plain(part) for part in parts]
    is_set = isinstance(values, frozenset) or any(isinstance(part, frozenset) for part in values)
    return dict.fromkeys(sorted(spoken) if is_set else spoken)


def change(side: str, field: str, before: Value, after: Value, unit: Unit) -> str:
    """'offer: ask $128.00 per kW-month instead of $141.00 per kW-month'."""
    return f"{side}: {name(field)} {words(after, field, unit)} instead of {words(before, field, unit)}"
