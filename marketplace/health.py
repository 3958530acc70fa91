"""Two probes: `/healthz` asks whether the process lives, `/readyz` whether it can serve and what waits."""

from collections.abc import Callable
from functools import cache

from celery import current_app
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu.exceptions import OperationalError as BrokerError

from listings.models import Change


class NotMigratedError(Exception):
    """Migrations of this code are still to be applied."""


class HealthMiddleware:
    """Answers before all other middleware: a probe has no host name, no HTTPS and no session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.probes = {"/healthz": healthz, "/readyz": readyz}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.probes.get(request.path_info, self.get_response)
        return answer(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """No I/O: a lost database is no reason to restart a process."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """503 without Postgres or its tables; without a broker only *degraded*, for all work still gets done."""
    try:
        _require_migrations()
        waiting, parked = Change.objects.waiting(), Change.objects.parked()
        counts = {
            "changes_waiting": waiting.ordinary().count(),
            "changes_parked": parked.count(),
            "run_posts_waiting": waiting.of_run().count(),
        }
    except NotMigratedError:
        return JsonResponse({"status": "down", "reason": "migrations are not applied"}, status=503)
    except (DatabaseError, InterfaceError):
        return JsonResponse({"status": "down", "reason": "Postgres does not answer"}, status=503)
    status = "ready" if _broker_answers() else "degraded"
    return JsonResponse({"status": status, **counts})


@cache
def _require_migrations() -> None:
    """Raise NotMigratedError, or find once for all that everything is applied."""
    if not is_migrated():
        raise NotMigratedError


def is_migrated() -> bool:
    """Whether every migration of this code is applied; it costs reading them all."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _broker_answers() -> bool:
    try:
        with current_app.connection_for_read() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0)
    except (BrokerError, OSError):
        return False
    return True
