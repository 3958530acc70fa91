"""Counting what somebody does in a minute, in Valkey."""

from __future__ import annotations

import time

import structlog
from django.core.cache import caches
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
WINDOW_S = 60


def counted(name: str) -> int:
    """How often `name` was counted in this minute, this time included.

    With Valkey away it is 0, so nobody is refused: a limit protects a busy site, it is no lock.
    """
    counters = caches["counters"]
    key = f"rate:{name}:{time.time() // WINDOW_S:.0f}"
    try:
        counters.add(key, 0, timeout=2 * WINDOW_S)
        return counters.incr(key)
    except (RedisError, ValueError):
        log.warning("throttle.counter_away")
        return 0
