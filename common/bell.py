"""The bell: tells a worker that something waits in Postgres. Losing a ring costs time, never work."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
WORK = "matching.work"
_held = ContextVar("held", default=False)


def ring_on_commit() -> None:
    """Ring once the current transaction has committed (at once when there is none)."""
    if not _held.get():
        transaction.on_commit(ring)


@contextmanager
def held() -> Iterator[None]:
    """Inside, nobody rings; it rings once at the end, however many posts have changed."""
    before = _held.set(True)
    try:
        yield
    finally:
        _held.reset(before)
    ring_on_commit()


def ring() -> bool:
    """Ask a worker to look. Bounded by the transport's 2 s; False when the broker is away."""
    try:
        current_app.send_task(WORK, retry=False, expires=60)
    except (OperationalError, OSError):
        log.warning("bell.unheard")
        return False
    return True
