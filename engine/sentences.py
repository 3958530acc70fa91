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
    "conversion_paid_by": "payer of the conversion",
    "conversion_capex_usd_mw": "conversion cost",
    "pue_design": "design PUE",
    "gross_per_critical": "gross per critical MW",
    "grid_stage": "interconnection stage",
    "escalator_pct": "escalator",
    "interruptible_hours": "interruptible hours",
    "required_credit": "credit required",
    "required_security_months": "security required",
    "security_months": "security offered",
    "redundancy": "power redundancy",
    "countries": "countries named",
    "excluded_countries": "countries excluded",
    "cooling_any_of": "cooling accepted",
    "delivery_types_any_of": "delivery accepted",
    "lease_basis_any_of": "lease basis accepted",
    "compliance": "certificates",
    "compliance_all_of": "certificates asked",
    "fabric_any_of": "fabric accepted",
    "min_redundancy": "least redundancy",
    "min_fabric_gbps": "least fabric speed",
    "max_interruptible_hours": "interruption accepted",
    "max_escalator_pct": "escalator accepted",
}
SIDES = {"offer": "Offer", "need": "Request"}
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")


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


def date_in_words(day: date) -> str:
    """'1 March 2027'."""
    return f"{day.day} {day:%B %Y}"


def counted(number: Decimal | int, noun: str) -> str:
    """'one month', 'six months', '18 months', '7.5 months'."""
    whole = number == int(number)
    text = COUNTS[int(number)] if whole and 0 <= number < len(COUNTS) else plain(Decimal(number))
    return f"{text} {noun if number == 1 else noun + 's'}"


def months_between(first: date, second: date) -> str:
    """'four months', or days below two months."""
    days = (second - first).days
    return f"{days} day{'s' if days != 1 else ''}" if days < 61 else counted(round(days / 30.4375), "month")


def capitalized(text: str) -> str:
    """The first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def listed(parts: list[str]) -> str:
    """'air', 'air and immersion', 'air, immersion and rear-door'."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


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
SPOKEN = {
    "mw": "MW",
    "gpu": "GPUs",
    "n": "N",
    "n_plus_1": "N+1",
    "2n": "2N",
    "nnn": "triple net",
    "direct_to_chip": "direct-to-chip",
    "rear_door": "rear-door",
    "build_to_suit": "build-to-suit",
    "infiniband": "InfiniBand",
    "roce": "RoCE",
    "ethernet": "Ethernet",
    "soc2": "SOC 2",
    "iso27001": "ISO 27001",
    "hipaa": "HIPAA",
    "pci_dss": "PCI DSS",
}


def plain(value: Value) -> str:
    """A value without its unit; sets in alphabetical order, what several phases say only once."""
    if value is None:
        return NOT_STATED
    if isinstance(value, date):
        return date_in_words(value)
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
    """'Offer: ask $128.00 per kW-month instead of $141.00 per kW-month'; of sets, what comes or goes."""
    if isinstance(before, frozenset) and isinstance(after, frozenset):
        if before < after:
            return f"{SIDES[side]}: also {plain(after - before)} among the {name(field)}"
        if after < before:
            return f"{SIDES[side]}: no longer {plain(before - after)} among the {name(field)}"
    return f"{SIDES[side]}: {name(field)} {words(after, field, unit)} instead of {words(before, field, unit)}"
