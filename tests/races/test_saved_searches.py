"""Workers beside each other mail every member once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from listings.querysets import SearchDigestQuerySet
from listings.searches import save_search, tell_next
from tests.cast import act, sign_up

pytestmark = pytest.mark.django_db(transaction=True)

MEMBERS, WORKERS = 12, 4
NOW = timezone.now()
TOMORROW = NOW + timedelta(days=1, minutes=5)


@pytest.fixture
def members(make, tenant):
    """Many members of one organization, each with a search and something new in it."""
    for number in range(MEMBERS):
        user = sign_up(f"member{number}@example.com")
        tenant.organization.memberships.create(user=user, role="member")
        save_search(
            by=act(user, tenant.organization).reader,
            catalogue="site",
            name="All",
            query={},
            now=NOW,
        )
    make.site()


def work_together():
    start = Barrier(WORKERS)

    def work():
        try:
            start.wait(10)
            while tell_next(now=TOMORROW):
                pass
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        for worker in [pool.submit(work) for _ in range(WORKERS)]:
            worker.result(60)


def test_each_member_gets_one_mail(members, mailoutbox):
    work_together()

    told = [letter.recipients()[0] for letter in mailoutbox]
    assert sorted(told) == sorted({f"member{number}@example.com" for number in range(MEMBERS)})


def test_without_the_claim_somebody_gets_two(members, mailoutbox, monkeypatch):
    def take(found, now):
        return (
            found.filter(due_at__lte=now)
            .select_related("membership__user", "membership__organization")
            .first()
        )

    monkeypatch.setattr(SearchDigestQuerySet, "claim", take)

    work_together()

    assert len(mailoutbox) > MEMBERS
