"""Run a measurement with a PostgreSQL and a Valkey of its own, empty before and gone afterwards.

    .venv/bin/python -m bench.with_servers bench.whole_market --sites 2000

Postgres writes as safely as in production.
"""

import os
import runpy
import shutil
import sys
import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from marketplace.local import places, servers
from marketplace.local.processes import Child, wait_until

SETTINGS = {
    "DEVELOPMENT": "1",
    "SECRET_KEY": "only-for-measuring",
    "LOG_LEVEL": "WARNING",
    "API_REQUESTS_PER_MINUTE": "1000000",  # a stopwatch looks more often than a customer may
}


@contextmanager
def throw_away_servers(environment: MutableMapping[str, str] = os.environ) -> Iterator[None]:
    """Start both and point the environment at them, before any setting is read."""
    folder = Path(tempfile.mkdtemp(prefix="switchyard-bench-", dir=places.SHORT))
    with ExitStack() as tidy:
        tidy.callback(shutil.rmtree, folder, ignore_errors=True)
        place = places.settle_for_a_while(folder)
        _run(servers.initdb(place, folder / "postgres.log"))
        servers.keep_data(place)
        postgres = servers.postgres(place, folder / "postgres.log")
        _keep(postgres, tidy)
        _require(wait_until(lambda: servers.postgres_is_ready(place, postgres), 60), "Postgres")
        servers.make_database(place.sockets)
        _keep(servers.valkey(folder / "valkey.sock", folder / "valkey.log"), tidy)
        _require(wait_until(lambda: servers.valkey_answers(folder / "valkey.sock"), 10), "Valkey")
        environment.update(
            SETTINGS,
            DATABASE_URL=servers.database_url(place.sockets),
            REDIS_URL=servers.redis_url(folder / "valkey.sock"),
            STATEMENT_TIMEOUT_MS="600000",
        )
        yield


def _run(step: Child) -> None:
    _require(step.start().wait(120) == 0, step.name)


def _keep(child: Child, tidy: ExitStack) -> None:
    child.start()
    tidy.callback(child.stop)


def _require(came_up: bool, what: str) -> None:
    if not came_up:
        raise SystemExit(f"{what} did not come up.")


if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    with throw_away_servers():
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
