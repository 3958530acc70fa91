"""What tidies up by the clock."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import idempotency


@shared_task(name="accounts.tidy")
def tidy() -> None:
    """Forget answers older than a day and sessions that have ended."""
    now = timezone.now()
    idempotency.forget_expired(now=now)
    Session.objects.filter(expire_date__lt=now).delete()
