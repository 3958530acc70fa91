"""From rows to the plain values that the rules read: MW become whole kW, US$ whole 1/10,000.

A row is an instance of a model or the named tuple of a query: whatever has the columns.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from engine import Evidence, Freshness, GpuFacts, Need, Offer, Phase, Step, Unit, Weights, hosting_need
from listings.models import CapacityRequest, GpuModel, GpuPool, Site
from listings.vocabulary import BuildStage, GridStage, RequestKind

Row = Any
Wish = tuple[GpuModel, Decimal | None]  # a model and the cap for it


def offer_from(post: Site | GpuPool) -> Offer:
    """Return a site's or a GPU pool's offer. Its phases, evidence, model and site must be loaded."""
    if isinstance(post, Site):
        return site_offer(post, post.phases.all(), post.evidence.all())
    return pool_offer(post, post.place, post.model, post.evidence.all())


def needs_from(request: CapacityRequest) -> list[Need]:
    """Return the needs of a request. Its steps and wishes with their models must be loaded."""
    wishes = [(wish.model, wish.price_cap_usd_gpu_hour) for wish in request.gpu_wishes.all()]
    return request_needs(request, request.steps.all(), wishes)


def request_needs(request: Row, steps: Iterable[Row], wishes: list[Wish]) -> list[Need]:
    """Return the one need of a request, or two for GPUs that may also be hosted: GPUs first, then MW.

    A wished model whose power nobody knows leaves the second need out: hosting could not be sized.
    """
    steps = sorted(steps, key=lambda step: step.need_on)
    if request.kind == RequestKind.POWER:
        totals = [Step(step.need_on, kilowatts(step.critical_mw or Decimal(0))) for step in steps]
        return [_need(request, Unit.MW, tuple(totals), wishes)]
    need = _need(request, Unit.GPU, tuple(Step(step.need_on, step.gpus or 0) for step in steps), wishes)
    facts = _gpu_facts(wishes)
    return [need, hosting_need(need, facts)] if request.accepts_hosting and facts else [need]


def kilowatts(mw: Decimal) -> int:
    return int(mw * 1000)


def money(usd: Decimal | None) -> int | None:
    return None if usd is None else int(usd * 10_000)


def site_offer(site: Row, phases: Iterable[Row], evidence: Iterable[Row]) -> Offer:
    """Return a site's offer of MW."""
    return Offer(
        id=site.pk,
        unit=Unit.MW,
        country=str(site.country),
        region=site.region or None,
        grid=site.grid,
        phases=tuple(_phase(site, phase) for phase in phases),
        grid_stage=site.interconnection_stage,
        evidence=_evidence(evidence),
        min_block=_kilowatts(site.min_block_mw),
        max_block=_kilowatts(site.max_block_mw),
        interruptible_hours=site.interruptible_hours_per_year,
        compliance=_words(site.compliance),
        lease_basis=site.lease_basis,
        ask=money(site.ask_usd_kw_month),
        ask_floor=money(site.ask_floor_usd_kw_month),
        priced_on_gross=site.ask_on_gross,
        gross_per_critical=site.pue_peak,
        power_price_usd_mwh=site.power_price_usd_mwh,
        pue_design=site.pue_design,
        conversion_paid_by=site.conversion_paid_by,
        conversion_capex_usd_mw=site.conversion_capex_usd_mw,
        escalator_pct=site.escalator_pct,
        term_min_months=site.term_min_months,
        term_max_months=site.term_max_months,
        required_credit=site.required_credit,
        required_security_months=site.required_security_months,
        security_months_instead=site.security_months_instead,
    )


def _phase(site: Row, phase: Row) -> Phase:
    """A phase with its own hall facts where it states them, the site's elsewhere."""
    return Phase(
        ready_on=phase.ready_on,
        free=kilowatts(phase.critical_mw - phase.reserved_mw),
        stage=phase.stage,
        cooling=_words(phase.cooling if phase.cooling is not None else site.cooling),
        max_rack_kw=phase.max_rack_kw if phase.max_rack_kw is not None else site.max_rack_kw,
        redundancy=phase.power_redundancy or site.power_redundancy,
        delivery_types=_words(
            phase.delivery_types if phase.delivery_types is not None else site.delivery_types
        ),
        ask=money(phase.ask_usd_kw_month),
    )


