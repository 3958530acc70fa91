"""Signing up, and the pages around it, as a person with a browser sees them."""

import re

import pytest
from django.test import Client

from accounts import services
from accounts.models import Membership, Organization, User
from accounts.vocabulary import Kind
from tests.cast import NOON, found, sign_up
from tests.texts import find

PASSWORD = "correct horse battery"
XSS = "<script>alert(1)</script>"


def test_from_sign_up_to_an_organization(db, mailoutbox):
    client = Client()
    client.post("/accounts/signup/", {"email": "Ana@Example.com", "password1": PASSWORD})
    address = find(r"https://switchyard.test(/accounts/confirm-email/\S+)", mailoutbox[0].body)
    client.post(address)
    form = {"login": "ana@example.com", "password": PASSWORD}
    page = client.post("/accounts/login/", form, follow=True)
    asked = page.request["PATH_INFO"]
    client.post("/organization/create/", {"name": "Ana Mining", "kind": "miner", "website": ""})

    assert asked == "/organization/create/"
    assert Membership.objects.get(user__email="ana@example.com").organization.kind == Kind.MINER


def test_nobody_signs_in_before_their_address_is_confirmed(db, mailoutbox):
    client = Client()
    client.post("/accounts/signup/", {"email": "ana@example.com", "password1": PASSWORD})
    client.post("/accounts/login/", {"login": "ana@example.com", "password": PASSWORD})

    assert client.get("/organization/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_signing_up_twice_tells_a_stranger_nothing(db, mailoutbox):
    sign_up("ana@example.com")

    new = Client().post("/accounts/signup/", {"email": "bea@example.com", "password1": PASSWORD})
    known = Client().post("/accounts/signup/", {"email": "ana@example.com", "password1": PASSWORD})

    assert (new.status_code, new["Location"]) == (known.status_code, known["Location"])
    assert User.objects.filter(email__iexact="ana@example.com").count() == 1


def test_guessing_a_password_is_slowed_down(db):
    sign_up("ana@example.com")
    client = Client(REMOTE_ADDR="198.51.100.7")

    pages = [
        client.post("/accounts/login/", {"login": "ana@example.com", "password": f"{n}"}) for n in range(12)
    ]

    assert "Too many" in pages[-1].content.decode()


def test_what_was_typed_is_kept_and_the_error_stands_at_its_field(newcomer, miner):
    form = {"name": "Lone Star Mining", "kind": "broker", "website": "https://lone.example.com/"}

    page = newcomer.client.post("/organization/create/", form)

    html = page.content.decode()
    assert page.status_code == 400
    assert 'value="Lone Star Mining"' in html
    assert 'value="https://lone.example.com/"' in html
    assert re.search(r'value="broker"[^>]*checked', html)
    assert 'href="#id_name"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert Organization.objects.count() == 1


@pytest.mark.parametrize("website", ["javascript:alert(1)", "data:text/html,x", "not a site"])
def test_a_website_is_an_http_address(newcomer, website):
    form = {"name": "New", "kind": "miner", "website": website}

    assert newcomer.client.post("/organization/create/", form).status_code == 400
    assert not Organization.objects.exists()


def test_a_name_is_text_not_markup(newcomer):
    newcomer.client.post("/organization/create/", {"name": XSS, "kind": "miner"})

    page = newcomer.client.get("/organization/").content.decode()

    assert XSS not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "path", ["/organization/", "/organization/create/", "/organization/invite/", "/organization/keys/"]
)
def test_a_form_from_elsewhere_is_refused(miner, path):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(miner.user)
    before = Organization.objects.get(), miner.organization.api_keys.count()

    answer = strict.post(path, {"name": "Forged", "kind": "miner", "scope": "write", "email": "a@b.test"})

    assert answer.status_code == 403
    assert "Reload the page" in answer.content.decode()
    assert (Organization.objects.get(), miner.organization.api_keys.count()) == before


@pytest.mark.parametrize("path", ["create/", "keys/", "start/", "invitation/", ""])
def test_a_visitor_is_asked_to_sign_in(visitor, path):
    answer = visitor.client.get(f"/organization/{path}")

    assert answer.headers["Location"].startswith("/accounts/login/?next=/organization/")


def test_a_member_sees_the_team_but_no_tools(miner_member):
    page = miner_member.client.get("/organization/members/").content.decode()

    assert "lone.star.mining@example.com" in page
    assert "Send invitation" not in page


def test_switching_never_leads_off_the_site(miner):
    form = {"organization": miner.organization.uid, "next": "https://evil.test/"}

    assert miner.client.post("/organization/switch/", form).url == "/"


def test_pages_allow_no_inline_script_or_style(miner):
    page = miner.client.get("/organization/")

    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(rb"<style|\sstyle=|<script(?![^>]* src)|\son\w+=", page.content)


@pytest.mark.parametrize("size", [1, 20])
def test_the_team_costs_the_same_at_any_size(miner, size, django_assert_num_queries):
    for number in range(size):
        Membership.objects.create(user=sign_up(f"{number}@example.com"), organization=miner.organization)

    with django_assert_num_queries(5):  # session, user, reader, team, invitations
        page = miner.client.get("/organization/members/")

    assert page.content.count(b"Role of") == size + 1


def test_an_unknown_address_says_what_to_do_next(visitor):
    page = visitor.client.get("/nothing/here/")

    assert page.status_code == 404
    assert "Front page" in page.content.decode()


def test_two_organizations_of_one_person(miner):
    other = found("Second", Kind.TENANT, verified=True)
    Membership.objects.create(user=miner.user, organization=other.organization)

    page = miner.client.get("/organization/switch/").content.decode()
    miner.client.post("/organization/switch/", {"organization": other.organization.uid})

    assert "Act for it" in page
    assert "Second" in miner.client.get("/organization/").content.decode()


@pytest.mark.parametrize("size", [1, 50])
def test_keys_cost_the_same_at_any_number(miner, size, django_assert_num_queries):
    for number in range(size):
        services.create_api_key(by=miner.reader, name=f"feed {number}", scopes=["read"], now=NOON)

    with django_assert_num_queries(4):  # session, user, reader, keys
        page = miner.client.get("/organization/keys/")

    assert page.content.count(b"Yes, end it now") == size + 1


def test_a_name_for_oneself_is_one_line_and_may_be_taken_back(newcomer):
    newcomer.client.post("/accounts/profile/", {"name": "Ana  de la Cruz"})
    newcomer.user.refresh_from_db()
    named = newcomer.user.name
    newcomer.client.post("/accounts/profile/", {"name": ""})
    newcomer.user.refresh_from_db()

    assert (named, newcomer.user.name) == ("Ana de la Cruz", "")


def test_an_unverified_organization_learns_what_it_waits_for(stranger, miner):
    waiting = stranger.client.get("/organization/").content.decode()
    verified = miner.client.get("/organization/").content.decode()

    assert "Waiting to be verified" in waiting
    assert "Your own posts are matched all the same" in waiting
    assert "Waiting to be verified" not in verified
