"""What somebody had at their last visit and has no more, and why."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from listings import services
from listings.services import changes
from matching.models import Loss, Match
from matching.services import drain, explain_losses, forget_losses
from tests.factories import phase

# Versions rise once in a transaction, so each edit needs one of its own.
pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
FRIDAY = NOW - timedelta(days=2)


def home(actor):
    return actor.client.get(reverse("home"))


def lost(actor):
    return {one.other: one.why for one in home(actor).context["lost"]}


def since_friday(*actors):
    """All matches are older than Friday, when each of these people was here last."""
    drain()
    Match.objects.update(created_at=FRIDAY - timedelta(days=1))
    for actor in actors:
        Membership.objects.filter(user=actor.user).update(seen_at=FRIDAY)


def change(site, **fields):
    services.update_site(site=site, fields=fields, now=NOW)
    drain()
    explain_losses()


class TestWhy:
    def test_the_other_side_changed_and_a_gate_closed(self, make, miner, tenant, broker):
        site = make.site()
        make.request()
        since_friday(miner, tenant, broker)

        change(site, ask_usd_kw_month=400)

        assert lost(tenant) == {"Pecos One": "The other post changed; the two fail on price now."}
        assert lost(miner) == {"Training campus": "Your post changed; the two fail on price now."}
        assert lost(broker) == {"Pecos One": "The offer changed; the two fail on price now."}
        assert "Lost" in home(tenant).content.decode()

    def test_the_other_side_left(self, make, miner, tenant):
        site = make.site()
        make.request()
        since_friday(tenant)

        services.move_post(post=site, to="withdrawn", now=NOW)
        drain()

        [one] = home(tenant).context["lost"]
        assert (one.why, one.other_url) == ("It was withdrawn.", "")

    def test_one_leaves_unmatched_who_left(self, make, miner, tenant):
        """One's own withdrawal is no loss to be told of."""
        site = make.site()
        make.request()
        since_friday(miner)

        services.move_post(post=site, to="paused", now=NOW)
        drain()

        assert lost(miner) == {}

    def test_better_ones_came(self, make, miner, tenant, other_tenant, monkeypatch):
        for name, kept in (("KEPT_PER_NEED", 1), ("KEPT_PER_OFFER", 1), ("THIN_NEED", 0), ("THIN_OFFER", 0)):
            monkeypatch.setattr(f"matching.services.writing.{name}", kept)
        site = make.site(name="Outdone", max_rack_kw=None)
        make.request(preferred_rack_kw=100)
        since_friday(tenant)

        make.site(name="Better")
        make.request(by=other_tenant, title="More to its taste")
        drain()
        changes.mark_for_run()
        drain()
        explain_losses()

        assert lost(tenant) == {site.name: "Better ones took its place."}


class TestWhatIsLost:
    def test_what_went_and_came_back_is_neither_won_nor_lost(self, make, miner, tenant):
        site = make.site()
        make.request()
        since_friday(tenant)

        change(site, ask_usd_kw_month=400)
        change(site, ask_usd_kw_month=130)

        assert lost(tenant) == {}
        assert home(tenant).context["news"] == []

    def test_what_came_and_went_between_two_visits_is_not_told(self, make, miner, tenant):
        make.request()
        since_friday(tenant)
        change(make.site(), ask_usd_kw_month=400)

        assert lost(tenant) == {}

    def test_nobody_reads_the_losses_of_others(self, make, miner, tenant, other_tenant, unverified_broker):
        site = make.site()
        make.request()
        since_friday(other_tenant, unverified_broker)
        change(site, ask_usd_kw_month=400)

        assert lost(other_tenant) == lost(unverified_broker) == {}

    def test_ten_are_told_of_a_hundred_in_as_many_queries_as_of_one(self, make, miner, tenant):
        sites = make.sites(30)
        make.request()
        since_friday(tenant)
        home(tenant)

        counted = []
        for withdrawn in (sites[:1], sites[1:]):
            for site in withdrawn:
                services.move_post(post=site, to="withdrawn", now=NOW)
            drain()
            with CaptureQueriesContext(connection) as queries:
                told = home(tenant).context["lost"]
            asked = [query for query in queries if query["sql"] not in ("BEGIN", "COMMIT")]
            counted.append((len(told), len(asked)))

        assert counted == [(1, 11), (10, 11)]


class TestBlind:
    def test_a_blind_site_goes_by_its_code_name_and_hides_that_it_changed(self, make, miner, tenant):
        site = make.site(disclosure="blind", name="Secret Creek")
        make.request()
        since_friday(tenant)

        change(site, ask_usd_kw_month=400)

        assert lost(tenant) == {site.code_name: "The two fail on price now."}
        assert home(tenant).context["lost"][0].score % 5 == 0
        assert "Secret Creek" not in home(tenant).content.decode()

    def test_nor_is_it_told_how_it_left(self, make, miner, tenant):
        site = make.site(disclosure="blind", name="Secret Creek")
        make.request()
        since_friday(tenant)

        services.move_post(post=site, to="withdrawn", now=NOW)
        drain()

        assert lost(tenant) == {site.code_name: "It left the market."}


def test_what_a_killed_worker_took_back_was_never_lost(make, miner, tenant):
    site = make.site()
    make.request()
    drain()
    services.update_site(site=site, fields={}, phases=[phase(ready_on=date(2031, 1, 1))], now=NOW)

    with transaction.atomic():
        drain()
        assert Loss.objects.exists()
        transaction.set_rollback(True)
    assert not Loss.objects.exists()
    drain()
    drain()

    assert Loss.objects.count() == 1


def test_losses_are_forgotten_after_a_month(make, miner, tenant):
    site = make.site()
    make.request()
    since_friday(tenant)
    change(site, ask_usd_kw_month=400)

    forget_losses(now=NOW + timedelta(days=29))
    assert Loss.objects.exists()
    forget_losses(now=NOW + timedelta(days=31))
    assert not Loss.objects.exists()
