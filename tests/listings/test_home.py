"""Somebody comes back to the site and finds what waits, what is new and how their posts stand."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from listings import services
from listings.models import Change, Evidence, Post
from matching.models import Match
from matching.services import drain
from tests.texts import find


def home(actor):
    return actor.client.get(reverse("home"))


def read(actor):
    return home(actor).content.decode()


def waits(actor):
    return {one.title: one.word for one in home(actor).context["waiting"]}


def state(site, days_ago, method="statement"):
    services.record_evidence(
        post=site,
        claim="power",
        method=method,
        document="Agreement",
        verified_on=timezone.localdate() - timedelta(days=days_ago),
        now=timezone.now(),
    )


class TestWhatWaits:
    def test_each_post_says_what_it_wants(self, make, miner):
        make.site(name="Drafted", status="draft")
        services.move_post(post=make.site(name="Resting"), to="paused", now=timezone.now())
        make.site(name="Ending", open_until=timezone.localdate() + timedelta(days=10))
        state(make.site(name="Aged"), days_ago=120)
        parked = make.site(name="Parked")
        make.site(name="Fine")
        Change.objects.filter(post=parked).update(attempts=5)

        assert waits(miner) == {
            "Drafted": "Draft",
            "Resting": "Paused",
            "Ending": "Expires",
            "Aged": "Evidence",
            "Parked": "Delayed",
        }

    def test_a_request_that_nothing_fits_leads_to_the_reasons(self, make, tenant):
        need = make.request()
        drain()

        assert reverse("matching:of_post", args=[need.uid]) in read(tenant)
        assert waits(tenant) == {"Training campus": "No match"}

    def test_a_broker_is_led_to_the_desk(self, broker, unverified_broker):
        assert f"{reverse('matching:desk')}?state=reopened" in read(broker)
        assert reverse("matching:desk") not in read(unverified_broker)

    def test_nobody_finds_the_posts_of_another(self, make, other_miner):
        make.site(name="Drafted", status="draft")

        assert "Drafted" not in read(other_miner)


class TestStillTrue:
    def test_one_click_confirms_one_post_and_leads_back(self, make, miner):
        site = make.site()
        state(site, days_ago=120)

        answer = miner.client.post(reverse("listings:renew", args=[site.uid]), {"from_home": "1"})

        assert answer.headers["Location"] == reverse("home")
        assert waits(miner) == {}

    def test_a_document_that_has_aged_leads_to_where_it_is_verified(self, make, miner):
        site = make.site()
        state(site, days_ago=120, method="document")

        [waiting] = home(miner).context["waiting"]

        assert waiting.action.url == reverse("listings:evidence", args=[site.uid])

    def test_one_click_confirms_all_and_no_others(self, make, miner, other_miner):
        mine, theirs = make.sites(3), make.site(by=other_miner)
        for site in (*mine, theirs):
            state(site, days_ago=120)
        state(mine[0], days_ago=120, method="document")

        named = [str(site.uid) for site in (*mine, theirs)]
        page = miner.client.post(reverse("listings:renew_all"), {"posts": named}, follow=True)

        assert "3 posts stay open" in page.content.decode()
        fresh = Evidence.objects.filter(freshness="fresh").values_list("post", flat=True)
        assert set(fresh) == {mine[1].pk, mine[2].pk}  # a document ages until there is a new one

    def test_it_brings_expired_posts_back(self, make, miner):
        site = make.site()
        Post.objects.update(status="expired", open_until=date(2026, 1, 1))

        miner.client.post(reverse("listings:renew_all"), {"posts": [str(site.uid)]})

        post = Post.objects.get()
        assert (post.status, post.open_until > timezone.localdate()) == ("open", True)

    def test_a_uid_that_is_none_is_refused(self, miner):
        assert miner.client.post(reverse("listings:renew_all"), {"posts": ["1; DROP"]}).status_code == 400


class TestWhatIsNew:
    def test_matches_since_the_last_visit_and_no_older_ones(self, make, miner, tenant):
        make.site(name="Old")
        make.request(by=tenant)
        drain()
        Match.objects.update(created_at=timezone.now() - timedelta(days=3))
        friday = timezone.now() - timedelta(days=2)
        Membership.objects.filter(user=miner.user).update(seen_at=friday)
        make.site(name="New")
        drain()

        page = home(miner)

        assert [one.title for one in page.context["news"]] == ["New"]
        assert page.context["since"] == friday
        assert "1 new match, scored" in page.content.decode()
        assert [one.title for one in home(miner).context["news"]] == ["New"]  # reloading loses nothing

    def test_scoring_anew_is_no_news(self, make, miner, tenant):
        site = make.site()
        make.request(by=tenant)
        drain()
        Match.objects.update(created_at=timezone.now() - timedelta(days=3))
        Membership.objects.filter(user=miner.user).update(seen_at=timezone.now() - timedelta(days=1))

        services.update_site(site=site, fields={"ask_usd_kw_month": 120}, now=timezone.now())
        drain()

        assert home(miner).context["news"] == []

    def test_a_site_that_nothing_matches_leads_to_what_would_win_it_more(self, make, miner, tenant):
        site = make.site(max_rack_kw=60)
        make.request(min_rack_kw=80)
        drain()

        address = find(
            r'<a href="([^"]+)">0, why\?<span class="visually-hidden"> Pecos One</span></a>', read(miner)
        )

        assert address == reverse("matching:of_post", args=[site.uid])
        assert "Power per rack 80 kW" in miner.client.get(address).content.decode()

    def test_a_blind_post_of_the_other_side_gives_a_rounded_score_only(self, make, miner, stranger):
        make.site(disclosure="blind")
        make.request(by=stranger)
        drain()

        line = home(stranger).context["lines"][0]

        assert int(line.best) % 5 == 0

    def test_a_broker_reads_what_is_new_among_all_requests(self, make, miner, tenant, broker):
        make.site()
        make.request()
        drain()

        assert [one.title for one in home(broker).context["news"]] == ["Training campus"]

    def test_a_broker_nobody_has_verified_reads_nothing(self, make, miner, tenant, unverified_broker):
        make.site()
        make.request()
        drain()

        assert home(unverified_broker).context["news"] == []


@pytest.mark.parametrize("count", [1, 50])
def test_it_costs_the_same_at_any_size(make, miner, tenant, count, django_assert_num_queries):
    for site in make.sites(count):
        state(site, days_ago=120)
    make.request(by=tenant)
    drain()
    home(miner)
    # Session, user, reader; the visit in a savepoint of its own (3); posts, evidence, counts, news, losses,
    # saved searches.
    with django_assert_num_queries(10):
        home(miner)
