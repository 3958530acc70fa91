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


def test_a_tile_of_the_map_narrows_the_list_in_place(make, page: Page):
    make.request(grids=["ERCOT"], countries=["US"])
    make.request(grids=["PJM"], countries=["US"])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/requests/")
    page.get_by_role("link", name="Map").click()
    tile = page.get_by_role("link", name="ERCOT (Texas): 1 request, about 35 MW")

    tile.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#count")).to_have_text(re.compile(r"\b1 request\b"))
    expect(page).to_have_url(re.compile(r"/requests/\?view=map&grid=ERCOT$"))
    expect(tile).to_have_attribute("aria-current", "true")
    expect(tile).to_be_focused()
    page.set_viewport_size({"width": 360, "height": 900})
    expect(tile).to_be_hidden()
    page.get_by_role("link", name="PJM").click()
    expect(page).to_have_url(re.compile(r"grid=PJM$"))
