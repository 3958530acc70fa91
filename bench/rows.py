"""From the engine's values back to the rows that the services would have written, bands included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Model

from bench.dice import Dice
from bench.market import Asked
from engine import Freshness, Need, Offer, Phase
from listings import models
from listings.services.bands import band_gpu_pool, band_request, band_site
from listings.vocabulary import Claim, DisclosureMode, EvidenceMethod, PostType, RequestKind, Status

# As many are blind as among the reference listings and the example requests.
BLIND = {PostType.SITE: 12 / 92, PostType.GPU_POOL: 2 / 14, PostType.REQUEST: 8 / 27}
VERIFIED_DAYS_AGO = {Freshness.FRESH: 30, Freshness.STALE: 200}
MOST_DRAW_PER_CRITICAL = Decimal("1.5")


@dataclass
class Stamp:
    """What the rows of one load share. `transaction` stands in for the triggers that would stamp it."""

    next_id: int
    transaction: int
    now: datetime
    owners: Mapping[PostType, range]
    models: Mapping[str, int]
    dice: Dice = field(default_factory=lambda: Dice("rows"))

    def post(self, post_type: PostType) -> dict[str, object]:
        """The columns of a post, under the next free key."""
        self.next_id += 1
        blind = self.dice.chance(BLIND[post_type])
        return {
            "id": self.next_id,
            "post_type": post_type,
            "organization_id": self.dice.one(self.owners[post_type]),
            "code_name": f"Invented {self.next_id}",
            "status": Status.OPEN,
            "open_until": self.now.date() + timedelta(days=self.dice.whole(30, 365)),
            "disclosure": DisclosureMode.BLIND if blind else DisclosureMode.OPEN,
            "changed_xid": self.transaction,
            "created_at": self.now - timedelta(minutes=self.dice.whole(0, 500_000)),
        }


Rows = list[Model]


def site_rows(offer: Offer, stamp: Stamp) -> Rows:
    """A site with its phases and evidence."""
    site = models.Site(**stamp.post(PostType.SITE), **_site_fields(offer))
    site.post_ptr_id = site.id
    site.name = f"Invented site {site.id}"
    phases = [_phase(phase, site.id) for phase in offer.phases]
    band_site(site, phases)
    return [site, *phases, *_evidence(offer, site.id, stamp.now.date())]


def _site_fields(offer: Offer) -> dict[str, object]:
    first = offer.phases[0]
    free = sum((_mw(phase.free) or Decimal(0) for phase in offer.phases), Decimal(0))
    return {
        "country": offer.country,
        "region": offer.region or "",
        "grid": offer.grid,
        "gross_mw": min(Decimal(10_000), free * MOST_DRAW_PER_CRITICAL),
        "interconnection_stage": offer.grid_stage,
        "power_price_usd_mwh": offer.power_price_usd_mwh,
        "interruptible_hours_per_year": offer.interruptible_hours,
        "pue_design": offer.pue_design,
        "pue_peak": offer.gross_per_critical,
        "cooling": _words(first.cooling),
        "max_rack_kw": first.max_rack_kw,
        "power_redundancy": first.redundancy,
        "delivery_types": _words(first.delivery_types),
        "compliance": _words(offer.compliance),
        "lease_basis": offer.lease_basis,
        "ask_usd_kw_month": _usd(offer.ask),
        "ask_floor_usd_kw_month": _usd(offer.ask_floor),
        "ask_on_gross": offer.priced_on_gross,
        "escalator_pct": offer.escalator_pct,
        "term_min_months": offer.term_min_months,
        "term_max_months": offer.term_max_months,
        "min_block_mw": _mw(offer.min_block),
        "max_block_mw": _mw(offer.max_block),
        "required_credit": offer.required_credit,
        "required_security_months": offer.required_security_months,
        "security_months_instead": offer.security_months_instead,
        "conversion_paid_by": offer.conversion_paid_by,
        "conversion_capex_usd_mw": offer.conversion_capex_usd_mw,
    }


def _phase(phase: Phase, site_id: int) -> models.Phase:
    """Its hall facts are the site's, so it states none."""
    return models.Phase(
        site_id=site_id,
        ready_on=phase.ready_on,
        critical_mw=_mw(phase.free),
        stage=phase.stage,
        ask_usd_kw_month=_usd(phase.ask),
    )


def _evidence(offer: Offer, post_id: int, today: date) -> Rows:
    found = {claim: getattr(offer.evidence, claim) for claim in Claim.values}
    return [
        models.Evidence(
            post_id=post_id,
            claim=claim,
            method=EvidenceMethod.STATEMENT,
            verified_on=today - timedelta(days=VERIFIED_DAYS_AGO[freshness]),
            freshness=freshness.value,
        )
        for claim, freshness in found.items()
        if freshness is not Freshness.NONE
    ]


