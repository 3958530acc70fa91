"""A loose question to Postgres, so that one offer is not scored against every request there is.

Loose means: whoever could match is in; most who could not are out. The rules decide.
"""

from datetime import date
from decimal import Decimal

from django.db.models import DecimalField, ExpressionWrapper, F, Max, Q, QuerySet

from engine import Offer, Unit
from listings.models import CapacityRequest
from listings.vocabulary import RequestKind

_EXACT = DecimalField(max_digits=18, decimal_places=6)


def requests_for(offer: Offer, today: date) -> QuerySet[CapacityRequest]:
    """Open requests that might take this offer, by unit, place, first date, term and size."""
    requests = CapacityRequest.objects.open(today).filter(_unit(offer), _place(offer), _term(offer))
    return _sized(requests.filter(latest_on__gte=_first_ready(offer)), offer)


def _unit(offer: Offer) -> Q:
    if offer.unit is Unit.GPU:
        return Q(kind=RequestKind.GPU, gpu_wishes__model__name=offer.gpu_model)
    return Q(kind=RequestKind.POWER) | Q(accepts_hosting=True)


def _place(offer: Offer) -> Q:
    """Named by country, region or grid, or nothing named. Unknown places stay in."""
    nowhere = Q(countries="", regions=[], grids=[])
    named = Q(countries__contains=offer.country)
    named |= Q(regions__contains=[offer.region]) if offer.region else ~Q(regions=[])
    named |= Q(grids__contains=[offer.grid]) if offer.grid else ~Q(grids=[])
    return (nowhere | named) & ~Q(excluded_countries__contains=offer.country)


def _term(offer: Offer) -> Q:
    shortest, longest = offer.term_min_months, offer.term_max_months
    overlap = Q()
    if shortest is not None:
        overlap &= Q(term_max_months__gte=shortest)
    if longest is not None:
        overlap &= Q(term_min_months__lte=longest)
    return overlap


def _first_ready(offer: Offer) -> date:
    return min((phase.ready_on for phase in offer.phases), default=date.max)


def _sized(requests: QuerySet[CapacityRequest], offer: Offer) -> QuerySet[CapacityRequest]:
    """Whoever takes all from one place must find (1 − tolerance) of the total here.

    A GPU request's need in MW is known to the rules only, so it stays in.
    """
    free = Decimal(sum(phase.free for phase in offer.phases))
    in_unit = free if offer.unit is Unit.GPU else free / 1000
    total = Max("steps__gpus" if offer.unit is Unit.GPU else "steps__critical_mw", output_field=_EXACT)
    least = F("_total") * (1 - F("tolerance_pct") / 100)
    fits = Q(_least__lte=in_unit) | Q(splittable=True) | Q(_least=None)
    return requests.annotate(_total=total, _least=ExpressionWrapper(least, _EXACT)).filter(fits)
