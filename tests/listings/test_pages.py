"""People read lists and pages of posts, each by the face that they may see."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from listings.models import Change, Post, Site
from tests.factories import phase, step

KINDS = [("site", "sites"), ("gpu_pool", "gpu_pools"), ("request", "requests")]


def rows(answer):
    return {post.uid for post in answer.context["page"]["results"]}


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

    def test_each_choice_says_how_many_it_would_leave(self, make, visitor):
        make.site(phases=[phase(critical_mw=40)])
        make.site(phases=[phase(critical_mw=60)])
        make.site(country="NO", region="", grid="NO2", phases=[phase(critical_mw=60)])

        page = read(visitor, "sites", country="US")

        assert '<option value="20">20 (2)</option>' in page
        assert '<option value="50">50 (1)</option>' in page
        # A country's own count leaves the chosen country aside; one without a site is not offered.
        assert '<option value="NO">Norway (1)</option>' in page
        assert "Sweden" not in page

    @pytest.mark.parametrize(
        ("many", "choice"),
        [
            ("sites", {"country": "US"}),
            ("sites", {"min_mw": "50"}),
            ("sites", {"ready_by": "2027-Q1"}),
            ("sites", {"below_usd_kw_month": "125"}),
            ("sites", {"grid": "ERCOT"}),
            ("gpu_pools", {"country": "NO"}),
            ("gpu_pools", {"model": "H100 SXM5", "min_gpus": "1024"}),
            ("gpu_pools", {"below_usd_gpu_hour": "2"}),
            ("requests", {"country": "NO"}),
            ("requests", {"kind": "gpu", "need_by": "2027-Q2"}),
            ("requests", {"min_mw": "20"}),
        ],
    )
    def test_a_count_is_what_the_list_then_holds(self, make, visitor, tenant, miner, broker, many, choice):
        """A choice's count is worked out by other means than the filter, and must agree with it."""
        for mode in ("open", "blind"):
            make.site(disclosure=mode, phases=[phase(critical_mw=60)])
            norway = make.site(country="NO", region="", grid="NO2", disclosure=mode, ask_usd_kw_month=None)
            make.pool(disclosure=mode)
            make.pool(at_site=norway, gpus=2048, price_usd_gpu_hour="1.50")
            make.request(disclosure=mode)
            make.gpu_request(countries=[])
            make.request(countries=[], excluded_countries=["NO"], steps=[step(critical_mw=5)])
        *others, (name, value) = choice.items()

        for asking in (visitor, tenant, miner, broker):
            before = asking.client.get(reverse(f"listings:{many}"), dict(others)).context
            after = asking.client.get(reverse(f"listings:{many}"), choice).context
            offered = dict(before["filter"].fields[name].widget.choices)
            counted = int(str(offered.get(value, "(0)")).rpartition("(")[2].strip(")"))
            assert counted == after["count"] == len(after["page"]["results"])

    def test_a_filter_in_force_can_be_taken_back_alone(self, make, visitor):
        page = visitor.client.get(
            reverse("listings:sites"), {"country": "US", "cooling": ["air", "immersion"], "sort": "newest"}
        )

        chips = {chip.text: chip.url for chip in page.context["chips"]}
        assert set(chips) == {"United States of America", "Air", "Immersion"}
        assert chips["Air"] == "/sites/?country=US&cooling=immersion&sort=newest"

    def test_names_are_searched_only_where_the_reader_knows_them(self, make, miner, tenant, visitor):
        told = make.site(name="Zebulon Flats", disclosure="open")
        kept = make.site(name="Zebulon Hill", disclosure="blind")

        assert "Zebulon Flats" in read(tenant, "sites", q="zebulon")
        for code_name in (told.code_name, kept.code_name):
            assert code_name not in read(visitor, "sites", q="zebulon")
            assert code_name in read(visitor, "sites", q=code_name.lower())
        assert kept.code_name not in read(tenant, "sites", q="Hill")
        assert "Zebulon Hill" in read(miner, "sites", q="Hill")

    def test_each_sort_leads_through_all_pages(self, make, visitor):
        make.sites(30)
        make.sites(30, ask_usd_kw_month=None)

        for sort in ("", "largest", "price", "newest"):
            first = visitor.client.get(reverse("listings:sites"), {"sort": sort})
            second = visitor.client.get(first.context["page"]["next"])
            assert len(rows(first) | rows(second)) == 60

    def test_cards_tell_the_same_and_stay_on_the_next_page(self, make, visitor):
        make.sites(51)

        page = visitor.client.get(reverse("listings:sites"), {"view": "cards"})

        assert "<table" not in page.content.decode()
        assert "20–50" in page.content.decode()
        assert "view=cards" in page.context["page"]["next"]

    def test_htmx_gets_the_part_that_changes_and_the_address_to_show(self, make, visitor):
        site = make.site()

        answer = visitor.client.get(
            reverse("listings:sites"),
            {"country": "US", "q": "", "ready_by": ""},
            headers={"HX-Request": "true"},
        )

        assert answer.headers["HX-Push-Url"] == "/sites/?country=US"
        assert "HX-Request" in answer.headers["Vary"]
        assert site.code_name in answer.content.decode()
        assert "<html" not in answer.content.decode()

    def test_a_tampered_page_link_is_refused(self, visitor):
        assert visitor.client.get(reverse("listings:sites"), {"cursor": "abc"}).status_code == 400

    @pytest.mark.parametrize("count", [1, 50])
    def test_lists_cost_the_same_at_any_size(self, make, tenant, count, django_assert_num_queries):
        make.sites(count)
        make.pools(count)
        make.requests(count, by=tenant)
        # Session, user, reader, posts, one or two for their parts, counts, GPU models, saved searches.
        for many, queries in (("sites", 8), ("gpu_pools", 8), ("requests", 8)):
            with django_assert_num_queries(queries):
                tenant.client.get(reverse(f"listings:{many}"))

    @pytest.mark.parametrize("count", [1, 50])
    @pytest.mark.parametrize("view", ["", "map"])
    def test_no_filter_costs_more_than_a_query(self, make, tenant, count, view, django_assert_num_queries):
        site = make.sites(count)[0]
        make.pools(count, at_site=site)
        place = {"country": "US", "grid": "ERCOT", "ready_by": "2027-Q4", "view": view}
        of_sites = {"min_mw": "20", "below_usd_kw_month": "250"}
        of_pools = {"model": "H100 SXM5", "min_gpus": "1024", "below_usd_gpu_hour": "4"}

        for many, facets in (("sites", of_sites), ("gpu_pools", of_pools)):
            with django_assert_num_queries(12):
                page = tenant.client.get(reverse(f"listings:{many}"), {**place, **facets})
            assert page.context["count"] == count


