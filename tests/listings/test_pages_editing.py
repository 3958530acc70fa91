"""People post and change posts in a browser, and nothing they typed is lost."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from listings import services
from listings.models import CapacityRequest, Change, GpuPool, Post, Site
from tests.cast import NOON
from tests.factories import phase
from tests.typed import typed

SITE = {
    "name": "Zebulon Flats",
    "country": "US",
    "grid": "ERCOT",
    "gross_mw": "100",
    "delivery_types": ["turnkey", "powered_shell"],
    "ask_usd_kw_month": "140",
    "term_min_months": "60",
    "term_max_months": "180",
    "phases-0-ready_on": "2027-03-01",
    "phases-0-critical_mw": "20",
    "phases-0-stage": "construction",
    "phases-1-ready_on": "2027-09-01",
    "phases-1-critical_mw": "40",
    "phases-1-stage": "contracted",
}


PASSWORD = "a long walk in the rain"


def opened(actor, name, *args):
    """The form's page as the actor finds it."""
    return typed(actor.client.get(reverse(f"listings:{name}", args=args)))


def two_phases(form, **changes):
    return {**form, **SITE, "phases-TOTAL_FORMS": "2", **changes}


class TestPosting:
    def test_a_site_with_two_phases_is_open_and_awaits_matching(self, miner):
        form = opened(miner, "site_new")

        page = miner.client.post(reverse("listings:site_new"), two_phases(form, status="open"), follow=True)

        site = Site.objects.get()
        assert site.status == "open"
        assert [float(each.critical_mw) for each in site.phases.order_by("ready_on")] == [20, 40]
        assert Change.objects.filter(post=site).exists()
        assert "Zebulon Flats" in page.content.decode()

    @pytest.mark.django_db(transaction=True)
    def test_it_works_while_no_worker_can_be_called_and_the_page_says_so(self, miner, valkey_server):
        form = opened(miner, "site_new")
        valkey_server.stop()

        page = miner.client.post(reverse("listings:site_new"), two_phases(form), follow=True)
        assert "Matching…" in page.content.decode()
        Change.objects.update(created_at=timezone.now() - timedelta(seconds=11))
        page = miner.client.get(reverse("listings:site", args=[Site.objects.get().uid]))

        assert "your post is stored and will be matched" in page.content.decode()

    def test_a_draft_is_for_its_owner_alone(self, miner, tenant):
        form = opened(miner, "site_new")
        miner.client.post(reverse("listings:site_new"), two_phases(form, status="draft"))

        address = reverse("listings:site", args=[Site.objects.get().uid])

        assert miner.client.get(address).status_code == 200
        assert tenant.client.get(address).status_code == 404

    def test_a_pool_at_a_site_of_ones_own(self, make, miner):
        site, model = make.site(), make.gpu_model()
        form = opened(miner, "gpu_pool_new")

        changes = {"model": model.pk, "at_site": site.pk, "gpus": "512", "available_from": "2027-01-01"}
        terms = {"commit_min_months": "6", "commit_max_months": "36"}
        miner.client.post(reverse("listings:gpu_pool_new"), {**form, **changes, **terms})

        assert GpuPool.objects.get().at_site == site

    def test_another_organizations_site_cannot_be_named(self, make, other_miner):
        site, model = make.site(), make.gpu_model()
        form = opened(other_miner, "gpu_pool_new")

        changes = {"model": model.pk, "at_site": site.pk, "gpus": "512", "available_from": "2027-01-01"}
        page = other_miner.client.post(reverse("listings:gpu_pool_new"), {**form, **changes})

        assert page.status_code == 400
        assert not GpuPool.objects.exists()
        assert "Pecos One" not in page.content.decode()

    def test_a_request_for_gpus_with_the_models_that_would_do(self, make, tenant):
        model = make.gpu_model()
        address = reverse("listings:request_new") + "?kind=gpu"
        form = typed(tenant.client.get(address))

        changes = {
            "title": "Inference fleet",
            "latest_on": "2027-12-01",
            "term_min_months": "12",
            "term_max_months": "36",
            "steps-0-need_on": "2027-06-01",
            "steps-0-gpus": "1024",
            "gpu_wishes-0-model": model.pk,
            "gpu_wishes-0-price_cap_usd_gpu_hour": "2.50",
        }
        tenant.client.post(address, {**form, **changes})

        request = CapacityRequest.objects.get()
        assert (request.kind, request.steps.get().gpus) == ("gpu", 1024)
        assert request.gpu_wishes.get().model == model


