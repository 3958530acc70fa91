"""What each field is called on a page, with its unit, the sentence that explains it, and values in words."""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django_countries import countries
from django_countries.fields import CountryField

from listings.vocabulary import Claim

LABELS: dict[str, str] = {
    # Any post
    "status": "Status",
    "open_until": "Open until",
    "disclosure": "Who sees the details",
    "notes": "Notes",
    "country": "Country",
    "region": "Region",
    "grid": "Grid",
    # Sites
    "name": "Name",
    "external_id": "Owner’s reference",
    "nearest_town": "Nearest town",
    "latitude": "Latitude, degrees",
    "longitude": "Longitude, degrees",
    "site_control": "Site control",
    "gross_mw": "Gross power, MW",
    "interconnection_stage": "Interconnection",
    "power_price_usd_mwh": "Power price, US$/MWh",
    "interruptible_hours_per_year": "Interruptible, hours a year",
    "curtailment_notice_minutes": "Curtailment notice, minutes",
    "pue_design": "PUE by design",
    "pue_peak": "PUE at peak",
    "cooling": "Cooling",
    "max_rack_kw": "Densest rack, kW",
    "power_redundancy": "Power redundancy",
    "carriers": "Carriers",
    "compliance": "Compliance",
    "delivery_types": "Delivered as",
    "lease_basis": "Lease basis",
    "ask_usd_kw_month": "Ask, US$/kW-month",
    "ask_on_gross": "The ask is per gross kW",
    "ask_floor_usd_kw_month": "Ask floor, US$/kW-month",
    "escalator_pct": "Escalator, % a year",
    "term_min_months": "Shortest term, months",
    "term_max_months": "Longest term, months",
    "min_block_mw": "Smallest block, MW",
    "max_block_mw": "Largest block, MW",
    "required_credit": "Credit required",
    "required_security_months": "Security required, months of rent",
    "security_months_instead": "Security instead of credit, months",
    "conversion_paid_by": "Conversion paid by",
    "conversion_capex_usd_mw": "Conversion cost, US$/MW",
    "sale_considered": "A sale of the site is considered",
    "fleet_efficiency_j_th": "Mining fleet, J/TH",
    # Phases
    "ready_on": "Ready for service",
    "critical_mw": "Critical IT load, MW",
    "stage": "Build stage",
    "reserved_mw": "Reserved, MW",
    # GPU pools
    "model": "GPU model",
    "gpus": "GPUs",
    "gpus_per_node": "GPUs per node",
    "largest_cluster_gpus": "Largest cluster, GPUs",
    "fabric": "Fabric",
    "fabric_gbps": "Fabric speed, Gbps",
    "at_site": "At your site",
    "available_from": "Available from",
    "available_until": "Available until",
    "price_usd_gpu_hour": "Price, US$/GPU-hour",
    "commit_min_months": "Shortest commitment, months",
    "commit_max_months": "Longest commitment, months",
    "min_order_gpus": "Smallest order, GPUs",
    "reserved_gpus": "Reserved, GPUs",
    # Requests
    "kind": "Needs",
    "workload": "Workload",
    "title": "Title",
    "tolerance_pct": "Tolerance on size, %",
    "splittable": "May be split over several sites",
    "max_sites": "Sites at most",
    "countries": "Countries",
    "regions": "Regions",
    "grids": "Grids",
    "excluded_countries": "Never in",
    "min_rack_kw": "Rack density at least, kW",
    "cooling_any_of": "Cooling, any of",
    "min_redundancy": "Redundancy at least",
    "max_interruptible_hours": "Interruptible at most, hours a year",
    "compliance_all_of": "Compliance, all of",
    "delivery_types_any_of": "Delivered as, any of",
    "lease_basis_any_of": "Lease basis, any of",
    "max_escalator_pct": "Escalator at most, % a year",
    "preferred_rack_kw": "Rack density preferred, kW",
    "preferred_cooling": "Cooling preferred",
    "term_preferred_months": "Term preferred, months",
    "preferred_delivery_type": "Delivery preferred",
    "credit": "Your credit",
    "guarantor_credit": "Guarantor's credit",
    "guarantee_months": "Guarantee, months",
    "security_months": "Security offered, months of rent",
    "latest_on": "Outside date",
    "price_cap_usd_kw_month": "Price cap, US$/kW-month all in",
    "power_weight_pct": "Weight of power, %",
    "timeline_weight_pct": "Weight of the timeline, %",
    "terms_weight_pct": "Weight of the lease terms, %",
    "fabric_any_of": "Fabric, any of",
    "min_fabric_gbps": "Fabric speed at least, Gbps",
    "accepts_hosting": "Hosting of own GPUs is welcome too",
    "need_on": "From",
    "price_cap_usd_gpu_hour": "Price cap, US$/GPU-hour",
    # Evidence
    "claim": "Claim",
    "method": "Backed by",
    "document": "Document",
    "verified_on": "Verified on",
    "expires_on": "Expires on",
    "freshness": "Freshness",
    # Teasers
    "mw_band": "Free critical power",
    "gpu_band": "Free GPUs",
    "size_band": "Size",
    "ready_quarter": "First ready",
    "need_quarter": "First needed",
    "rack_band": "Densest rack",
    "price_band": "Ask",
    "term_band": "Term",
    "security_band": "Security offered",
    "evidence_age": "Evidence",
    "model_name": "GPU model",
}

