"""Passkeys and authenticator apps in a real browser, under the site's own Content-Security-Policy."""

from collections.abc import Iterator

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from tests.accounts.signing_in import PASSWORD, code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser has complained about, refused scripts and styles among it."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.fixture
def phone(page: Page) -> Iterator[Page]:
    """The page in a browser whose device holds passkeys and knows its owner's fingerprint."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page
    devtools.send("WebAuthn.disable")


def sign_in(page: Page, actor) -> None:
    actor.user.set_password(PASSWORD)
    actor.user.save()
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(actor.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page).not_to_have_url("/accounts/login/")


def confirm_it_is_me(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def sign_out(page: Page) -> None:
    page.context.clear_cookies()


def test_a_passkey_signs_in_without_a_password(phone, complaints, miner):
    sign_in(phone, miner)
    phone.goto("/accounts/2fa/")
    phone.get_by_role("link", name="Add a passkey").click()
    confirm_it_is_me(phone)
    expect(phone.get_by_label("Sign in with it alone")).to_be_checked()
    phone.get_by_role("button", name="Add").click()
    expect(phone.get_by_role("heading", name="Recovery codes")).to_be_visible()
    sign_out(phone)

    phone.goto("/accounts/login/")
    phone.get_by_role("button", name="Use a passkey").click()
    expect(phone).not_to_have_url("/accounts/login/")
    phone.goto("/accounts/2fa/webauthn/")

    expect(phone.get_by_text("signs in by itself")).to_be_visible()
    assert [letter.subject for letter in mail.outbox].count("Security Key Added") == 1
    assert complaints == []


def test_a_passkey_that_is_not_there_is_explained(phone, miner):
    phone.goto("/accounts/login/")

    phone.get_by_role("button", name="Use a passkey").click()

    expect(phone.get_by_role("alert")).to_contain_text("The passkey was not used")


def test_the_app_is_set_up_from_the_picture_and_asked_for(page, complaints, miner):
    sign_in(page, miner)
    page.goto("/accounts/2fa/totp/activate/")
    confirm_it_is_me(page)
    picture = page.get_by_role("img", name="Picture for the authenticator app")
    expect(picture).to_be_visible()
    width = picture.evaluate("picture => picture.naturalWidth")
    secret = page.locator("#authenticator_secret").inner_text()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("region", name="Recovery codes")).to_be_visible()
    sign_out(page)

    sign_in(page, miner)
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Sign in").click()
    page.goto("/accounts/profile/")

    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    assert width > 0
    assert complaints == []
