"""From one row of the public data to one reference listing.

A value is stated by the source or assumed by assumptions.toml, and then marked. Unknown stays blank.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from listings.vocabulary import Claim, DisclosureMode, EvidenceMethod, Grid
from marketplace.demo.dates import first_day, last_day, quarter_end

Row = Mapping[str, str]
Book = Mapping[str, Any]

TENTH = Decimal("0.1")
# "MW: recollection" disowns the power; "operating 650: recollection" only what runs today.
_POWER_RECOLLECTED = re.compile(r"^(?!operating).*\b(MW|split)\b.*: recollection")


@dataclass
class Facts:
    """Field values, and which of them nobody stated. An assumption never overrides a statement."""

    values: dict[str, Any] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)

    def state(self, **values: Any) -> None:
        self.values |= {name: value for name, value in values.items() if value not in (None, "")}

    def assume(self, **values: Any) -> None:
        new = {name: value for name, value in values.items() if value is not None and name not in self.values}
        self.values |= new
        self.assumed += new

    def as_fields(self) -> dict[str, Any]:
        return {**self.values, "assumed": sorted(self.assumed)}


@dataclass(frozen=True)
class ReferenceSite:
    """What the services need to list one site."""

    operator: str
    fields: dict[str, Any]
    phases: list[dict[str, Any]]
    evidence: list[dict[str, Any]]


@dataclass(frozen=True)
class Reading:
    """One row beside the assumptions, on one day."""

    row: Row
    book: Book
    today: date

    # ---- the site -----------------------------------------------------------------------------

    def listing(self) -> ReferenceSite:
        phases = [self._phase(plan) for plan in self._plans()]
        facts = Facts()
        self._state(facts)
        self._assume_power_and_hall(facts)
        self._assume_terms(facts, free=sum((phase.values["critical_mw"] for phase in phases), Decimal(0)))
        return ReferenceSite(
            operator=self.row["operator"],
            fields=facts.as_fields(),
            phases=[phase.as_fields() for phase in phases],
            evidence=self._evidence(),
        )

    @property
    def _entry(self) -> Book:
        """What the assumptions say about this very site."""
        entry: Book = self.book["sites"][self.row["site_id"]]
        return entry

    @property
    def _situation(self) -> Book:
        return self._situation_of(self._entry)

    def _situation_of(self, plan: Book) -> Book:
        situation: Book = self.book["situations"][plan.get("situation", self._entry["situation"])]
        return situation

    def _state(self, facts: Facts) -> None:
        row = self.row
        blind = row["site_id"] in self.book["disclosure"]["blind"]
        facts.state(
            name=f"{row['site_name']} ({row['operator']})",
            external_id=row["site_id"],
            disclosure=DisclosureMode.BLIND if blind else DisclosureMode.OPEN,
            is_reference=True,
            source=row["source"],
            source_confidence=row["confidence"],
            country=row["country"],
            region=self._region(),
            grid=self._grid(),
            nearest_town="" if row["nearest_town"].startswith("undisclosed") else row["nearest_town"],
            latitude=_decimal(row["lat_deg"]),
            longitude=_decimal(row["lon_deg"]),
            notes=self._notes(),
            **{name: _plain(value) for name, value in self._entry.get("stated", {}).items()},
        )
        if "gross_mw" not in self._entry.get("assumed", {}):
            facts.state(gross_mw=_decimal(row["total_power_mw"]))

    def _region(self) -> str:
        """ISO 3166-2; blank where the source names only "a southern state"."""
        name = self.row["region_state"]
        code = f"{self.row['country']}-{name}" if re.fullmatch("[A-Z]{2}", name) else ""
        return str(self.book["places"]["regions"].get(name, code))

    def _grid(self) -> str | None:
        name = self.book["places"]["grids"].get(self.row["grid"], self.row["grid"])
        return name if name in Grid.values else None

    def _notes(self) -> str:
        row, entry = self.row, self._entry
        sentences = [
            f"Reference listing from public sources, not an offer by {row['operator']}.",
            f"Status in the source{_as_of(row)}: {row['status']}.",
            f"Utility: {row['utility']}." if row["utility"] else "",
            f"Cooling in the source: {row['cooling']}." if row["cooling"] else "",
            f"Notes: {row['notes']}." if row["notes"] else "",
            f"How it was read: {_one_line(entry.get('why') or self._situation['why'])}",
        ]
        return "\n".join(sentence for sentence in sentences if sentence)

    # ---- what is assumed ----------------------------------------------------------------------

    def _assume_power_and_hall(self, facts: Facts) -> None:
        situation = self._situation
        own = {
            name: _plain(value)
            for name, value in self._entry.get("assumed", {}).items()
            if name != "contracted_mw"
        }
        facts.assume(**own)
        if self._grid_in_service():
            facts.state(interconnection_stage=facts.values.get("interconnection_stage", "in_service"))
        facts.assume(
            interconnection_stage=situation["grid_stage"],
            power_price_usd_mwh=_plain(self.book["power_price_usd_mwh"].get(facts.values.get("grid"))),
            interruptible_hours_per_year=situation.get("interruptible_hours_per_year"),
            power_redundancy=situation.get("power_redundancy"),
            delivery_types=situation["delivery_types"],
            lease_basis=situation["lease_basis"],
            conversion_paid_by=situation.get("conversion_paid_by"),
        )
        self._assume_hall(facts)

    def _grid_in_service(self) -> bool:
        """The source reports MW in operation at a site whose situation draws on them."""
        return self._situation["grid_stage"] == "in_service" and bool(self.row["operating_power_mw"])

    def _assume_hall(self, facts: Facts) -> None:
        """Cooling as the words of the source name it, and the rack power that such cooling usually bears."""
        if not self._situation["hall"]:
            return
        halls, text = self.book["halls"], self.row["cooling"]
        words = [word for word in halls["cooling_words"] if word in text]
        cooling = sorted({halls["cooling_words"][word] for word in words})
        if not cooling:
            return
        named = {halls["cooling_words"][word] for word in words if word not in halls["interpreted"]}
        if named == set(cooling):
            facts.state(cooling=cooling)
        facts.assume(cooling=cooling, max_rack_kw=Decimal(max(halls["rack_kw"][kind] for kind in cooling)))

    def _assume_terms(self, facts: Facts, *, free: Decimal) -> None:
        """Ask, term, credit and the smallest block, from announced leases."""
        terms, credit = self.book["term"], self.book["credit"]
        runs = self._entry["situation"] == "hall"
        small = free <= terms["small_site_mw"]
        size = "large_" if free >= credit["large_mw"] else ""
        blocks = [step["min_mw"] for step in self.book["block"]["steps"] if free >= step["from_mw"]]
        shortest = "hall_min_months" if runs else "small_min_months" if small else "min_months"
        facts.assume(
            ask_usd_kw_month=self._ask(),
            escalator_pct=Decimal(self.book["ask"]["escalator_pct"]),
            term_min_months=terms[shortest],
            term_max_months=terms["hall_max_months" if runs else "max_months"],
            min_block_mw=Decimal(blocks[-1]) or None,
            required_credit=credit[f"{size}required_credit"],
            required_security_months=Decimal(credit[f"{size}required_security_months"]),
            security_months_instead=Decimal(credit[f"{size}security_months_instead"]),
        )

    def _ask(self) -> Decimal | None:
        ask = self.book["ask"]
        if self._situation.get("no_ask") or self.row["country"] not in ask["countries"]:
            return None
        return Decimal(ask["by_grid"].get(self.row["grid"], ask["default_usd_kw_month"]))

    # ---- phases -------------------------------------------------------------------------------

    def _plans(self) -> list[Book]:
        plans: list[Book] = self._entry.get("phases", [{}])
        return plans

    def _phase(self, plan: Book) -> Facts:
        """A phase: its MW from gross unless all is let, its date and stage by source or situation."""
        situation, facts = self._situation_of(plan), Facts()
        if self._entry["situation"] == "leased":
            facts.state(critical_mw=_decimal(self.row["hpc_contracted_critical_it_mw"]))
        if "ready" in plan:
            facts.state(ready_on=last_day(plan["ready"]))
        if situation["stage"] == "construction" and "construction" in self.row["status"]:
            facts.state(stage="construction")
        facts.assume(
            critical_mw=self._critical(plan),
            ready_on=self._ready(plan, situation),
            stage=plan.get("stage", situation["stage"]),
        )
        if situation is not self._situation:
            facts.assume(delivery_types=situation["delivery_types"])
        return facts

    def _critical(self, plan: Book) -> Decimal:
        """Gross by 1.43, less what is let, in whole tenths rounded down."""
        gross = Decimal(str(plan.get("gross_mw") or self._convertible_gross()))
        critical = gross / Decimal(str(self.book["power"]["gross_per_critical"]))
        return (critical - self._let(plan)).quantize(TENTH, ROUND_FLOOR)

    def _convertible_gross(self) -> str:
        stated = self.row["convertible_or_hpc_gross_mw"] or self.row["total_power_mw"]
        return stated or str(self._entry["assumed"]["gross_mw"])

    def _let(self, plan: Book) -> Decimal:
        """MW under lease that this phase must not offer again. Phases spelled out name their own."""
        if self._entry["situation"] == "leased":
            return Decimal(0)
        if "gross_mw" in plan:
            return Decimal(plan.get("contracted_mw", 0))
        assumed = self._entry.get("assumed", {}).get("contracted_mw")
        return Decimal(assumed or self.row["hpc_contracted_critical_it_mw"] or 0)

    def _ready(self, plan: Book, situation: Book) -> date:
        if "until" in self._entry:
            return last_day(self._entry["until"])
        if "energized" in plan:
            return quarter_end(last_day(plan["energized"]), self.book["dates"]["energized_to_ready_months"])
        return quarter_end(self.today, situation["months"])

    # ---- evidence -----------------------------------------------------------------------------

    def _evidence(self) -> list[dict[str, Any]]:
        """What a source that was read again backs, as old as the source itself."""
        row = self.row
        if not row["as_of"] or row["source"].startswith("recollection"):
            return []
        return [
            {
                "claim": claim,
                "method": EvidenceMethod.PUBLIC_SOURCE,
                "document": row["source"][:500],
                "verified_on": first_day(row["as_of"]),
                "expires_on": None,
            }
            for claim in self._backed()
        ]

    def _backed(self) -> list[str]:
        row = self.row
        recollected = any(_POWER_RECOLLECTED.search(part.strip()) for part in row["source"].split(";"))
        claims = []
        if row["total_power_mw"] and not recollected and "gross_mw" not in self._entry.get("assumed", {}):
            claims.append(Claim.POWER)
        if row["convertible_or_hpc_gross_mw"] and not recollected:
            claims.append(Claim.CAPACITY)
        if "ready" in self._plans()[0]:
            claims.append(Claim.DATE)
        return [str(claim) for claim in claims]


def _as_of(row: Row) -> str:
    return f" of {row['as_of']}" if row["as_of"] else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _plain(value: Any) -> Any:
    """TOML's numbers as the exact decimals that the fields hold; words stay words."""
    return Decimal(str(value)) if isinstance(value, float) else value
