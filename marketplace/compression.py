"""Pages travel compressed. Whitenoise does the same for files, long before anybody asks."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressPagesMiddleware(GZipMiddleware):
    """HTML only: a compressed answer keeps but a weak ETag, and the API's `If-Match` wants a strong one.

    A page repeats what was asked and may hold a CSRF token. Django masks the token anew in each answer and
    pads what it compresses at random, so the length tells nothing (the attack is called BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
