"""Tests marked `browser` drive a real Chromium; where there is none they are left out, in one line."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
MISSING = "no Chromium found: install the system's package (Debian: apt install chromium)"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]


def find_chromium() -> str | None:
    return next((found for found in map(shutil.which, (*NAMES, MAC)) if found), None)


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("REQUIRE_BROWSER") == "1" and not find_chromium():
        raise pytest.UsageError(f"REQUIRE_BROWSER=1, but {MISSING}")


def pytest_report_header() -> str:
    return f"browser tests: {find_chromium() or 'left out, ' + MISSING}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if find_chromium():
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread, and Django would refuse to touch the database in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, live_server) -> Iterator[Page]:
    """A fresh visitor's page on the live site; `page.goto("/")` is its front door."""
    with browser.new_context(base_url=live_server.url) as context:
        context.set_default_timeout(10_000)
        yield context.new_page()
