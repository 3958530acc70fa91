"""The API reference in a real browser, under the same strict policy as every page."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_request_is_tried_out_with_nothing_blocked(page, live_server, miner):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    session = {"name": "sessionid", "value": miner.client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([session])

    page.goto("/api/docs/")
    read = page.locator("[id$=organization_retrieve]")
    read.click()
    read.get_by_role("button", name="Try it out").click()
    read.get_by_role("button", name="Execute").click()

    expect(read.locator(".live-responses-table")).to_contain_text("Lone Star Mining")
    assert complaints == []


@pytest.mark.parametrize("address", ["/operator/", "/operator/accounts/organization/", "/accounts/email/"])
def test_pages_that_others_wrote_keep_to_the_policy(page, live_server, admin_client, address):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    session = {"name": "sessionid", "value": admin_client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([session])

    page.goto(address)

    expect(page.locator("h1").first).to_be_visible()
    assert complaints == []
