"""The bell: tells a worker that something waits in Postgres. Losing a ring costs time, never work."""

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
WORK = "matching.work"


def ring_on_commit() -> None:
    """Ring once the current transaction has committed (at once when there is none)."""
    transaction.on_commit(ring)


def ring() -> bool:
    """Ask a worker to look. Bounded by the transport's 2 s; False when the broker is away."""
    try:
        current_app.send_task(WORK, retry=False, expires=60)
    except (OperationalError, OSError):
        log.warning("bell.unheard")
        return False
    return True
