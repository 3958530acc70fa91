"""Fixtures for every test."""

import pytest

from engine import arrays
from tests.plugins.servers import is_throw_away
from tests.plugins.workers import start_worker

__all__ = ["start_worker"]
pytest_plugins = ["tests.cast", "tests.factories"]


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """A database on a throw-away server goes with the server: nobody need be sent away from it first."""
    return is_throw_away()


@pytest.fixture(scope="session", autouse=True)
def compiled_rules() -> None:
    """Compiling takes longer than a transaction may idle, so it comes before the first."""
    arrays.warm()
