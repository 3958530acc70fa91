"""The landing page in a real browser, under the site's own policy."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_land_is_drawn_and_the_places_open_by_keyboard(page, live_server, make):
    make.site(is_reference=True, source="8-K of June 2024")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))

    page.goto("/")

    # The land is a file of its own: were it refused or renamed, there would be circles on nothing.
    land = page.locator(".map-land")
    page.wait_for_function("land => land.getBBox().width > 700", arg=land.element_handle())
    page.get_by_text("Open critical MW by place").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="Texas")).to_contain_text("40")
    assert complaints == []
