"""A miner and a tenant with nothing but a keyboard; the broker's keys are tried where the desk is."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from listings.models import Site
from matching.services import drain
from tests.cast import Actor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_TABS = 60
IS_FOCUSED = "each => each === document.activeElement"
SHOWS_IT = "each => getComputedStyle(each).outlineStyle !== 'none'"


@pytest.fixture
def at_home(browser: Browser, live_server) -> Iterator[Callable[[Actor], Page]]:
    """Somebody's front page; from then on nobody touches a mouse."""
    with browser.new_context(base_url=live_server.url, locale="en-US") as context:
        context.set_default_timeout(15_000)

        def home_of(actor: Actor) -> Page:
            session = actor.client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
            page = context.new_page()
            page.goto("/")
            return page

        yield home_of


def reach(target: Locator) -> Locator:
    """Tab until it has the focus, and see that it shows."""
    for _ in range(MOST_TABS):
        target.page.keyboard.press("Tab")
        if target.evaluate(IS_FOCUSED):
            assert target.evaluate(SHOWS_IT), f"one cannot see where the focus is: {target}"
            return target
    raise AssertionError(f"{MOST_TABS} tabs do not lead to {target}")


def follow(page: Page, name: str, role: str = "link") -> None:
    reach(page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]  # one of ARIA's names
    page.keyboard.press("Enter")


def type_into(page: Page, label: str, text: str) -> None:
    reach(page.get_by_label(label, exact=True).first)
    page.keyboard.type(text)


def test_a_miner_posts_a_site(at_home, miner):
    page = at_home(miner)

    follow(page, "Post a site")
    expect(page.get_by_role("heading", level=1)).to_contain_text("site")
    type_into(page, "Name", "Zebulon Flats")
    type_into(page, "Country", "United States")
    type_into(page, "Grid", "ERCOT")
    type_into(page, "Gross power, MW", "100")
    type_into(page, "Ask, US$/kW-month", "140")
    type_into(page, "Shortest term, months", "60")
    type_into(page, "Longest term, months", "180")
    type_into(page, "Ready for service", "03012027")
    type_into(page, "Critical IT load, MW", "20")
    type_into(page, "Build stage", "Construction")
    page.keyboard.press("Enter")
    follow(page, "Post it", role="button")

    expect(page.get_by_role("heading", name="Zebulon Flats")).to_be_visible()
    assert Site.objects.get().phases.get().critical_mw == 20


def test_a_tenant_compares_two_matches_and_reads_why(at_home, tenant, make):
    make.sites(2)
    make.request(title="Aurora campus")
    drain()
    page = at_home(tenant)

    follow(page, "Matches")
    expect(page).to_have_url(re.compile("/matches/$"))
    reach(page.locator("main a[href^='/matches/of/']").first)
    page.keyboard.press("Enter")
    for number in (0, 1):
        reach(page.get_by_role("checkbox").nth(number))
        page.keyboard.press("Space")
    follow(page, "Compare the chosen", role="button")
    expect(page.get_by_role("columnheader")).to_have_count(2)
    follow(page, "Back to the list")
    reach(page.locator(".match-row h2 a").first)
    page.keyboard.press("Enter")
    reach(page.locator("summary", has_text="What must hold"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("group", name="What must hold")).to_be_visible()
