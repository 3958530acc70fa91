"""People read lists and pages of posts, each by the face that they may see."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from listings.models import Change, Post, Site
from tests.factories import phase

KINDS = [("site", "sites"), ("gpu_pool", "gpu_pools"), ("request", "requests")]


def read(actor, name, *args, **query):
    answer = actor.client.get(reverse(f"listings:{name}", args=args), query)
    return answer.content.decode()


class TestFaces:
    def test_a_blind_site_is_a_teaser_to_all_but_its_owner_and_brokers(
        self, make, miner, broker, tenant, visitor
    ):
        site = make.site(disclosure="blind", nearest_town="Zebulon", name="Secret Flats")

        for actor in (tenant, visitor):
            page = read(actor, "site", site.uid)
            assert site.code_name in page
            assert "20–50 MW" in page
            assert "Zebulon" not in page
            assert "Secret Flats" not in page
        for actor in (miner, broker):
            assert "Zebulon" in read(actor, "site", site.uid)

    def test_an_open_site_tells_all_but_the_reserve_to_verified_tenants(self, make, miner, tenant, stranger):
        site = make.site(ask_floor_usd_kw_month="101.25", nearest_town="Zebulon")

        assert "Zebulon" in read(tenant, "site", site.uid)
        assert "101.25" not in read(tenant, "site", site.uid)
        assert "101.25" in read(miner, "site", site.uid)
        assert "Zebulon" not in read(stranger, "site", site.uid)

    def test_a_request_keeps_its_cap_and_outside_date_to_its_owner(self, make, miner, tenant):
        request = make.request(price_cap_usd_kw_month="217.5", latest_on=date(2027, 12, 3))

        assert "217.5" not in read(miner, "request", request.uid)
        assert "3 December 2027" not in read(miner, "request", request.uid)
        assert "217.5" in read(tenant, "request", request.uid)

    def test_a_reference_listing_says_so_everywhere(self, make, miner, visitor):
        facts = {"source": "8-K of June 2024", "source_confidence": "medium", "assumed": ["gross_mw"]}
        site = make.site(is_reference=True, **facts)
        words = "Reference listing from public sources, not an offer by the company"

        assert words in read(visitor, "site", site.uid)
        assert "reference listing" in read(visitor, "sites")
        page = read(miner, "site", site.uid)
        assert "8-K of June 2024 (confidence: medium)" in page
        assert '100 <em class="chip">assumed</em>' in page

    def test_what_people_write_is_shown_as_text(self, make, miner):
        site = make.site(name="<script>alert(1)</script>", notes="<img src=x onerror=alert(1)>\nsecond line")

        for page in (read(miner, "site", site.uid), read(miner, "sites"), read(miner, "site_edit", site.uid)):
            assert "<script>alert" not in page
            assert "<img src=x" not in page
        assert "onerror=alert(1)&gt;<br>second line" in read(miner, "site", site.uid)

    @pytest.mark.parametrize(("one", "many"), KINDS)
    def test_every_page_carries_the_content_policy(self, visitor, one, many):
        policy = visitor.client.get(reverse(f"listings:{many}")).headers["Content-Security-Policy"]

        assert "script-src 'self'" in policy
        assert "unsafe-inline" not in policy


class TestLists:
    def test_the_address_carries_the_filter(self, make, visitor):
        near = make.site(phases=[phase(ready_on=date(2027, 1, 15))])
        late = make.site(phases=[phase(ready_on=date(2027, 10, 1))])
        abroad = make.site(country="NO", region="", grid="NO2", phases=[phase(ready_on=date(2027, 1, 15))])

        page = read(visitor, "sites", country="US", ready_by="2027-Q1", min_mw="20")

        assert near.code_name in page
        assert late.code_name not in page
        assert abroad.code_name not in page
        assert '<option value="2027-Q1" selected>' in page

    def test_a_grid_finds_only_sites_that_show_it(self, make, tenant):
        told = make.site(disclosure="open")
        kept = make.site(disclosure="blind")

        page = read(tenant, "sites", grid="ERCOT")

        assert told.code_name in page or told.name in page
        assert kept.code_name not in page

    def test_requests_by_what_they_take(self, make, visitor):
        anywhere, nordic = make.request(countries=[]), make.request(countries=["NO", "SE"])
        never = make.request(countries=[], excluded_countries=["US"])

        page = read(visitor, "requests", country="US", kind="power", need_by="2027-Q2")

        assert anywhere.code_name in page
        assert nordic.code_name not in page
        assert never.code_name not in page

    def test_pools_by_model_and_the_country_of_their_site(self, make, visitor):
        pool = make.pool(at_site=make.site())
        other = make.pool(model=make.gpu_model("H200"))

        page = read(visitor, "gpu_pools", country="US", model="H100 SXM5", min_gpus="1024")

        assert pool.code_name in page
        assert other.code_name not in page

    def test_a_filter_that_is_none_is_refused_at_its_field(self, make, visitor):
        make.site()

        answer = visitor.client.get(reverse("listings:sites"), {"ready_by": "soon"})

        assert answer.status_code == 400
        assert 'id="id_ready_by_error"' in answer.content.decode()

    def test_pages_lead_on_and_back_without_losing_the_filter(self, make, visitor):
        sites = make.sites(51)

        first = visitor.client.get(reverse("listings:sites"), {"country": "US"})
        second = visitor.client.get(first.context["page"]["next"])

        names = {site.code_name for site in sites}
        shown = [name for page in (first, second) for name in names if f">{name}<" in page.content.decode()]
        assert sorted(shown) == sorted(names)
        assert 'value="US" selected' in second.content.decode()
        assert second.context["page"]["previous"]

    def test_a_tampered_page_link_is_refused(self, visitor):
        assert visitor.client.get(reverse("listings:sites"), {"cursor": "abc"}).status_code == 400

    @pytest.mark.parametrize("count", [1, 50])
    def test_lists_cost_the_same_at_any_size(self, make, tenant, count, django_assert_num_queries):
        make.sites(count)
        make.pools(count)
        make.requests(count, by=tenant)
        # Session, user, reader, the posts, and two for what belongs to them or to the filter.
        for many, queries in (("sites", 6), ("gpu_pools", 6), ("requests", 6)):
            with django_assert_num_queries(queries):
                tenant.client.get(reverse(f"listings:{many}"))

    @pytest.mark.parametrize("count", [1, 50])
    def test_the_front_page_costs_the_same_at_any_size(self, make, visitor, count, django_assert_num_queries):
        make.sites(count)

        with django_assert_num_queries(3):  # three figures
            visitor.client.get(reverse("home"))


class TestMoves:
    def test_withdrawing_asks_first(self, make, miner):
        site = make.site()
        address = reverse("listings:move", args=[site.uid])

        asked = miner.client.post(address, {"to": "withdrawn"})
        assert "Withdraw" in asked.content.decode()
        assert Site.objects.get().status == "open"

        miner.client.post(address, {"to": "withdrawn", "sure": "yes"})
        assert Site.objects.get().status == "withdrawn"

    def test_a_paused_post_is_gone_for_others_and_comes_back(self, make, miner, visitor):
        site = make.site()
        address, page = reverse("listings:move", args=[site.uid]), reverse("listings:site", args=[site.uid])

        miner.client.post(address, {"to": "paused"})
        assert visitor.client.get(page).status_code == 404

        miner.client.post(address, {"to": "open"})
        assert visitor.client.get(page).status_code == 200

    def test_an_incomplete_draft_says_what_is_missing(self, make, miner):
        site = make.site(status="draft", phases=[], term_max_months=None)

        page = miner.client.post(reverse("listings:move", args=[site.uid]), {"to": "open"}, follow=True)

        assert "An open site needs at least one phase." in page.content.decode()
        assert "Longest term, months: " in page.content.decode()
        assert Site.objects.get().status == "draft"

    def test_still_true_keeps_it_open_for_another_year(self, make, miner):
        site = make.site(open_until=timezone.localdate() + timedelta(days=3))

        miner.client.post(reverse("listings:renew", args=[site.uid]))

        assert Site.objects.get().open_until > timezone.localdate() + timedelta(days=360)

    @pytest.mark.parametrize("action", ["move", "renew"])
    @pytest.mark.parametrize("who", ["other_miner", "tenant", "broker"])
    def test_nobody_else_can(self, make, request, who, action):
        site, actor = make.site(), request.getfixturevalue(who)
        before = Post.objects.get().version

        answer = actor.client.post(reverse(f"listings:{action}", args=[site.uid]), {"to": "paused"})

        assert answer.status_code == 404
        assert Post.objects.get().version == before


class TestMatchingState:
    def test_a_new_post_is_being_matched_and_its_page_looks_again(self, make, miner):
        page = read(miner, "site", make.site().uid)

        assert "Matching…" in page
        assert '<meta http-equiv="refresh" content="3">' in page

    def test_after_ten_seconds_it_is_delayed(self, make, miner):
        site = make.site()
        Change.objects.update(created_at=timezone.now() - timedelta(seconds=11))

        page = read(miner, "site", site.uid)

        assert "Matching is delayed; your post is stored and will be matched." in page

    def test_a_parked_post_is_delayed_at_once(self, make, miner):
        site = make.site()
        Change.objects.update(attempts=5)

        assert "Matching is delayed" in read(miner, "site", site.uid)

    def test_a_matched_post_says_so_and_stays(self, make, miner):
        site = make.site()
        Change.objects.all().delete()

        page = read(miner, "site", site.uid)

        assert "up to date" in page
        assert "http-equiv" not in page

    def test_others_are_not_told(self, make, tenant):
        assert "Matching" not in read(tenant, "site", make.site().uid)


class TestFrontPage:
    def test_it_tells_what_is_open_rounded(self, make, visitor):
        make.site(phases=[phase(critical_mw="43.7")])
        make.request()

        page = visitor.client.get(reverse("home")).content.decode()

        assert "<strong>40 MW</strong> critical, open at one site" in page
        assert "43.7" not in page