class TestWrongInput:
    def test_it_is_kept_and_pointed_at(self, miner):
        form = opened(miner, "site_new")

        wrong = two_phases(form, gross_mw="a hundred", country="")
        page = miner.client.post(reverse("listings:site_new"), wrong)

        assert page.status_code == 400
        kept = typed(page)
        assert (kept["name"], kept["gross_mw"]) == (["Zebulon Flats"], ["a hundred"])
        assert kept["delivery_types"] == ["powered_shell", "turnkey"]
        assert kept["phases-1-critical_mw"] == ["40"]
        content = page.content.decode()
        assert '<a href="#id_gross_mw">' in content
        assert 'id="id_gross_mw_error"' in content
        assert 'aria-describedby="id_gross_mw_helptext id_gross_mw_error"' in content
        assert not Site.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "anchor"),
        [
            ({"gross_mw": "50"}, "id_phases-1-critical_mw"),
            ({"gross_mw": "1000000000"}, "id_gross_mw"),
            ({"gross_mw": "NaN"}, "id_gross_mw"),
            ({"country": "XX"}, "id_country"),
            ({"term_min_months": "200"}, "id_term_min_months"),
            ({"phases-0-ready_on": "1899-01-01"}, "id_phases-0-ready_on"),
            ({"phases-TOTAL_FORMS": "0"}, "phases"),
        ],
    )
    def test_each_fault_stands_at_its_field(self, miner, changes, anchor):
        form = opened(miner, "site_new")

        page = miner.client.post(reverse("listings:site_new"), two_phases(form, **changes))

        assert page.status_code == 400
        assert f'<a href="#{anchor}">' in page.content.decode()
        assert not Site.objects.exists()

    def test_a_fault_behind_a_removed_row_still_finds_its_row(self, miner):
        form = opened(miner, "site_new")

        changes = {"gross_mw": "30", "phases-0-DELETE": "on"}
        page = miner.client.post(reverse("listings:site_new"), two_phases(form, **changes))

        assert '<a href="#id_phases-1-critical_mw">' in page.content.decode()

    def test_a_falling_ramp_is_pointed_at(self, tenant):
        form = opened(tenant, "request_new")

        changes = {
            "title": "Campus",
            "latest_on": "2027-12-01",
            "term_min_months": "60",
            "term_max_months": "120",
            "steps-TOTAL_FORMS": "2",
            "steps-0-need_on": "2027-06-01",
            "steps-0-critical_mw": "20",
            "steps-1-need_on": "2027-09-01",
            "steps-1-critical_mw": "10",
        }
        page = tenant.client.post(reverse("listings:request_new"), {**form, **changes})

        assert '<a href="#id_steps-1-critical_mw">' in page.content.decode()
        assert not CapacityRequest.objects.exists()


class TestRows:
    def test_another_row_keeps_what_was_typed_and_judges_nothing_yet(self, miner):
        form = opened(miner, "site_new")

        page = miner.client.post(reverse("listings:site_new"), {**form, "name": "Zeb", "add": "phases"})

        again = typed(page)
        assert (again["name"], again["phases-TOTAL_FORMS"]) == (["Zeb"], ["2"])
        assert "error-summary" not in page.content.decode()
        assert "aria-invalid" not in page.content.decode()
        assert page.status_code == 200

    def test_a_copy_of_a_row_holds_what_the_row_held_but_is_a_row_of_its_own(self, make, miner):
        site = make.site()
        form = opened(miner, "site_edit", site.uid)
        address = reverse("listings:site_edit", args=[site.uid])

        page = typed(miner.client.post(address, {**form, "phases-0-critical_mw": "33", "copy": "phases-0"}))

        assert (page["phases-1-critical_mw"], page["phases-1-uid"]) == (["33"], [""])
        assert site.phases.get().critical_mw == 40

    def test_the_curve_is_drawn_from_what_was_typed(self, miner):
        form = two_phases(opened(miner, "site_new"))

        page = miner.client.post(reverse("listings:site_new"), {**form, "preview": "1"}).content.decode()

        assert "20 MW from 1 March 2027; 60 MW from 1 September 2027." in page
        assert not Site.objects.exists()

    def test_what_cannot_be_drawn_is_left_out(self, miner):
        for wrong in ("NaN", "-5", "1e999", "much", ""):
            form = two_phases(opened(miner, "site_new"), **{"phases-0-critical_mw": wrong})

            page = miner.client.post(reverse("listings:site_new"), {**form, "preview": "1"})

            assert "40 MW from 1 September 2027." in page.content.decode()

    def test_a_section_that_holds_something_is_open(self, make, miner):
        form = miner.client.get(reverse("listings:site_edit", args=[make.site().uid])).content.decode()

        assert "<details open>" in form
        assert "<details open>" not in miner.client.get(reverse("listings:site_new")).content.decode()

    def test_a_removed_phase_goes(self, make, miner):
        site = make.site(phases=[phase(critical_mw=10), phase(critical_mw=20)])
        form = opened(miner, "site_edit", site.uid)

        miner.client.post(reverse("listings:site_edit", args=[site.uid]), {**form, "phases-0-DELETE": "on"})

        assert site.phases.count() == 1


