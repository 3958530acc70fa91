"""The front page: what the market has open and the three ways in."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, F, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.readers import PageRequest
from listings.models import CapacityRequest, GpuPool, Site
from listings.views.shelves import GPU_POOLS, REQUESTS, SITES


@require_safe
def home(request: PageRequest) -> HttpResponse:
    context = {"figures": _figures(timezone.localdate()), "shelves": [SITES, GPU_POOLS, REQUESTS]}
    return render(request, "home.html", context)


def _figures(today: date) -> dict[str, Any]:
    """What is open, rounded to ten, so that one more post does not tell its exact size."""
    free_mw = Sum(F("phases__critical_mw") - F("phases__reserved_mw"))
    sites = Site.objects.open(today).aggregate(count=Count("pk", distinct=True), total=free_mw)
    pools = GpuPool.objects.open(today).aggregate(
        count=Count("pk"), total=Sum(F("gpus") - F("reserved_gpus"))
    )
    return {
        "sites": sites["count"],
        "mw": _to_ten(sites["total"]),
        "pools": pools["count"],
        "gpus": _to_ten(pools["total"]),
        "requests": CapacityRequest.objects.open(today).count(),
    }


def _to_ten(total: Decimal | int | None) -> str:
    tens = (Decimal(total or 0) / 10).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{int(tens) * 10:,}"
