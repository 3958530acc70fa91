"""Every refusal of the API as RFC 9457 `application/problem+json`."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from common.errors import DomainError, InvalidInput, NotAllowed

MEDIA_TYPE = "application/problem+json"
# Lock not available, deadlock, serialization failure: somebody else was faster; trying again helps.
BUSY_SQLSTATES = {"55P03", "40P01", "40001"}


class QueryInvalid(exceptions.ValidationError):
    """A query parameter breaks a rule; the problem names it under `parameter`."""


class Conflict(exceptions.APIException):
    status_code = 409
    default_code = "conflict"


class PreconditionFailed(exceptions.APIException):
    """What the client has read is no longer the current state, which `etag` names."""

    status_code = 412
    default_code = "changed_since"
    default_detail = "It was changed since you read it. Read it again, then repeat your change."

    def __init__(self, etag: str) -> None:
        super().__init__()
        self.etag = etag


class KeyReused(exceptions.APIException):
    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used for another request. Take a new key."


class PreconditionRequired(exceptions.APIException):
    status_code = 428
    default_code = "if_match_required"
    default_detail = "Send If-Match with the ETag that you read, so that nobody's change is lost."


class ContentTooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = "The body is larger than 1 MB."


def status_of(refusal: DomainError) -> int:
    """The HTTP status of a domain refusal, for pages and the API alike."""
    if isinstance(refusal, InvalidInput):
        return 400
    return 403 if isinstance(refusal, NotAllowed) else 409


def problem(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None (a 500 or 503 further up) for what nobody foresaw."""
    if isinstance(exc, DomainError):
        errors = [{"pointer": pointer(path.split(".")), "detail": text} for path, text in exc.fields.items()]
        return _response(status_of(exc), exc.code, exc.message, errors)
    known = _as_api_exception(exc)
    if known is None:
        return None
    if isinstance(known, exceptions.ValidationError):
        return _invalid(known, context["request"].method)
    return _response(known.status_code, str(known.get_codes()), str(known.detail), headers=_headers(known))


def problem_answer(status: int, code: str, detail: str) -> HttpResponse:
    """The same shape from outside DRF: no such route, the database is away."""
    return JsonResponse(_body(status, code, detail, []), status=status, content_type=MEDIA_TYPE)


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def pointer(path: list[str]) -> str:
    """A JSON pointer (RFC 6901); the empty one names the whole document."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path)


def _as_api_exception(exc: Exception) -> exceptions.APIException | None:
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(exc, RequestDataTooBig):
        return ContentTooLarge()
    if isinstance(exc, SuspiciousOperation | BadRequest | UnreadablePostError | RawPostDataException):
        return exceptions.ParseError("The request could not be read.")
    if isinstance(exc, OperationalError) and getattr(exc.__cause__, "sqlstate", None) in BUSY_SQLSTATES:
        return Conflict("Somebody else is changing this right now. Try again in a second.", "busy")
    return None


def _invalid(exc: exceptions.ValidationError, method: str) -> Response:
    faults = list(_walk(exc.detail, []))
    if isinstance(exc, QueryInvalid) or method in ("GET", "HEAD"):
        where, errors = "query", [{"parameter": ".".join(path), "detail": text} for path, text in faults]
    else:
        where, errors = "body", [{"pointer": pointer(path), "detail": text} for path, text in faults]
    return _response(400, "invalid", f"The {where} breaks a rule; `errors` says which.", errors)


def _walk(detail: Any, path: list[str]) -> Iterator[tuple[list[str], str]]:
    """Flattens DRF's nested errors into (path, sentence)."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _walk(inner, path if name == "non_field_errors" else [*path, str(name)])
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list)
            yield from _walk(inner, [*path, str(index)] if nested else path)
    else:
        yield path, str(detail)


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(ceil(wait))
    if isinstance(exc, Conflict):
        headers["Retry-After"] = "1"
    if isinstance(exc, PreconditionFailed):
        headers["ETag"] = exc.etag
    return headers


def _response(
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body = _body(status, code, detail, errors or [])
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def _body(status: int, code: str, detail: str, errors: list[dict[str, str]]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return {**body, "errors": errors} if errors else body
