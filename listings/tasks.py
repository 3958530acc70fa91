"""What the clock starts."""

from celery import shared_task
from django.utils import timezone

from listings import services


@shared_task(name="listings.turn_the_day")
def turn_the_day() -> None:
    """Expire posts and age evidence. May run at any hour and twice."""
    services.turn_the_day(today=timezone.now().date())
