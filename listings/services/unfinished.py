"""A request that is filled in step by step is kept until it is posted, whatever happens to the session."""

from datetime import date, datetime, timedelta

from accounts.models import Organization, User
from common.errors import InvalidInput
from listings.models import Unfinished

TYPED_MAX = 64 * 1024
KEPT_FOR = timedelta(days=90)


def keep_unfinished(*, user: User, organization: Organization, typed: str, now: datetime) -> None:
    """Keep what was typed in place of what was kept before. Raises InvalidInput beyond 64 KB."""
    if len(typed) > TYPED_MAX:
        raise InvalidInput("That is more than a request can hold.")
    Unfinished.objects.update_or_create(
        user=user, organization=organization, defaults={"typed": typed, "changed_at": now}
    )


def drop_unfinished(*, user: User, organization: Organization) -> None:
    """Start over, or be done with it."""
    Unfinished.objects.filter(user=user, organization=organization).delete()


def forget_unfinished(*, today: date) -> None:
    """Drop what nobody has touched for ninety days."""
    Unfinished.objects.filter(changed_at__date__lt=today - KEPT_FOR).delete()
