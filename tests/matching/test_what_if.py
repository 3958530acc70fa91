"""An owner tries another date or price on a post, and nothing is saved."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from listings.models import CapacityRequest, Post
from listings.services import update_request
from marketplace.local.processes import wait_until
from matching.models import Match
from matching.services import drain
from matching.snapshots import Market
from matching.vocabulary import TRIES_PER_MINUTE
from tests.cast import NOON
from tests.factories import phase


@pytest.fixture(autouse=True)
def unread(monkeypatch):
    """Each test has a market of its own; what the process has read of another's must not show."""
    monkeypatch.setattr("matching.services.what_if.market", Market())


def url_of(post):
    return reverse("matching:what_if", args=[post.uid])


def try_out(actor, post, **figures):
    return actor.client.get(url_of(post), figures)


def rows_of(page):
    return {row.title: (row.before, row.after, row.change) for row in page.context["outcome"].rows}


class TestARequest:
    @pytest.fixture
    def request_(self, make):
        make.site(name="Ready", phases=[phase(ready_on=date(2027, 3, 1))])
        make.site(name="Late", phases=[phase(ready_on=date(2028, 3, 1))])
        request_ = make.request()
        drain(now=NOON)
        return request_

    def test_a_later_outside_date_wins_the_late_site(self, request_, tenant):
        page = try_out(tenant, request_, latest_on="2028-06-01")

        before, after, change = rows_of(page)["Late"]
        assert (before, change) == ("", "new")
        assert int(after) >= 20
        assert "1 → 2 matches" in page.content.decode()

    def test_a_lower_cap_loses_what_is_too_dear(self, request_, tenant):
        page = try_out(tenant, request_, price="120")

        assert rows_of(page)["Ready"][1:] == ("", "lost")

    @pytest.mark.django_db(transaction=True)
    def test_what_it_promises_is_what_an_edit_brings(self, request_, tenant):
        promised = rows_of(try_out(tenant, request_, latest_on="2028-06-01"))

        update_request(request=request_, fields={"latest_on": date(2028, 6, 1)}, now=NOON)
        drain(now=NOON)

        scored = {match.offer.site.name: str(match.points) for match in Match.objects.all()}
        assert scored == {name: after for name, (_, after, _) in promised.items()}

    def test_nothing_is_saved(self, request_, tenant):
        before = list(Post.objects.values_list("pk", "version")), list(Match.objects.values_list())

        try_out(tenant, request_, latest_on="2028-06-01", price="300", first_on="2027-09-01")

        assert (list(Post.objects.values_list("pk", "version")), list(Match.objects.values_list())) == before
        assert CapacityRequest.objects.get().latest_on == date(2027, 12, 1)

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("price", "much", "Enter a number."),
            ("price", "-1", "greater than or equal to 0.01"),
            ("latest_on", "soon", "Enter a valid date."),
            ("latest_on", "2026-12-01", "on or after the first day"),
            ("first_on", "1066-10-14", "between 2000 and 2099"),
        ],
    )
    def test_a_bad_value_is_told_at_its_field_and_kept(self, request_, tenant, field, value, said):
        page = try_out(tenant, request_, **{field: value})

        assert page.status_code == 400
        assert any(said in error for error in page.context["form"].errors[field])
        assert f'value="{value}"' in page.content.decode()

    def test_a_try_that_changes_nothing_asks_for_a_change(self, request_, tenant):
        page = try_out(tenant, request_, price="220")

        assert "change a figure" in page.content.decode()

    def test_the_page_opens_with_what_is_posted(self, request_, tenant):
        page = tenant.client.get(url_of(request_)).content.decode()

        assert 'value="2027-12-01"' in page
        assert 'value="220"' in page

    def test_what_is_not_tried_stays_as_posted(self, request_, tenant):
        page = try_out(tenant, request_, price="200").content.decode()

        assert 'value="2027-12-01"' in page


