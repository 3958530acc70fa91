"""What would win a site more, as its owner and a broker may know it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from listings import services
from listings.models import Site
from matching import vocabulary
from matching.models import Ranking
from matching.release import requests_of
from matching.services import drain
from matching.summary import rankings_of
from matching.winning import winnable, wins_of
from tests.factories import phase, step

pytestmark = pytest.mark.django_db(transaction=True)


def stored(post):
    return Ranking.objects.get(post=post)


class TestRanking:
    def test_a_site_knows_where_requests_were_lost_and_what_would_win_them(self, make, miner, tenant):
        site = make.site(max_rack_kw=60)
        wanted = make.request(min_rack_kw=80)
        make.request(countries=["NO"])
        drain()

        funnel = [(row["gate"], row["remaining"]) for row in stored(site).funnel]
        assert (funnel[0], funnel[-1]) == (("unit", 2), ("density", 0))
        [win] = stored(site).wins
        assert win["change"]["sentence"] == "Offer: power per rack 80 kW per rack instead of 60 kW per rack"
        assert [won["need_id"] for won in win["won"]] == [wanted.pk]

    def test_a_site_follows_within_a_minute_what_requests_come_later(self, make, miner, tenant):
        site = make.site(max_rack_kw=60)
        drain()
        make.request(min_rack_kw=80)
        drain()
        assert stored(site).wins == []

        later = timezone.now() + timedelta(seconds=vocabulary.RECOUNT_AFTER_SECONDS + 1)
        assert drain(now=later) >= 1

        assert stored(site).wins
        assert drain(now=later) == 0


def read(site, actor):
    today = timezone.now().date()
    seen = Site.objects.for_page(actor.reader, today).get(pk=site.pk)
    rankings = rankings_of(seen)
    requests = requests_of(winnable(rankings), actor.reader, today)
    [summary] = wins_of(seen, rankings, requests, actor.reader)
    return summary


def told(site, actor):
    return [(win["change"], win["requests"], asked(win), win["score"]) for win in read(site, actor)["wins"]]


def asked(win):
    return win["asked_at_least"], win["asked_at_most"]


class TestWhoReadsWhat:
    def test_of_requests_seen_in_full_the_figure_is_exact(self, make, miner, tenant):
        site = make.site(max_rack_kw=60)
        make.request(title="Campus", min_rack_kw=80)
        make.request(min_rack_kw=100, steps=[step(critical_mw=10)])
        drain()

        most, some = read(site, miner)["wins"]

        assert most["change"] == "Offer: power per rack 100 kW per rack instead of 60 kW per rack"
        assert (most["requests"], asked(most)) == ("2", (30, 30))
        assert (some["requests"], asked(some)) == ("1", (20, 20))
        assert some["won"][0]["title"] == "Campus"

    def test_a_cap_and_an_outside_date_are_told_as_about_how_far(self, make, miner, tenant, broker):
        """Power comes to US$ 32.27 and the allowance to 12: these caps bear asks of 123, 106.50 and 73.50."""
        site = make.site(ask_usd_kw_month=131)
        for cap in (155, 140, 110):
            make.request(price_cap_usd_kw_month=cap)
        drain()

        for reader in (miner, broker):
            most, *lesser = read(site, reader)["wins"]
            assert (most["requests"], asked(most)) == ("3", (60, 60))
            assert [win["change"] for win in lesser] == ["Offer: ask a few per cent lower"]
            assert all(win["score"] % 5 == 0 and not win["exact"] for win in (most, *lesser))
            assert not any(figure in most["change"] for figure in "$0123456789")

    def test_of_blind_requests_only_the_gate_and_bands_are_told(self, make, miner, tenant, broker):
        site = make.site(max_rack_kw=60)
        make.request(min_rack_kw=80, disclosure="blind", title="Hidden campus")
        make.request(min_rack_kw=90, disclosure="blind", steps=[step(critical_mw=30)])
        drain()

        [win] = read(site, miner)["wins"]

        assert (win["change"], win["won"]) == ("Offer: density would have to give way", [])
        assert (win["requests"], asked(win), win["score"] % 5) == ("1–4", (40, 100), 0)
        assert asked(read(site, broker)["wins"][0]) == (50, 50)

    def test_a_canary_in_cap_and_outside_date_is_nowhere_on_what_the_miner_reads(self, make, miner, tenant):
        """The ready date that would do is the outside date itself."""
        late = make.site(phases=[phase(ready_on=date(2028, 6, 1))])
        dear = make.site(ask_usd_kw_month=200)
        make.request(latest_on=date(2027, 11, 17), price_cap_usd_kw_month="173.31")
        drain()
        assert "2027-11-17" in str(stored(late).wins)

        for site, words in ((late, "Ready about half a year earlier"), (dear, "Ask about")):
            page = miner.client.get(f"/matches/of/{site.uid}/").content.decode()
            answer = miner.api.get(f"/api/v1/sites/{site.uid}/wins/").content.decode()
            assert words in page
            assert words.lower() in answer
            exact = stored(site).wins[0]["change"]["sentence"].removeprefix("Offer: ").split(" instead")[0]
            for secret in ("173.31", "2027-11-17", "17 November 2027", exact.split("date ")[-1]):
                assert secret not in page + answer

    def test_nothing_that_a_blind_request_hides_changes_what_the_miner_reads(
        self, make, miner, tenant, broker
    ):
        site = make.site(max_rack_kw=60, ask_usd_kw_month=150)
        dense = make.request(min_rack_kw=80, disclosure="blind")
        cheap = make.request(price_cap_usd_kw_month=170, disclosure="blind")
        drain()
        before, exact = read(site, miner), read(site, broker)
        assert len(before["wins"]) == 2

        fields = {"min_rack_kw": 95, "title": "Other", "cooling_any_of": ["air"]}
        services.update_request(
            request=dense, fields=fields, steps=[step(critical_mw=22)], now=timezone.now()
        )
        services.update_request(request=cheap, fields={"price_cap_usd_kw_month": 120}, now=timezone.now())
        drain(now=timezone.now() + timedelta(seconds=vocabulary.RECOUNT_AFTER_SECONDS + 1))

        assert read(site, miner) == before
        assert read(site, broker) != exact  # the control

    def test_counts_are_in_bands_but_for_a_broker(self, make, miner, tenant, broker):
        site = make.site()
        make.requests(3)
        drain()

        assert read(site, miner)["funnel"][-1]["remaining"] == "1–4"
        assert read(site, broker)["funnel"][-1]["remaining"] == "3"

    def test_what_has_left_the_market_is_won_no_more(self, make, miner, tenant):
        site, request = make.site(max_rack_kw=60), make.request(min_rack_kw=80)
        drain()
        assert told(site, miner)

        services.move_post(post=request, to="paused", now=timezone.now())

        assert told(site, miner) == []


class TestShown:
    def test_a_site_and_a_pool_list_what_would_win_them_more(self, make, miner, tenant, other_miner):
        site, pool = make.site(max_rack_kw=60), make.pool(largest_cluster_gpus=512)
        make.request(title="Campus", min_rack_kw=80)
        make.gpu_request(model=pool.model)
        drain()

        page = miner.client.get(f"/matches/of/{site.uid}/").content.decode()
        assert "What would win you more" in page
        assert "Power per rack 80 kW per rack instead of 60 kW per rack" in page
        assert "Campus" in page
        assert "20 MW" in page
        [found] = miner.api.get(f"/api/v1/gpu-pools/{pool.uid}/wins/").json()
        assert found["unit"] == "gpu"
        assert found["wins"][0]["change"] == "Offer: largest cluster 973 GPUs instead of 512 GPUs"
        assert other_miner.api.get(f"/api/v1/sites/{site.uid}/wins/").status_code == 404

    def test_the_page_asks_as_much_for_one_request_as_for_many(
        self, make, miner, tenant, django_assert_max_num_queries
    ):
        site = make.site(max_rack_kw=60)
        make.requests(20, min_rack_kw=80)
        drain()

        with django_assert_max_num_queries(12):
            page = miner.client.get(f"/matches/of/{site.uid}/")

        assert page.content.decode().count("Campus ") >= 10
