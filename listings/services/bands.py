"""What a teaser shows instead of the figures, stored with the post so that lists filter and sort on it."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from listings.models import CapacityRequest, GpuPool, Phase, Site, Step
from listings.vocabulary import (
    GPU_EDGES,
    MW_EDGES,
    NO_QUARTER,
    PRICE_EDGES_USD_GPU_HOUR,
    PRICE_EDGES_USD_KW_MONTH,
    RACK_KW_EDGES,
    SECURITY_EDGES_MONTHS,
    TERM_EDGES_MONTHS,
    RequestKind,
    band,
    quarter_of,
)


def band_site(site: Site, phases: Collection[Phase]) -> None:
    """Bands of the free critical MW, the first free phase, the densest rack and the ask per critical kW."""
    free = [phase for phase in phases if phase.reserved_mw < phase.critical_mw]
    site.mw_band = band(sum((p.critical_mw - p.reserved_mw for p in free), Decimal(0)), MW_EDGES)
    site.ready_quarter = min((quarter_of(phase.ready_on) for phase in free), default=NO_QUARTER)
    racks = _stated([site.max_rack_kw]) or _stated(phase.max_rack_kw for phase in free)
    site.rack_band = band(max(racks), RACK_KW_EDGES) if racks else None
    asks = _stated([site.ask_usd_kw_month]) or _stated(phase.ask_usd_kw_month for phase in free)
    # An ask per gross kW is another unit: in a band it would look like a bargain.
    site.price_band = band(min(asks), PRICE_EDGES_USD_KW_MONTH) if asks and not site.ask_on_gross else None


def band_gpu_pool(pool: GpuPool) -> None:
    pool.gpu_band = band(pool.gpus - pool.reserved_gpus, GPU_EDGES)
    pool.ready_quarter = quarter_of(pool.available_from)
    price = pool.price_usd_gpu_hour
    pool.price_band = None if price is None else band(price, PRICE_EDGES_USD_GPU_HOUR)


def band_request(request: CapacityRequest, steps: Collection[Step]) -> None:
    """Bands of the last total, the first date, the term wished for (else the longest) and the security."""
    edges = MW_EDGES if request.kind == RequestKind.POWER else GPU_EDGES
    request.size_band = band(max((_total(step) for step in steps), default=Decimal(0)), edges)
    request.need_quarter = min((quarter_of(step.need_on) for step in steps), default=NO_QUARTER)
    request.term_band = band(request.term_preferred_months or request.term_max_months, TERM_EDGES_MONTHS)
    request.security_band = band(request.security_months, SECURITY_EDGES_MONTHS)


def _total(step: Step) -> Decimal:
    return Decimal(step.gpus or 0) if step.critical_mw is None else step.critical_mw


def _stated(values: Iterable[Decimal | None]) -> list[Decimal]:
    return [value for value in values if value is not None]
