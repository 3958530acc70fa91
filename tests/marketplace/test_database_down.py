"""The web process while Postgres is away: a plain 503 that says to try again, wherever it is noticed."""

import http.client
import os
import sys
from collections.abc import Iterator

import pytest

from marketplace.local.processes import Child
from marketplace.management.commands import up
from tests.marketplace.up_process import free_port
from tests.waiting import eventually


class Site:
    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str, **headers: str) -> tuple[http.client.HTTPResponse, str]:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=10)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read().decode()

    def is_alive(self) -> bool:
        try:
            return self.get("/healthz")[0].status == 200
        except OSError:
            return False


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("web")
    port = free_port()
    env = {**os.environ, "DATABASE_URL": f"postgresql://nobody@/none?host={folder}", "DATABASE_POOL": "1"}
    web = Child("web", [sys.executable, *up.WEB.format(port=port).split()], env=env, output=folder / "log")
    web.start()
    site = Site(port)
    eventually(site.is_alive, 30)
    yield site
    web.stop()


def test_a_page_says_try_again(site):
    answer, page = site.get("/sites/")

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "The database cannot be reached" in page


def test_so_does_a_page_whose_session_cannot_be_read(site):
    answer, page = site.get("/", Cookie="sessionid=abcdefghijklmnopqrstuvwxyz012345")

    assert answer.status == 503
    assert "The database cannot be reached" in page


def test_the_api_says_it_as_a_problem(site):
    answer, problem = site.get("/api/v1/sites/")

    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "again" in problem


def test_the_probe_says_down(site):
    answer, body = site.get("/readyz")

    assert answer.status == 503
    assert "Postgres does not answer" in body
