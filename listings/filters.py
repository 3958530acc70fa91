"""What lists can be filtered by, by REST and on pages.

A filter on a value that the reader cannot see would tell the value. So a filter works on what teasers show
(countries, bands, quarters, words), or finds only posts whose full face the reader sees.
"""

from __future__ import annotations

import re
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, TextChoices
from django.forms import CharField
from django_countries import countries
from django_filters import BaseInFilter, CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema_field

from listings.models import CapacityRequest, GpuModel, GpuPool, Site
from listings.vocabulary import (
    GPU_EDGES,
    MW_EDGES,
    PRICE_EDGES_USD_GPU_HOUR,
    PRICE_EDGES_USD_KW_MONTH,
    RACK_KW_EDGES,
    Cooling,
    Delivery,
    Face,
    Grid,
    LeaseBasis,
    RequestKind,
    Status,
    Vendor,
)

_IN_FULL = "Finds only posts that you see in full."


def _speak(filter_: Any, kind: dict[str, Any]) -> None:
    """Tell the schema what one value is; else it looks at the column, which may be a band's number."""
    about = filter_.extra.get("help_text")
    extend_schema_field({**kind, "description": about} if about else kind)(filter_)


def _known_country(code: str) -> None:
    if code not in countries:
        raise ValidationError(f"{code!r} is no country; write a code such as US.")


class OneOfFilter(ChoiceFilter):
    """One of the words."""

    def __init__(self, column: str, words: type[TextChoices], **extra: Any) -> None:
        super().__init__(column, choices=words.choices, **extra)
        _speak(self, {"type": "string", "enum": words.values})


class AnyOfFilter(BaseInFilter, ChoiceFilter):
    """Posts whose set has one of the words, which commas separate."""

    def __init__(self, column: str, words: type[TextChoices]) -> None:
        super().__init__(column, lookup_expr="overlap", choices=words.choices, help_text="Any of these.")
        _speak(self, {"type": "string", "enum": words.values})


class CountriesFilter(BaseInFilter, CharFilter):
    """In one of the countries, which commas separate."""

    def __init__(self, **extra: Any) -> None:
        about = "ISO 3166-1 codes, separated by commas."
        super().__init__(validators=[_known_country], help_text=about, **extra)
        _speak(self, {"type": "string", "pattern": "^[A-Z]{2}$"})


class YesNoFilter(ChoiceFilter):
    """true or false, and nothing else."""

    def __init__(self, *args: Any, **extra: Any) -> None:
        super().__init__(*args, choices=[("true", "true"), ("false", "false")], **extra)
        _speak(self, {"type": "boolean"})


class Quarter(CharField):
    """A quarter such as 2027-Q1, as its first day."""

    def clean(self, value: Any) -> date | None:
        if not value:
            return None
        found = re.fullmatch(r"([0-9]{4})-Q([1-4])", value.strip(), re.ASCII)
        if found is None or found[1] < "2000":
            raise ValidationError("Write a quarter such as 2027-Q1.")
        return date(int(found[1]), 3 * int(found[2]) - 2, 1)


class QuarterFilter(CharFilter):
    """Not later than the quarter."""

    field_class = Quarter

    def __init__(self, column: str) -> None:
        super().__init__(column, lookup_expr="lte", help_text="A quarter such as 2027-Q1.")
        _speak(self, {"type": "string", "pattern": "^2[0-9]{3}-Q[1-4]$"})


class EdgeFilter(ChoiceFilter):
    """At least, or below, one of the edges between the bands."""

    def __init__(self, column: str, edges: tuple[int, ...], unit: str, *, below: bool = False) -> None:
        self.indices = {str(edge): index for index, edge in enumerate(edges)}
        super().__init__(
            column,
            lookup_expr="lte" if below else "gt",
            choices=[(edge, edge) for edge in self.indices],
            help_text=f"{'Below' if below else 'At least'} this many {unit}: an edge between two bands.",
        )
        _speak(self, {"type": "integer", "enum": list(edges)})

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, self.indices[value] if value else None)


class SeenInFull:
    """A filter on an exact value: it finds only posts that the reader sees in full."""

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs.seen_in_full(), value) if value else qs  # type: ignore[misc]  # a mixin


class ExactWordFilter(SeenInFull, OneOfFilter):
    pass


class ExactTextFilter(SeenInFull, CharFilter):
    pass


class PostFilters(FilterSet):
    # What a search looks into besides the code name: words that everybody reads, and names of which the
    # reader must see the post in full.
    open_words: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    q = CharFilter(
        method="by_words",
        max_length=80,
        help_text="Part of a code name; of posts that you see in full also of their name or organization.",
    )
    mine = YesNoFilter(method="by_mine", help_text="true: your own posts; false: those of others.")
    status = OneOfFilter("status", Status, help_text="Most posts of others are open.")

    def by_mine(self, found: Any, name: str, value: str) -> Any:
        own = Q(face=Face.RESERVE)
        return found.filter(own if value == "true" else ~own)

    def by_words(self, found: Any, name: str, value: str) -> Any:
        words = [Q(**{f"{column}__icontains": value}) for column in ("code_name", *self.open_words)]
        names = [Q(**{f"{column}__icontains": value}) for column in ("organization__name", *self.names)]
        in_full = ~Q(face=Face.TEASER) & reduce(or_, names)
        return found.filter(reduce(or_, words) | in_full)

    def by_sort(self, found: Any, name: str, value: str) -> Any:
        """The view orders, because pages depend on it; here the name is only checked."""
        return found