class TestAnOffer:
    def test_a_cheaper_site_wins_a_request(self, make, miner):
        site = make.site(ask_usd_kw_month=300)
        make.request(title="Campus")
        drain(now=NOON)

        page = try_out(miner, site, price="120")

        assert rows_of(page)["Campus"][2] == "new"

    def test_all_phases_move_with_the_first(self, make, miner):
        both = [phase(critical_mw=10), phase(ready_on=date(2027, 9, 1), critical_mw=10)]
        site = make.site(phases=both)
        make.request(title="Campus")
        drain(now=NOON)

        sooner = rows_of(try_out(miner, site, first_on="2026-12-01"))["Campus"]

        assert int(sooner[1]) > int(sooner[0])

    def test_a_pool_tries_its_price(self, make, miner):
        pool = make.pool(price_usd_gpu_hour="2.40")
        make.gpu_request(title="Cluster")
        drain(now=NOON)

        before, after, _ = rows_of(try_out(miner, pool, price="1.90"))["Cluster"]

        assert int(after) > int(before)


class TestWhatOthersHide:
    def test_of_a_blind_post_only_scores_to_five_are_told(self, make, tenant):
        make.site(disclosure="blind", name="Secret Flats", ask_usd_kw_month="133.33")
        request_ = make.request()
        drain(now=NOON)

        for cap in range(200, 240, 7):
            page = try_out(tenant, request_, price=str(cap))
            (row,) = page.context["outcome"].rows
            assert int(row.after) % 5 == int(row.before) % 5 == 0
            assert row.first_power == ""
            for secret in ("Secret Flats", "133.33", "1 March 2027"):
                assert secret not in page.content.decode()

    def test_the_miner_does_not_learn_the_cap(self, make, miner):
        site = make.site()
        make.request(price_cap_usd_kw_month="211.11", latest_on=date(2027, 12, 3))
        drain(now=NOON)

        page = try_out(miner, site, price="120").content.decode()

        assert "211.11" not in page
        assert "3 December 2027" not in page

    @pytest.mark.parametrize("who", ["miner", "other_tenant", "broker", "stranger", "newcomer"])
    def test_nobody_tries_on_anothers_post(self, make, who, request):
        request_ = make.request()

        assert try_out(request.getfixturevalue(who), request_, price="200").status_code == 404

    def test_nor_on_one_that_is_not_open(self, make, tenant):
        assert try_out(tenant, make.request(status="draft"), price="200").status_code == 404

    def test_a_lot_of_tries_must_wait_a_minute(self, make, tenant, miner):
        site, request_ = make.site(), make.request()
        drain(now=NOON)

        with time_machine.travel(NOON, tick=False) as clock:
            for _ in range(TRIES_PER_MINUTE):
                assert try_out(tenant, request_, price="200").status_code == 200
            refused = try_out(tenant, request_, price="200")
            others = try_out(miner, site, price="120")
            clock.shift(60)
            later = try_out(tenant, request_, price="200")

        assert (refused.status_code, others.status_code, later.status_code) == (429, 200, 200)
        assert "Wait a minute" in refused.content.decode()
        assert 'value="200"' in refused.content.decode()


@pytest.mark.parametrize("size", [1, 50])
def test_a_try_costs_the_same_at_any_size(make, tenant, size, django_assert_num_queries):
    make.sites(size)
    request_ = make.request(price_cap_usd_kw_month=Decimal(220))
    drain(now=NOON)

    try_out(tenant, request_, price="210")  # reads the market; what follows reads what changed

    with django_assert_num_queries(11):
        try_out(tenant, request_, price="200")


@pytest.mark.django_db(transaction=True)
def test_a_market_too_large_to_wait_for_is_read_in_the_background(make, tenant, monkeypatch):
    monkeypatch.setattr("matching.services.what_if.FIRST_LOOK_SECONDS", -1)
    make.site(name="Ready", phases=[phase(ready_on=date(2027, 3, 1))])
    request_ = make.request()

    first = try_out(tenant, request_, latest_on="2028-06-01")

    assert first.status_code == 503
    assert "Try again in half a minute" in first.content.decode()
    assert wait_until(lambda: try_out(tenant, request_, latest_on="2028-06-01").status_code == 200, 5, 0.5)
