"""axe finds nothing to say against any page: for each role, light and dark, at a desk and on a phone.

The pages are those that the matrix of rights declares, so a new one is judged from its first day.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page

from tests.marketplace import test_who_may_what as declared

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK, PHONE = 1280, 360
# All is asked once; of the other theme what colours can change, on a phone also what the width can.
ALL: dict[str, Any] = {}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
LOOK = {"runOnly": [*COLOURS["runOnly"], "scrollable-region-focusable", "target-size"]}
ASK = "options => axe.run(document, {...options, preload: false, resultTypes: ['violations']})"
# These differ from reader to reader; every other page is judged for the first role that reaches it.
OF_THE_READER = {"home", "listings:site", "listings:request", "matching:matches", "matching:of_post"}
ROLES = ["visitor", "miner", "tenant", "broker"]
Open = Callable[[Any], Page]

market = declared.market


@pytest.fixture
def open_as(browser: Browser, live_server) -> Iterator[Open]:
    """A page of somebody who is signed in already; without motion, so that colours stand still."""
    opened: list[BrowserContext] = []

    def page_of(actor: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
        opened.append(context)
        for name, cookie in actor.client.cookies.items():
            context.add_cookies([{"name": name, "value": cookie.value, "url": live_server.url}])
        return context.new_page()

    yield page_of
    for context in opened:
        context.close()


def findings(page: Page) -> list[str]:
    """What axe says of the page as it is, in both themes and on a phone."""
    found = []
    page.evaluate(Axe().axe_script)
    for width, theme, options in (
        (DESK, "light", ALL),
        (DESK, "dark", COLOURS),
        (PHONE, "dark", LOOK),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        for violation in page.evaluate(ASK, options)["violations"]:
            for node in violation["nodes"]:
                where = f"{page.url}, {theme}, {width} px: {violation['id']}"
                found.append(f"{where}: {node['html'][:200]} {node['failureSummary']}")
    return found


def check(page: Page, paths: Iterable[str]) -> None:
    """Judge each page; what leads elsewhere, or is no whole page, is judged where it leads to or belongs."""
    found = []
    for path in paths:
        answer = page.request.get(path)
        if answer.url.endswith(path) and answer.text().lstrip().lower().startswith("<!doctype html"):
            page.goto(path)
            found += findings(page)
    assert not found, "\n\n".join(found)


def pages_of(role: str) -> list[str]:
    """The declared pages that this role is the first to reach, and those that differ for each."""
    before = ROLES[: ROLES.index(role)]
    return [
        name
        for name, methods in declared.PAGES.items()
        if role in methods.get("GET", ())
        and (name in OF_THE_READER or not any(other in methods["GET"] for other in before))
    ]


@pytest.mark.parametrize("role", ROLES)
def test_every_declared_page(role, market, make, request, open_as):
    make.site(name="Blind", disclosure="blind")
    actor = request.getfixturevalue(role)

    check(open_as(actor), [declared.address(name, market) for name in pages_of(role)])


def test_the_matches_of_a_request(market, tenant, open_as):
    check(open_as(tenant), [reverse("matching:of_post", args=[market["uid"]["request"]])])


def test_the_way_in(visitor, open_as):
    names = ("account_login", "account_signup", "account_reset_password")

    check(open_as(visitor), [reverse(name) for name in names])


def test_the_pages_of_an_account(miner, open_as):
    miner.user.set_password("a long walk in the rain")
    miner.user.save()
    miner.client.force_login(miner.user)
    names = ("account_email", "account_change_password", "account_logout", "mfa_index")

    check(open_as(miner), [reverse(name) for name in names])


def test_a_form_with_errors(miner, open_as):
    page = open_as(miner)
    page.goto(reverse("listings:site_new"))
    page.get_by_role("button", name="Post it").click()

    found = findings(page)

    assert not found, "\n\n".join(found)


def test_what_is_refused(tenant, open_as):
    check(open_as(tenant), [reverse("listings:site_new")])


@pytest.mark.urls("tests.marketplace.test_errors")
def test_the_pages_that_say_what_is_wrong(tenant, open_as):
    faults = {
        "unreadable": 400,
        "forbidden": 403,
        "nowhere": 404,
        "too-many": 429,
        "broken": 500,
        "away": 503,
    }
    page = open_as(tenant)

    assert {name: page.request.get(f"/{name}/").status for name in faults} == faults
    check(page, [f"/{name}/" for name in faults])
