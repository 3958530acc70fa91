"""What a half-filled form would meet on the market, in one sentence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from listings import fitting
from listings.forms import Paper
from listings.forms.dated import dated
from listings.views.shelves import GPU_POOLS, REQUESTS, SITES, Shelf
from listings.vocabulary import RequestKind


def fit_of(shelf: Shelf, paper: Paper, today: date) -> str:
    """How many open posts might fit what has been typed so far, or what is missing to say so."""
    asked = {SITES.one: _site, GPU_POOLS.one: _pool, REQUESTS.one: _request}[shelf.one]
    found = asked(paper, today)
    if found is None:
        return _("Give a quantity, a date and a place to see how many might fit.")
    other = _("open posts") if shelf is REQUESTS else _("open requests")
    return _("{count} {other} might fit, by their bands.").format(count=fitting.in_bands(found), other=other)


def _site(paper: Paper, today: date) -> Any:
    country, phases = _read(paper, "country"), dated(paper.grids()[0].rows)
    if not country or not phases:
        return None
    first, most = phases[0].day, sum((phase.size for phase in phases), Decimal(0))
    return fitting.requests_for_site(today=today, country=country, critical_mw=most, ready_on=first)


def _pool(paper: Paper, today: date) -> Any:
    site, gpus, day = _read(paper, "at_site"), _read(paper, "gpus"), _read(paper, "available_from")
    country = site.country.code if site else _read(paper, "country")
    if not country or not gpus or not day:
        return None
    return fitting.requests_for_pool(today=today, country=country, gpus=gpus, ready_on=day)


def _request(paper: Paper, today: date) -> Any:
    steps = dated(paper.grids()[0].rows)
    if not steps:
        return None
    latest_on, most = _read(paper, "latest_on") or steps[0].day + fitting.PATIENCE, steps[-1].size
    asked: dict[str, Any] = {
        "today": today,
        "countries": _read(paper, "countries") or [],
        "excluded": _read(paper, "excluded_countries") or [],
        "latest_on": latest_on,
    }
    if paper.given["kind"] == RequestKind.POWER:
        return fitting.sites_for_request(critical_mw=most, **asked)
    models = [model for row in paper.rows["gpu_wishes"].forms if (model := _clean(row, "model"))]
    return fitting.pools_for_request(models=models, gpus=int(most), **asked)


def _read(paper: Paper, name: str) -> Any:
    return _clean(paper.form, name)


def _clean(form: Any, name: str) -> Any:
    """A field's value as far as it can be read already."""
    field = form.fields[name]
    raw: Any = field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
    try:
        return field.clean(raw)
    except (ValidationError, ArithmeticError):
        return None
