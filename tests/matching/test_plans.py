"""A tenant, and its broker, see how a request could be served from several places, stage by stage."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from listings import services as listings
from matching.services import drain
from tests.cast import NOON
from tests.factories import phase, step
from tests.marketplace.test_non_interference import NOISE

pytestmark = pytest.mark.django_db(transaction=True)

SURE = {"stage": "ready_for_service"}


def plans_of(actor, request):
    answer = actor.api.get(f"/api/v1/requests/{request.uid}/plans/")
    assert answer.status_code == 200
    return answer.json()


def page_of(actor, request):
    return actor.client.get(reverse("matching:plans", args=[request.uid])).content.decode()


def norway(make, **other):
    """30 MW under construction for June, at US$ 99 gross."""
    facts = {"country": "NO", "region": "NO-18", "grid": "NO4", "lease_basis": "gross"}
    halls = [phase(critical_mw=30, ready_on=date(2027, 6, 1))]
    return make.site(**{"name": "Fjord", "ask_usd_kw_month": 99, "phases": halls, **facts, **other})


def texas(make, **other):
    halls = [phase(critical_mw=40, ready_on=date(2027, 3, 1), **SURE)]
    return make.site(
        **{"name": "Pecos One", "lease_basis": "gross", "ask_usd_kw_month": 150, "phases": halls, **other}
    )


@pytest.fixture
def split(make, miner, tenant):
    """60 MW from March that two sites can serve together."""
    texas(make)
    norway(make)
    request = make.request(
        countries=["US", "NO"],
        splittable=True,
        max_sites=2,
        steps=[step(critical_mw=60, need_on=date(2027, 3, 1))],
    )
    drain(now=NOON)
    return request


def test_40_mw_in_texas_from_march_and_20_in_norway_from_june_and_what_it_costs(split, tenant):
    page = page_of(tenant, split)

    assert "40 MW at Pecos One from March 2027; 20 MW at Fjord from June 2027" in page
    assert "US$ 133.00/kW-month on average" in page  # (40 × 150 + 20 × 99) / 60
    assert "US$ 7.98 million a month" in page
    assert '<svg class="plan-chart"' in page


def test_by_rest_the_same_plan_with_its_stages(split, tenant):
    found = plans_of(tenant, split)

    best = found["plans"][0]
    assert [site["offer"]["name"] for site in best["sites"]] == ["Pecos One", "Fjord"]
    assert best["sites"][1]["stages"] == [{"from_on": "2027-06-01", "quantity": "20", "dependable": "13.6"}]
    assert [(one["from_on"], one["needed"], one["quantity"]) for one in best["timeline"]] == [
        ("2027-03-01", "60", "40"),
        ("2027-06-01", "60", "60"),
    ]
    assert [Decimal(one["cost_usd_month"]) for one in best["timeline"]] == [6_000_000, 7_980_000]
    assert Decimal(best["price"]) == 133


def test_gpus_now_and_megawatts_later(make, tenant):
    model = make.gpu_model()
    make.pool(model=model, gpus=2_400, largest_cluster_gpus=2_400, available_from=date(2027, 2, 1))
    make.site(name="Hall", phases=[phase(ready_on=date(2027, 6, 1), **SURE)], term_min_months=6)
    request = make.gpu_request(
        model=model,
        accepts_hosting=True,
        splittable=True,
        steps=[{"need_on": date(2027, 2, 1), "gpus": 4_000}],
        latest_on=date(2027, 9, 1),
    )
    drain(now=NOON)

    best = plans_of(tenant, request)["plans"][0]
    assert [(site["quantity"], site["hosted_mw"]) for site in best["sites"]] == [
        ("2400", None),
        ("1600", "2.285"),
    ]
    page = page_of(tenant, request)
    assert "from February 2027; 1,600 GPUs at Hall from June 2027" in page
    assert "your own, in 2.285 MW" in page


def test_the_request_s_own_page_shows_the_best_plan_to_its_owner(split, tenant, miner):
    url, own_page = reverse("matching:plans", args=[split.uid]), reverse("listings:request", args=[split.uid])

    assert f'hx-get="{url}"' in tenant.client.get(own_page).content.decode()
    assert f'hx-get="{url}"' not in miner.client.get(own_page).content.decode()
    assert url in tenant.client.get(reverse("matching:of_post", args=[split.uid])).content.decode()
    part = tenant.client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Best plan: 40 MW at Pecos One from March 2027" in part
    assert "<html" not in part


def test_a_request_that_stays_in_one_place_says_how_to_change_that(make, miner, tenant):
    texas(make)
    request = make.request()
    drain(now=NOON)

    assert plans_of(tenant, request)["plans"] == []
    assert reverse("listings:request_edit", args=[request.uid]) in page_of(tenant, request)


class TestWhatLeavesTheHouse:
    def test_of_a_blind_site_the_low_end_of_its_band_counts(self, make, tenant, broker, split):
        listings.update_site(
            site=norway(make, name="Secret Flats", disclosure="blind", phases=[phase(critical_mw=33)]),
            fields={},
            now=timezone.now(),
        )
        drain()

        [blind] = [
            site for plan in plans_of(tenant, split)["plans"] for site in plan["sites"] if site["coarse"]
        ][:1]
        assert (blind["quantity"], blind["price"]) == ("20", None)
        assert "Secret Flats" not in page_of(tenant, split)
        assert "Secret Flats" in page_of(broker, split)

    def test_hidden_changes_within_the_bands_change_no_plan(self, make, tenant, split):
        """Two markets with the same teasers and the same released scores give the same plans."""
        hidden = norway(make, name="Secret Flats", disclosure="blind", phases=[phase(critical_mw=61)])
        drain()
        before, page = plans_of(tenant, split), page_of(tenant, split)
        assert any(site["coarse"] for plan in before["plans"] for site in plan["sites"])
        assert not before["refreshing"]

        listings.update_site(
            site=hidden,
            fields={"ask_usd_kw_month": 95, "min_block_mw": 25, "max_block_mw": 70},
            phases=[phase(critical_mw=75)],
            now=timezone.now(),
        )
        drain()

        assert plans_of(tenant, split) == before
        assert NOISE.sub(b"", page_of(tenant, split).encode()) == NOISE.sub(b"", page.encode())

    def test_a_broker_reads_points_and_no_reserve(self, split, broker):
        found = plans_of(broker, split)

        assert found["plans"][0]["sites"][0]["offer"]["face"] == "full"
        assert "latest_on" not in str(found)

    def test_nobody_else_reads_them(self, split, miner, other_tenant, stranger, visitor):
        for actor in (miner, other_tenant, stranger, visitor):
            assert actor.api.get(f"/api/v1/requests/{split.uid}/plans/").status_code in (401, 404)
            assert actor.client.get(reverse("matching:plans", args=[split.uid])).status_code in (302, 404)


@pytest.mark.parametrize("count", [1, 50])
def test_a_page_costs_the_same_at_any_size(make, tenant, django_assert_max_num_queries, count):
    model = make.gpu_model()
    make.pools(count, model=model)
    make.sites(count, term_min_months=6)
    request = make.gpu_request(model=model, accepts_hosting=True, splittable=True)
    drain()

    with django_assert_max_num_queries(12):
        tenant.client.get(reverse("matching:plans", args=[request.uid]))
    with django_assert_max_num_queries(12):
        plans_of(tenant, request)
