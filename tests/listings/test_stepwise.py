"""A tenant posts a request step by step: each step judged, nothing lost, the same request in the end."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from listings.gpu_power import gpus_in, mw_of
from listings.models import CapacityRequest, Change, Unfinished
from tests.listings.forms import sign_in, take_session
from tests.typed import typed

ADDRESS = "/requests/steps/"
WORKLOAD = {"kind": "power", "workload": "training"}
SIZE = {"steps-0-critical_mw": "60"}
RAMP = {
    "latest_on": "2028-06-01",
    "steps-TOTAL_FORMS": "2",
    "steps-0-need_on": "2027-06-01",
    "steps-0-critical_mw": "20",
    "steps-1-need_on": "2027-12-01",
    "steps-1-critical_mw": "60",
}
PLACE = {"countries": ["US"]}
TERMS = {"term_min_months": "60", "term_max_months": "144", "price_cap_usd_kw_month": "220"}
MW_STEPS = {"workload": WORKLOAD, "size": SIZE, "ramp": RAMP, "place": PLACE, "terms": TERMS}


def open_step(actor, step):
    return actor.client.get(ADDRESS, {"step": step})


def send(actor, step, answers, **pressed):
    """Fill in the step's page as it is found, and press a button; the page that follows."""
    form = {**typed(open_step(actor, step)), **answers, **(pressed or {"go": "next"})}
    return actor.client.post(f"{ADDRESS}?step={step}", form, follow=True)


def walk(actor, steps, until="review"):
    for step, answers in steps.items():
        if step == until:
            break
        page = send(actor, step, answers)
        assert page.status_code == 200, page.content.decode()
    return page


def where(page):
    return page.context["step"].key


class TestTheWay:
    def test_six_steps_are_an_open_request_with_its_ramp(self, tenant):
        page = walk(tenant, MW_STEPS)
        assert "Step 6 of 6" in page.content.decode()

        send(tenant, "review", {}, status="open")

        request = CapacityRequest.objects.get()
        assert (request.status, request.title, request.workload) == (
            "open",
            "60 MW from June 2027",
            "training",
        )
        assert [step.critical_mw for step in request.steps.order_by("need_on")] == [20, 60]
        assert (request.price_cap_usd_kw_month, [one.code for one in request.countries]) == (220, ["US"])
        assert Change.objects.filter(post=request).exists()
        assert not Unfinished.objects.exists()

    def test_gpus_of_the_models_that_would_do(self, make, tenant):
        model = make.gpu_model()
        size = {"steps-0-gpus": "1024", "gpu_wishes-0-model": str(model.pk), "accepts_hosting": "on"}
        ramp = {"latest_on": "2027-12-01", "steps-0-need_on": "2027-06-01"}
        terms = {"term_min_months": "12", "term_max_months": "36"}

        walk(tenant, {"workload": {"kind": "gpu"}, "size": size, "ramp": ramp, "place": {}, "terms": terms})
        send(tenant, "review", {"title": "Inference fleet", "disclosure": "open"}, status="draft")

        request = CapacityRequest.objects.get()
        assert (request.kind, request.status, request.title) == ("gpu", "draft", "Inference fleet")
        assert (request.steps.get().gpus, request.gpu_wishes.get().model) == (1024, model)
        assert (request.accepts_hosting, request.disclosure) == (True, "open")

    def test_sent_twice_it_is_one_request_and_leads_to_it(self, tenant):
        walk(tenant, MW_STEPS)
        form = {**typed(open_step(tenant, "review")), "status": "open"}

        answers = [tenant.client.post(f"{ADDRESS}?step=review", form) for _ in range(2)]

        assert CapacityRequest.objects.count() == 1
        assert answers[0].headers["Location"] == answers[1].headers["Location"]

    def test_no_step_can_be_skipped(self, tenant):
        page = tenant.client.get(ADDRESS, {"step": "terms"}, follow=True)

        assert where(page) == "workload"
        assert not Unfinished.objects.exists()


