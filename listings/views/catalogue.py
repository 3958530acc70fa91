"""The lists of sites, GPU pools and requests."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.readers import PageRequest
from common.pages import page_of
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
    page = page_of(request, found, shelf.ordering)
    context = {
        "shelf": shelf,
        "filter": asked,
        "is_filtered": any(asked.data.get(name) for name in asked.fields),
        "table": list_of(shelf, [show(post) for post in page["results"]]),
        "page": page,
        "may_post": shelf.is_for(request.reader),
    }
    return render(request, "listings/list.html", context, status=200 if asked.is_valid() else 400)
