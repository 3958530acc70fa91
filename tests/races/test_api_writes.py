"""Many clients write at once: one key has one effect, one state is changed once."""

import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from accounts import idempotency
from accounts.models import IdempotencyRecord, Organization
from common.etags import require_match
from tests.cast import Actor
from tests.marketplace.notes_api import NOTES, NoteViewSet, problem

CLIENTS = 16
Call = Callable[[APIClient], Any]
pytestmark = [
    pytest.mark.urls("tests.marketplace.notes_api"),
    pytest.mark.django_db(transaction=True),
]


def at_once(actor: Actor, calls: Iterable[Call]) -> list[Any]:
    """What the calls answer, made by sixteen clients with the actor's key, each on its own connection."""
    waiting, answers = deque(calls), []
    start = threading.Barrier(CLIENTS, timeout=10)

    def run() -> None:
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {actor.secret}")
        start.wait()
        try:
            while waiting:
                answers.append(waiting.popleft()(client))
        except IndexError:
            pass  # somebody else took the last one
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers


def post(name: str, key: str | None = None) -> Call:
    headers: Any = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return lambda client: client.post(NOTES, {"name": name}, **headers)


class TestOneKeyOneEffect:
    @pytest.mark.parametrize("keys", [1000, pytest.param(10_000, marks=pytest.mark.large)])
    def test_however_often_and_however_close_together_a_request_comes(self, miner, keys):
        sent = [f"note {number}" for number in range(keys) for _ in range(random.randint(1, 5))]  # noqa: S311
        before = Organization.objects.count()

        answers = at_once(miner, [post(name, key=name) for name in sent])

        fresh = [answer for answer in answers if "Idempotent-Replayed" not in answer]
        assert Counter(answer.status_code for answer in answers) == {201: len(sent)}
        assert len(fresh) == keys
        assert Organization.objects.count() == before + keys
        assert len({answer.content for answer in answers}) == keys

    def test_without_a_key_the_race_is_seen(self, miner):
        """The negative control: each request goes for the effect, until the database refuses it."""
        answers = at_once(miner, [post("note") for _ in range(4)])

        assert Counter(answer.status_code for answer in answers) == {201: 1, 500: 3}

    def test_a_wait_ends_with_a_conflict(self, miner):
        """The first request hangs: the second is told to come back, and has stored nothing."""
        principal = f"key:{miner.organization.api_keys.get().pk}"
        with transaction.atomic():
            idempotency.claim(principal=principal, key="k", fingerprint="x", now=datetime.now(UTC))
            [answer] = at_once(miner, [post("late", key="k")])
            transaction.set_rollback(True)

        assert problem(answer, 409)["code"] == "busy"
        assert answer["Retry-After"] == "1"
        assert not Organization.objects.filter(name="late").exists()
        assert not IdempotencyRecord.objects.exists()


class TestOneStateOneChange:
    @pytest.fixture
    def change(self, miner) -> Callable[[int], Call]:
        note = f"{NOTES}{miner.organization.uid}/"
        tag = miner.api.get(note)["ETag"]
        return lambda number: lambda client: client.patch(note, {"name": f"{number}"}, HTTP_IF_MATCH=tag)

    def test_of_many_with_the_same_tag_one_comes_through(self, miner, change):
        answers = at_once(miner, map(change, range(CLIENTS)))

        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CLIENTS - 1}

    def test_without_the_lock_the_race_is_seen(self, miner, change, monkeypatch):
        """The negative control: both read the state before either changes it, and a change is lost."""
        both_have_read = threading.Barrier(2, timeout=10)

        def unlocked(view: NoteViewSet) -> Any:
            note = view.get_object()
            require_match(view.request, view.etag(note))
            both_have_read.wait()
            return note

        monkeypatch.setattr(NoteViewSet, "get_object_to_change", unlocked)

        answers = at_once(miner, map(change, range(2)))

        assert [answer.status_code for answer in answers] == [200, 200]
