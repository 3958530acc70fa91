"""The choices that a list's page offers. What each of them finds is said in `listings.filters`."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django_countries import countries

from listings.filters import GpuPoolFilters, PostFilters, RequestFilters, SiteFilters
from listings.forms.base import choose_among
from listings.models import GpuModel
from listings.vocabulary import GPU_EDGES, MW_EDGES, Grid, RequestKind, quarter_label, quarter_of

QUARTERS_AHEAD = 16
ANY = [("", "Any")]


class ListFilter(forms.Form):
    """A list's filter, under the API's names; `narrowed` applies what was chosen."""

    filters: ClassVar[type[PostFilters]]

    def __init__(self, data: QueryDict, *, today: date) -> None:
        super().__init__(data)
        self.offer(today)

    def offer(self, today: date) -> None:
        """Fill in the choices that depend on the day or on stored rows."""

    def narrowed(self, found: QuerySet[Any]) -> QuerySet[Any]:
        if not self.is_valid():
            return found.none()
        chosen = {name: self[name].value() for name in self.fields}
        narrowed: QuerySet[Any] = self.filters(chosen, queryset=found).qs
        return narrowed


class SiteFilter(ListFilter):
    filters = SiteFilters
    country = forms.ChoiceField(choices=[*ANY, *countries], required=False)
    grid = forms.ChoiceField(choices=[*ANY, *Grid.choices], required=False, label="Grid, where disclosed")
    min_mw = forms.ChoiceField(label="MW at least", required=False)
    ready_by = forms.ChoiceField(label="Ready by", required=False)

    def offer(self, today: date) -> None:
        _offer(self, "min_mw", _sizes(MW_EDGES, "MW"))
        _offer(self, "ready_by", _quarters(today))


class GpuPoolFilter(ListFilter):
    filters = GpuPoolFilters
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


class RequestFilter(ListFilter):
    filters = RequestFilters
    kind = forms.ChoiceField(choices=[*ANY, *RequestKind.choices], required=False, label="Needs")
    country = forms.ChoiceField(choices=[*ANY, *countries], required=False, label="Takes country")
    grid = forms.ChoiceField(choices=[*ANY, *Grid.choices], required=False, label="Names grid")
    need_by = forms.ChoiceField(label="First needed by", required=False)

    def offer(self, today: date) -> None:
        _offer(self, "need_by", _quarters(today))


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
