"""Pictures of the chief pages for each person, at three widths, light and dark. Run by bin/screenshots.

    bin/screenshots [--url http://localhost:8000] [--to .local/screenshots] [--only WORD]

It looks at the demo market of a running bin/up; WORD is part of a picture's name, such as "broker" or "1280".
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, StorageState, ViewportSize, sync_playwright

from tests.plugins.browser import FLAGS, find_chromium

PASSWORD = "demo market 2026"
Theme = Literal["light", "dark"]
WIDTHS = {360: 780, 1280: 800, 2560: 1440}
THEMES: tuple[Theme, ...] = ("light", "dark")
# A page's name and address. In angle brackets: the first such link, "address text", on the page before it.
PAGES = {
    "visitor": {
        "landing": "/",
        "sites": "/sites/",
        "sites-cards": "/sites/?view=cards",
        "site": r"<^/sites/[0-9a-f-]{36}/ >",
        "gpu-pools": "/gpu-pools/",
        "requests": "/requests/",
        "market": "/market/",
        "sign-up": "/accounts/signup/",
        "nowhere": "/nowhere/",
        "design": "/design/",
    },
    "miner": {
        "home": "/",
        "matches": r"<^/matches/of/.* Pecos>",
        "what-if": r"<what-if/ >",
        "sites": "/sites/grid/",
        "form": "/sites/new/",
        "posts": "/matches/",
        "organization": "/organization/",
    },
    "tenant": {
        "home": "/",
        "matches": r"<^/matches/of/.* 50 MW>",
        "match": r"<^/matches/[0-9a-f-]{36}/ >",
        "quick": "/requests/quick/",
        "form": "/requests/new/",
        "posts": "/matches/",
    },
    "broker": {"home": "/", "desk": "/desk/"},
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--to", type=Path, default=Path(".local/screenshots"))
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    asked.to.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for role in PAGES:
            for name in pictures_of(role, browser, asked):
                print(name)  # noqa: T201 - so that one sees it move


def pictures_of(role: str, browser: Browser, asked: argparse.Namespace) -> Iterator[str]:
    """Take all pictures of one person, and say which."""
    wanted = [
        (width, theme, {page: f"{role}-{page}-{width}-{theme}" for page in PAGES[role]})
        for width in WIDTHS
        for theme in THEMES
    ]
    wanted = [each for each in wanted if any(asked.only in name for name in each[2].values())]
    if not wanted:
        return
    cookies = signed_in(role, browser, asked.url)
    for width, theme, names in wanted:
        size = ViewportSize(width=width, height=WIDTHS[width])
        with browser.new_context(
            base_url=asked.url,
            viewport=size,
            color_scheme=theme,
            reduced_motion="reduce",
            storage_state=cookies,
        ) as context:
            yield from _walk(context, PAGES[role], names, asked)


def signed_in(role: str, browser: Browser, url: str) -> StorageState:
    """The cookies of somebody at the site; a visitor has none."""
    with browser.new_context(base_url=url) as context:
        if role != "visitor":
            page = context.new_page()
            page.goto("/accounts/login/")
            page.get_by_label("Email").fill(f"{role}@demo.example")
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("main").get_by_role("button", name="Sign In").click()
            page.get_by_role("link", name="Matches", exact=True).wait_for()
        return context.storage_state()


def _walk(
    context: BrowserContext, pages: dict[str, str], names: dict[str, str], asked: argparse.Namespace
) -> Iterator[str]:
    page = context.new_page()
    links: list[str] = []
    for what, address in pages.items():
        if address.startswith("<"):
            address = next((link.split()[0] for link in links if re.search(address[1:-1], link)), "/nowhere/")
        page.goto(address, wait_until="networkidle")
        links = page.eval_on_selector_all(
            "main a[href]", "all => all.map(link => `${link.getAttribute('href')} ${link.textContent}`)"
        )
        if asked.only in names[what]:
            page.screenshot(path=asked.to / f"{names[what]}.png", full_page=True)
            yield names[what]


if __name__ == "__main__":
    main()
