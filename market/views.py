"""Market pages, open to everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from market.models import Comparable


@require_safe
def market(request: HttpRequest) -> HttpResponse:
    """Announced leases with their rates and sources, and the rate in the middle."""
    leases = Comparable.objects.for_page()
    median = Comparable.objects.median_usd_kw_month()
    return render(request, "market/market.html", {"leases": leases, "median": median})