def sort_filter(*names: str) -> Any:
    about = f"A minus sign turns the order around. Default: {names[0]}."
    sort = ChoiceFilter(method="by_sort", choices=[(name, name) for name in names], help_text=about)
    _speak(sort, {"type": "string", "enum": list(names)})
    return sort


class SiteFilters(PostFilters):
    names = ("name", "external_id", "nearest_town")

    country = CountriesFilter()
    min_mw = EdgeFilter("mw_band", MW_EDGES, "free critical MW")
    below_mw = EdgeFilter("mw_band", MW_EDGES, "free critical MW", below=True)
    ready_by = QuarterFilter("ready_quarter")
    cooling = AnyOfFilter("cooling", Cooling)
    delivery_type = AnyOfFilter("delivery_types", Delivery)
    min_rack_kw = EdgeFilter("rack_band", RACK_KW_EDGES, "kW per rack")
    below_usd_kw_month = EdgeFilter("price_band", PRICE_EDGES_USD_KW_MONTH, "US$ per kW-month", below=True)
    region = ExactTextFilter("region", help_text=f"ISO 3166-2. {_IN_FULL}")
    grid = ExactWordFilter("grid", Grid, help_text=_IN_FULL)
    lease_basis = ExactWordFilter("lease_basis", LeaseBasis, help_text=_IN_FULL)
    external_id = ExactTextFilter("external_id", help_text=f"The owner's own reference. {_IN_FULL}")
    sort = sort_filter("ready_quarter", "-ready_quarter", "mw_band", "-mw_band")

    class Meta:
        model = Site
        fields: list[str] = []


class GpuPoolFilters(PostFilters):
    open_words = ("model__name",)

    country = CountriesFilter(method="by_country")
    grid = OneOfFilter("grid", Grid, method="by_grid", help_text=_IN_FULL)
    model = CharFilter("model__name", help_text="The name of a GPU model.")
    min_gpus = EdgeFilter("gpu_band", GPU_EDGES, "free GPUs")
    below_gpus = EdgeFilter("gpu_band", GPU_EDGES, "free GPUs", below=True)
    ready_by = QuarterFilter("ready_quarter")
    below_usd_gpu_hour = EdgeFilter("price_band", PRICE_EDGES_USD_GPU_HOUR, "US$ per GPU-hour", below=True)
    sort = sort_filter("ready_quarter", "-ready_quarter", "gpu_band", "-gpu_band")

    class Meta:
        model = GpuPool
        fields: list[str] = []

    def by_country(self, found: Any, name: str, value: list[str]) -> Any:
        return found.filter(Q(country__in=value) | Q(at_site__country__in=value)) if value else found

    def by_grid(self, found: Any, name: str, value: str) -> Any:
        return found.seen_in_full().filter(Q(grid=value) | Q(at_site__grid=value))


class RequestFilters(PostFilters):
    names = ("title",)

    kind = OneOfFilter("kind", RequestKind)
    country = CharFilter(
        method="by_country",
        validators=[_known_country],
        help_text="ISO 3166-1 code: requests that name this country or no place at all.",
    )
    grid = AnyOfFilter("grids", Grid)
    min_mw = EdgeFilter("size_band", MW_EDGES, "critical MW")
    below_mw = EdgeFilter("size_band", MW_EDGES, "critical MW", below=True)
    min_gpus = EdgeFilter("size_band", GPU_EDGES, "GPUs")
    below_gpus = EdgeFilter("size_band", GPU_EDGES, "GPUs", below=True)
    need_by = QuarterFilter("need_quarter")
    sort = sort_filter("need_quarter", "-need_quarter", "size_band", "-size_band")

    class Meta:
        model = CapacityRequest
        fields: list[str] = []

    def by_country(self, found: Any, name: str, value: str) -> Any:
        anywhere = Q(countries="", regions=[], grids=[])
        return found.filter(anywhere | Q(countries__contains=value)).exclude(
            excluded_countries__contains=value
        )

    def filter_queryset(self, queryset: Any) -> Any:
        """A band of MW says nothing of GPUs: whoever asks for one unit gets requests of that kind."""
        units = {"mw": RequestKind.POWER, "gpus": RequestKind.GPU}
        for unit, kind in units.items():
            if self.form.cleaned_data.get(f"min_{unit}") or self.form.cleaned_data.get(f"below_{unit}"):
                queryset = queryset.filter(kind=kind)
        return super().filter_queryset(queryset)


class GpuModelFilters(FilterSet):
    vendor = OneOfFilter("vendor", Vendor)
    liquid_cooling_required = YesNoFilter(method="by_liquid")

    class Meta:
        model = GpuModel
        fields: list[str] = []

    def by_liquid(self, found: Any, name: str, value: str) -> Any:
        return found.filter(liquid_cooling_required=value == "true")
