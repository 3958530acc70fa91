"""The landing page and the market page, both open to everybody."""

from decimal import Decimal
from statistics import median as middle
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from market.backtest import published, words
from market.backtest.chart import strip_of
from market.charts import DotChart, bars_of, dots_by_day, dots_by_term
from market.figures import open_market
from market.maps import map_of
from market.models import Comparable

NEWEST = 5


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What Switchyard is, the open market in figures, and the way in for each of the three people."""
    context = {**_open_market(), "leases": Comparable.objects.for_page()[:NEWEST]}
    return render(request, "home_visitor.html", {**context, "median": _median()})


@require_safe
def market(request: HttpRequest) -> HttpResponse:
    """Supply and demand by quarter, and announced leases with their rates, sources and the median."""
    leases, median = list(Comparable.objects.for_page()), _median()
    context = {**_open_market(), "leases": leases, "median": median, "rates": _rates(leases, median)}
    return render(request, "market/market.html", context)


@require_safe
def median(request: HttpRequest) -> HttpResponse:
    """The median rate of announced leases with its cautions: a fragment for the page of a match."""
    rates = Comparable.objects.rates()
    context = {"median": middle(rates) if rates else None, "count": len(rates)}
    return render(request, "market/median.html", context)


@require_safe
def backtest(request: HttpRequest) -> HttpResponse:
    """How the matcher does on announced deals: what the command found, with nothing scored here."""
    result = published()
    context = {
        "result": result,
        "strip": strip_of(result),
        "deals": words.deal_lines(result),
        "groups": words.group_lines(result),
        "variants": words.variant_lines(result),
        "told": words.headlines(result),
    }
    return render(request, "market/backtest.html", context)


def _open_market() -> dict[str, Any]:
    figures = open_market(timezone.localdate())
    return {"figures": figures, "bars": bars_of(figures.quarters), "map": map_of(figures.lots)}


def _rates(leases: list[Comparable], median: Decimal | None) -> list[tuple[str, DotChart]]:
    if median is None:
        return []
    return [
        (_("Rate by day of announcement, US$/kW-month"), dots_by_day(leases, median)),
        (_("Rate by term, US$/kW-month"), dots_by_term(leases, median)),
    ]


def _median() -> Decimal | None:
    return Comparable.objects.median_usd_kw_month()
