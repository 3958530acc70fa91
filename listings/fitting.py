"""How many open posts might fit a draft, from what every teaser tells and in bands of counts.

A draft can be changed at will, so an exact count on exact values would find out what blind posts hide.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet

from listings.models import CapacityRequest, GpuModel, GpuPool, Site
from listings.vocabulary import GPU_EDGES, MW_EDGES, RequestKind, band, count_label, quarter_of

# Whoever needs power from one quarter on will look at what comes two quarters later.
PATIENCE = timedelta(days=183)
_FIRST_DAY = date(2000, 1, 1)


def in_bands(found: QuerySet[CapacityRequest] | QuerySet[Site] | QuerySet[GpuPool]) -> str:
    """How many these are, as anybody may read it."""
    return count_label(found.count())


def requests_for_site(
    *, today: date, country: str, critical_mw: Decimal, ready_on: date
) -> QuerySet[CapacityRequest]:
    """Open requests for megawatts, as far as their bands, places and first quarter tell."""
    size, found = band(critical_mw, MW_EDGES), CapacityRequest.objects.open(today)
    return _takers(found, country, ready_on).filter(kind=RequestKind.POWER, size_band__lte=size)


def requests_for_pool(*, today: date, country: str, gpus: int, ready_on: date) -> QuerySet[CapacityRequest]:
    """Open requests for GPUs; which models they wish for is no part of a teaser."""
    size, found = band(gpus, GPU_EDGES), CapacityRequest.objects.open(today)
    return _takers(found, country, ready_on).filter(kind=RequestKind.GPU, size_band__lte=size)


def sites_for_request(
    *,
    today: date,
    countries: Collection[str],
    excluded: Collection[str],
    critical_mw: Decimal,
    latest_on: date,
) -> QuerySet[Site]:
    """Open sites, as far as their MW band, country and first quarter tell."""
    found = Site.objects.open(today).filter(mw_band__gte=band(critical_mw, MW_EDGES))
    found = found.filter(ready_quarter__lte=quarter_of(latest_on)).exclude(country__in=list(excluded))
    return found.filter(country__in=list(countries)) if countries else found


def pools_for_request(
    *,
    today: date,
    countries: Collection[str],
    excluded: Collection[str],
    models: Collection[GpuModel],
    gpus: int,
    latest_on: date,
) -> QuerySet[GpuPool]:
    """Open pools of one of the models, as far as their GPU band, country and quarter tell."""
    found = GpuPool.objects.open(today).filter(model__in=list(models), gpu_band__gte=band(gpus, GPU_EDGES))
    found = found.filter(ready_quarter__lte=quarter_of(latest_on)).exclude(_stands_in(excluded))
    return found.filter(_stands_in(countries)) if countries else found


def _takers(found: QuerySet[CapacityRequest], country: str, ready_on: date) -> QuerySet[CapacityRequest]:
    """A grid or region that is named may lie in the country, so such requests stay in."""
    nowhere = Q(countries="", regions=[], grids=[])
    named = Q(countries__contains=country) | ~Q(regions=[]) | ~Q(grids=[])
    in_time = Q(need_quarter__gte=quarter_of(max(ready_on, _FIRST_DAY) - PATIENCE))
    return found.filter(nowhere | named, in_time).exclude(excluded_countries__contains=country)


def _stands_in(countries: Collection[str]) -> Q:
    return Q(country__in=list(countries)) | Q(at_site__country__in=list(countries))
