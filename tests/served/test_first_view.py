"""What a first visit costs: everything that a page sends, counted as it comes over the wire."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.served.conftest import PAGES, Served

pytestmark = pytest.mark.django_db

MOST_BYTES = 150_000
COMPRESSED = {"Accept-Encoding": "gzip, br"}


@pytest.fixture(params=PAGES)
def first_visit(browser: Browser, served: Served, request) -> Iterator[tuple[Page, str]]:
    """A browser that has seen nothing of the site yet, and the address it is to open."""
    headers = served.headers(request.param)
    with browser.new_context(base_url=served.url, extra_http_headers=headers) as context:
        yield context.new_page(), served.path(request.param)


@pytest.mark.browser
def test_a_first_view_is_light_and_whole(first_visit):
    page, path = first_visit
    complaints: list[str] = []
    sizes: list[float] = []
    wire = page.context.new_cdp_session(page)
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    wire.send("Network.enable")
    page.on("console", lambda message: complaints.append(message.text))
    page.on("response", lambda answer: complaints.append(answer.url) if answer.status != 200 else None)

    page.goto(path, wait_until="networkidle")

    assert complaints == []
    assert len(sizes) > 6, "page, style sheets, font, script and icon"
    assert sum(sizes) <= MOST_BYTES


def test_pages_travel_compressed_and_the_api_keeps_its_strong_etags(served):
    page, _ = served.get("/sites/", **COMPRESSED)
    post, _ = served.get(f"/api/v1/sites/{served.uids['site']}/", **COMPRESSED)

    assert page.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page.headers["Vary"]
    assert post.headers["Content-Encoding"] is None
    assert post.headers["ETag"].startswith('"')


def test_files_are_compressed_and_kept_for_good_because_their_names_change(served):
    _, page = served.get("/")
    sheet = page.decode().partition('<link rel="stylesheet" href="')[2].partition('"')[0]

    file, _ = served.get(sheet, **COMPRESSED)

    assert file.headers["Content-Encoding"] == "br"
    assert file.headers["Cache-Control"] == "max-age=315360000, public, immutable"
