"""The catalogue in a real browser, where scripts run."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_list_narrows_as_one_chooses_and_keeps_the_place(make, page: Page):
    texan = make.site()
    make.site(country="NO", region="", grid="NO2")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto("/sites/")
    count, country, search = page.locator("#count"), page.get_by_label("Country"), page.get_by_label("Search")
    expect(count).to_have_text(re.compile("2 sites"))

    country.focus()
    country.select_option("NO")
    expect(count).to_have_text(re.compile("1 site"))
    expect(page).to_have_url(re.compile(r"/sites/\?country=NO$"))
    expect(country).to_be_focused()

    page.get_by_role("link", name="Country Norway").click()
    expect(count).to_have_text(re.compile("2 sites"))
    expect(count).to_be_focused()

    search.press_sequentially(texan.code_name)
    expect(count).to_have_text(re.compile("1 site"))
    expect(search).to_be_focused()
    expect(search).to_have_value(texan.code_name)
    expect(page.get_by_role("rowheader")).to_contain_text(texan.code_name)

    page.get_by_role("link", name="Clear all").click()
    expect(search).to_have_value("")
    page.get_by_text("More filters").click()
    page.get_by_label("Turnkey").check()
    expect(page).to_have_url(re.compile(r"\?delivery_type=turnkey$"))
    assert complaints == []
