"""What lists can be filtered by.

A filter on a value that the reader cannot see would tell the value. So a filter works on what teasers show
(countries, bands, quarters, words), or finds only posts whose full face the reader sees.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms import CharField
from django_countries import countries
from django_filters import BaseInFilter, BooleanFilter, CharFilter, ChoiceFilter, FilterSet

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


class AnyOfFilter(BaseInFilter, ChoiceFilter):
    """Some of the words, separated by commas: `country=US,CA`."""


class CountriesFilter(BaseInFilter, CharFilter):
    """Some countries, separated by commas; the schema need not list all of them again."""

    def __init__(self, **extra: Any) -> None:
        super().__init__(
            validators=[_known_country], help_text="ISO 3166-1 codes, separated by commas.", **extra
        )


def _known_country(code: str) -> None:
    if code not in countries:
        raise ValidationError(f"{code!r} is no country; write a code such as US.")


class Quarter(CharField):
    """A quarter such as 2027-Q1, as its first day."""

    def to_python(self, value: Any) -> Any:
        year, _, number = str(value or "").partition("-Q")
        if not value:
            return None
        if len(year) == 4 and year.isascii() and year.isdigit() and year >= "2000" and number in set("1234"):
            return date(int(year), 3 * int(number) - 2, 1)
        raise ValidationError("Write a quarter such as 2027-Q1.")

    def validate(self, value: Any) -> None:
        """Converted is valid."""

    def run_validators(self, value: Any) -> None:
        """The checks of text are not for a date."""


class QuarterFilter(CharFilter):
    """Not later than the quarter."""

    field_class = Quarter

    def __init__(self, column: str, **extra: Any) -> None:
        super().__init__(column, lookup_expr="lte", help_text="A quarter such as 2027-Q1.", **extra)


class EdgeFilter(ChoiceFilter):
    """At least, or below, one of the edges between the bands."""

    def __init__(self, column: str, edges: tuple[int, ...], unit: str, *, below: bool = False) -> None:
        self.indices = {str(edge): index for index, edge in enumerate(edges)}
        words = f"{'Below' if below else 'At least'} this many {unit}: one of the edges of the bands."
        super().__init__(
            column,
            lookup_expr="lte" if below else "gt",
            choices=[(edge, edge) for edge in self.indices],
            help_text=words,
        )

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, self.indices[value] if value else None)


class SeenInFullFilter(ChoiceFilter):
    """An exact value, among posts that the reader sees in full."""

    def __init__(self, column: str, **extra: Any) -> None:
        super().__init__(column, help_text="Finds only posts that you see in full.", **extra)

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs.seen_in_full(), value) if value else qs


class SeenInFullTextFilter(CharFilter):
    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs.seen_in_full(), value) if value else qs


class PostFilters(FilterSet):
    mine = BooleanFilter(method="by_mine", help_text="true: your own posts; false: those of others.")
    status = ChoiceFilter(choices=Status.choices, help_text="Others' posts are open.")

    def by_mine(self, found: Any, name: str, value: bool) -> Any:
        own = Q(face=Face.RESERVE)
        return found.filter(own if value else ~own)

    def by_sort(self, found: Any, name: str, value: str) -> Any:
        """The view orders, because pages depend on it; here the name is only checked."""
        return found


def sort_filter(*names: str) -> Any:
    return ChoiceFilter(
        method="by_sort", choices=[(name, name) for name in names], help_text=f"Default: {names[0]}."
    )


class SiteFilters(PostFilters):
    country = CountriesFilter()
    min_mw = EdgeFilter("mw_band", MW_EDGES, "free critical MW")
    below_mw = EdgeFilter("mw_band", MW_EDGES, "free critical MW", below=True)
    ready_by = QuarterFilter("ready_quarter")
    cooling = AnyOfFilter(lookup_expr="overlap", choices=Cooling.choices, help_text="Any of these.")
    delivery_type = AnyOfFilter(
        "delivery_types", lookup_expr="overlap", choices=Delivery.choices, help_text="Any of these."
    )
    min_rack_kw = EdgeFilter("rack_band", RACK_KW_EDGES, "kW per rack")
    below_usd_kw_month = EdgeFilter("price_band", PRICE_EDGES_USD_KW_MONTH, "US$ per kW-month", below=True)
    region = SeenInFullTextFilter(help_text="ISO 3166-2. Finds only posts that you see in full.")
    grid = SeenInFullFilter("grid", choices=Grid.choices)
    lease_basis = SeenInFullFilter("lease_basis", choices=LeaseBasis.choices)
    external_id = SeenInFullTextFilter(
        help_text="The owner's own reference. Finds only posts that you see in full."
    )
    sort = sort_filter("ready_quarter", "-ready_quarter", "mw_band", "-mw_band")

    class Meta:
        model = Site
        fields: list[str] = []


class GpuPoolFilters(PostFilters):
    country = CountriesFilter(method="by_country")
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


class RequestFilters(PostFilters):
    kind = ChoiceFilter(choices=RequestKind.choices)
    country = ChoiceFilter(
        method="by_country",
        choices=COUNTRIES,
        help_text="Requests that name this country or no place at all.",
    )
    grid = AnyOfFilter("grids", lookup_expr="overlap", choices=Grid.choices, help_text="Any of these.")
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
    vendor = ChoiceFilter(choices=Vendor.choices)
    liquid_cooling_required = BooleanFilter()

    class Meta:
        model = GpuModel
        fields: list[str] = []
