"""The API keeps to its own description, whatever is sent: no 5xx, and every answer as the schema says."""

from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from schemathesis.core.result import Ok

from marketplace.wsgi import application

LARGE = 2_500
PROMISES = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(autouse=True)
def one_transaction(db):
    """The WSGI application keeps the test's connection, as Django's own test client does."""
    signals = [request_started, request_finished]
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("role", ["visitor", "miner", "tenant", "broker", "stranger"])
@pytest.mark.parametrize("examples", [12, pytest.param(LARGE, marks=pytest.mark.large)])  # an operation
def test_no_request_breaks_the_contract(request, role, examples):
    actor = request.getfixturevalue(role)
    headers = {"Authorization": f"Bearer {actor.secret}"} if role != "visitor" else {}
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)

    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        keep_to(result.ok(), headers, examples)


def keep_to(operation: Any, headers: dict[str, str], examples: int) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=examples < LARGE,  # the everyday run asks the same each time
        suppress_health_check=list(HealthCheck),
    )
    def each(case: Any) -> None:
        with transaction.atomic():  # every example finds the market as it was
            case.call_and_validate(headers=headers, checks=PROMISES)
            transaction.set_rollback(True)

    each()
