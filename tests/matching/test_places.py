"""A match in the list it is read from: its place, its neighbours, and why it stands there."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from matching.models import Match
from matching.services import drain
from tests.cast import NOON
from tests.factories import phase


def page(actor, match):
    return actor.client.get(reverse("matching:match", args=[match.uid]))


@pytest.fixture
def three(make, miner):
    """Three sites for one request, best first."""
    make.site(name="First")
    make.site(name="Second", phases=[phase(ready_on=date(2027, 9, 1))])
    make.site(name="Third", phases=[phase(ready_on=date(2027, 11, 1))])
    make.request()
    drain(now=NOON)
    return list(Match.objects.order_by("-score"))


def test_it_says_its_place_and_leads_to_its_neighbours(three, tenant):
    place = page(tenant, three[1]).context["place"]

    assert (place.number, place.total) == (2, "3")
    assert str(three[0].uid) in place.better_url
    assert str(three[2].uid) in place.worse_url
    assert "Match 2 of 3" in page(tenant, three[1]).content.decode()


def test_it_says_what_the_next_better_one_has_more_of(three, tenant):
    best, middle = three[0].points, page(tenant, three[1]).context["place"]

    assert middle.why.startswith(f"The next better one scores {best}: better in timeline, ")
    assert page(tenant, three[0]).context["place"].why == ""


def test_of_equals_it_says_what_decided(make, miner, tenant):
    make.site(name="Larger", phases=[phase(critical_mw=60)])
    make.site(name="Tighter")
    make.request()
    drain(now=NOON)
    larger = Match.objects.get(offer__site__name="Larger")

    assert page(tenant, larger).context["place"].why.endswith("scores the same; it is the tighter fit.")


def test_a_miner_reads_the_place_among_the_sites_own_matches(three, miner):
    place = page(miner, three[2]).context["place"]

    assert (place.number, place.total, place.better_url) == (1, "1", "")


def test_of_a_blind_neighbour_nothing_more_is_told(make, miner, tenant):
    make.site(name="Open", phases=[phase(ready_on=date(2027, 9, 1))])
    make.site(name="Blind", disclosure="blind")
    make.request()
    drain(now=NOON)
    second = Match.objects.get(offer__site__name="Open")

    place = page(tenant, second).context["place"]

    assert (place.number, place.why) == (2, "")


def test_weights_are_the_tenants_own(three, miner, tenant, broker):
    told = tenant.api.get(f"/api/v1/matches/{three[0].uid}/").json()["weights"]

    assert {name: float(share) for name, share in told.items()} == {
        "power": 0.40,
        "timeline": 0.35,
        "terms": 0.25,
    }
    assert "weight 40 %" in page(tenant, three[0]).content.decode()
    for other in (miner, broker):
        assert other.api.get(f"/api/v1/matches/{three[0].uid}/").json()["weights"] is None
        assert "weight 40 %" not in page(other, three[0]).content.decode()


@pytest.mark.parametrize("who", ["tenant", "miner", "broker"])
def test_it_costs_twelve_queries_at_most(three, who, request):
    actor = request.getfixturevalue(who)
    page(actor, three[0])

    with CaptureQueriesContext(connection) as queries:
        page(actor, three[0])

    assert len(queries) <= 12
