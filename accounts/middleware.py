"""Tells every view who is asking."""

from collections.abc import Callable
from math import inf
from time import time
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts import services
from accounts.models import User
from accounts.readers import VISITOR, PageRequest, Reader, reader_of_user

ACTING_FOR = "organization"
SEEN_AT = "seen_at"
SEEN_GRAIN_SECONDS = 300


class ReaderMiddleware:
    """Sets `request.reader`, looked up when first asked: a page that does not care costs no query."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reader = SimpleLazyObject(lambda: _reader(request))
        cast(PageRequest, request).reader = cast(Reader, reader)
        return self.get_response(request)


def _reader(request: HttpRequest) -> Reader:
    if not isinstance(request.user, User) or not request.user.is_authenticated:
        return VISITOR
    return reader_of_user(request.user, request.session.get(ACTING_FOR))


class LastSeenMiddleware:
    """Keeps "last seen" in the list of sessions true to five minutes, without a query in between."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Looking into a session that nothing has read would cost the query that this saves.
        if request.session.accessed and time() - request.session.get(SEEN_AT, inf) > SEEN_GRAIN_SECONDS:
            note_seen(request)
            services.note_session_seen(session_key=request.session.session_key, now=timezone.now())
        return response


def note_seen(request: HttpRequest) -> None:
    """Starts, or goes on with, the clock of this session; sessions without it did not begin by signing in."""
    request.session[SEEN_AT] = int(time())
