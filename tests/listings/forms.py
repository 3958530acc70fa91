"""Forms of posts as people find, fill and send them."""

from typing import Any

from django.urls import reverse
from playwright.sync_api import Page

from tests.typed import typed

SITE = {
    "name": "Zebulon Flats",
    "country": "US",
    "grid": "ERCOT",
    "gross_mw": "100",
    "delivery_types": ["turnkey", "powered_shell"],
    "ask_usd_kw_month": "140",
    "term_min_months": "60",
    "term_max_months": "180",
    "phases-0-ready_on": "2027-03-01",
    "phases-0-critical_mw": "20",
    "phases-0-stage": "construction",
    "phases-1-ready_on": "2027-09-01",
    "phases-1-critical_mw": "40",
    "phases-1-stage": "contracted",
}


PASSWORD = "a long walk in the rain"


def opened(actor: Any, name: str, *args: Any) -> dict[str, Any]:
    """The form's page as the actor finds it."""
    return typed(actor.client.get(reverse(f"listings:{name}", args=args)))


def two_phases(form: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**form, **SITE, "phases-TOTAL_FORMS": "2", **changes}


def sign_in(client: Any, user: Any) -> None:
    user.set_password(PASSWORD)
    user.save()
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302


def take_session(page: Page, actor: Any, url: str) -> None:
    """Let the page be the browser that the actor is signed in at already."""
    cookies = actor.client.cookies.items()
    page.context.add_cookies([{"name": name, "value": one.value, "url": url} for name, one in cookies])
