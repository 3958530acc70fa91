"""The invariants hold after a day's work, and each can be seen to break."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from listings.models import Change
from marketplace.invariants import violations
from matching.models import Match
from matching.services import drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def matched(make, miner, tenant) -> Match:
    make.site()
    make.request()
    drain()
    return Match.objects.get()


def test_all_hold_after_matching(matched):
    assert violations() == {}


def test_a_match_at_an_old_version_is_found(matched):
    Match.objects.update(offer_version=99)
    assert list(violations()) == ["a match belongs to the versions that stand, or awaits matching"]


def test_a_change_that_nobody_works_is_found(matched):
    Change.objects.create(post=matched.offer, version=1)
    Change.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert list(violations()) == ["every change is matched within a minute, parked ones apart"]


def test_capacity_let_twice_is_found(matched):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE listings_phase DROP CONSTRAINT phase_never_oversold")
        cursor.execute("UPDATE listings_phase SET reserved_mw = critical_mw + 1")
        try:
            assert "capacity is never let twice" in violations()
        finally:
            cursor.execute("UPDATE listings_phase SET reserved_mw = 0")
            cursor.execute(
                "ALTER TABLE listings_phase ADD CONSTRAINT phase_never_oversold"
                " CHECK (reserved_mw >= 0 AND reserved_mw <= critical_mw)"
            )
