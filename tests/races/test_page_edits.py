"""Two people send the same form of the same post at once."""

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from listings.models import Site
from listings.views import editing
from tests.listings.forms import opened

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(actor: Any, address: str, forms: list[dict[str, Any]]) -> list[int]:
    """The statuses of the answers, each form sent by a browser and over a connection of its own."""
    start, statuses = threading.Barrier(len(forms), timeout=10), []

    def send(form: dict[str, Any]) -> None:
        client = Client()
        client.cookies = actor.client.cookies
        start.wait()
        try:
            statuses.append(client.post(address, form).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[form]) for form in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return statuses


@pytest.fixture
def edits(make, miner) -> Any:
    """The address of a site's form, and four ways to fill it in, all opened at the same version."""
    site = make.site()
    form = opened(miner, "site_edit", site.uid)
    named = [{**form, "name": f"Number {number}"} for number in range(4)]
    return reverse("listings:site_edit", args=[site.uid]), named


def test_one_is_stored_and_the_others_are_shown_what_is(miner, edits):
    address, forms = edits

    statuses = at_once(miner, address, forms)

    assert Counter(statuses) == {302: 1, 409: 3}
    assert Site.objects.get().version == 2


def test_without_the_lock_the_race_is_seen(miner, edits, monkeypatch):
    """The negative control: both read the version before either changes it, and a change is lost unseen."""
    address, forms = edits
    both_have_read = threading.Barrier(2, timeout=10)

    def unlocked(request: Any, shelf: Any, uid: str) -> Any:
        post = shelf.model.objects.of(request.reader).get(uid=uid)
        both_have_read.wait()
        return post

    monkeypatch.setattr(editing, "_own", unlocked)

    assert at_once(miner, address, forms[:2]) == [302, 302]