class TestRamp:
    def test_a_site_is_drawn_by_how_far_its_phases_are(self, make, tenant):
        site = make.site(
            phases=[
                phase(critical_mw=20, stage="construction"),
                phase(critical_mw=40, stage="planned", ready_on=date(2028, 1, 15)),
            ]
        )

        chart = tenant.client.get(reverse("listings:site", args=[site.uid])).context["sheet"].chart

        # First the sure 20 MW alone, then 40 planned ones on top of them: twice as high.
        first, below, above = chart.blocks
        assert [block.tone for block in chart.blocks] == ["sure", "sure", "open"]
        assert above.height == pytest.approx(2 * below.height, abs=0.2)
        assert above.y + above.height == pytest.approx(below.y, abs=0.2)
        assert first.x + first.width == pytest.approx(below.x, abs=0.2)

    def test_a_request_is_drawn_by_its_totals(self, make, miner):
        request = make.request(steps=[step(critical_mw=10), step(need_on=date(2028, 1, 1), critical_mw=40)])

        chart = miner.client.get(reverse("listings:request", args=[request.uid])).context["sheet"].chart

        low, high = chart.blocks
        assert high.height == pytest.approx(4 * low.height, abs=0.3)
        assert chart.x_ticks[0].label == "2027-Q2"

    def test_a_teaser_tells_no_ramp(self, make, visitor):
        page = read(visitor, "site", make.site().uid)

        assert "<svg viewBox" not in page
        assert "Phases" not in page


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
