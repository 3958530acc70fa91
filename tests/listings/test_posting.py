"""People post in a browser, and nothing they typed is lost."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from listings.models import CapacityRequest, Change, GpuPool, Site
from tests.factories import phase
from tests.listings.forms import opened, sign_in, two_phases
from tests.typed import typed


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
