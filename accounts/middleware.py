"""Tells every view who is asking."""

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.readers import VISITOR, PageRequest, Reader, reader_of_user

ACTING_FOR = "organization"


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
