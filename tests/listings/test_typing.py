"""What a form says while somebody types: small parts, nothing stored, each fault when its field is left."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from listings.models import Post
from listings.views import live
from tests.listings.forms import SITE, opened, take_session, two_phases

HTMX = {"HX-Request": "true"}


def parts(actor, name, form, *args, left=()):
    """What comes back when the typing pauses."""
    address = reverse(f"listings:{name}", args=args)
    return actor.client.post(address, {**form, "left": left, "count": "1"}, headers=HTMX)


def told(actor, name, form, *args, left=()):
    return parts(actor, name, form, *args, left=left).content.decode()


class TestFaults:
    def test_only_fields_that_were_left_are_judged(self, miner):
        form = {**opened(miner, "site_new"), "gross_mw": "a hundred", "pue_design": "much"}

        answer = told(miner, "site_new", form, left=["gross_mw"])

        assert 'id="field_gross_mw" hx-swap-oob="true"' in answer
        assert "Enter a number." in answer
        assert "pue_design" not in answer
        assert "<html" not in answer

    def test_a_rule_across_fields_speaks_before_the_form_is_complete(self, miner):
        form = {**opened(miner, "site_new"), "term_min_months": "100", "term_max_months": "60"}

        assert "Must not be above term max months, 60." in told(
            miner, "site_new", form, left=["term_min_months"]
        )

    def test_phases_that_draw_more_than_the_site_has(self, miner):
        form = two_phases(opened(miner, "site_new"), gross_mw="50", name="")

        assert "draw more than 50 MW gross" in told(miner, "site_new", form, left=["phases-1-critical_mw"])

    def test_a_ramp_that_falls(self, tenant):
        form = {
            **opened(tenant, "request_new"),
            "steps-TOTAL_FORMS": "2",
            "steps-0-need_on": "2027-06-01",
            "steps-0-critical_mw": "20",
            "steps-1-need_on": "2027-09-01",
            "steps-1-critical_mw": "10",
        }

        assert "Totals rise" in told(tenant, "request_new", form, left=["steps-1-critical_mw"])

    def test_a_stored_site_with_nothing_wrong_has_no_fault(self, make, miner):
        site = make.site()
        form = opened(miner, "site_edit", site.uid)

        answer = told(miner, "site_edit", form, site.uid, left=list(form))

        assert "field_gross_mw" in answer
        assert "errorlist" not in answer

    def test_five_answers_are_judged_alike(self, tenant):
        assert "Enter a number." in told(tenant, "request_quick", {"size": "much"}, left=["size"])


class TestBounds:
    def test_nothing_is_stored_and_the_chart_and_the_count_come_along(self, miner):
        answer = told(miner, "site_new", two_phases(opened(miner, "site_new")))

        assert "20 MW from 1 March 2027; 60 MW from 1 September 2027." in answer
        assert "0 open requests might fit" in answer
        assert not Post.objects.exists()

    def test_whoever_asks_too_often_waits(self, miner, monkeypatch):
        monkeypatch.setattr(live, "ANSWERS_PER_MINUTE", 2)

        answers = [parts(miner, "site_new", SITE) for _ in range(5)]

        # The minute may turn in between, once.
        assert {answer.status_code for answer in answers} == {200, 429}
        assert answers[-1].status_code == 200 or answers[-1].headers["Retry-After"]

    def test_it_asks_a_fixed_number_of_questions(self, make, miner, django_assert_max_num_queries):
        make.requests(3)
        form = two_phases(opened(miner, "site_new"))

        with django_assert_max_num_queries(12):
            parts(miner, "site_new", form, left=list(form))


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_fault_appears_when_the_field_is_left_and_goes_while_it_is_mended(miner, page: Page, live_server):
    take_session(page, miner, live_server.url)
    page.goto(reverse("listings:site_new"))
    gross = page.get_by_label("Gross power, MW")

    gross.fill("a hundred")
    page.keyboard.press("Tab")
    expect(gross).to_have_accessible_description("Total draw at the meter. Enter a number.")
    expect(page.locator("#fault")).to_have_text("Gross power, MW: Enter a number.")
    gross.fill("100")

    expect(page.locator(".field-wrong")).to_have_count(0)
    expect(gross).to_be_focused()
    expect(gross).to_have_value("100")