HINTS: dict[str, str] = {
    "disclosure": "Blind shows others a teaser without name and place; open shows verified organizations "
    "of the other side everything but your reserve.",
    "region": "ISO 3166-2, such as US-TX.",
    "name": "Others see a code name until you let them see more.",
    "gross_mw": "Total draw at the meter.",
    "latitude": "Between −90 and 90, such as 31.97.",
    "longitude": "Between −180 and 180, such as −102.08.",
    "carriers": "Separated by commas.",
    "regions": "ISO 3166-2, separated by commas, such as US-TX, CA-QC.",
    "max_block_mw": "The largest contiguous block.",
    "ask_usd_kw_month": "Rent per critical kW, in your lease basis.",
    "ask_floor_usd_kw_month": "Reserve: only you see it; matching knows that you would go this low.",
    "security_months_instead": "What you take in place of the credit class.",
    "critical_mw": "Power to servers, storage and switches.",
    "at_site": "Or name the pool's own country.",
    "title": "Only those who see the details see it.",
    "tolerance_pct": "How much less than asked would do.",
    "max_sites": "2 to 5, if the request may be split.",
    "countries": "Countries, grids and regions add up; name nothing for anywhere. "
    "Hold Ctrl or ⌘ to choose several.",
    "latest_on": "Reserve: only you see it. Later than this is too late.",
    "price_cap_usd_kw_month": "Reserve: only you see it. Power and operations included.",
    "price_cap_usd_gpu_hour": "Reserve: only you see it.",
    "power_weight_pct": "Reserve: only you see the weights. Each 10 to 80, the three make 100; power first: "
    "60, 20, 20.",
    "timeline_weight_pct": "Soonest: 20, 60, 20.",
    "terms_weight_pct": "Cheapest: 25, 25, 50.",
    "guarantee_months": "A guarantor counts from 36 months on.",
    "accepts_hosting": "The same need is then also matched as megawatts in a miner's hall.",
    "need_on": "The first day that needs this total.",
    "document": "Its name and date, or the address where the source can be read.",
    "verified_on": "The day on which somebody last made sure.",
}


def said(model: type[models.Model], name: str, value: Any) -> str:
    """A stored value in words: "Direct to chip, air", "1,250.5", "31 March 2027"; "" where it is unknown."""
    if value is None or value in ("", []):
        return ""
    if isinstance(value, list | tuple | set):
        return ", ".join(said(model, name, one) for one in value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dict):
        return ", ".join(
            f"{Claim(claim).label.lower()} {age}" for claim, age in value.items() if age != "none"
        )
    words = _words(model, name)
    if words:
        return str(words.get(str(value), value))
    return _figure(value)


@cache
def _words(model: type[models.Model], name: str) -> dict[str, Any]:
    """The vocabulary of a field: {stored word: what people say}."""
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return {}
    if isinstance(field, CountryField):
        return dict(countries)
    return dict(getattr(field, "base_field", field).flatchoices)


def _figure(value: Any) -> str:
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
