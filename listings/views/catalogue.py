"""The lists of sites, GPU pools and requests. The address says all: filter, sort, view and page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from accounts.readers import PageRequest, Reader
from common.pages import CURSOR, page_of
from listings.faces import show
from listings.forms.facets import Groups
from listings.forms.filters import CARDS, MAP, GpuPoolFilter, ListFilter, RequestFilter, SiteFilter
from listings.models import SavedSearch
from listings.views.lines import cards_of, list_of
from listings.views.regions import RegionMap, map_of
from listings.views.shelves import GPU_POOLS, REQUESTS, SITES, Shelf


class Chip(NamedTuple):
    """A filter in force, and where the list is without it."""

    label: str
    text: str
    url: str


@require_safe
def site_list(request: PageRequest) -> HttpResponse:
    return _list(request, SITES, SiteFilter)


@require_safe
def gpu_pool_list(request: PageRequest) -> HttpResponse:
    return _list(request, GPU_POOLS, GpuPoolFilter)


@require_safe
def request_list(request: PageRequest) -> HttpResponse:
    return _list(request, REQUESTS, RequestFilter)


def _list(request: PageRequest, shelf: Shelf, filter_form: type[ListFilter]) -> HttpResponse:
    """The whole page, or to htmx the part of it that a filter changes, with the address to show."""
    asked = filter_form(request.GET, today=timezone.localdate())
    context = _context(request, shelf, asked)
    is_part = request.htmx and not request.htmx.history_restore_request
    template = "listings/list.html#live" if is_part else "listings/list.html"
    answer = render(request, template, context, status=200 if asked.is_valid() else 400)
    patch_vary_headers(answer, ["HX-Request"])
    return push_url(answer, _address(shelf, _stated(request.GET))) if is_part else answer


def _context(request: PageRequest, shelf: Shelf, asked: ListFilter) -> dict[str, Any]:
    today, reader = timezone.localdate(), request.reader
    found = asked.narrowed(shelf.model.objects.for_catalogue(reader, today).with_ranks())
    page = page_of(request, found, asked.order)
    shown = [show(post) for post in page["results"]]
    is_cards = asked["view"].value() == CARDS
    counted = asked.count(shelf.model.objects.visible_to(reader, today))
    return {
        "shelf": shelf,
        "filter": asked,
        "count": counted.total,
        "chips": _chips(request, shelf, asked),
        "table": None if is_cards else list_of(shelf, shown),
        "cards": cards_of(shelf, shown) if is_cards else [],
        "table_url": _address(shelf, _without(request.GET, "view")),
        "cards_url": _address(shelf, _without(request.GET, "view"), view=CARDS),
        "map": _map(request, shelf, counted.places) if asked.is_map else None,
        "map_url": _address(shelf, _without(request.GET, "view"), view=MAP),
        "clear_url": _address(shelf, QueryDict(), view=asked["view"].value() if asked.is_valid() else ""),
        "page": page,
        "query": _without(_without(request.GET, "sort"), "view").urlencode(),
        # The map has taken their room, and their query.
        "searches": [] if asked.is_map or request.htmx else _searches(reader, shelf),
        "may_post": shelf.is_for(reader),
    }


def _searches(reader: Reader, shelf: Shelf) -> list[SavedSearch]:
    return list(SavedSearch.objects.for_lists(reader).filter(catalogue=shelf.post_type))


def _chips(request: PageRequest, shelf: Shelf, asked: ListFilter) -> list[Chip]:
    return [
        Chip(one.label, one.text, _address(shelf, _without(request.GET, one.name, one.value)))
        for one in asked.chosen()
    ]


def _map(request: PageRequest, shelf: Shelf, places: Mapping[str, Groups]) -> RegionMap:
    """A link of the map sets its place and lets go of another; the one in force lets go of itself."""

    def link(name: str, code: str) -> tuple[str, bool]:
        is_chosen = request.GET.get(name) == code
        rest = _without(_without(request.GET, "country"), "grid")
        return _address(shelf, rest, **({} if is_chosen else {name: code})), is_chosen

    return map_of(shelf.post_type, places, link)


def _stated(query: QueryDict) -> QueryDict:
    """Without the choices that were left open."""
    stated = QueryDict(mutable=True)
    for name, values in query.lists():
        stated.setlist(name, [value for value in values if value])
    return stated


def _without(query: QueryDict, name: str, value: str | None = None) -> QueryDict:
    """From its first page on, without one parameter or one of its values."""
    rest = _stated(query)
    rest.pop(CURSOR, None)
    rest.setlist(name, [each for each in rest.getlist(name) if value is not None and each != value])
    return rest


def _address(shelf: Shelf, query: QueryDict, **more: str) -> str:
    full = query.copy()
    full.update({name: value for name, value in more.items() if value})
    text = full.urlencode()
    return f"{shelf.list_url}?{text}" if text else shelf.list_url
