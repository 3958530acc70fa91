"""What leaves the house: a post as the dict that its reader may see, under the API's field names.

Pages and API get nothing but this dict. Which face a reader has is decided in the queryset, which annotates
`face`; each face shows all that the one before it shows.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django_countries.fields import Country, MultipleCountriesDescriptor

from listings.models import CapacityRequest, Disclosure, Evidence, GpuPool, GpuWish, Phase, Post, Site, Step
from listings.models.demand import WEIGHTS
from listings.vocabulary import (
    GPU_EDGES,
    MW_EDGES,
    NO_QUARTER,
    PRICE_EDGES_USD_GPU_HOUR,
    PRICE_EDGES_USD_KW_MONTH,
    RACK_KW_EDGES,
    SECURITY_EDGES_MONTHS,
    TERM_EDGES_MONTHS,
    Claim,
    Face,
    Freshness,
    RequestKind,
    band_label,
    quarter_label,
)

# What its owner states and everybody with the full face reads, by kind of post.
HALL = ("cooling", "max_rack_kw", "power_redundancy", "delivery_types", "ask_usd_kw_month")
POST = ("disclosure", "open_until", "notes")
_KEPT = ("version", "created_at", "source", "source_confidence", "assumed")
SITE = (
    *HALL,
    "name",
    "external_id",
    "country",
    "region",
    "grid",
    "nearest_town",
    "latitude",
    "longitude",
    "site_control",
    "gross_mw",
    "interconnection_stage",
    "power_price_usd_mwh",
    "interruptible_hours_per_year",
    "curtailment_notice_minutes",
    "pue_design",
    "pue_peak",
    "carriers",
    "compliance",
    "lease_basis",
    "ask_on_gross",
    "escalator_pct",
    "term_min_months",
    "term_max_months",
    "min_block_mw",
    "max_block_mw",
    "required_credit",
    "required_security_months",
    "security_months_instead",
    "conversion_paid_by",
    "conversion_capex_usd_mw",
    "sale_considered",
    "fleet_efficiency_j_th",
)
PHASE = ("ready_on", "critical_mw", "stage", *HALL)
_EVIDENCE = ("claim", "method", "document", "verified_on", "expires_on", "freshness")
POOL = (
    "gpus",
    "gpus_per_node",
    "largest_cluster_gpus",
    "fabric",
    "fabric_gbps",
    "available_from",
    "available_until",
    "price_usd_gpu_hour",
    "commit_min_months",
    "commit_max_months",
    "min_order_gpus",
    "required_security_months",
)
PLACES = ("countries", "regions", "grids", "excluded_countries")
REQUEST = (
    "workload",
    "title",
    "tolerance_pct",
    "splittable",
    "max_sites",
    "min_block_mw",
    "min_rack_kw",
    "cooling_any_of",
    "min_redundancy",
    "max_interruptible_hours",
    "compliance_all_of",
    "delivery_types_any_of",
    "lease_basis_any_of",
    "term_min_months",
    "term_max_months",
    "max_escalator_pct",
    "preferred_rack_kw",
    "preferred_cooling",
    "term_preferred_months",
    "preferred_delivery_type",
    "credit",
    "guarantor_credit",
    "guarantee_months",
    "security_months",
    "fabric_any_of",
    "min_fabric_gbps",
    "accepts_hosting",
)


def show(post: Post) -> dict[str, Any]:
    """The post's face; AttributeError if the queryset did not say which one (`with_face`, `visible_to`).

    Decimals come without trailing zeros, dates as dates, bands and quarters as words.
    """
    teaser, full, reserve = _FACES[type(post)]
    face = Face(post.face)  # type: ignore[attr-defined]  # annotated, and missed loudly
    shown = {**_every(post, face), **teaser(post)}
    if face in (Face.FULL, Face.RESERVE):
        shown |= {**_plain(post, (*POST, *_KEPT)), "organization": _organization(post), **full(post)}
    if face == Face.RESERVE:
        reserve(post, shown)
    return shown


def _every(post: Post, face: Face) -> dict[str, Any]:
    """What stands on each face. A reference listing says that it is one wherever it is shown."""
    return {
        "uid": post.uid,
        "post_type": post.post_type,
        "code_name": post.code_name,
        "status": post.status,
        "face": face.value,
        "is_reference": post.is_reference,
    }


# --- Sites -------------------------------------------------------------------------------------


def _site_teaser(site: Site) -> dict[str, Any]:
    return {
        "country": site.country.code,
        "mw_band": _band(site.mw_band, MW_EDGES, "{} MW"),
        "ready_quarter": _quarter(site.ready_quarter),
        "delivery_types": site.delivery_types,
        "cooling": site.cooling,
        "rack_band": _band(site.rack_band, RACK_KW_EDGES, "{} kW"),
        "price_band": _band(site.price_band, PRICE_EDGES_USD_KW_MONTH, "US$ {}/kW-month"),
        "evidence_age": _evidence_age(site.evidence.all()),
    }


def _site_full(site: Site) -> dict[str, Any]:
    phases = sorted(site.phases.all(), key=_by_date)
    return {
        **_plain(site, SITE),
        "phases": [show_phase(phase) for phase in phases],
        "evidence": [_plain(each, _EVIDENCE) for each in site.evidence.all()],
    }


def show_phase(phase: Phase) -> dict[str, Any]:
    """One phase, for readers of its site's full face."""
    return _plain(phase, ("uid", *PHASE, "reserved_mw", "assumed"))


