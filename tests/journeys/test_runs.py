"""An operator watches a whole-market run in a real browser, with and without JavaScript."""

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from matching.models import Run
from matching.services import advance, drain

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


@pytest.fixture
def watching(browser: Browser, live_server, operator) -> Iterator[Open]:
    """The page of the runs, before an operator who is signed in."""
    opened: list[BrowserContext] = []

    def open_page(**how) -> Page:
        context = browser.new_context(base_url=live_server.url, **how)
        context.set_default_timeout(20_000)
        opened.append(context)
        for name, cookie in operator.client.cookies.items():
            context.add_cookies([{"name": name, "value": cookie.value, "url": live_server.url}])
        page = context.new_page()
        page.goto("/rematch/")
        return page

    yield open_page
    for context in opened:
        context.close()


def move_on() -> None:
    """What a worker does in one slice."""
    drain()
    advance(seconds=60, now=timezone.now())


def test_it_moves_by_itself_and_ends_with_the_report(make, miner, tenant, watching):
    make.site()
    make.request()
    drain()
    page = watching()
    page.get_by_role("button", name="Rank the whole market anew").click()
    page.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("status").get_by_text("Preparing")).to_be_visible()

    advance(seconds=60, now=timezone.now())
    expect(page.get_by_text("0 of 2 posts ranked")).to_be_visible()
    move_on()

    expect(page.get_by_role("heading", name="What has moved")).to_be_visible()
    expect(page.get_by_text("2 of 2 posts ranked")).to_be_visible()


def test_without_javascript_it_is_cancelled_after_a_question(make, miner, watching):
    make.site()
    drain()
    page = watching(java_script_enabled=False)
    page.get_by_role("button", name="Rank the whole market anew").click()
    advance(seconds=60, now=timezone.now())

    page.get_by_text("Cancel this run…").click()
    page.get_by_role("button", name="Yes, cancel the run").click()
    move_on()

    page.goto("/rematch/")
    expect(page.get_by_role("cell", name="Cancelled")).to_be_visible()
    assert Run.objects.get().left == 1
