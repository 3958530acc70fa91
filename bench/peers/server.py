"""A PostgreSQL of our own for as long as a measurement takes."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from marketplace.local import places, servers
from marketplace.local.processes import wait_until


@contextmanager
def own_postgres() -> Iterator[str]:
    """The address of a fresh server, which is gone afterwards. It keeps nothing safe: nothing needs to be."""
    folder = Path(tempfile.mkdtemp(prefix="switchyard-peer-", dir=places.SHORT))
    place, log = places.settle_for_a_while(folder), folder / "postgres.log"
    try:
        if servers.initdb(place, log, forgetful=True).start().wait(60):
            raise RuntimeError(log.read_text())
        servers.keep_data(place)
        server = servers.postgres(place, log, forgetful=True)
        server.start()
        try:
            if not wait_until(lambda: servers.postgres_is_ready(place, server), 30):
                raise RuntimeError(log.read_text())
            yield servers.database_url(place.sockets, "postgres")
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
