"""How much one principal may ask of the API in a minute.

REST framework loads this module before its own views: nothing here may import them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

from accounts.authentication import reader_of

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)
WINDOW_S = 60


class PerPrincipal(BaseThrottle):
    """A counter a minute in Valkey, by key, by person or by a visitor's address.

    With Valkey away nobody is refused: the limit protects a busy site, it is no lock.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        reader = reader_of(request)
        self.window, passed = divmod(time.time(), WINDOW_S)
        self.remaining = WINDOW_S - passed
        is_visitor = reader.user is None
        name = f"visitor:{self.get_ident(request)}" if is_visitor else reader.principal
        limit = settings.API_REQUESTS_PER_MINUTE["visitor" if is_visitor else "principal"]
        return self._count(f"rate:{name}:{self.window:.0f}") <= int(limit)

    def wait(self) -> float:
        return self.remaining

    def _count(self, name: str) -> int:
        counters = caches["counters"]
        try:
            counters.add(name, 0, timeout=2 * WINDOW_S)
            return counters.incr(name)
        except (RedisError, ValueError):
            log.warning("throttle.counter_away")
            return 0
