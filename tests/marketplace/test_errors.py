"""What a person sees when something is wrong: what it is, and what to do next."""

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from common.errors import DomainError
from marketplace import urls as site
from marketplace import views


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret detail")


def refused(request: HttpRequest) -> HttpResponse:
    raise DomainError("The site is under an active hold.")


def unreadable(request: HttpRequest) -> HttpResponse:
    raise BadRequest


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError


urlpatterns = [
    path("unreadable/", unreadable),
    path("forbidden/", forbidden),
    path("refused/", refused),
    path("too-many/", views.too_many_requests),
    path("broken/", broken),
    path("api/broken/", broken),
    path("away/", away),
    *site.urlpatterns,
]
handler400, handler403, handler404 = site.handler400, site.handler403, site.handler404
handler500 = site.handler500
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def nowhere(transactional_db, miner, monkeypatch):
    """Postgres cannot be reached until the test ends."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    yield miner
    monkeypatch.undo()
    connection.close()


@pytest.mark.parametrize("address", ["/organization/", "/sites/"])
def test_without_a_database_pages_say_so_plainly(nowhere, address):
    client = Client(raise_request_exception=False)
    client.cookies = nowhere.client.cookies

    page = client.get(address)

    assert page.status_code == 503
    assert "Nothing was changed" in page.content.decode()
    assert page["Retry-After"] == "10"


def test_without_a_database_the_api_says_so_too(nowhere):
    client = Client(raise_request_exception=False, headers={"Authorization": "Bearer swy_x"})

    answer = client.get("/api/v1/organization/")

    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "database_away"


@pytest.mark.parametrize("address", ["/broken/", "/api/broken/"])
def test_a_fault_of_ours_shows_no_inside(db, address):
    answer = Client(raise_request_exception=False).get(address)

    assert answer.status_code == 500
    assert b"secret" not in answer.content


def test_a_refusal_that_no_view_shows_gets_a_page(db):
    page = Client().get("/refused/")

    assert page.status_code == 409
    assert "The site is under an active hold." in page.content.decode()


def test_an_unknown_host_is_a_400(db):
    assert Client(headers={"Host": "evil.test"}).get("/").status_code == 400