class TestComingBack:
    """What was typed survives a lost session and a nervous finger."""

    def test_a_form_sent_twice_makes_one_post(self, miner):
        form = two_phases(opened(miner, "site_new"))

        first = miner.client.post(reverse("listings:site_new"), form)
        again = miner.client.post(reverse("listings:site_new"), form)

        assert first.headers["Location"] == again.headers["Location"]
        assert Site.objects.count() == 1

    def test_a_refused_form_can_be_mended_and_sent(self, miner):
        form = two_phases(opened(miner, "site_new"), gross_mw="50")

        refused = miner.client.post(reverse("listings:site_new"), form)
        miner.client.post(reverse("listings:site_new"), {**typed(refused), "gross_mw": "100"})

        assert Site.objects.get().gross_mw == 100

    def test_a_form_sent_after_the_session_ended_is_there_after_signing_in(self, miner):
        form = two_phases(opened(miner, "site_new"))
        miner.client.logout()

        sent = miner.client.post(reverse("listings:site_new"), form)
        sign_in(miner.client, miner.user)
        page = miner.client.get(reverse("listings:site_new"))

        assert sent.headers["Location"].startswith(reverse("account_login"))
        assert typed(page)["name"] == ["Zebulon Flats"]
        assert typed(page)["phases-1-critical_mw"] == ["40"]
        assert "nothing is stored yet" in page.content.decode()
        miner.client.post(reverse("listings:site_new"), typed(page))
        assert Site.objects.get().name == "Zebulon Flats"

    def test_nobody_else_who_signs_in_at_that_browser_gets_it(self, miner, other_miner):
        form = two_phases(opened(miner, "site_new"))
        miner.client.logout()
        miner.client.post(reverse("listings:site_new"), form)

        sign_in(miner.client, other_miner.user)

        assert "Zebulon" not in miner.client.get(reverse("listings:site_new")).content.decode()

    def test_a_visitor_who_opened_no_form_leaves_nothing_behind(self, visitor):
        visitor.client.post(reverse("listings:site_new"), {"name": "x" * 1000, "mark": "made up"})

        assert not visitor.client.session.keys()


def sign_in(client, user):
    user.set_password(PASSWORD)
    user.save()
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302


