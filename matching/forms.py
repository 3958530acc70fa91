"""What an owner may try on a post of their own without saving it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext as _

from listings.models import CapacityRequest, GpuPool, Site
from listings.vocabulary import RequestKind
from listings.words import LABELS
from matching.services.what_if import Changes, OwnPost

FIRST_YEAR, LAST_YEAR = 2000, 2100
QUARTER = timedelta(days=91)
# What people try first: the day a quarter sooner or later, the price a tenth off.
OFFERED, ASKED = Decimal("0.9"), Decimal("1.1")


class Suggestion(NamedTuple):
    label: str
    query: str


class WhatIfForm(forms.Form):
    """Empty is as posted."""

    first_on = forms.DateField(required=False)
    latest_on = forms.DateField(required=False)
    price = forms.DecimalField(
        required=False, min_value=Decimal("0.01"), max_value=Decimal(100_000), decimal_places=4
    )

    def __init__(self, given: Mapping[str, str], *, post: OwnPost) -> None:
        """Bound as soon as one figure is given; those that are not given stay as posted."""
        self.posted = posted_figures(post)
        data = {name: given.get(name, value) for name, value in self.posted.items()}
        super().__init__(data if data.keys() & given.keys() else None, initial=self.posted)
        for name, label in _labels(post).items():
            self.fields[name].label = label
        for name in ("first_on", "latest_on"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        self.fields["price"].widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "number"})
        if not isinstance(post, CapacityRequest):
            del self.fields["latest_on"]

    def clean_first_on(self) -> date | None:
        return self._within("first_on")

    def clean_latest_on(self) -> date | None:
        return self._within("latest_on")

    def clean(self) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(name) or value for name, value in self.posted.items()}
        if "latest_on" in self.fields and given["latest_on"] < given["first_on"]:
            self.add_error("latest_on", _("The outside date is on or after the first day."))
        if not self.errors and given == self.posted:
            raise forms.ValidationError(_("Nothing differs from your post yet: change a figure."))
        return self.cleaned_data

    @property
    def changes(self) -> Changes:
        """What differs from the post."""
        differs = {
            name: value
            for name, value in self.cleaned_data.items()
            if value is not None and value != self.posted[name]
        }
        return Changes(**differs)

    def suggestions(self) -> list[Suggestion]:
        return [Suggestion(label, urlencode({name: value})) for label, name, value in self._tries()]

    def _tries(self) -> Iterator[tuple[str, str, Any]]:
        price = self.posted["price"]
        if "latest_on" in self.fields:
            yield _("A quarter later would do"), "latest_on", self.posted["latest_on"] + QUARTER
        else:
            yield _("A quarter sooner"), "first_on", self.posted["first_on"] - QUARTER
        if price is not None:
            up = "latest_on" in self.fields
            label = _("Pay a tenth more") if up else _("Ask a tenth less")
            yield label, "price", round(price * (ASKED if up else OFFERED), 2)

    def _within(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day is not None and not FIRST_YEAR <= day.year < LAST_YEAR:
            raise forms.ValidationError(_("Give a day between 2000 and 2099."))
        return day


def posted_figures(post: OwnPost) -> dict[str, Any]:
    """The figures that can be tried, as they are posted; no price where the models have several caps."""
    if isinstance(post, CapacityRequest):
        first_on = min(step.need_on for step in post.steps.all())
        price = post.price_cap_usd_kw_month
        if post.kind == RequestKind.GPU:
            caps = {wish.price_cap_usd_gpu_hour for wish in post.gpu_wishes.all()}
            price = caps.pop() if len(caps) == 1 else None
        return {"first_on": first_on, "latest_on": post.latest_on, "price": _plain(price)}
    if isinstance(post, GpuPool):
        return {"first_on": post.available_from, "price": _plain(post.price_usd_gpu_hour)}
    first_on = min(phase.ready_on for phase in post.phases.all())
    return {"first_on": first_on, "price": _plain(post.ask_usd_kw_month)}


def _plain(price: Decimal | None) -> Decimal | None:
    return None if price is None else Decimal(f"{price.normalize():f}")


def _labels(post: OwnPost) -> dict[str, str]:
    if isinstance(post, CapacityRequest):
        cap = "price_cap_usd_gpu_hour" if post.kind == RequestKind.GPU else "price_cap_usd_kw_month"
        return {"first_on": _("First needed"), "latest_on": LABELS["latest_on"], "price": LABELS[cap]}
    if isinstance(post, Site):
        return {"first_on": _("First phase ready"), "price": LABELS["ask_usd_kw_month"]}
    return {"first_on": LABELS["available_from"], "price": LABELS["price_usd_gpu_hour"]}
