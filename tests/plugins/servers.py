"""An early plugin: throw-away PostgreSQL and Valkey, up before settings are read.

`DATABASE_URL` and `REDIS_URL` of the environment win. One PostgreSQL serves the whole run (each xdist worker
has its own database in it); every test process has its own Valkey, so that a test may stop or flush it.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.local import places, servers
from marketplace.local.processes import Child, wait_until

FOLDER = "SWITCHYARD_TEST_SERVERS"  # the folder of this run's servers, for xdist workers
# The secret is long enough for production's settings, under which some tests start the site.
RUN_FOR_TESTS = {
    "DEVELOPMENT": "1",
    "SECRET_KEY": "only for tests " * 4,
    "LOG_LEVEL": "WARNING",
    "PUBLIC_URL": "https://switchyard.test",  # by which no test reaches the site
}


class ValkeyServer:
    """This process's own Valkey, to be stopped and started by a test."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path
        self.url = servers.redis_url(socket_path)
        self.child: Child | None = None

    def start(self) -> None:
        if self.child and self.child.is_running():
            return
        log = self.socket_path.with_suffix(".log")
        self.child = servers.valkey(self.socket_path, log)
        self.child.start()
        if not wait_until(lambda: servers.valkey_answers(self.socket_path), 10):
            raise RuntimeError(log.read_text())

    def stop(self) -> None:
        """Gone at once, as after a crash; what was queued in it is lost."""
        if self.child:
            self.child.kill()


class Servers:
    """What this test process has started itself."""

    def __init__(self) -> None:
        self.valkey: ValkeyServer | None = None
        self.postgres: Child | None = None
        self.folder: Path | None = None

    def start(self) -> None:
        os.environ.update({name: os.environ.get(name, value) for name, value in RUN_FOR_TESTS.items()})
        if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
            self.folder = Path(tempfile.mkdtemp(prefix="switchyard-test-", dir=places.SHORT))
            os.environ[FOLDER] = str(self.folder)
        if "DATABASE_URL" not in os.environ:
            self._start_postgres(Path(os.environ[FOLDER]))
        if "REDIS_URL" not in os.environ or os.environ.get(FOLDER, "none") in os.environ["REDIS_URL"]:
            self._start_valkey(Path(os.environ[FOLDER]))

    def _start_valkey(self, folder: Path) -> None:
        self.valkey = ValkeyServer(folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'valkey')}.sock")
        self.valkey.start()
        os.environ["REDIS_URL"] = self.valkey.url

    def _start_postgres(self, folder: Path) -> None:
        place, log = places.settle_for_a_while(folder), folder / "postgres.log"
        if servers.initdb(place, log, forgetful=True).start().wait(60):
            raise RuntimeError(log.read_text())
        servers.keep_data(place)
        self.postgres = postgres = servers.postgres(place, log, forgetful=True)
        postgres.start()
        if not wait_until(lambda: servers.postgres_is_ready(place, postgres), 30):
            raise RuntimeError(log.read_text())
        os.environ["DATABASE_URL"] = servers.database_url(place.sockets)

    def stop(self) -> None:
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


SERVERS = Servers()


def is_throw_away() -> bool:
    """Whether this run has brought its own PostgreSQL."""
    return os.environ.get(FOLDER, "none") in os.environ["DATABASE_URL"]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidy up as after Ctrl-C
    early_config.add_cleanup(SERVERS.stop)
    SERVERS.start()
    return (yield)


@pytest.fixture
def valkey_server() -> Iterator[ValkeyServer]:
    """The Valkey of this process: `stop()` and `start()` it at will; it runs again after the test, empty."""
    if SERVERS.valkey is None:
        pytest.skip("REDIS_URL names a server that a test must not stop")
    yield SERVERS.valkey
    SERVERS.valkey.stop()
    SERVERS.valkey.start()
