"""The market in figures, as everybody reads it: right, and no more than teasers and public sources tell."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from listings import services
from listings.vocabulary import Claim, Status
from market.figures import open_market
from market.maps import map_of
from market.services import load_comparables
from marketplace.demo.files import table
from tests.cast import NOON
from tests.factories import phase, step
from tests.waiting import eventually

TODAY = NOON.date()
PAGES = ("/", "/market/")


def by_label(market):
    return {quarter.label: quarter for quarter in market.quarters}


@pytest.fixture
def reference(make):
    """A reference listing: 60 MW under construction in service, 40 of them in 2027, 20 in 2028."""
    return make.site(
        is_reference=True,
        source="8-K of June 2024",
        source_confidence="high",
        name="Public Flats",
        phases=[phase(critical_mw=40), phase(critical_mw=20, ready_on=date(2028, 5, 1))],
    )


class TestSupply:
    def test_a_reference_listing_counts_phase_by_phase_in_its_state(self, reference):
        market = open_market(TODAY)

        assert market.mw == 60
        assert by_label(market)["Q1 27"].offered == 40
        assert by_label(market)["Q2 28"].offered == 20
        assert [(spot.name, spot.mw, spot.by_band) for spot in map_of(market.lots).spots] == [
            ("Texas", Decimal(60), False)
        ]

    def test_what_is_dependable_follows_stage_and_evidence(self, reference):
        for claim in (Claim.POWER, Claim.DATE):
            services.record_evidence(
                post=reference, claim=claim, method="statement", verified_on=TODAY, now=NOON
            )

        market = open_market(TODAY)

        assert market.dependable_pct == 85  # construction, in service, fresh evidence
        assert by_label(market)["Q1 27"].dependable == 34

    @pytest.mark.parametrize("disclosure", ["open", "blind"])
    def test_a_miners_own_site_counts_with_its_band_its_country_and_first_quarter(self, make, disclosure):
        later = phase(critical_mw=3, ready_on=date(2028, 5, 1))
        make.site(disclosure=disclosure, phases=[phase(critical_mw="43.7"), later])

        market = open_market(TODAY)

        assert by_label(market)["Q1 27"].offered == 35  # the middle of 20–50
        assert by_label(market)["Q2 28"].offered == 0
        assert market.dependable_pct is None
        assert [(spot.name, spot.by_band) for spot in map_of(market.lots).spots] == [("United States", True)]

    def test_a_blind_reference_listing_is_as_blind_as_any_other(self, make):
        make.site(is_reference=True, source="8-K", disclosure="blind", phases=[phase(critical_mw="43.7")])

        assert [lot.region for lot in open_market(TODAY).lots] == [""]

    def test_what_is_not_open_or_ready_long_ago_or_far_away(self, make):
        make.site(status="draft")
        make.site(phases=[phase(ready_on=date(2020, 1, 1))], gross_mw=200)
        make.site(country="BT", region="", grid=None, phases=[phase(ready_on=date(2041, 1, 1))])

        market = open_market(TODAY)

        assert market.sites == 2
        assert {label: each.offered for label, each in by_label(market).items() if each.offered} == {
            "Now": 35,
            "Later": 35,
        }
        assert [spot.name for spot in map_of(market.lots).elsewhere] == ["Bhutan"]

    def test_the_median_ask_is_a_band(self, make):
        for ask in (101, 130, 160, None):
            make.site(ask_usd_kw_month=ask)

        market = open_market(TODAY)

        assert (market.asks, market.median_ask) == (3, "125–150")


def test_demand_counts_megawatts_and_requests_for_gpus_apart(make):
    make.request(steps=[step(critical_mw=20), step(critical_mw=90, need_on=date(2028, 1, 1))])
    make.gpu_request()
    make.pool(gpus=512, largest_cluster_gpus=512)

    market = open_market(TODAY)

    assert (market.wanted_mw, market.power_requests, market.gpu_requests) == (80, 1, 1)  # 75 to the ten
    assert by_label(market)["Q2 27"].wanted == 75
    assert (market.pools, market.gpus) == (1, 640)


@pytest.mark.django_db(transaction=True)
def test_the_market_is_counted_anew_only_when_a_post_has_changed(make):
    site = make.site(phases=[phase(critical_mw=40)])
    before = open_market(TODAY)

    def known_after_one_query() -> bool:
        with CaptureQueriesContext(connection) as queries:
            assert open_market(TODAY) == before
        return len(queries) == 1

    # While a transaction is open anywhere on the server, what it will commit is not settled yet.
    eventually(known_after_one_query)
    services.move_post(post=site, to=Status.PAUSED, now=NOON)
    assert (before.sites, open_market(TODAY).sites) == (1, 0)


def test_an_empty_market_says_what_comes_next(db, visitor):
    for page in PAGES:
        assert "Nothing is open yet" in visitor.client.get(page).content.decode()


def test_a_visitor_finds_the_way_in_the_figures_and_the_newest_lease(make, reference, visitor):
    make.request()
    load_comparables(rows=table("deals"))

    page = visitor.client.get("/").content.decode()

    for way in ("/requests/steps/", "/sites/new/", "/accounts/signup/", "/sites/"):
        assert f'href="{way}"' in page
    assert re.search(r"60 <small>MW</small>", page)
    assert "Texas: 60 MW" in page
    assert page.index("Applied Digital") < page.index("Hut 8")
    assert 'rel="nofollow">quantilus.com</a>' in page


class TestNothingPrivateShows:
    def test_no_name_no_place_no_figure(self, make, reference, visitor):
        make.site(
            name="Canary Flats",
            nearest_town="Canaryville",
            region="US-NM",
            grid="WECC",
            ask_floor_usd_kw_month="77.77",
            phases=[phase(critical_mw="43.717")],
        )
        make.request(title="Canary campus", steps=[step(critical_mw="21.317")])

        for page in PAGES:
            text = visitor.client.get(page).content.decode()
            assert not [word for word in ("anary", "New Mexico", "43.7", "77.77", "21.3") if word in text]

    def test_what_changes_within_the_bands_changes_no_byte(self, make, reference, visitor):
        site = make.site(phases=[phase(critical_mw=30)])
        pool = make.pool(gpus=300, largest_cluster_gpus=256)
        request = make.request(steps=[step(critical_mw=21)])
        before = [visitor.client.get(page).content for page in PAGES]

        now = timezone.now()
        moved = phase(critical_mw=49, ready_on=date(2027, 1, 2), stage="planned")
        fields = {"region": "US-NM", "ask_usd_kw_month": 149, "gross_mw": 99}
        services.update_site(site=site, fields=fields, phases=[moved], now=now)
        services.update_gpu_pool(pool=pool, fields={"gpus": 1_000}, now=now)
        services.update_request(request=request, fields={}, steps=[step(critical_mw=49)], now=now)

        assert [visitor.client.get(page).content for page in PAGES] == before


@pytest.mark.parametrize("count", [1, 50])
def test_the_pages_cost_the_same_at_any_size(make, visitor, count, django_assert_num_queries):
    make.sites(count, is_reference=True, source="8-K")
    make.sites(count)
    make.requests(count)
    load_comparables(rows=table("deals")[:count])

    for page in PAGES:
        with django_assert_num_queries(8):  # six of the open market, leases, their rates
            assert visitor.client.get(page).status_code == 200
