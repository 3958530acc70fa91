"""What lists can be narrowed by, under the API's names: only what a teaser shows."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django_countries import countries

from listings.forms.base import choose_among
from listings.models import GpuModel
from listings.vocabulary import (
    GPU_EDGES,
    MW_EDGES,
    Face,
    Grid,
    RequestKind,
    quarter_label,
    quarter_of,
)

QUARTERS_AHEAD = 16
ANY = [("", "Any")]


class ListFilter(forms.Form):
    """A list's filter; `narrowed` applies what was chosen and leaves the rest alone."""

    def __init__(self, data: QueryDict, *, today: date) -> None:
        super().__init__(data)
        self.offer(today)

    def offer(self, today: date) -> None:
        """Fill in the choices that depend on the day or on stored rows."""

    def narrowed(self, found: QuerySet[Any]) -> QuerySet[Any]:
        if not self.is_valid():
            return found.none()
        for name, chosen in self.cleaned_data.items():
            if chosen:
                found = found.filter(getattr(self, f"by_{name}")(chosen))
        return found


class SiteFilter(ListFilter):
    country = forms.ChoiceField(choices=[*ANY, *countries], required=False)
    grid = forms.ChoiceField(choices=[*ANY, *Grid.choices], required=False, label="Grid, where disclosed")
    min_mw = forms.ChoiceField(label="MW at least", required=False)
    ready_by = forms.ChoiceField(label="Ready by", required=False)

    def offer(self, today: date) -> None:
        _offer(self, "min_mw", _sizes(MW_EDGES, "MW"))
        _offer(self, "ready_by", _quarters(today))

    def by_country(self, chosen: str) -> Q:
        return Q(country=chosen)

    def by_grid(self, chosen: str) -> Q:
        # A teaser does not tell its grid.
        return Q(grid=chosen) & ~Q(face=Face.TEASER)

    def by_min_mw(self, chosen: str) -> Q:
        return Q(mw_band__gt=MW_EDGES.index(int(chosen)))

    def by_ready_by(self, chosen: str) -> Q:
        return Q(ready_quarter__lte=_first_day(chosen))


class GpuPoolFilter(ListFilter):
    model = forms.ModelChoiceField(
        GpuModel.objects.none(), to_field_name="name", required=False, empty_label="Any", label="GPU model"
    )
    country = forms.ChoiceField(choices=[*ANY, *countries], required=False)
    min_gpus = forms.ChoiceField(label="GPUs at least", required=False)
    ready_by = forms.ChoiceField(label="Available by", required=False)

    def offer(self, today: date) -> None:
        choose_among(self, "model", GpuModel.objects.for_catalogue())
        _offer(self, "min_gpus", _sizes(GPU_EDGES, "GPUs"))
        _offer(self, "ready_by", _quarters(today))

    def by_model(self, chosen: GpuModel) -> Q:
        return Q(model=chosen)

    def by_country(self, chosen: str) -> Q:
        return Q(country=chosen) | Q(at_site__country=chosen)

    def by_min_gpus(self, chosen: str) -> Q:
        return Q(gpu_band__gt=GPU_EDGES.index(int(chosen)))

    def by_ready_by(self, chosen: str) -> Q:
        return Q(ready_quarter__lte=_first_day(chosen))


class RequestFilter(ListFilter):
    kind = forms.ChoiceField(choices=[*ANY, *RequestKind.choices], required=False, label="Needs")
    country = forms.ChoiceField(choices=[*ANY, *countries], required=False, label="Takes country")
    grid = forms.ChoiceField(choices=[*ANY, *Grid.choices], required=False, label="Names grid")
    need_by = forms.ChoiceField(label="First needed by", required=False)

    def offer(self, today: date) -> None:
        _offer(self, "need_by", _quarters(today))

    def by_kind(self, chosen: str) -> Q:
        return Q(kind=chosen)

    def by_country(self, chosen: str) -> Q:
        anywhere = Q(countries="", regions=[], grids=[])
        return (anywhere | Q(countries__contains=chosen)) & ~Q(excluded_countries__contains=chosen)

    def by_grid(self, chosen: str) -> Q:
        return Q(grids__contains=[chosen])

    def by_need_by(self, chosen: str) -> Q:
        return Q(need_quarter__lte=_first_day(chosen))


def _offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    form.fields[name] = forms.ChoiceField(
        choices=[*ANY, *choices], required=False, label=form.fields[name].label
    )


def _sizes(edges: tuple[int, ...], unit: str) -> list[tuple[str, str]]:
    return [(str(edge), f"{edge:,} {unit}") for edge in edges]


def _quarters(today: date) -> list[tuple[str, str]]:
    """The quarters from this one on, as they are written: "2027-Q1"."""
    first = quarter_of(today)
    ahead = [first.month + 3 * step - 1 for step in range(QUARTERS_AHEAD)]
    starts = [date(first.year + month // 12, month % 12 + 1, 1) for month in ahead]
    return [(label, label) for label in map(str, map(quarter_label, starts))]


def _first_day(quarter: str) -> date:
    year, _, number = quarter.partition("-Q")
    return date(int(year), 3 * int(number) - 2, 1)
