"""What a half-filled form would meet on the market, in one or two sentences."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engine import STANDARD, Unit
from listings import fitting
from listings.fitting import Cost, Question
from listings.forms import Paper, QuickRequest
from listings.forms.dated import Dated, dated
from listings.views.shelves import GPU_POOLS, REQUESTS, SITES, Shelf
from listings.vocabulary import RequestKind

CONDITIONS = {
    "date": gettext_lazy("the date"),
    "size": gettext_lazy("the size"),
    "place": gettext_lazy("the place"),
    "rack": gettext_lazy("the rack density"),
    "cooling": gettext_lazy("the cooling"),
    "delivery": gettext_lazy("the form of delivery"),
    "model": gettext_lazy("the GPU model"),
}
# Below it no part of a split is worth a contract.
_SMALLEST_MW = Decimal(STANDARD.smallest_block[Unit.MW]) / 1000
_SMALLEST_GPUS = Decimal(STANDARD.smallest_block[Unit.GPU])


def fit_of(shelf: Shelf, paper: Paper, today: date) -> str:
    """How many open posts might fit what has been typed so far and what costs most of them, or what is
    missing to say so."""
    asked = {SITES.one: _site, GPU_POOLS.one: _pool, REQUESTS.one: _request}[shelf.one]
    return _told(asked(paper, today), _("open posts") if shelf is REQUESTS else _("open requests"))


def quick_fit(form: QuickRequest, today: date) -> str:
    """The same for a request in five answers."""
    size, need_on, model = (_clean(form, name) for name in ("size", "need_on", "model"))
    if not size or not need_on:
        return _told(None, "")
    country = _clean(form, "country")
    asked: dict[str, Any] = {
        "today": today,
        "countries": [country] if country else [],
        "excluded": [],
        "latest_on": need_on + fitting.PATIENCE,
    }
    if model:
        question = fitting.pools_for_request(models=[model], least_gpus=size, **asked)
    else:
        question = fitting.sites_for_request(least_mw=size, **asked)
    return _told(question, _("open posts"))


def _told(question: Question | None, other: str) -> str:
    if question is None:
        return _("Give a quantity, a date and a place to see how many might fit.")
    number, cost = fitting.fit(question)
    told = _("{count} {other} might fit, by their bands.").format(count=number, other=other)
    return f"{told} {_cost(cost)}" if cost else told


def _cost(cost: Cost) -> str:
    name = CONDITIONS[cost.condition]
    if cost.is_alone:
        told = _("What costs most is {condition}: without it there would be {count}.")
    else:
        told = _("Several conditions keep them away, most of all {condition}: only {count} meet it.")
    return told.format(condition=name, count=cost.left)


def _site(paper: Paper, today: date) -> Question | None:
    country, phases = _read(paper, "country"), dated(paper.grids()[0].rows)
    if not country or not phases:
        return None
    first, most = phases[0].day, sum((phase.size for phase in phases), Decimal(0))
    return fitting.requests_for_site(today=today, country=country, critical_mw=most, ready_on=first)


def _pool(paper: Paper, today: date) -> Question | None:
    site, gpus, day = _read(paper, "at_site"), _read(paper, "gpus"), _read(paper, "available_from")
    country = site.country.code if site else _read(paper, "country")
    if not country or not gpus or not day:
        return None
    return fitting.requests_for_pool(today=today, country=country, gpus=gpus, ready_on=day)


def _request(paper: Paper, today: date) -> Question | None:
    steps = dated(paper.grids()[0].rows)
    if not steps:
        return None
    asked: dict[str, Any] = {
        "today": today,
        "countries": _read(paper, "countries") or [],
        "excluded": _read(paper, "excluded_countries") or [],
        "latest_on": _read(paper, "latest_on") or steps[0].day + fitting.PATIENCE,
    }
    if paper.given["kind"] == RequestKind.GPU:
        models = [model for row in paper.rows["gpu_wishes"].forms if (model := _clean(row, "model"))]
        return fitting.pools_for_request(
            models=models, least_gpus=_least(paper, steps, _SMALLEST_GPUS), **asked
        )
    return fitting.sites_for_request(
        least_mw=_least(paper, steps, _SMALLEST_MW),
        min_rack_kw=_read(paper, "min_rack_kw"),
        cooling=_read(paper, "cooling_any_of") or [],
        delivery=_read(paper, "delivery_types_any_of") or [],
        **asked,
    )


def _least(paper: Paper, steps: list[Dated], smallest: Decimal) -> Decimal:
    """What one place must have at least: all but the tolerance, or a block of it if it may be split."""
    if _read(paper, "splittable"):
        return min(steps[0].size, max(_read(paper, "min_block_mw") or Decimal(0), smallest))
    tolerance = _read(paper, "tolerance_pct") or Decimal(0)
    return steps[-1].size * (1 - tolerance / 100)


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