class TestQuickRequest:
    ANSWERS = {"size": "20", "need_on": "2027-06-01", "country": "US", "term_months": "84", "budget": "180"}

    def test_five_answers_are_an_open_request(self, tenant):
        form = opened(tenant, "request_quick")

        tenant.client.post(reverse("listings:request_quick"), {**form, **self.ANSWERS})

        request = CapacityRequest.objects.get()
        assert (request.status, request.title) == ("open", "20 MW from June 2027")
        assert (request.steps.get().critical_mw, request.price_cap_usd_kw_month) == (20, 180)
        assert Change.objects.filter(post=request).exists()

    def test_gpus_of_one_model(self, make, tenant):
        model, form = make.gpu_model(), opened(tenant, "request_quick")

        answers = {**self.ANSWERS, "size": "1024", "model": model.pk, "budget": "2.5"}
        tenant.client.post(reverse("listings:request_quick"), {**form, **answers})

        request = CapacityRequest.objects.get()
        assert (request.kind, request.steps.get().gpus) == ("gpu", 1024)
        assert request.gpu_wishes.get().model == model

    def test_details_come_next_on_a_draft(self, tenant):
        form = opened(tenant, "request_quick")

        sent = {**form, **self.ANSWERS, "details": "1"}
        page = tenant.client.post(reverse("listings:request_quick"), sent, follow=True)

        assert CapacityRequest.objects.get().status == "draft"
        assert typed(page)["steps-0-critical_mw"] == ["20"]

    @pytest.mark.parametrize(
        ("wrong", "anchor"),
        [
            ({"size": "much"}, "id_size"),
            ({"term_months": ""}, "id_term_months"),
            ({"size": "99999"}, "id_size"),
        ],
    )
    def test_a_fault_stands_at_its_question(self, tenant, wrong, anchor):
        form = opened(tenant, "request_quick")

        page = tenant.client.post(reverse("listings:request_quick"), {**form, **self.ANSWERS, **wrong})

        assert page.status_code == 400
        assert f'href="#{anchor}"' in page.content.decode()
        assert not CapacityRequest.objects.exists()

    def test_sent_twice_it_is_one_request(self, tenant):
        form = {**opened(tenant, "request_quick"), **self.ANSWERS}

        for _ in range(2):
            tenant.client.post(reverse("listings:request_quick"), form)

        assert CapacityRequest.objects.count() == 1


class TestHowManyWouldFit:
    def count(self, actor, name, form, **query):
        address = reverse(f"listings:{name}", query=query)
        page = actor.client.post(address, {**typed(actor.client.get(address)), **form, "count": "1"})
        return page.context["fit"]

    def test_a_site_counts_requests_in_bands(self, make, miner):
        form = {**SITE, "phases-TOTAL_FORMS": "2"}
        assert self.count(miner, "site_new", form).startswith("0 open requests")
        make.requests(5)
        make.request(countries=["NO"])

        assert self.count(miner, "site_new", form).startswith("5–19 open requests")
        assert not Site.objects.exists()

    def test_a_request_counts_sites_by_band_place_and_quarter(self, make, tenant):
        make.sites(2)
        form = {"latest_on": "2027-12-01", "steps-0-need_on": "2027-06-01", "countries": ["US"]}

        assert self.count(tenant, "request_new", {**form, "steps-0-critical_mw": "20"}).startswith("1–4 ")
        assert self.count(tenant, "request_new", {**form, "steps-0-critical_mw": "60"}).startswith("0 ")
        late = {**form, "latest_on": "2026-12-01", "steps-0-critical_mw": "20"}
        assert self.count(tenant, "request_new", late).startswith("0 ")

    def test_a_request_for_gpus_counts_pools_of_its_models(self, make, tenant):
        pool = make.pool()
        other = make.gpu_model("B200")
        form = {"latest_on": "2027-12-01", "steps-0-need_on": "2027-06-01", "steps-0-gpus": "512"}

        for model, told in ((pool.model, "1–4 "), (other, "0 ")):
            asked = {**form, "gpu_wishes-0-model": model.pk}
            assert self.count(tenant, "request_new", asked, kind="gpu").startswith(told)

    def test_nobody_reads_an_exact_ask_from_it(self, make, tenant):
        make.site(ask_usd_kw_month=130)
        form = {"latest_on": "2027-12-01", "steps-0-need_on": "2027-06-01", "steps-0-critical_mw": "20"}

        told = {
            self.count(tenant, "request_new", {**form, "price_cap_usd_kw_month": str(cap)})
            for cap in (1, 129, 131)
        }

        assert len(told) == 1

    def test_a_date_of_no_century_is_no_accident(self, make, miner):
        pool = {"country": "US", "gpus": "64", "available_from": "0001-01-01", "model": make.gpu_model().pk}

        assert self.count(miner, "gpu_pool_new", pool).startswith("0 ")
        assert "quantity" in self.count(miner, "site_new", {**SITE, "phases-0-ready_on": "0001-01-01"})

    def test_what_is_missing_is_said(self, miner):
        assert "quantity" in self.count(miner, "site_new", {})
        assert "quantity" in self.count(miner, "gpu_pool_new", {})


