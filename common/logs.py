"""What the log says of a request: enough to find it, nothing that opens a door."""

import re

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware

# Addresses that end in a token from a mail.
_TOKENS = re.compile(r"(/invitation/|/confirm-email/|/reset/key/)[^/]+")


class RequestLogMiddleware(RequestMiddleware):
    """One line as a request begins, one as it ends; without tokens and without what was searched for."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        path = _TOKENS.sub(r"\1…", request.path)
        return f"{request.method} {path}"
