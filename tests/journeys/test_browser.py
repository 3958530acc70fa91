"""The whole way in a real browser, with a real worker and without a line of JavaScript."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from listings.models import CapacityRequest, Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long walk in the rain"
PATIENCE_MS = 20_000
Person = Callable[..., Page]


@pytest.fixture
def person(browser: Browser, live_server) -> Iterator[Person]:
    """A person at a browser of their own: `person(miner)` signs in, `person()` is a visitor."""
    opened: list[BrowserContext] = []

    def at_browser(actor=None, **how) -> Page:
        context = browser.new_context(base_url=live_server.url, java_script_enabled=False, **how)
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        page = context.new_page()
        if actor:
            sign_in(page, actor)
        return page

    yield at_browser
    for context in opened:
        context.close()


def sign_in(page: Page, actor) -> None:
    actor.user.set_password(PASSWORD)
    actor.user.save()
    page.goto("/")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill(actor.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("link", name=actor.organization.name)).to_be_visible()


def phase_of(page: Page, number: int) -> Locator:
    return page.get_by_role("group", name=f"Phase {number}", exact=True)


def post_a_site(page: Page) -> None:
    page.get_by_role("link", name="Sites", exact=True).first.click()
    page.get_by_role("link", name="Post a site").click()
    page.get_by_label("Name", exact=True).fill("Zebulon Flats")
    page.get_by_label("Country", exact=True).select_option(label="United States of America")
    page.get_by_label("Grid", exact=True).select_option(label="ERCOT (Texas)")
    page.get_by_label("Gross power, MW").fill("100")
    page.get_by_label("Ask, US$/kW-month").first.fill("140")
    page.get_by_label("Shortest term, months").fill("60")
    page.get_by_label("Longest term, months").fill("180")
    fill_phase(page, 1, on="2027-03-01", mw="20", stage="Construction")
    page.get_by_role("button", name="Add a phase").click()
    fill_phase(page, 2, on="2027-09-01", mw="40", stage="Contracted")
    page.get_by_text("Reserve and visibility").click()
    page.get_by_label("Who sees the details").select_option(index=1)
    page.get_by_role("button", name="Post it").click()
    expect(page.get_by_role("heading", name="Zebulon Flats")).to_be_visible()


def fill_phase(page: Page, number: int, *, on: str, mw: str, stage: str) -> None:
    row = phase_of(page, number)
    row.get_by_label("Ready for service").fill(on)
    row.get_by_label("Critical IT load, MW").fill(mw)
    row.get_by_label("Build stage").select_option(label=stage)


def post_a_request(page: Page) -> None:
    page.goto("/requests/new/")
    page.get_by_label("Title").fill("Aurora campus")
    page.get_by_label("Outside date").fill("2027-12-01")
    page.get_by_label("Shortest term, months").fill("60")
    page.get_by_label("Longest term, months").fill("144")
    page.get_by_label("Price cap, US$/kW-month all in").fill("220")
    page.get_by_label("From").fill("2027-06-01")
    page.get_by_label("Critical IT load, MW").fill("20")
    page.get_by_role("button", name="Post it").click()
    expect(page.get_by_role("heading", name="Aurora campus")).to_be_visible()


def read_the_match(page: Page, other: str) -> None:
    """From one's own post to the reasons. The page looks again by itself until the worker is done."""
    expect(page.get_by_role("status").filter(has_text="Matched:")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Its matches").click()
    page.get_by_role("main").get_by_role("link", name=other).click()
    expect(page.get_by_role("heading", name="Zebulon Flats for")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="First power").first).to_be_visible()


def test_a_miner_and_a_tenant_meet(start_worker, miner, tenant, stranger, person):
    start_worker()
    mine, theirs = person(miner), person(tenant)

    post_a_site(mine)
    post_a_request(theirs)

    # The tenant's request is blind, so it is a teaser under its code name to the miner.
    site, request = Site.objects.get(), CapacityRequest.objects.get()
    assert [float(each.critical_mw) for each in site.phases.order_by("ready_on")] == [20, 40]
    read_the_match(theirs, "Zebulon Flats")
    read_the_match_from_its_site(mine, site, request.code_name)
    only_teasers(person(stranger), site, request)
    only_teasers(person(), site, request)


def read_the_match_from_its_site(page: Page, site: Site, other: str) -> None:
    page.goto(f"/sites/{site.uid}/")
    read_the_match(page, other)
    expect(page.get_by_text("shows you only its teaser")).to_be_visible()


def only_teasers(page: Page, site: Site, request: CapacityRequest) -> None:
    for path, post, name in (
        ("sites", site, "Zebulon Flats"),
        ("requests", request, "Aurora campus"),
    ):
        page.goto(f"/{path}/{post.uid}/")
        expect(page.get_by_role("heading", name=post.code_name)).to_be_visible()
        expect(page.get_by_text("This is the teaser")).to_be_visible()
        expect(page.get_by_text(name)).to_have_count(0)


def test_wrong_input_is_kept_and_pointed_at(miner, person):
    page = person(miner)
    page.goto("/sites/new/")
    page.get_by_label("Name", exact=True).fill("Zebulon Flats")
    page.get_by_label("Gross power, MW").fill("a hundred")
    page.get_by_label("Critical IT load, MW").fill("20")

    page.get_by_role("button", name="Post it").click()

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Zebulon Flats")
    gross = page.get_by_label("Gross power, MW")
    expect(gross).to_have_value("a hundred")
    expect(gross).to_have_accessible_description("Total draw at the meter. Enter a number.")
    summary.get_by_role("link", name="Gross power, MW: Enter a number.").click()
    expect(gross).to_be_in_viewport()
    assert not Site.objects.exists()


def test_the_enter_key_posts_and_never_just_adds_a_row(miner, person):
    page = person(miner)
    page.goto("/sites/new/")

    page.get_by_label("Name", exact=True).press("Enter")

    expect(page.get_by_role("alert")).to_be_visible()
    expect(phase_of(page, 2)).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/sites/", "/sites/new/", "/requests/new/?kind=gpu"])
def test_pages_fit_a_small_screen(make, miner, tenant, person, path):
    make.site(name="A site with a name that is much too long for any table on a telephone")
    actor = tenant if path.startswith("/requests") else miner

    page = person(actor, viewport={"width": 360, "height": 740})
    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_reaches_the_content_first(visitor, person):
    page = person()
    page.goto("/sites/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("main")).to_be_focused()
