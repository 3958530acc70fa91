"""Who learns what of a match, by REST. The words of the journey: posts, a worker, readers."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from engine import explain
from listings import services
from listings.models import CapacityRequest, Site
from matching.models import Match
from matching.release import pair_of
from matching.services import drain
from tests.factories import phase

pytestmark = pytest.mark.django_db(transaction=True)

MATCHES = "/api/v1/matches/"
CANARY = "canary-Kp7"


@pytest.fixture
def site(make, miner) -> Site:
    offered: Site = make.site(ask_usd_kw_month=141, ask_floor_usd_kw_month="133.77")
    return offered


@pytest.fixture
def request_(make, tenant) -> CapacityRequest:
    asked: CapacityRequest = make.request(price_cap_usd_kw_month="197.31", latest_on=date(2027, 11, 17))
    return asked


@pytest.fixture
def matched(site, request_) -> Match:
    drain()
    return Match.objects.get()


class TestFullAndExact:
    def test_the_tenant_reads_the_exact_score_and_every_reason(self, matched, tenant, site, request_):
        found = tenant.api.get(f"{MATCHES}?request={request_.uid}").json()["results"]

        assert [Decimal(one["score"]) for one in found] == [matched.score]
        assert found[0]["offer"]["name"] == site.name
        assert {line["key"] for line in found[0]["criteria"]} >= {"capacity", "ramp", "price", "security"}
        assert all(line["sentence"] for line in found[0]["gates"] + found[0]["criteria"])

    def test_the_miner_reads_whole_points_and_no_reserve_of_the_tenant(self, matched, miner, site):
        answer = miner.api.get(f"{MATCHES}?site={site.uid}")
        found = answer.json()["results"][0]

        assert found["score"] == round(matched.score)
        assert "197.31" not in answer.content.decode()
        for outside_date in ("2027-11-17", "17 November 2027"):
            assert outside_date not in answer.content.decode()
        price = next(line for line in found["criteria"] if line["key"] == "price")
        assert price["score"] is None
        assert price["sentence"].startswith(("Inside", "At the edge", "Outside"))

    def test_nobody_on_the_other_side_reads_the_floor(self, matched, tenant, broker, request_):
        for reader in (tenant, broker):
            answer = reader.api.get(f"{MATCHES}?request={request_.uid}")
            assert answer.json()["results"]
            assert "133.77" not in answer.content.decode()

    def test_the_broker_reads_both_posts_in_full_but_no_reserve(self, matched, broker):
        answer = broker.api.get(f"{MATCHES}{matched.uid}/")

        assert answer.json()["offer"]["face"] == answer.json()["request"]["face"] == "full"
        assert "197.31" not in answer.content.decode()
        assert answer.json()["curve"]

    def test_what_is_explained_is_what_was_scored(self, matched, site, request_):
        found = explain(*pair_of(request_, site)).assessment
        assert Decimal(str(found.score)) == matched.score


class TestCoarse:
    @pytest.fixture
    def blind(self, make, miner, tenant) -> Match:
        make.site(
            disclosure="blind",
            name=CANARY,
            notes=CANARY,
            nearest_town=CANARY,
            ask_usd_kw_month="141.4242",
            phases=[phase(critical_mw="41.123")],
        )
        make.request()
        drain()
        return Match.objects.get()

    def test_a_blind_site_shows_bands_and_a_score_rounded_to_five(self, blind, tenant):
        answer = tenant.api.get(MATCHES)
        found = answer.json()["results"][0]

        assert found["coarse"]
        assert found["score"] % 5 == 0
        assert abs(found["score"] - blind.score) <= 3
        assert found["low"] is found["landlord_score"] is found["comparable_price"] is None
        assert all(line["sentence"] is None and line["score"] is None for line in found["criteria"])
        for secret in (CANARY, "141.4242", "41.123", str(blind.score)):
            assert secret not in answer.content.decode()

    def test_a_grant_opens_it(self, blind, tenant):
        services.grant_disclosure(post=blind.offer, organization=tenant.organization, now=timezone.now())

        found = tenant.api.get(MATCHES).json()["results"][0]

        assert not found["coarse"]
        assert found["offer"]["name"] == CANARY

    def test_the_finer_filter_is_refused(self, blind, tenant):
        assert tenant.api.get(f"{MATCHES}?min_score=62").status_code == 400
        assert tenant.api.get(f"{MATCHES}?min_score=5").json()["results"]

    def test_its_place_in_the_list_says_no_more_than_its_rounded_score(self, blind, make, tenant):
        make.site(name="Open One", ask_usd_kw_month=120)
        drain()

        found = tenant.api.get(MATCHES).json()["results"]

        shown = [float(one["score"]) for one in found]
        assert sorted(map(round, shown), reverse=True) == list(map(round, shown))


class TestWhoReads:
    @pytest.mark.parametrize("who", ["stranger", "other_tenant", "other_miner", "unverified_broker"])
    def test_others_find_nothing(self, matched, who, request):
        reader = request.getfixturevalue(who)
        assert reader.api.get(MATCHES).json()["results"] == []
        assert reader.api.get(f"{MATCHES}{matched.uid}/").status_code == 404

    def test_a_visitor_finds_nothing(self, matched):
        assert APIClient().get(MATCHES).json().get("results", []) == []
        assert Client().get(f"{MATCHES}{matched.uid}/").status_code in (401, 404)

    def test_a_withdrawn_post_leaves_the_list_at_once(self, matched, site, tenant):
        services.move_post(post=site, to="withdrawn", now=timezone.now())
        assert tenant.api.get(MATCHES).json()["results"] == []

    def test_while_a_post_is_matched_anew_its_old_score_says_so(self, matched, site, tenant):
        services.update_site(site=site, fields={"ask_usd_kw_month": 150}, now=timezone.now())

        found = tenant.api.get(MATCHES).json()["results"][0]

        assert found["refreshing"]
        assert Decimal(found["score"]) == matched.score
        assert found["criteria"] == []


@pytest.mark.parametrize("size", [1, 50])
def test_the_list_costs_the_same_at_any_size(make, miner, tenant, size, django_assert_max_num_queries):
    for _ in range(size):
        make.site()
    request_ = make.request()
    drain()

    with django_assert_max_num_queries(14):
        found = tenant.api.get(f"{MATCHES}?request={request_.uid}").json()["results"]

    assert len(found) == size
