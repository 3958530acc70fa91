"""No page asks the database more than twelve times, and none asks more often because the market has grown."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from matching.models import Match
from matching.services import drain
from tests.marketplace.test_who_may_what import PAGES, address, market

__all__ = ["market"]
pytestmark = pytest.mark.django_db

MOST = 12
ROLES = ["visitor", "miner", "tenant", "broker"]


def addresses(name: str, market: dict[str, Any]) -> list[str]:
    """The page as it opens, and as it is when it does its utmost."""
    path = address(name, market)
    if name == "matching:of_post":
        return [path, reverse(name, args=[market["uid"]["request"]])]
    if name == "matching:what_if":
        return [path, f"{path}?first_on=2027-09-01&price=120"]
    if name == "matching:desk":
        return [path, f"{path}?need={market['uid']['request']}"]
    if name == "matching:compare":
        chosen = Match.objects.filter(request__uid=market["uid"]["request"]).order_by("pk")[:4]
        return ["&m=".join([f"{path}?", *(str(match.uid) for match in chosen)])]
    return [path]


@pytest.fixture
def count(visitor, miner, tenant, broker, market):
    """{(role, address): how often it asks} of every declared page, for each chief role that reaches it."""
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
        for role in ROLES
        if role in methods.get("GET", ())
        for number, path in enumerate(addresses(name, market))
    }


def test_pages_ask_at_most_twelve_times_however_much_there_is(count, make):
    make.gpu_request()
    drain()
    few = count()
    make.sites(10), make.pools(10), make.requests(10), make.gpu_requests(10)
    drain()

    many = count()

    assert {page: asked for page, asked in many.items() if asked > MOST} == {}
    assert {page: (few[page], asked) for page, asked in many.items() if asked > few[page]} == {}