def pool_offer(pool: Row, place: Row, model: GpuModel, evidence: Iterable[Row]) -> Offer:
    """Return a pool's offer of GPUs, which stand where `place` says."""
    return Offer(
        id=pool.pk,
        unit=Unit.GPU,
        country=str(place.country),
        region=place.region or None,
        grid=place.grid,
        phases=(
            Phase(
                ready_on=pool.available_from,
                free=pool.gpus - pool.reserved_gpus,
                stage=BuildStage.READY_FOR_SERVICE,
            ),
        ),
        grid_stage=GridStage.IN_SERVICE,  # GPUs that can be rented are powered already
        evidence=_evidence(evidence),
        ask=money(pool.price_usd_gpu_hour),
        term_min_months=pool.commit_min_months,
        term_max_months=pool.commit_max_months,
        required_security_months=pool.required_security_months,
        gpu_model=model.name,
        largest_cluster=pool.largest_cluster_gpus,
        min_order=pool.min_order_gpus,
        available_until=pool.available_until,
        fabric=pool.fabric,
        fabric_gbps=pool.fabric_gbps,
    )


def _need(request: Row, unit: Unit, steps: tuple[Step, ...], wishes: list[Wish]) -> Need:
    return Need(
        id=request.pk,
        unit=unit,
        steps=steps,
        latest_on=request.latest_on,
        term_min_months=request.term_min_months,
        term_max_months=request.term_max_months,
        tolerance_pct=request.tolerance_pct,
        splittable=request.splittable,
        min_block=_kilowatts(request.min_block_mw) if unit is Unit.MW else None,
        countries=_countries(request.countries),
        regions=frozenset(request.regions),
        grids=frozenset(request.grids),
        excluded_countries=_countries(request.excluded_countries),
        min_rack_kw=request.min_rack_kw,
        cooling_any_of=frozenset(request.cooling_any_of),
        min_redundancy=request.min_redundancy,
        max_interruptible_hours=request.max_interruptible_hours,
        compliance_all_of=frozenset(request.compliance_all_of),
        delivery_types_any_of=frozenset(request.delivery_types_any_of),
        lease_basis_any_of=frozenset(request.lease_basis_any_of),
        max_escalator_pct=request.max_escalator_pct,
        preferred_rack_kw=request.preferred_rack_kw,
        preferred_cooling=request.preferred_cooling,
        term_preferred_months=request.term_preferred_months,
        preferred_delivery_type=request.preferred_delivery_type,
        credit=request.credit,
        guarantor_credit=request.guarantor_credit,
        guarantee_months=request.guarantee_months,
        security_months=request.security_months,
        price_cap=money(request.price_cap_usd_kw_month),
        gpu_caps=tuple((model.name, money(cap)) for model, cap in wishes),
        fabric_any_of=frozenset(request.fabric_any_of),
        min_fabric_gbps=request.min_fabric_gbps,
        weights=_weights(request),
    )


def _weights(request: CapacityRequest) -> Weights:
    each = (request.power_weight_pct, request.timeline_weight_pct, request.terms_weight_pct)
    return Weights(*(Decimal(pct) / 100 for pct in each))


def _gpu_facts(wishes: list[Wish]) -> list[GpuFacts]:
    return [
        GpuFacts(Decimal(model.it_w_per_gpu), model.rack_kw_low, model.liquid_cooling_required)
        for model, _ in wishes
        if model.it_w_per_gpu is not None
    ]


def _evidence(rows: Iterable[Row]) -> Evidence:
    return Evidence(**{each.claim: Freshness(each.freshness) for each in rows})


def _countries(value: Any) -> frozenset[str]:
    """A model has a list of countries, a query their codes between commas."""
    codes = value.split(",") if isinstance(value, str) else map(str, value)
    return frozenset(codes) - {""}


def _kilowatts(mw: Decimal | None) -> int | None:
    return None if mw is None else kilowatts(mw)


def _words(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)
