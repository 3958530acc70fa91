"""The choices that a list's page offers. What each of them finds is said in `listings.filters`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from listings.filters import GpuPoolFilters, PostFilters, RequestFilters, SiteFilters
from listings.forms.facets import (
    Facet,
    Grouping,
    Groups,
    at_least,
    below,
    by_quarter,
    each,
    equal,
    equal_if_seen,
    grouped,
    takers,
)
from listings.models import GpuModel
from listings.querysets import PostQuerySet
from listings.vocabulary import (
    GPU_EDGES,
    MW_EDGES,
    PRICE_EDGES_USD_GPU_HOUR,
    PRICE_EDGES_USD_KW_MONTH,
    RACK_KW_EDGES,
    Cooling,
    Delivery,
    Grid,
    RequestKind,
    next_quarter,
    quarter_label,
    quarter_of,
)

QUARTERS_AHEAD = 16
ANY = [("", _("Any"))]
CARDS, MAP = "cards", "map"
ALL, PLACES = "all", "places by "  # what is counted besides the choices of filters
PLACE_FILTERS = ("country", "grid")  # what a link of the map sets
_LIVE = {"class": "choice"}  # ticking one narrows the list at once, where scripts run


class Order(NamedTuple):
    """One way to sort a list; `columns` are never null and end with the uid."""

    label: Any
    columns: tuple[str, ...]


class Chosen(NamedTuple):
    """One filter in force: how it reads, and the parameter that it came from."""

    label: str
    text: str
    name: str
    value: str


class Counted(NamedTuple):
    """How many posts fit, and for the map the groups of the form's `places`."""

    total: int
    places: dict[str, Groups]


