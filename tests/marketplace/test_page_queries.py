"""No page asks the database more than twelve times, and none asks more often because the market has grown."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from listings.models import CapacityRequest, Change
from matching.models import Match
from matching.services import drain
from tests.marketplace.test_who_may_what import PAGES, address, market

__all__ = ["market"]
pytestmark = pytest.mark.django_db

MOST = 12
ROLES = ["visitor", "miner", "tenant", "broker"]


def addresses(name: str, market: dict[str, Any]) -> list[str]:
    """The page as it opens, and as it is when it does its utmost."""
    path, uid = address(name, market), market["uid"]
    if name == "matching:of_post":
        return [reverse(name, args=[uid[kind]]) for kind in ("site", "gpu_pool", "request", "two_roads")]
    if name == "matching:what_if":
        of_request = reverse(name, args=[uid["two_roads"]])
        return [path, *(f"{one}?first_on=2027-09-01&price=120" for one in (path, of_request))]
    if name == "matching:plans":
        return [path, reverse(name, args=[uid["two_roads"]])]
    if name == "matching:desk":
        return [path, f"{path}?need={uid['two_roads']}&unit=mw"]
    if name == "matching:compare":
        chosen = Match.objects.filter(request__uid=market["uid"]["request"]).order_by("pk")[:4]
        return ["&m=".join([f"{path}?", *(str(match.uid) for match in chosen)])]
    return [path]


@pytest.fixture
def busy(market, make):
    """And a request that GPUs or a site may serve. Of either kind there are matches and near misses."""
    make.site(ask_usd_kw_month=400)
    make.request(price_cap_usd_kw_month=100)
    make.pool(price_usd_gpu_hour="9.00")
    make.gpu_request(term_min_months=48)
    market["uid"]["two_roads"] = make.gpu_request(accepts_hosting=True, splittable=True).uid
    drain()
    return market


@pytest.fixture
def count(visitor, miner, tenant, broker, busy):
    """{(page, role, address): how often it asks} of every declared page, for each chief role."""
    actors = dict(zip(ROLES, [visitor, miner, tenant, broker], strict=True))

    def asked(role: str, path: str) -> int:
        visitor.client.cookies.clear()  # an invitation that was opened leaves a session
        if "what-if" in path:  # the process takes its picture of the market, once
            actors[role].client.get(path)
        with CaptureQueriesContext(connection) as queries:
            actors[role].client.get(path)
        return len(queries)

    return lambda: {
        (name, role, number): asked(role, path)
        for name, methods in PAGES.items()
        if "GET" in methods
        for role in ROLES
        for number, path in enumerate(addresses(name, busy))
    }


def test_pages_ask_at_most_twelve_times_however_much_there_is(count, make):
    few = count()
    (
        make.sites(10),
        make.pools(10),
        make.requests(50),
        make.gpu_requests(10),
    )  # needs for two pages of the desk
    drain()

    many = count()

    assert {page: asked for page, asked in many.items() if asked > MOST} == {}
    assert {page: (few[page], asked) for page, asked in many.items() if asked > few[page]} == {}


def test_nor_does_a_list_ask_more_often_while_its_post_waits(busy, tenant, django_assert_max_num_queries):
    waiting = CapacityRequest.objects.get(uid=busy["uid"]["two_roads"])
    Change.objects.create(post=waiting, version=waiting.version)

    with django_assert_max_num_queries(MOST):
        page = tenant.client.get(reverse("matching:of_post", args=[waiting.uid]))

    assert "Matching…" in page.content.decode()
