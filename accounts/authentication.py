"""Who calls the API, by key or by session, and what they may do at all.

REST framework loads this module before its own views: nothing here may import them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts import services
from accounts.readers import PageRequest, Reader, reader_of_key

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from accounts.models import ApiKey, User

BEARER = "bearer"


def reader_of(request: Request) -> Reader:
    """Who is asking, whether by key or by session."""
    return cast(PageRequest, request._request).reader


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer swy_…`. It wins over a session."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != BEARER:
            return None
        key = services.authenticate_key(secret=secret.strip(), now=timezone.now())
        reader = reader_of_key(key) if key else None
        if key is None or reader is None:
            raise exceptions.AuthenticationFailed("This key is unknown, expired or revoked.")
        cast(PageRequest, request._request).reader = reader
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionReaderAuthentication(SessionAuthentication):
    """The browser's session; writes need the CSRF token as on pages. ReaderMiddleware has set the reader."""


class MayWrite(BasePermission):
    """Anyone may read, and the view decides what they see; a write needs an organization and the scope."""

    message = "Writing needs an organization, and a key with the scope “write”."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or reader_of(request).may_write()


class ActsForOrganization(BasePermission):
    """For what a visitor has no part in."""

    message = "Create or join an organization first."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return reader_of(request).organization is not None
