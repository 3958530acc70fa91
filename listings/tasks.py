"""What the clock starts."""

from time import monotonic

from celery import shared_task
from django.utils import timezone

from listings import services
from listings.searches import tell_next

SLICE_SECONDS = 20


@shared_task(name="listings.turn_the_day")
def turn_the_day() -> None:
    """Expire posts and age evidence. May run at any hour and twice."""
    services.turn_the_day(today=timezone.now().date())


@shared_task(name="listings.tell_members")
def tell_members() -> None:
    """Look at the saved searches whose turn it is, for a slice of time, and mail what is new in them."""
    end = monotonic() + SLICE_SECONDS
    while monotonic() < end and tell_next(now=timezone.now()):
        pass
