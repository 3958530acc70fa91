"""When people come back, so that a page can say what is new to them."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Membership
from accounts.readers import Reader

# Who comes back after this long is on a new visit.
GAP = timedelta(hours=2)
GRAIN = timedelta(minutes=1)


@transaction.atomic(savepoint=False)
def note_visit(*, by: Reader, now: datetime) -> datetime | None:
    """Remember that the person is here; returns when their visit before this one ended, None on the first.

    Looks within two hours of each other are one visit, so reloading a page loses no news.
    """
    seats = Membership.objects.select_for_update(no_key=True)
    seat = seats.get(user=by.user, organization=by.organization)
    if seat.seen_at is None or now - seat.seen_at >= GRAIN:
        if seat.seen_at is not None and now - seat.seen_at >= GAP:
            seat.last_visit_at = seat.seen_at
        seat.seen_at = now
        seat.save(update_fields=["seen_at", "last_visit_at"])
    return seat.last_visit_at