class TestChanging:
    def test_a_change_is_stored_and_the_phases_keep_who_they_are(self, make, miner):
        site = make.site()
        before = site.phases.get().uid
        form = opened(miner, "site_edit", site.uid)

        changes = {"name": "Pecos Two", "phases-0-critical_mw": "44"}
        miner.client.post(reverse("listings:site_edit", args=[site.uid]), {**form, **changes})

        site.refresh_from_db()
        assert (site.name, site.phases.get().uid) == ("Pecos Two", before)
        assert site.phases.get().critical_mw == 44

    def test_a_form_sent_back_untouched_changes_nothing(self, make, miner, tenant):
        posts = [(miner, "site", make.site()), (miner, "gpu_pool", make.pool())]
        posts += [(tenant, "request", make.request()), (tenant, "request", make.gpu_request())]
        for actor, name, post in posts:
            form = opened(actor, f"{name}_edit", post.uid)

            page = actor.client.post(reverse(f"listings:{name}_edit", args=[post.uid]), form)

            assert page.status_code == 302, page.content
            assert Post.objects.get(pk=post.pk).version == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_stale_form_shows_both_and_stores_neither_until_asked_again(self, make, miner):
        site = make.site()
        address = reverse("listings:site_edit", args=[site.uid])
        form = opened(miner, "site_edit", site.uid)
        services.update_site(site=site, fields={"name": "Changed meanwhile"}, now=NOON)

        page = miner.client.post(address, {**form, "name": "Typed by me"})

        assert page.status_code == 409
        assert "Stored now: Changed meanwhile" in page.content.decode()
        assert typed(page)["name"] == ["Typed by me"]
        site.refresh_from_db()
        assert site.name == "Changed meanwhile"

        miner.client.post(address, typed(page))

        site.refresh_from_db()
        assert site.name == "Typed by me"

    @pytest.mark.django_db(transaction=True)
    def test_a_stale_form_shows_the_phases_that_differ(self, make, miner):
        site = make.site()
        form = opened(miner, "site_edit", site.uid)
        services.update_phase(phase=site.phases.get(), fields={"critical_mw": 30}, now=NOON)

        page = miner.client.post(reverse("listings:site_edit", args=[site.uid]), form)

        assert "1 March 2027 · 30 · Construction" in page.content.decode()

    def test_an_assumed_value_says_so_until_its_owner_states_it(self, make, miner):
        site = make.site(assumed=["gross_mw"])
        form = opened(miner, "site_edit", site.uid)
        address = reverse("listings:site", args=[site.uid])
        assert "assumed" in miner.client.get(address).content.decode()

        miner.client.post(reverse("listings:site_edit", args=[site.uid]), {**form, "gross_mw": "120"})

        assert "assumed" not in miner.client.get(address).content.decode()


class TestRights:
    @pytest.mark.parametrize("who", ["other_miner", "tenant", "broker", "stranger"])
    def test_nobody_else_opens_or_sends_the_form(self, make, request, who):
        site, actor = make.site(), request.getfixturevalue(who)
        address = reverse("listings:site_edit", args=[site.uid])

        assert actor.client.get(address).status_code == 404
        assert actor.client.post(address, {"name": "Mine now"}).status_code == 404
        assert Site.objects.get().name == "Pecos One"

    @pytest.mark.parametrize(
        ("who", "name"),
        [("tenant", "site_new"), ("broker", "gpu_pool_new"), ("miner", "request_new")],
    )
    def test_the_wrong_side_is_refused(self, request, who, name):
        actor = request.getfixturevalue(who)

        assert actor.client.get(reverse(f"listings:{name}")).status_code == 403
        assert actor.client.post(reverse(f"listings:{name}"), SITE).status_code == 403
        assert not Post.objects.exists()

    def test_a_visitor_signs_in_first(self, visitor):
        address = reverse("listings:site_new")

        assert visitor.client.get(address).headers["Location"] == f"{reverse('account_login')}?next={address}"

    def test_who_has_no_organization_founds_one_first(self, newcomer):
        answer = newcomer.client.get(reverse("listings:request_new"))

        assert answer.headers["Location"] == reverse("accounts:create_organization")

    def test_a_member_may_do_what_the_owner_may(self, make, miner_member):
        site = make.site()
        form = opened(miner_member, "site_edit", site.uid)

        miner_member.client.post(reverse("listings:site_edit", args=[site.uid]), {**form, "name": "Ours"})

        site.refresh_from_db()
        assert site.name == "Ours"
