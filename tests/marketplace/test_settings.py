"""What production wants to be told before it starts."""

import os
import subprocess
import sys

import pytest

PRODUCTION = {"DEVELOPMENT": "0", "EMAIL_URL": "consolemail://"}


def start(public_url: str, **others: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **PRODUCTION, "PUBLIC_URL": public_url, **others}
    command = [sys.executable, "-c", "from marketplace.settings import PUBLIC_URL; print(PUBLIC_URL)"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(
    "told", ["", "switchyard.example.org", "http://switchyard.example.org", "https://example.org/switchyard"]
)
def test_it_does_not_start_without_an_address_for_the_links_in_mail(told):
    started = start(told)

    assert started.returncode == 1
    assert "Set PUBLIC_URL to the address of the site, such as https://" in started.stderr


def test_with_one_it_does():
    assert start("https://switchyard.example.org/").stdout.strip() == "https://switchyard.example.org"


def test_nor_does_it_with_runs_that_would_never_end():
    started = start("https://switchyard.example.org/", RUN_POSTS_AT_ONCE="0")

    assert started.returncode == 1
    assert "Set RUN_POSTS_AT_ONCE to 1 or more" in started.stderr
