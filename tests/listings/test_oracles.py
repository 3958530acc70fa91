"""No filter, search, sort or map tells an outsider two posts apart that differ only in what teasers hide."""

from collections.abc import Iterator
from typing import Any

import pytest

from listings.filters import GpuPoolFilters, PostFilters, RequestFilters, SiteFilters
from listings.forms.filters import GpuPoolFilter, ListFilter, RequestFilter, SiteFilter
from tests.marketplace.test_non_interference import Blind, answers

pytestmark = pytest.mark.django_db(transaction=True)

LISTS: list[tuple[str, type[PostFilters], type[ListFilter]]] = [
    ("sites", SiteFilters, SiteFilter),
    ("gpu-pools", GpuPoolFilters, GpuPoolFilter),
    ("requests", RequestFilters, RequestFilter),
]
QUARTERS = ["2026-Q4", "2027-Q1", "2027-Q2"]
# What to try in filters that take more than a few words. A new one fails until it stands here.
TRIED = {
    "grid": ["ERCOT", "NYISO", "PJM"],
    "status": ["open", "draft"],
    "country": ["US", "NO"],
    "model": ["H100 SXM5"],
    "ready_by": QUARTERS,
    "need_by": QUARTERS,
    "region": ["US-TX", "US-NY"],
    "external_id": ["X-9"],
    "q": ["Elsewhere", "Pecos", "Barker", "X-9", "Lone Star", "Northwind", "Other", "Training", "1"],
}


def tries(name: str, one: Any) -> Iterator[str]:
    """The values that could find one of the posts or not."""
    yield from TRIED[name] if name in TRIED else (str(choice) for choice, _label in one.extra["choices"])


def addresses() -> Iterator[str]:
    """Every filter with all these values by REST, and on the page, which filters alike, with the first."""
    for many, filters, form in LISTS:
        for name, one in filters.base_filters.items():
            for at, value in enumerate(tries(name, one)):
                yield f"/api/v1/{many}/?{name}={value}"
                if at == 0 and name in {"q", *form.bar, *form.more}:
                    yield f"/{many}/?{name}={value}"
        for order in list(form.orders)[1:]:  # the first is what the page shows unasked
            yield f"/{many}/?sort={order}"
        yield f"/{many}/?view=map"


def asked(actor: Any, paths: list[str]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for client, is_api in ((actor.client, False), (actor.api, True)):
        found |= answers([("", client)], [path for path in paths if path.startswith("/api/") == is_api])
    return found


@pytest.mark.parametrize("who", ["visitor", "stranger"])
def test_an_outsider_cannot_tell_them_apart(request, make, miner, tenant, who):
    blind, actor, paths = Blind(make), request.getfixturevalue(who), list(addresses())
    before = asked(actor, paths)
    assert [path for path in before if before[path][0] != 200] == []

    blind.change_all_that_is_hidden()

    after = asked(actor, paths)
    assert [path for path in before if before[path] != after[path]] == []


def test_the_owner_can(make, miner, tenant):
    """What the filters find does change: a leak would be seen."""
    paths = ["/api/v1/sites/?grid=ERCOT", "/api/v1/sites/?lease_basis=gross", "/sites/?q=Elsewhere"]
    blind = Blind(make)
    before = asked(miner, paths)

    blind.change_all_that_is_hidden()

    after = asked(miner, paths)
    assert [path for path in before if before[path] == after[path]] == []


def test_a_hidden_column_behind_a_filter_would_be_found(make, miner, tenant, visitor, monkeypatch):
    """With the guard of exact filters off, the comparison sees the leak."""
    monkeypatch.setattr("listings.querysets.PostQuerySet.seen_in_full", lambda posts: posts)
    blind, paths = Blind(make), ["/api/v1/sites/?grid=ERCOT", "/sites/?grid=NYISO"]
    before = asked(visitor, paths)

    blind.change_all_that_is_hidden()

    assert asked(visitor, paths) != before


def test_lists_sort_by_what_the_teaser_shows():
    """Ties are broken by the uid, which is drawn by lot, never by the order of posting."""
    told = {"ready_quarter", "need_quarter", "mw_band", "gpu_band", "size_band", "price_rank", "kind"}

    for _many, _filters, form in LISTS:
        for order in form.orders.values():
            *columns, last = [column.lstrip("-") for column in order.columns]
            assert last == "uid"
            assert set(columns) <= {*told, "listed_on"}  # the day of posting can be watched from outside