def show_grant(grant: Disclosure) -> dict[str, Any]:
    """A grant, for the owner of the post: who may see the full face, since when and until when."""
    organization = {"uid": grant.organization.uid, "name": grant.organization.name}
    return {"organization": organization, **_plain(grant, ("granted_at", "revoked_at"))}


def _site_reserve(site: Site, shown: dict[str, Any]) -> None:
    shown |= _plain(site, ("ask_floor_usd_kw_month",))


def _by_date(phase: Phase) -> tuple[Any, int]:
    return phase.ready_on, phase.pk


# --- GPU pools ---------------------------------------------------------------------------------


def _pool_teaser(pool: GpuPool) -> dict[str, Any]:
    return {
        "model": pool.model.uid,
        "model_name": str(pool.model),
        "country": pool.place.country.code,
        "gpu_band": _band(pool.gpu_band, GPU_EDGES, "{} GPUs"),
        "ready_quarter": _quarter(pool.ready_quarter),
        "price_band": _band(pool.price_band, PRICE_EDGES_USD_GPU_HOUR, "US$ {}/GPU-hour"),
    }


def _pool_full(pool: GpuPool) -> dict[str, Any]:
    return {
        **_plain(pool, (*POOL, "reserved_gpus")),
        **_plain(pool.place, ("country", "region", "grid")),
        "at_site": pool.at_site.uid if pool.at_site else None,
        "evidence": [_plain(each, _EVIDENCE) for each in pool.evidence.all()],
    }


def _pool_reserve(pool: GpuPool, shown: dict[str, Any]) -> None:
    """A pool has nothing in reserve."""


# --- Requests ----------------------------------------------------------------------------------


def _request_teaser(request: CapacityRequest) -> dict[str, Any]:
    is_power = request.kind == RequestKind.POWER
    edges, unit = (MW_EDGES, "{} MW") if is_power else (GPU_EDGES, "{} GPUs")
    return {
        "kind": request.kind,
        "size_band": _band(request.size_band, edges, unit),
        "need_quarter": _quarter(request.need_quarter),
        **_plain(request, PLACES),
        "term_band": _band(request.term_band, TERM_EDGES_MONTHS, "{} months"),
        "security_band": _band(request.security_band, SECURITY_EDGES_MONTHS, "{} months"),
    }


def _request_full(request: CapacityRequest) -> dict[str, Any]:
    steps: list[Step] = sorted(request.steps.all(), key=lambda step: step.need_on)
    return {
        **_plain(request, REQUEST),
        "steps": [_plain(step, ("need_on", "critical_mw", "gpus")) for step in steps],
        "gpu_wishes": [_wish(wish) for wish in _wishes(request)],
    }


def _request_reserve(request: CapacityRequest, shown: dict[str, Any]) -> None:
    shown |= _plain(request, ("latest_on", "price_cap_usd_kw_month", *WEIGHTS))
    caps = [_plain(wish, ("price_cap_usd_gpu_hour",)) for wish in _wishes(request)]
    shown["gpu_wishes"] = [wish | cap for wish, cap in zip(shown["gpu_wishes"], caps, strict=True)]


def _wishes(request: CapacityRequest) -> list[GpuWish]:
    return sorted(request.gpu_wishes.all(), key=lambda wish: wish.pk)


def _wish(wish: GpuWish) -> dict[str, Any]:
    return {"model": wish.model.uid, "model_name": str(wish.model)}


# --- Helpers -----------------------------------------------------------------------------------

_FACES: dict[type[Post], tuple[Any, Any, Any]] = {
    Site: (_site_teaser, _site_full, _site_reserve),
    GpuPool: (_pool_teaser, _pool_full, _pool_reserve),
    CapacityRequest: (_request_teaser, _request_full, _request_reserve),
}


def _organization(post: Post) -> dict[str, Any]:
    return {"uid": post.organization.uid, "name": post.organization.name}


def _evidence_age(evidence: Iterable[Evidence]) -> dict[str, str]:
    known = {each.claim: each.freshness for each in evidence}
    return {claim: known.get(claim, Freshness.NONE.value) for claim in Claim.values}


def _plain(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: _value(getattr(row, name)) for name in names}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return Decimal(f"{value.normalize():f}")
    if isinstance(value, Country):
        return value.code
    is_list = isinstance(value, list | MultipleCountriesDescriptor)
    return [_value(one) for one in value] if is_list else value


def _quarter(day: date) -> str | None:
    return None if day == NO_QUARTER else quarter_label(day)


def _band(index: int | None, edges: tuple[int, ...], words: str) -> str | None:
    return None if index is None else words.format(band_label(index, edges))
