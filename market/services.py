"""How announced leases come in."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from market.models import Comparable

HOSTING_LEASE = "hosting_lease"


@transaction.atomic
def load_comparables(*, rows: Iterable[Mapping[str, str]]) -> int:
    """Store the rows that are comparable leases, and return how many; a second time brings them up to date.

    A row is one announced deal as text, US$ and MW. Left out are other products, aggregates, and leases
    whose rate nobody can compute.
    """
    leases = [row for row in rows if is_comparable(row)]
    for row in leases:
        Comparable.objects.update_or_create(external_id=row["deal_id"], defaults=_fields(row))
    return len(leases)


def is_comparable(row: Mapping[str, str]) -> bool:
    return (
        row["comp_class"] == HOSTING_LEASE
        and row["is_aggregate"] == "false"
        and bool(row["computed_usd_per_kw_month"])
    )


def _fields(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "announced_on": date.fromisoformat(row["announced_date"]),
        "landlord": row["landlord"],
        "tenant": row["tenant"],
        "site_name": row["site_name"],
        "country": row["country"],
        "region": row["region_state"],
        "critical_mw": Decimal(row["critical_it_mw"]),
        "term_months": int(Decimal(row["term_years"]) * 12),
        "rate_usd_kw_month": Decimal(row["computed_usd_per_kw_month"]),
        "structure": row["structure"],
        "power_cost": row["power_cost_treatment"],
        "source": row["source"],
        "source_confidence": row["confidence"],
        "notes": row["notes"],
    }
