"""The front door, what to say when something is wrong, and the icon that browsers ask for by themselves."""

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from accounts.readers import PageRequest
from common.problems import is_api, problem_answer
from market.views import landing
from matching.home import member_home


@require_safe
def home(request: PageRequest) -> HttpResponse:
    """A member's own market, or the landing page for everybody else."""
    return member_home(request) if request.reader.organization else landing(request)


def favicon(request: HttpRequest) -> HttpResponse:
    """Pages that name no icon, the operators' among them, make browsers ask here."""
    return redirect(static("icon.svg"))


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Every combination of filters is an address: crawlers keep to those without any."""
    return HttpResponse("User-agent: *\nDisallow: /*?\nDisallow: /api/v1/\n", content_type="text/plain")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 400, "bad_request", "The request could not be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 403, "permission_denied", "You may not do this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _error(request, 403, "csrf_failed", "The form was open too long or came from elsewhere.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 404, "not_found", "There is nothing at this address.")


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, 429, "throttled", "Too many attempts from your network.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when Postgres is away. Renders without context processors: those may ask Postgres."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status, code = (503, "database_away") if away else (500, "error")
    if is_api(request):
        answer = problem_answer(status, code, "Try again in a minute.")
    else:
        answer = HttpResponse(render_to_string(f"{status}.html"), status=status)
    if away:
        answer["Retry-After"] = "10"
    return answer


def _error(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if is_api(request):
        return problem_answer(status, code, detail)
    context = {"title": HTTPStatus(status).phrase, "detail": detail}
    return render(request, f"{status}.html", context, status=status)
