"""What the public record says of deals and sites: rows of text become values, and nothing else passes.

Two types keep the replay honest by what they lack. A `Wish` has no place but the country, no site and no
landlord, and the request is built from it alone. A `SiteRecord` has none of the columns that were filled
with the deal or later: let MW, status, cooling, notes, the part meant for AI, the power in operation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from engine.supply import add_months

Row = Mapping[str, str]

# Their MW come from the announcement of their own deal, so they prove nothing about finding them.
MW_FROM_THE_DEAL = frozenset({"S002", "S013", "S036", "S088", "S092"})

_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_YEAR = re.compile(r"\b20\d\d\b")


@dataclass(frozen=True, slots=True)
class Wish:
    """All that a request may be built from: of the place, the country and nothing finer."""

    critical_mw: Decimal | None  # None where only MW at the meter are stated
    gross_mw: Decimal | None
    announced_on: date
    ready_on: date | None
    country: str
    term_months: int


@dataclass(frozen=True, slots=True)
class Deal:
    """One announced deal; `wish` is None where the request cannot be rebuilt, and `missing` says why."""

    deal_id: str
    announced_on: date
    landlord: str
    tenant: str
    site_id: str
    site_name: str
    critical_mw: Decimal | None
    gross_mw: Decimal | None
    source: str
    confidence: str
    wish: Wish | None
    missing: str
    first_of_pair: bool
    usable: bool  # one site, known MW, no total over several deals
    takes_capacity: bool

    def critical(self, gross_per_critical: Decimal) -> Decimal:
        """Critical MW, from MW at the meter where only those are stated; 0 where neither is."""
        return self.critical_mw or (self.gross_mw or Decimal(0)) / gross_per_critical


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A site as the record knows it: MW at the meter, place, and the last day by which that was known."""

    site_id: str
    name: str
    country: str
    region: str | None
    grid: str | None
    gross_mw: Decimal | None
    known_on: date | None  # None where nobody says when
    as_of: str
    source: str
    confidence: str

    def on_record_before(self, day: date) -> bool:
        return self.known_on is not None and self.known_on < day


# ---- deals


def deals_from(rows: Iterable[Row]) -> list[Deal]:
    """All deals, by day of announcement."""
    seen: set[tuple[str, str]] = set()
    deals = []
    for row in sorted(rows, key=lambda row: (row["announced_date"], row["deal_id"])):
        deals.append(_deal(row, first=_pair(row) not in seen))
        seen.add(_pair(row))
    return deals


def _pair(row: Row) -> tuple[str, str]:
    """Who leases from whom: a listed landlord keeps its ticker through new names and joint ventures."""
    return row["tenant"], row["landlord_ticker"] or row["landlord"]


def _deal(row: Row, *, first: bool) -> Deal:
    wish, missing = _wish(row)
    return Deal(
        deal_id=row["deal_id"],
        announced_on=date.fromisoformat(row["announced_date"]),
        landlord=row["landlord"],
        tenant=row["tenant"],
        site_id=row["site_id"],
        site_name=row["site_name"],
        critical_mw=_decimal(row["critical_it_mw"]),
        gross_mw=_decimal(row["gross_mw"]),
        source=row["source"],
        confidence=row["confidence"],
        wish=wish,
        missing=missing,
        first_of_pair=first,
        usable=row["backtest_ok"] == "true",
        takes_capacity=row["is_aggregate"] == "false",
    )


def _wish(row: Row) -> tuple[Wish | None, str]:
    """The request's facts, or the first reason why there are none."""
    if row["backtest_ok"] != "true":
        return None, "no_single_site"
    critical, gross = _decimal(row["critical_it_mw"]), _decimal(row["gross_mw"])
    if critical is None and gross is None:
        return None, "no_mw"
    if not row["term_years"]:
        return None, "no_term"
    wish = Wish(
        critical_mw=critical,
        gross_mw=gross,
        announced_on=date.fromisoformat(row["announced_date"]),
        ready_on=_ready_on(row),
        country=row["country"],
        term_months=int(Decimal(row["term_years"]) * 12),
    )
    return wish, ""


def _ready_on(row: Row) -> date | None:
    """The last day of the period in which service was to begin."""
    if not row["ready_for_service_date"]:
        return None
    first = date.fromisoformat(row["ready_for_service_date"])
    months = _MONTHS.get(row["rfs_precision"])
    return add_months(first, months) - timedelta(days=1) if months else first


# ---- sites


def sites_from(rows: Iterable[Row]) -> list[SiteRecord]:
    return [_site(row) for row in rows]


def _site(row: Row) -> SiteRecord:
    state = row["region_state"]
    return SiteRecord(
        site_id=row["site_id"],
        name=row["site_name"],
        country=row["country"],
        region=f"{row['country']}-{state}" if re.fullmatch("[A-Z]{2}", state) else None,
        grid=row["grid"] or None,
        gross_mw=_decimal(row["total_power_mw"]),
        known_on=_known_on(row),
        as_of=row["as_of"],
        source=row["source"],
        confidence=row["confidence"],
    )


def _known_on(row: Row) -> date | None:
    """The last day that the row's date can mean; without one, the end of the last year its source names."""
    if row["as_of"]:
        return _last_day(row["as_of"])
    years = _YEAR.findall(row["source"]) if row["source"].startswith("recollection") else []
    return date(int(max(years)), 12, 31) if years else None


def _last_day(text: str) -> date:
    """The last day of "2026", "2026-02" or "2026-02-11"."""
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return date(*parts)
    first = date(parts[0], parts[1] if len(parts) == 2 else 1, 1)
    return add_months(first, 1 if len(parts) == 2 else 12) - timedelta(days=1)


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None