class TestFaults:
    @pytest.mark.parametrize(
        ("step", "answers", "told", "field"),
        [
            ("workload", {}, "This field is required.", "id_kind_0"),
            ("size", {"steps-0-critical_mw": ""}, "This field is required.", "id_steps-0-critical_mw"),
            ("size", {"steps-0-critical_mw": "lots"}, "Enter a number.", "id_steps-0-critical_mw"),
            ("ramp", {**RAMP, "steps-0-critical_mw": "70"}, "Totals rise", "id_steps-1-critical_mw"),
            (
                "ramp",
                {**RAMP, "latest_on": "2027-01-01"},
                "Must not be before the first step",
                "id_latest_on",
            ),
            (
                "place",
                {"countries": ["US"], "excluded_countries": ["US"]},
                "at once",
                "id_excluded_countries",
            ),
            ("terms", {**TERMS, "term_max_months": "12"}, "Must not be above", "id_term_min_months"),
        ],
    )
    def test_a_step_says_what_is_wrong_and_focuses_the_first_field(self, tenant, step, answers, told, field):
        if step != "workload":
            walk(tenant, MW_STEPS, until=step)

        page = send(tenant, step, answers)

        assert (page.status_code, where(page)) == (400, step)
        content = page.content.decode()
        assert told in content
        assert f'href="#{field}"' in content
        assert content.count(" autofocus") >= 1
        assert tenant.client.get(ADDRESS, {"step": "review"}, follow=True).context["step"].key == step

    def test_what_was_typed_is_kept_though_it_is_wrong(self, tenant):
        walk(tenant, MW_STEPS, until="size")

        page = send(tenant, "size", {"steps-0-critical_mw": "lots"})

        assert typed(page)["steps-0-critical_mw"] == ["lots"]
        assert typed(open_step(tenant, "size"))["steps-0-critical_mw"] == ["lots"]

    def test_a_done_step_that_no_longer_holds_is_pointed_at_in_the_end(self, tenant):
        walk(tenant, MW_STEPS)
        send(tenant, "size", {"steps-1-critical_mw": "10"}, go="review")

        page = send(tenant, "review", {}, status="open")

        assert page.status_code == 400
        assert 'href="?step=ramp#id_steps-1-critical_mw"' in page.content.decode()
        assert not CapacityRequest.objects.exists()


class TestNothingIsLost:
    def test_going_back_keeps_what_stands_on_the_page(self, tenant):
        walk(tenant, MW_STEPS, until="terms")

        page = send(tenant, "terms", {"term_min_months": "7"}, go="place")

        assert where(page) == "place"
        assert typed(page)["countries"] == ["US"]
        assert typed(open_step(tenant, "terms"))["term_min_months"] == ["7"]

    def test_a_later_day_and_a_new_session_find_it_where_it_was_left(self, tenant):
        walk(tenant, MW_STEPS, until="place")
        tenant.client.logout()
        sign_in(tenant.client, tenant.user)

        page = tenant.client.get(ADDRESS)

        assert where(page) == "place"
        assert typed(open_step(tenant, "ramp"))["steps-1-critical_mw"] == ["60"]

    def test_a_step_sent_after_the_session_ended_is_there_after_signing_in(self, tenant):
        walk(tenant, MW_STEPS, until="terms")
        form = {**typed(open_step(tenant, "terms")), **TERMS}
        tenant.client.logout()

        sent = tenant.client.post(f"{ADDRESS}?step=terms", {**form, "go": "next"})
        sign_in(tenant.client, tenant.user)
        page = open_step(tenant, "terms")

        assert sent.headers["Location"].startswith(reverse("account_login"))
        assert typed(page)["price_cap_usd_kw_month"] == ["220"]
        assert "nothing is posted yet" in page.content.decode()

    def test_what_one_pauses_at_is_kept_without_a_button(self, tenant):
        walk(tenant, MW_STEPS, until="terms")
        form = {**typed(open_step(tenant, "terms")), "term_min_months": "48", "count": "1"}

        answer = tenant.client.post(f"{ADDRESS}?step=terms", form, headers={"HX-Request": "true"})

        assert "open posts might fit" in answer.content.decode()
        assert typed(open_step(tenant, "terms"))["term_min_months"] == ["48"]

    def test_blank_and_removed_rows_close_up(self, tenant):
        walk(tenant, MW_STEPS, until="ramp")
        rows = {**RAMP, "steps-TOTAL_FORMS": "4", "steps-2-need_on": "", "steps-2-critical_mw": ""}
        more = {"steps-0-DELETE": "on", "steps-3-need_on": "2028-01-01", "steps-3-critical_mw": "80"}

        send(tenant, "ramp", {**rows, **more})

        again = typed(open_step(tenant, "ramp"))
        assert again["steps-TOTAL_FORMS"] == ["2"]
        assert (again["steps-0-critical_mw"], again["steps-1-critical_mw"]) == (["60"], ["80"])
        assert typed(open_step(tenant, "size"))["steps-1-critical_mw"] == ["80"]

    def test_another_row_keeps_the_others(self, tenant):
        walk(tenant, MW_STEPS, until="ramp")

        page = send(tenant, "ramp", {"steps-0-need_on": "2027-06-01"}, add="steps")

        assert where(page) == "ramp"
        assert typed(page)["steps-TOTAL_FORMS"] == ["2"]
        assert "aria-invalid" not in page.content.decode()

    def test_nobody_else_finds_it(self, tenant, other_tenant):
        walk(tenant, MW_STEPS, until="place")

        assert where(other_tenant.client.get(ADDRESS)) == "workload"

    def test_starting_over_forgets_it(self, tenant):
        walk(tenant, MW_STEPS, until="place")

        page = send(tenant, "place", {}, go="restart")

        assert where(page) == "workload"
        assert not Unfinished.objects.exists()

    def test_whoever_may_be_split_and_says_no_number_means_two_sites(self, tenant):
        walk(tenant, MW_STEPS, until="size")

        send(tenant, "size", {**SIZE, "splittable": "on"})

        assert typed(open_step(tenant, "size"))["max_sites"] == ["2"]


