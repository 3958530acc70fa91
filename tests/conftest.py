"""Fixtures for every test."""

from tests.plugins.workers import start_worker

__all__ = ["start_worker"]
pytest_plugins = ["tests.cast", "tests.factories"]
