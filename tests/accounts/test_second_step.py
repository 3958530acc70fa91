"""Authenticator apps, recovery codes and the question "is it you?"."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import ApiKey
from tests.accounts.signing_in import PASSWORD, at_another_browser, code_of, confirm_it_is_me, is_signed_in
from tests.texts import find

SECOND_STEP = "/accounts/2fa/authenticate/"


@pytest.fixture
def owner(miner) -> Client:
    """Somebody who signed in with a password and has just confirmed it."""
    client = at_another_browser(miner.user)
    confirm_it_is_me(client)
    return client


@pytest.fixture
def secret(owner) -> str:
    """The key of the authenticator app that the owner has set up."""
    page = owner.get("/accounts/2fa/totp/activate/").content.decode()
    found = find(r'id="authenticator_secret">(\w+)<', page)
    owner.post("/accounts/2fa/totp/activate/", {"code": code_of(found)})
    return found


@pytest.fixture
def codes(owner, secret) -> list[str]:
    page = owner.get("/accounts/2fa/recovery-codes/").content.decode()
    return re.findall(r"^\d{8}$", find(r'(?s)id="recovery_codes".*?>(.*?)</pre>', page), re.MULTILINE)


def test_with_an_app_the_password_alone_opens_nothing(miner, secret):
    elsewhere = at_another_browser(miner.user)
    before = is_signed_in(elsewhere)
    elsewhere.post(SECOND_STEP, {"code": code_of(secret)})

    assert (before, is_signed_in(elsewhere)) == (False, True)


def test_a_wrong_code_does_not_turn_the_app_on(owner):
    owner.get("/accounts/2fa/totp/activate/")

    page = owner.post("/accounts/2fa/totp/activate/", {"code": "000000"})

    assert "Incorrect code" in page.content.decode()
    assert not Authenticator.objects.exists()


@pytest.mark.django_db(transaction=True)  # it goes out once the app is really on
def test_turning_it_on_is_told_by_mail(secret, mailoutbox):
    told = {letter.subject: letter for letter in mailoutbox}["Authenticator App Activated"]
    assert "set a new password at once" in told.body
    assert told.alternatives


def test_a_recovery_code_opens_the_account_once(miner, codes):
    first, second = at_another_browser(miner.user), at_another_browser(miner.user)
    first.post(SECOND_STEP, {"code": codes[0]})
    second.post(SECOND_STEP, {"code": codes[0]})

    assert len(set(codes)) == 10
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_guessing_codes_is_slowed_down(miner, secret):
    elsewhere = at_another_browser(miner.user)

    pages = [elsewhere.post(SECOND_STEP, {"code": f"{n:06}"}) for n in range(8)]

    assert "Too many" in pages[-1].content.decode()
    elsewhere.post(SECOND_STEP, {"code": code_of(secret)})
    assert not is_signed_in(elsewhere)


@pytest.mark.parametrize("path", ["2fa/totp/activate/", "2fa/webauthn/add/", "2fa/recovery-codes/generate/"])
def test_sensitive_steps_ask_for_the_password_again(miner, path):
    client = at_another_browser(miner.user)

    asked = client.get(f"/accounts/{path}")

    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")


def test_a_new_key_asks_for_the_password_and_is_made_after_it(miner):
    client, before = at_another_browser(miner.user), ApiKey.objects.count()
    form = {"name": "feed", "scope": "read", "days": "90"}

    asked = client.post("/organization/keys/", form)
    refused = ApiKey.objects.count()
    made = client.post(asked.headers["Location"], {"password": PASSWORD, "next": "/organization/keys/"})

    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    assert refused == before
    assert "swy_" in made.content.decode()
    assert ApiKey.objects.count() == before + 1


def test_an_added_address_asks_for_the_password(miner, mailoutbox):
    client = at_another_browser(miner.user)

    asked = client.post("/accounts/email/", {"email": "thief@example.com", "action_add": ""})

    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not miner.user.emailaddress_set.filter(email="thief@example.com").exists()


@pytest.mark.parametrize(
    "path",
    [
        "2fa/",
        "2fa/totp/deactivate/",
        "2fa/recovery-codes/",
        "2fa/recovery-codes/generate/",
        "2fa/webauthn/add/",
    ],
)
def test_each_page_keeps_to_the_policy(owner, codes, path):
    page = owner.get(f"/accounts/{path}")

    assert page.status_code == 200
    assert not re.search(rb"<style|\sstyle=|\son\w+=|<script(?![^>]*( src=|application/json))", page.content)


def test_operators_take_a_lost_app_away_and_never_see_its_secret(miner, secret, admin_client):
    authenticator = Authenticator.objects.get(user=miner.user, type=Authenticator.Type.TOTP)
    address = f"/operator/mfa/authenticator/{authenticator.pk}"

    seen = admin_client.get(f"{address}/change/")
    admin_client.post(f"{address}/delete/", {"post": "yes"})

    assert seen.status_code == 200
    assert authenticator.data["secret"] not in seen.content.decode()
    assert is_signed_in(at_another_browser(miner.user))