class ListFilter(forms.Form):
    """A list's filter, under the API's names; `narrowed` applies what was chosen.

    `bar` stands always open, `more` folds away; `facets` are the filters that count their choices; `places`
    is what the map counts.
    """

    filters: ClassVar[type[PostFilters]]
    orders: ClassVar[dict[str, Order]]
    bar: ClassVar[tuple[str, ...]]
    more: ClassVar[tuple[str, ...]] = ()
    facets: ClassVar[dict[str, Facet]]
    places: ClassVar[dict[str, Grouping]]

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=80,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Code name or name"), "autocomplete": "off"}
        ),
    )
    sort = forms.ChoiceField(label=_("Sort"), required=False)
    view = forms.ChoiceField(
        choices=[("", _("Table")), (CARDS, _("Cards")), (MAP, _("Map"))],
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(self, data: QueryDict, *, today: date) -> None:
        super().__init__(data)
        soonest, *others = self.orders.items()
        choices = [("", soonest[1].label), *((name, order.label) for name, order in others)]
        _offer(self, "sort", choices)
        self.offer(today)

    def offer(self, today: date) -> None:
        """Fill in the choices that depend on the day or on stored rows."""

    @property
    def order(self) -> tuple[str, ...]:
        chosen = self["sort"].value() if self.is_valid() else ""
        return self.orders[chosen or next(iter(self.orders))].columns

    def narrowed(self, found: QuerySet[Any], *, without: Collection[str] = ()) -> QuerySet[Any]:
        """The posts that fit all that was chosen; `without` leaves filters aside."""
        if not self.is_valid():
            return found.none()
        names = ["q", *self.bar, *self.more]
        chosen = {name: _told(self[name].value()) for name in names if name not in without}
        narrowed: QuerySet[Any] = self.filters(chosen, queryset=found).qs
        return narrowed

    @property
    def is_map(self) -> bool:
        return self.is_valid() and self["view"].value() == MAP

    def count(self, visible: PostQuerySet[Any]) -> Counted:
        """Write behind each choice of a facet how many posts it would leave; for the map count places too.

        One query for all filters that are not in force, and one for each that is: it is counted as if it
        were not.
        """
        if not self.is_valid():
            return Counted(0, {})
        places = {PLACES + name: one for name, one in self.places.items()} if self.is_map else {}
        groups = self._groups(visible, {**self.facets, **places})
        total = sum(groups.get(ALL, {}).values())
        for name, facet in self.facets.items():
            chosen = str(self[name].value() or "")
            counts = facet.counts(groups[name], self._values(name))
            self._tell_counts(name, facet, chosen, counts)
            total = total if ALL in groups else counts[chosen]
        return Counted(total, {name: groups[PLACES + name] for name in self.places if places})

    def _groups(self, visible: PostQuerySet[Any], groupings: Mapping[str, Grouping]) -> dict[str, Groups]:
        batches: defaultdict[tuple[str, ...], dict[str, Grouping]] = defaultdict(dict)
        for name, one in groupings.items():
            own = PLACE_FILTERS if name.startswith(PLACES) else (name,)
            batches[tuple(filter(self._is_chosen, own))][name] = one
        if () in batches:
            batches[()][ALL] = Grouping()
        groups: dict[str, Groups] = {}
        for aside, batch in batches.items():
            groups |= grouped(self.narrowed(visible, without=aside), batch)
        return groups

    def _is_chosen(self, name: str) -> bool:
        return name in self.fields and bool(self[name].value())

    def chosen(self) -> Iterator[Chosen]:
        """The filters in force, a set's words one by one."""
        for name in ("q", *self.bar, *self.more):
            values = self[name].value() if self.is_valid() else None
            words = dict(getattr(self.fields[name], "choices", ()))
            for value in values if isinstance(values, list) else [values] if values else []:
                text = str({str(key): word for key, word in words.items()}.get(value, value))
                yield Chosen(str(self[name].label), text, name, value)

    def in_bar(self) -> list[forms.BoundField]:
        return [self[name] for name in self.bar]

    def in_more(self) -> list[forms.BoundField]:
        return [self[name] for name in self.more]

    def is_more_open(self) -> bool:
        return any(self[name].value() or self[name].errors for name in self.more)

    def _values(self, name: str) -> list[str]:
        return [str(value) for value, _text in _options(self.fields[name]) if value]

    def _tell_counts(self, name: str, facet: Facet, chosen: str, counts: dict[str, int]) -> None:
        field = self.fields[name]
        widget: Any = field.widget
        widget.choices = [
            (value, f"{text} ({counts[str(value)]:,})" if value else text)
            for value, text in _options(field)
            if not value or not facet.sparse or counts[str(value)] or str(value) == chosen
        ]


def _exact_grid() -> forms.ChoiceField:
    label = _("Grid, where you see the details")
    return forms.ChoiceField(choices=[*ANY, *Grid.choices], required=False, label=label)


class SiteFilter(ListFilter):
    filters = SiteFilters
    orders = {
        "soonest": Order(_("Soonest ready"), ("ready_quarter", "uid")),
        "largest": Order(_("Largest"), ("-mw_band", "uid")),
        "price": Order(_("Lowest ask"), ("price_rank", "uid")),
        "newest": Order(_("Newest"), ("-listed_on", "uid")),
    }
    bar = ("country", "min_mw", "ready_by", "below_usd_kw_month")
    more = ("grid", "min_rack_kw", "delivery_type", "cooling")
    facets = {
        "country": Facet(("country",), counts=equal, sparse=True),
        "min_mw": Facet(("mw_band",), counts=at_least(MW_EDGES)),
        "ready_by": Facet(("ready_quarter",), counts=by_quarter),
        "below_usd_kw_month": Facet(("price_band",), counts=below(PRICE_EDGES_USD_KW_MONTH)),
        "grid": Facet(("grid", "is_seen"), counts=equal_if_seen, sparse=True),
    }
    places = {"country": Grouping(("country", "mw_band")), "grid": Grouping(("grid", "is_seen", "mw_band"))}
    country = forms.ChoiceField(choices=[*ANY, *countries], required=False)
    min_mw = forms.ChoiceField(label=_("MW at least"), required=False)
    ready_by = forms.ChoiceField(label=_("Ready by"), required=False)
    below_usd_kw_month = forms.ChoiceField(label=_("Ask below, US$/kW-month"), required=False)
    grid = _exact_grid()
    min_rack_kw = forms.ChoiceField(label=_("Rack at least, kW"), required=False)
    delivery_type = forms.MultipleChoiceField(
        choices=Delivery.choices,
        required=False,
        label=_("Delivered as"),
        widget=forms.CheckboxSelectMultiple(attrs=_LIVE),
    )
    cooling = forms.MultipleChoiceField(
        choices=Cooling.choices,
        required=False,
        label=_("Cooling"),
        widget=forms.CheckboxSelectMultiple(attrs=_LIVE),
    )

    def offer(self, today: date) -> None:
        _offer(self, "min_mw", [*ANY, *_sizes(MW_EDGES)])
        _offer(self, "ready_by", [*ANY, *_quarters(today)])
        _offer(self, "below_usd_kw_month", [*ANY, *_sizes(PRICE_EDGES_USD_KW_MONTH)])
        _offer(self, "min_rack_kw", [*ANY, *_sizes(RACK_KW_EDGES)])


class GpuPoolFilter(ListFilter):
    filters = GpuPoolFilters
    orders = {
        "soonest": Order(_("Soonest available"), ("ready_quarter", "uid")),
        "largest": Order(_("Largest"), ("-gpu_band", "uid")),
        "price": Order(_("Lowest price"), ("price_rank", "uid")),
        "newest": Order(_("Newest"), ("-listed_on", "uid")),
    }
    bar = ("model", "country", "min_gpus", "ready_by", "below_usd_gpu_hour")
    more = ("grid",)
    facets = {
        "model": Facet(("model__name",), counts=equal, sparse=True),
        "country": Facet(("place_country",), counts=equal, sparse=True),
        "min_gpus": Facet(("gpu_band",), counts=at_least(GPU_EDGES)),
        "ready_by": Facet(("ready_quarter",), counts=by_quarter),
        "below_usd_gpu_hour": Facet(("price_band",), counts=below(PRICE_EDGES_USD_GPU_HOUR)),
    }
    places = {
        "country": Grouping(("place_country", "gpu_band")),
        "grid": Grouping(("place_grid", "is_seen", "gpu_band")),
    }
    model = forms.ChoiceField(required=False, label=_("GPU model"))
    country = forms.ChoiceField(choices=[*ANY, *countries], required=False)
    min_gpus = forms.ChoiceField(label=_("GPUs at least"), required=False)
    ready_by = forms.ChoiceField(label=_("Available by"), required=False)
    below_usd_gpu_hour = forms.ChoiceField(label=_("Below US$/GPU-hour"), required=False)
    grid = _exact_grid()

    def offer(self, today: date) -> None:
        models = [(model.name, str(model)) for model in GpuModel.objects.for_catalogue()]
        _offer(self, "model", [*ANY, *models])
        _offer(self, "min_gpus", [*ANY, *_sizes(GPU_EDGES)])
        _offer(self, "ready_by", [*ANY, *_quarters(today)])
        _offer(self, "below_usd_gpu_hour", [*ANY, *_sizes(PRICE_EDGES_USD_GPU_HOUR)])


@each
def _megawatts_at_least(stored: tuple[Any, ...], choice: str) -> bool:
    """A band of GPUs is no band of megawatts."""
    return bool(stored[1] == RequestKind.POWER and stored[0] > MW_EDGES.index(int(choice)))


class RequestFilter(ListFilter):
    filters = RequestFilters
    orders = {
        "soonest": Order(_("Soonest needed"), ("need_quarter", "uid")),
        # A band of megawatts is another thing than one of GPUs.
        "largest": Order(_("Largest, megawatts first"), ("-kind", "-size_band", "uid")),
        "newest": Order(_("Newest"), ("-listed_on", "uid")),
    }
    bar = ("kind", "country", "min_mw", "need_by")
    more = ("grid", "min_gpus")
    facets = {
        "kind": Facet(("kind",), counts=equal),
        "country": Facet(("countries", "is_anywhere", "excluded_countries"), counts=takers, sparse=True),
        "min_mw": Facet(("size_band", "kind"), counts=_megawatts_at_least),
        "need_by": Facet(("need_quarter",), counts=by_quarter),
    }
    places = {
        "country": Grouping(("countries", "is_anywhere", "excluded_countries", "kind", "size_band")),
        "grid": Grouping(("grids", "kind", "size_band")),
    }
    kind = forms.ChoiceField(choices=[*ANY, *RequestKind.choices], required=False, label=_("Needs"))
    country = forms.ChoiceField(choices=[*ANY, *countries], required=False, label=_("Takes country"))
    min_mw = forms.ChoiceField(label=_("MW at least"), required=False)
    need_by = forms.ChoiceField(label=_("First needed by"), required=False)
    grid = forms.ChoiceField(choices=[*ANY, *Grid.choices], required=False, label=_("Names grid"))
    min_gpus = forms.ChoiceField(label=_("GPUs at least"), required=False)

    def offer(self, today: date) -> None:
        _offer(self, "need_by", [*ANY, *_quarters(today)])
        _offer(self, "min_mw", [*ANY, *_sizes(MW_EDGES)])
        _offer(self, "min_gpus", [*ANY, *_sizes(GPU_EDGES)])


def _told(value: Any) -> Any:
    """A set of words as the API takes it: with commas."""
    return ",".join(value) if isinstance(value, list) else value


def _options(field: forms.Field) -> list[tuple[Any, Any]]:
    return list(getattr(field, "choices", ()))


def _offer(form: forms.Form, name: str, choices: list[tuple[Any, Any]]) -> None:
    form.fields[name] = forms.ChoiceField(choices=choices, required=False, label=form.fields[name].label)


def _sizes(edges: tuple[int, ...]) -> list[tuple[str, str]]:
    return [(str(edge), f"{edge:,}") for edge in edges]


def _quarters(today: date) -> list[tuple[str, str]]:
    """The quarters from this one on, as they are written: "2027-Q1"."""
    starts = [quarter_of(today)]
    while len(starts) < QUARTERS_AHEAD:
        starts.append(next_quarter(starts[-1]))
    return [(label, label) for label in map(quarter_label, starts)]
