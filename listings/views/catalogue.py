"""The lists of sites, GPU pools and requests."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from accounts.readers import PageRequest
from common.pages import Pages
from common.problems import QueryInvalid
from listings.faces import show
from listings.forms.filters import GpuPoolFilter, ListFilter, RequestFilter, SiteFilter
from listings.views.sheets import list_of
from listings.views.shelves import GPU_POOLS, REQUESTS, SITES, Shelf


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
    today = timezone.localdate()
    asked = filter_form(request.GET, today=today)
    found = asked.narrowed(shelf.model.objects.for_catalogue(request.reader, today))
    page = _page(request, found, shelf)
    context = {
        "shelf": shelf,
        "filter": asked,
        "is_filtered": any(asked.data.get(name) for name in asked.fields),
        "table": list_of(shelf, [show(post) for post in page["results"]]),
        "page": page,
        "may_post": shelf.is_for(request.reader),
    }
    return render(request, "listings/list.html", context, status=200 if asked.is_valid() else 400)


def _page(request: PageRequest, found: Any, shelf: Shelf) -> dict[str, Any]:
    """A page of rows with the links to the next and the previous one, as the API pages."""
    pages = Pages()
    try:
        rows = pages.paginate_queryset(found, Request(request), shelf)
    except QueryInvalid as error:
        raise BadRequest("The page link was changed on its way.") from error
    page: dict[str, Any] = pages.get_paginated_response(rows).data
    return page
