"""How many open posts might fit a draft, and which of its conditions costs most of them.

A draft can be changed at will, so exact counts on exact values would find out what blind posts hide: only
what every teaser tells is asked, and the answers are bands of counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet

from listings.models import CapacityRequest, GpuModel, GpuPool, Site
from listings.vocabulary import (
    GPU_EDGES,
    MW_EDGES,
    RACK_KW_EDGES,
    Delivery,
    RequestKind,
    band,
    count_label,
    quarter_of,
)

# Whoever needs power from one quarter on will look at what comes two quarters later.
PATIENCE = timedelta(days=183)
_FIRST_DAY = date(2000, 1, 1)


class Question(NamedTuple):
    """The posts of the other side, and what each of the draft's conditions leaves of them."""

    posts: QuerySet[Any]
    conditions: Mapping[str, Q]


class Cost(NamedTuple):
    """The condition that costs most. Without it `left` would fit; where it is not alone to blame, `left` is
    how many meet it by itself. Counts are bands in words."""

    condition: str
    left: str
    is_alone: bool


class Fit(NamedTuple):
    """How many might fit, as a band in words."""

    number: str
    cost: Cost | None


def fit(question: Question) -> Fit:
    """Count in one query; a cost is named where it shows in the bands."""
    conditions = {name: q for name, q in question.conditions.items() if q}
    counted = {"everything": Count("pk"), "all": _count(conditions.values())}
    for name, q in conditions.items():
        counted[f"without_{name}"] = _count(other for other in conditions.values() if other is not q)
        counted[f"alone_{name}"] = _count([q])
    counts = question.posts.aggregate(**counted)
    return Fit(count_label(counts["all"]), _cost(counts, list(conditions)))


def requests_for_site(*, today: date, country: str, critical_mw: Decimal, ready_on: date) -> Question:
    """Open requests for megawatts, as far as their bands, places and first quarter tell."""
    size = Q(size_band__lte=band(critical_mw, MW_EDGES))
    return _takers(RequestKind.POWER, today, country, ready_on, size)


def requests_for_pool(*, today: date, country: str, gpus: int, ready_on: date) -> Question:
    """Open requests for GPUs; which models they wish for is no part of a teaser."""
    size = Q(size_band__lte=band(gpus, GPU_EDGES))
    return _takers(RequestKind.GPU, today, country, ready_on, size)


def sites_for_request(
    *,
    today: date,
    countries: Collection[str],
    excluded: Collection[str],
    least_mw: Decimal,
    latest_on: date,
    min_rack_kw: Decimal | None = None,
    cooling: Collection[str] = (),
    delivery: Collection[str] = (),
) -> Question:
    """Open sites, as far as their MW band, country, first quarter and hall tell. What a site does not state
    is no reason against it, and what it builds to suit can be built."""
    size, built = band(least_mw, MW_EDGES), Q(delivery_types__contains=[Delivery.BUILD_TO_SUIT])
    rack = Q(rack_band=None) | Q(rack_band__gte=band(min_rack_kw or 0, RACK_KW_EDGES)) | built
    conditions = {
        "date": Q(ready_quarter__lte=quarter_of(latest_on)),
        "size": Q(mw_band__gte=size),
        "place": _placed(_site_in, countries, excluded),
        "rack": rack if min_rack_kw else Q(),
        "cooling": Q(cooling=None) | Q(cooling__overlap=list(cooling)) | built if cooling else Q(),
        "delivery": Q(delivery_types=None) | Q(delivery_types__overlap=list(delivery)) if delivery else Q(),
    }
    return Question(Site.objects.open(today), conditions)


def pools_for_request(
    *,
    today: date,
    countries: Collection[str],
    excluded: Collection[str],
    models: Collection[GpuModel],
    least_gpus: Decimal,
    latest_on: date,
) -> Question:
    """Open pools, as far as their model, GPU band, country and quarter tell."""
    conditions = {
        "date": Q(ready_quarter__lte=quarter_of(latest_on)),
        "size": Q(gpu_band__gte=band(least_gpus, GPU_EDGES)),
        "place": _placed(_pool_in, countries, excluded),
        "model": Q(model__in=list(models)) if models else Q(),
    }
    return Question(GpuPool.objects.open(today), conditions)


def _takers(kind: RequestKind, today: date, country: str, ready_on: date, size: Q) -> Question:
    """A grid or region that is named may lie in the country, so such requests stay in."""
    nowhere = Q(countries="", regions=[], grids=[])
    named = Q(countries__contains=country) | ~Q(regions=[]) | ~Q(grids=[])
    conditions = {
        "date": Q(need_quarter__gte=quarter_of(max(ready_on, _FIRST_DAY) - PATIENCE)),
        "size": size,
        "place": (nowhere | named) & ~Q(excluded_countries__contains=country),
    }
    return Question(CapacityRequest.objects.open(today).filter(kind=kind), conditions)


def _placed(stands_in: Callable[[list[str]], Q], wanted: Collection[str], excluded: Collection[str]) -> Q:
    inside = stands_in(list(wanted)) if wanted else Q()
    return inside & ~stands_in(list(excluded)) if excluded else inside


def _site_in(countries: list[str]) -> Q:
    return Q(country__in=countries)


def _pool_in(countries: list[str]) -> Q:
    # A pool elsewhere than at a site has no site's country; "not in" must not stumble over the unknown.
    return Q(country__in=countries) | Q(at_site__isnull=False, at_site__country__in=countries)


def _count(conditions: Iterable[Q]) -> Count:
    every: Q = reduce(and_, conditions, Q())
    return Count("pk", filter=every) if every else Count("pk")


def _cost(counts: Mapping[str, int], names: Collection[str]) -> Cost | None:
    """What alone keeps most away; where several do so together, what fewest meet."""
    if not names or not counts["everything"]:
        return None
    worst = max(names, key=lambda name: counts[f"without_{name}"])
    left = count_label(counts[f"without_{worst}"])
    if left != count_label(counts["all"]):
        return Cost(worst, left, is_alone=True)
    worst = min(names, key=lambda name: counts[f"alone_{name}"])
    met = count_label(counts[f"alone_{worst}"])
    return (
        None
        if met == count_label(counts["everything"]) or counts["all"]
        else Cost(worst, met, is_alone=False)
    )
