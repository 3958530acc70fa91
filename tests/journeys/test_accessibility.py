"""axe finds nothing to say against any page: each role, light and dark, at a desk and on a phone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page

from matching.models import Match
from matching.services import drain

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK, PHONE = 1280, 360
# What the theme or the width can change; all else is asked once.
LOOK = {"runOnly": ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]}
ALL: dict[str, Any] = {}
ASK = "options => axe.run(document, {...options, preload: false, resultTypes: ['violations']})"
Open = Callable[[Any], Page]


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


@pytest.fixture
def market(make, miner, tenant, broker) -> dict[str, Any]:
    """One of everything, matched: an open pair with every reason, and a blind site as a teaser."""
    site, pool, need = make.site(), make.pool(), make.request(min_rack_kw=50)
    make.site(name="Blind", disclosure="blind")
    drain()
    return {"site": site, "pool": pool, "need": need, "match": Match.objects.get(request=need, offer=site)}


def findings(page: Page) -> list[str]:
    """What axe says of the page as it is, in both themes at both widths."""
    found = []
    page.evaluate(Axe().axe_script)
    for width, theme, options in (
        (DESK, "light", ALL),
        (DESK, "dark", LOOK),
        (PHONE, "dark", LOOK),
        (PHONE, "light", LOOK),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        for violation in page.evaluate(ASK, options)["violations"]:
            for node in violation["nodes"]:
                where = f"{page.url}, {theme}, {width} px: {violation['id']}"
                found.append(f"{where}: {node['html'][:200]} {node['failureSummary']}")
    return found


def check(page: Page, *paths: str) -> None:
    found = []
    for path in paths:
        page.goto(path)
        found += findings(page)
    assert not found, "\n\n".join(found)


def test_what_anybody_reads(market, visitor, open_as):
    lists = [reverse(f"listings:{name}") for name in ("sites", "gpu_pools", "requests")]
    details = [
        reverse("listings:site", args=[market["site"].uid]),
        reverse("listings:request", args=[market["need"].uid]),
    ]
    way_in = [reverse(name) for name in ("account_login", "account_signup", "account_reset_password")]

    check(
        open_as(visitor),
        "/",
        *lists,
        *details,
        *way_in,
        "/market/",
        "/design/",
        "/sites/?country=NO",
        "/nowhere/",
    )


def test_what_a_miner_works_with(market, miner, open_as):
    posts = [
        reverse("listings:site", args=[market["site"].uid]),
        reverse("listings:site_edit", args=[market["site"].uid]),
        reverse("listings:gpu_pool", args=[market["pool"].uid]),
        reverse("listings:gpu_pool_edit", args=[market["pool"].uid]),
    ]
    forms = [reverse("listings:site_new"), reverse("listings:gpu_pool_new")]
    matches = [reverse("matching:of_post", args=[market["site"].uid])]

    check(open_as(miner), "/", *posts, *forms, *matches)


def test_what_a_tenant_works_with(market, tenant, open_as):
    posts = [
        reverse("listings:request", args=[market["need"].uid]),
        reverse("listings:request_edit", args=[market["need"].uid]),
    ]
    forms = [reverse("listings:request_new"), reverse("listings:request_new") + "?kind=gpu"]
    matches = [
        reverse("matching:matches"),
        reverse("matching:of_post", args=[market["need"].uid]),
        reverse("matching:match", args=[market["match"].uid]),
    ]

    check(open_as(tenant), "/", *posts, *forms, *matches, reverse("listings:site_new"))


def test_what_a_broker_works_with(market, broker, open_as):
    matches = [reverse("matching:matches"), reverse("matching:match", args=[market["match"].uid])]

    check(open_as(broker), "/", *matches)


def test_the_pages_of_an_account(market, miner, open_as):
    names = ("accounts:organization", "accounts:keys", "account_email", "account_change_password")

    check(
        open_as(miner),
        *[reverse(name) for name in (*names, "account_logout", "accounts:create_organization")],
    )


def test_a_form_with_errors(market, miner, open_as):
    page = open_as(miner)
    page.goto(reverse("listings:site_new"))
    page.get_by_role("button", name="Post it").click()

    found = findings(page)

    assert not found, "\n\n".join(found)
