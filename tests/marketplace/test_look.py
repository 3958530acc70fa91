"""The switch between light and dark, with nothing but a form."""

import pytest
from django.test import Client

from tests.texts import find

pytestmark = pytest.mark.django_db


def test_a_visitor_who_chooses_dark_finds_each_page_dark_from_then_on():
    visitor = Client()

    back = visitor.post("/theme/", {"theme": "dark", "next": "/sites/?country=US"})

    assert back.headers["Location"] == "/sites/?country=US"
    assert 'data-theme="dark"' in visitor.get("/requests/").content.decode()


def test_the_systems_colours_are_a_choice_too():
    visitor = Client()
    visitor.post("/theme/", {"theme": "dark"})

    visitor.post("/theme/", {"theme": "system"})

    assert '<html lang="en">' in visitor.get("/sites/").content.decode()


def test_from_a_page_that_answers_a_form_the_switch_leads_back_to_the_form():
    visitor = Client(enforce_csrf_checks=True)
    refused = visitor.post("/posts/renew/", headers={"Referer": "http://testserver/sites/?country=US"})
    back = find(r'name="next" value="([^"]*)"', refused.content.decode())

    changed = visitor.post("/theme/", {"theme": "dark", "next": back}, follow=True)

    assert refused.status_code == 403
    assert changed.status_code == 200
    assert changed.redirect_chain == [("http://testserver/sites/?country=US", 302)]


@pytest.mark.parametrize(
    "sent", [{"theme": 'pink" onload="x'}, {}, {"theme": "dark", "next": "//evil.test/"}]
)
def test_whatever_is_sent_leads_to_a_sound_page_of_ours(sent):
    visitor = Client()

    back = visitor.post("/theme/", sent)

    assert back.headers["Location"] == "/"
    assert b"onload" not in visitor.get("/").content
