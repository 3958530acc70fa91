"""A miner keeps forty sites in one table, as in a spreadsheet."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from listings import services
from listings.models import Change, Site
from tests.cast import NOON
from tests.factories import phase
from tests.listings.forms import take_session
from tests.typed import typed

ADDRESS = "/sites/grid/"
FRESH = {"sites-0-name": "Fresh", "sites-0-country": "NO", "sites-0-gross_mw": "30"}
PASSWORD = "a long walk in the rain"


def opened(actor):
    return typed(actor.client.get(ADDRESS))


class TestSaving:
    def test_changed_rows_are_saved_and_the_others_are_left_alone(self, make, miner):
        first, second = make.site(name="One"), make.site(name="Two")

        form = {**opened(miner), "sites-0-gross_mw": "150", "sites-0-grid": "spp", "sites-0-name": "Uno"}
        page = miner.client.post(ADDRESS, form, follow=True)

        assert "One site is saved." in page.content.decode()
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.name, first.gross_mw, second.version) == ("Uno", 150, 1)

    def test_a_new_row_becomes_a_draft(self, miner):
        form = {**opened(miner), **FRESH, "sites-0-country": "norway"}

        miner.client.post(ADDRESS, form)

        site = Site.objects.get()
        assert (site.name, site.country.code, site.status) == ("Fresh", "NO", "draft")

    def test_one_wrong_cell_stores_nothing_and_says_where(self, make, miner):
        make.site(name="One")
        make.site(name="Two")

        form = {
            **opened(miner),
            "sites-0-gross_mw": "150",
            "sites-1-gross_mw": "10",
            "sites-1-pue_design": "x",
        }
        page = miner.client.post(ADDRESS, form)
        mended = {**typed(page), "sites-1-pue_design": "1.3"}
        refused = miner.client.post(ADDRESS, mended)

        assert (page.status_code, refused.status_code) == (400, 400)
        assert 'href="#id_sites-1-pue_design"' in page.content.decode()
        assert "draw more than 10 MW gross" in refused.content.decode()
        assert typed(refused)["sites-0-gross_mw"] == ["150"]
        assert set(Site.objects.values_list("gross_mw", flat=True)) == {100}

    @pytest.mark.django_db(transaction=True)
    def test_a_stale_row_shows_what_is_stored_and_asks_once_more(self, make, miner):
        site = make.site()
        form = {**opened(miner), "sites-0-name": "Mine"}
        services.update_site(site=site, fields={"name": "Theirs"}, now=NOON)

        page = miner.client.post(ADDRESS, form)
        assert "Stored now: Theirs" in page.content.decode()
        assert Site.objects.get().name == "Theirs"

        miner.client.post(ADDRESS, typed(page))
        assert Site.objects.get().name == "Mine"

    def test_sent_twice_it_makes_one_draft(self, miner):
        form = {**opened(miner), **FRESH}

        for _ in range(2):
            miner.client.post(ADDRESS, form)

        assert Site.objects.count() == 1


class TestPhases:
    READY = {"ready_on": "1 Mar 2027", "critical_mw": "20", "stage": "Construction"}
    TERMS = {"country": "US", "gross_mw": "30", "term_min_months": "60", "term_max_months": "120"}

    def row(self, number, **cells):
        return {f"sites-{number}-{name}": value for name, value in {**self.TERMS, **cells}.items()}

    def test_forty_sites_are_on_the_market_at_once(self, miner):
        form = {**opened(miner), "sites-TOTAL_FORMS": "40", "open": "1"}
        for number in range(40):
            form |= self.row(number, name=f"Mine {number}", **self.READY)

        page = miner.client.post(ADDRESS, form, follow=True)

        assert "40 sites are saved." in page.content.decode()
        assert Site.objects.filter(status="open", phases__critical_mw=20).count() == 40
        assert Change.objects.values("post").distinct().count() == 40

    def test_a_draft_without_a_date_stays_one_and_says_so_in_its_cell(self, make, miner):
        make.site(name="Ready", status="draft")
        make.site(name="Begun", status="draft", phases=[])

        page = miner.client.post(ADDRESS, {**opened(miner), "open": "1"})

        assert page.status_code == 400
        assert "An open site needs at least one phase." in page.content.decode()
        assert set(Site.objects.values_list("status", flat=True)) == {"draft"}

    def test_the_only_phase_is_changed_in_place(self, make, miner):
        site = make.site()
        before = site.phases.get().uid

        miner.client.post(ADDRESS, {**opened(miner), "sites-0-critical_mw": "44"})

        assert (site.phases.get().uid, site.phases.get().critical_mw) == (before, 44)

    def test_several_phases_are_summed_up_and_left_alone(self, make, miner):
        site = make.site(phases=[phase(critical_mw=10), phase(critical_mw=20)])
        form = opened(miner)

        miner.client.post(ADDRESS, {**form, "sites-0-critical_mw": "44", "sites-0-name": "Renamed"})

        assert form["sites-0-critical_mw"] == ["30"]
        assert sorted(one.critical_mw for one in site.phases.all()) == [10, 20]
        assert Site.objects.get().name == "Renamed"

    def test_a_day_that_could_be_two_is_asked_about(self, miner):
        form = {**opened(miner), **self.row(0, name="Mine", **{**self.READY, "ready_on": "3/4/2027"})}

        page = miner.client.post(ADDRESS, form)

        assert "could be two days" in page.content.decode()
        assert typed(page)["sites-0-ready_on"] == ["3/4/2027"]
        assert not Site.objects.exists()


class TestRights:
    def test_another_organizations_site_is_neither_shown_nor_changed(self, make, other_miner):
        site = make.site()
        form = opened(other_miner)
        assert "Pecos" not in str(form)

        taken = {"sites-0-uid": str(site.uid), "sites-0-version": "1", "sites-0-name": "Mine"}
        page = other_miner.client.post(
            ADDRESS, {**form, **taken, "sites-0-country": "US", "sites-0-gross_mw": "9"}
        )

        assert "You have no such site" in page.content.decode()
        assert Site.objects.get().name == "Pecos One"


@pytest.mark.parametrize("count", [1, 40])
def test_it_costs_the_same_at_any_size(make, miner, count, django_assert_num_queries):
    make.sites(count)

    with django_assert_num_queries(5):  # session, user, reader, the sites and their phases
        miner.client.get(ADDRESS)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_rows_pasted_from_a_spreadsheet_can_be_taken_back_and_saved(make, miner, page: Page):
    make.site(name="Zebulon")
    miner.user.set_password(PASSWORD)
    miner.user.save()
    page.goto(f"{reverse('account_login')}?next={ADDRESS}")
    page.get_by_label("Email").fill(miner.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password", exact=True).press("Enter")
    cell = page.locator("#grid[data-live] [name=sites-1-name]")
    cell.focus()
    paste(page, "\n".join(f"Mine {number}\tUS\tERCOT\t1,250" for number in range(6)))
    expect(page.locator("[name=sites-6-gross_mw]")).to_have_value("1250")
    page.get_by_role("button", name="Undo").click()
    expect(cell).to_have_value("")
    page.locator("[name=sites-0-name]").fill("Typed")
    page.locator("[name=sites-0-name]").press("Enter")
    expect(cell).to_be_focused()
    page.keyboard.type("Fresh")
    page.keyboard.press("Tab")
    page.keyboard.type("US")
    page.locator("[name=sites-1-gross_mw]").fill("12")
    page.get_by_role("button", name="Save all changes").click()

    expect(page.get_by_text("2 sites are saved.")).to_be_visible()
    assert set(Site.objects.values_list("name", flat=True)) == {"Typed", "Fresh"}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_headings_lead_the_columns_to_their_places(miner, page: Page, live_server):
    take_session(page, miner, live_server.url)
    page.goto(ADDRESS)
    page.locator("#grid[data-live] [name=sites-0-name]").focus()
    headings = "Gross power\tOperator\tName\tReady for service\tCritical IT load, MW\tCountry"

    paste(page, f"{headings}\n1,250 MW\tAcme\tZebulon\tMar 2027\t900\tUS\n")

    expect(page.locator("[name=sites-0-name]")).to_have_value("Zebulon")
    expect(page.locator("[name=sites-0-gross_mw]")).to_have_value("1250")
    expect(page.locator("[name=sites-0-ready_on]")).to_have_value("Mar 2027")
    expect(page.locator("#changes")).to_contain_text("Left out: Operator.")


def paste(page: Page, text: str) -> None:
    page.evaluate(
        """text => { const data = new DataTransfer(); data.setData("text/plain", text);
        document.activeElement.dispatchEvent(new ClipboardEvent("paste",
          { clipboardData: data, bubbles: true, cancelable: true })); }""",
        text,
    )
