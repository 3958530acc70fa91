"""A person who really signs in, with a password, at a browser of their own."""

import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from accounts.models import User

PASSWORD = "correct horse battery"
PERIOD_SECONDS = 30


def at_another_browser(user: User, **headers: Any) -> Client:
    """Signed in there, unless a second step is asked for."""
    if not user.check_password(PASSWORD):
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    client = Client(**headers)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def confirm_it_is_me(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/profile/").status_code == 200


def code_of(secret: str) -> str:
    """What an authenticator app with this secret shows now (RFC 6238: SHA-1, 30 seconds, 6 digits)."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD_SECONDS)))
