"""How much one principal may ask of the API in a minute.

REST framework loads this module before its own views: nothing here may import them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from accounts.authentication import reader_of
from common.counters import WINDOW_S, counted

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class PerPrincipal(BaseThrottle):
    """A limit a minute by key, by person or by a visitor's address."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        reader = reader_of(request)
        self.remaining = WINDOW_S - time.time() % WINDOW_S
        is_visitor = reader.user is None
        name = f"visitor:{self.get_ident(request)}" if is_visitor else reader.principal
        limit = settings.API_REQUESTS_PER_MINUTE["visitor" if is_visitor else "principal"]
        return counted(name) <= int(limit)

    def wait(self) -> float:
        return self.remaining
