"""Where offers were lost, as its reader may know it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from listings.models import CapacityRequest
from matching.release import offers_of
from matching.services import drain
from matching.summary import near_offers, rankings_of, summaries

pytestmark = pytest.mark.django_db(transaction=True)


def read(request_, actor):
    today = timezone.now().date()
    seen = CapacityRequest.objects.for_page(actor.reader, today).get(pk=request_.pk)
    rankings = rankings_of(seen)
    return summaries(seen, rankings, offers_of(near_offers(rankings), actor.reader, today), actor.reader)[0]


@pytest.fixture
def request_(make, miner, tenant):
    make.sites(3)
    make.site(country="NO", region="NO-50", grid="NO3", disclosure="blind", name="Hidden Fjord")
    request_ = make.request()
    drain()
    return request_


def test_a_tenant_counts_in_bands_and_a_broker_exactly(request_, tenant, broker):
    assert read(request_, tenant)["funnel"][-1]["remaining"] == "1–4"
    assert read(request_, broker)["funnel"][-1]["remaining"] == "3"


def test_a_blind_near_miss_tells_its_gate_and_a_score_to_five(request_, tenant, broker):
    [miss] = read(request_, tenant)["near_misses"]
    assert miss["failed"] == ["location"]
    assert miss["score"] % 5 == 0
    assert "name" not in miss["offer"]
    assert miss["changes"] == []
    assert read(request_, broker)["near_misses"][0]["changes"]


def test_by_rest_its_owner_and_brokers_read_it_and_nobody_else(
    request_, tenant, broker, miner, other_tenant, visitor
):
    url = f"/api/v1/requests/{request_.uid}/near-misses/"
    assert tenant.api.get(url).json()[0]["near_misses"][0]["failed"] == ["location"]
    assert broker.api.get(url).status_code == 200
    for outsider in (miner, other_tenant, visitor):
        assert outsider.api.get(url).status_code in (401, 404)


def test_a_list_with_near_misses_loads_its_offers_once(request_, tenant, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        page = tenant.client.get(reverse("matching:of_post", args=[request_.uid]))

    assert "Near misses" in page.content.decode()