class TestGpusAndMegawatts:
    def test_both_ways_by_the_rules_own_formula(self, make):
        model = make.gpu_model()  # 1,275 W with its share of the server, × 1.12

        assert mw_of(1024, model) == Decimal("1.463")
        assert gpus_in(Decimal("1.463"), model) == 1024
        assert gpus_in(Decimal("1.462"), model) == 1023

    def test_gpus_become_the_size_in_mw(self, make, tenant):
        model = make.gpu_model()
        walk(tenant, MW_STEPS, until="size")

        page = send(tenant, "size", {"helper_model": model.pk, "helper_amount": "1024"}, go="convert")

        assert typed(page)["steps-0-critical_mw"] == ["1.463"]
        assert "1,024 NVIDIA H100 SXM5 draw 1.463 MW of critical IT load" in page.content.decode()

    def test_mw_become_the_number_of_gpus(self, make, tenant):
        model = make.gpu_model()
        send(tenant, "workload", {"kind": "gpu"})

        page = send(tenant, "size", {"helper_model": model.pk, "helper_amount": "20"}, go="convert")

        assert typed(page)["steps-0-gpus"] == ["14005"]
        assert "20 MW carry 14,005 NVIDIA H100 SXM5." in page.content.decode()

    @pytest.mark.parametrize("amount", ["NaN", "-1", "1e999", "x" * 100, "0"])
    def test_what_is_no_amount_is_no_accident(self, make, tenant, amount):
        model = make.gpu_model()
        walk(tenant, MW_STEPS, until="size")

        page = send(tenant, "size", {"helper_model": model.pk, "helper_amount": amount}, go="convert")

        assert page.status_code == 200


class TestBounds:
    def test_what_no_page_asks_for_is_not_kept(self, tenant):
        send(
            tenant,
            "workload",
            {**WORKLOAD, "is_reference": "on", "reached": "5", "price_cap_usd_kw_month": "1"},
        )

        kept = Unfinished.objects.get().typed
        assert "is_reference" not in kept
        assert "price_cap" not in kept
        assert where(tenant.client.get(ADDRESS)) == "size"

    def test_more_than_a_request_can_hold_is_refused(self, tenant):
        walk(tenant, MW_STEPS, until="ramp")

        page = send(tenant, "ramp", {"steps-0-need_on": "x" * 70_000})

        assert page.status_code == 400

    def test_a_step_costs_a_fixed_number_of_queries(self, make, tenant, django_assert_max_num_queries):
        walk(tenant, MW_STEPS)
        make.sites(3)

        with django_assert_max_num_queries(12):
            open_step(tenant, "review")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_by_keyboard_alone_without_javascript_and_back_again(tenant, browser, live_server):
    with browser.new_context(base_url=live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        take_session(page, tenant, live_server.url)
        page.goto(ADDRESS)
        page.get_by_label("Megawatts").press("Space")
        page.keyboard.press("Enter")
        page.get_by_label("Critical IT load, MW").fill("60")
        page.keyboard.press("Enter")
        page.get_by_label("Outside date").fill("2028-06-01")
        page.keyboard.press("Enter")
        expect(page.locator("#id_steps-0-need_on")).to_be_focused()  # it was left blank
        page.get_by_role("textbox", name="From").fill("2027-06-01")
        page.keyboard.press("Enter")
        expect(page).to_have_title(re.compile("Step 4 of 6"))

        page.go_back()
        page.goto(f"{ADDRESS}?step=ramp")

        expect(page.get_by_role("textbox", name="From")).to_have_value("2027-06-01")
        expect(page.get_by_label("Critical IT load, MW")).to_have_value("60")
        page.get_by_role("button", name="4 Place").press("Enter")
        expect(page).to_have_title(re.compile("Step 4 of 6"))