def pool_rows(offer: Offer, stamp: Stamp) -> Rows:
    """A GPU pool with its evidence."""
    phase = offer.phases[0]
    pool = models.GpuPool(
        **stamp.post(PostType.GPU_POOL),
        model_id=stamp.models[offer.gpu_model or ""],
        gpus=phase.free,
        largest_cluster_gpus=offer.largest_cluster,
        fabric=offer.fabric,
        fabric_gbps=offer.fabric_gbps,
        country=offer.country,
        region=offer.region or "",
        grid=offer.grid,
        available_from=phase.ready_on,
        available_until=offer.available_until,
        price_usd_gpu_hour=_usd(offer.ask),
        commit_min_months=offer.term_min_months,
        commit_max_months=offer.term_max_months,
        min_order_gpus=None if offer.min_order is None else min(offer.min_order, phase.free),
        required_security_months=offer.required_security_months,
    )
    pool.post_ptr_id = pool.id
    band_gpu_pool(pool)
    return [pool, *_evidence(offer, pool.id, stamp.now.date())]


def request_rows(asked: Asked, stamp: Stamp) -> Rows:
    """A request with its steps and wished GPU models."""
    need = asked.need
    is_power = not need.gpu_caps
    request = models.CapacityRequest(
        **stamp.post(PostType.REQUEST),
        **_request_fields(need),
        kind=RequestKind.POWER if is_power else RequestKind.GPU,
        min_block_mw=_mw(need.min_block) if is_power else None,
        accepts_hosting=asked.accepts_hosting,
    )
    request.post_ptr_id = request.id
    request.title = f"Invented request {request.id}"
    steps = [
        models.Step(
            request_id=request.id,
            need_on=step.on,
            critical_mw=_mw(step.quantity) if is_power else None,
            gpus=None if is_power else step.quantity,
        )
        for step in need.steps
    ]
    band_request(request, steps)
    return [request, *steps, *_wishes(need, request.id, stamp)]


def _request_fields(need: Need) -> dict[str, object]:
    return {
        "tolerance_pct": need.tolerance_pct,
        "splittable": need.splittable,
        "max_sites": 3 if need.splittable else 1,
        "countries": sorted(need.countries),
        "regions": sorted(need.regions),
        "grids": sorted(need.grids),
        "excluded_countries": sorted(need.excluded_countries),
        "min_rack_kw": need.min_rack_kw,
        "cooling_any_of": sorted(need.cooling_any_of),
        "min_redundancy": need.min_redundancy,
        "max_interruptible_hours": need.max_interruptible_hours,
        "compliance_all_of": sorted(need.compliance_all_of),
        "delivery_types_any_of": sorted(need.delivery_types_any_of),
        "lease_basis_any_of": sorted(need.lease_basis_any_of),
        "term_min_months": need.term_min_months,
        "term_max_months": need.term_max_months,
        "max_escalator_pct": need.max_escalator_pct,
        "preferred_rack_kw": need.preferred_rack_kw,
        "preferred_cooling": need.preferred_cooling,
        "term_preferred_months": need.term_preferred_months,
        "preferred_delivery_type": need.preferred_delivery_type,
        "credit": need.credit,
        "guarantor_credit": need.guarantor_credit,
        "guarantee_months": need.guarantee_months,
        "security_months": need.security_months,
        "latest_on": need.latest_on,
        "price_cap_usd_kw_month": _usd(need.price_cap),
        "power_weight_pct": int(100 * need.weights.power),
        "timeline_weight_pct": int(100 * need.weights.timeline),
        "terms_weight_pct": int(100 * need.weights.terms),
        "fabric_any_of": sorted(need.fabric_any_of),
        "min_fabric_gbps": need.min_fabric_gbps,
    }


def _wishes(need: Need, request_id: int, stamp: Stamp) -> Rows:
    return [
        models.GpuWish(request_id=request_id, model_id=stamp.models[model], price_cap_usd_gpu_hour=_usd(cap))
        for model, cap in need.gpu_caps
    ]


def _mw(kilowatts: int | None) -> Decimal | None:
    return None if kilowatts is None else Decimal(kilowatts) / 1_000


def _usd(money: int | None) -> Decimal | None:
    return None if money is None else Decimal(money) / 10_000


def _words(words: frozenset[str] | None) -> list[str] | None:
    return None if words is None else sorted(words)
