"""`manage.py up`: the whole product on this machine, from the first start to Ctrl-C."""

import fcntl
import http.client
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from accounts.models import User
from marketplace.demo import people
from marketplace.demo.loading import is_empty
from marketplace.health import is_migrated
from marketplace.local import environment, leftovers, places, servers
from marketplace.local.processes import Child, Output
from marketplace.local.supervisor import StepFailedError, StopAskedError, Supervisor

_T = TypeVar("_T")

LOCK = places.LOCAL / "lock"
WORKER = "-m celery --quiet -A marketplace worker -Q celery -c 1 --without-gossip --without-mingle"
WORKER_ENV = {
    "CONN_MAX_AGE": "600",
    "STATEMENT_TIMEOUT_MS": "30000",
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}
# In memory: what beat rings is rung again a few seconds later, and a file of its own can break.
BEAT = "-m celery --quiet -A marketplace beat --scheduler celery.beat:Scheduler"
WEB = "-m gunicorn marketplace.wsgi --bind 127.0.0.1:{port}"


class Command(BaseCommand):
    """Postgres and Valkey first, then migrations and demo market, then worker, beat and web."""

    help = "Start everything on this machine, and stop it on Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--empty", action="store_true", help="do not load the demo market")

    def handle(self, *args: Any, empty: bool, **options: Any) -> None:
        try:
            port = environment.port()
            with _only_run_here(port):
                _require_free(port)
                _run(port, with_demo=not empty)
        except (StepFailedError, places.UnsuitableError) as failed:
            raise CommandError(str(failed)) from failed
        except OperationalError as away:
            raise CommandError(f"The Postgres of DATABASE_URL does not answer: {away}") from away


def _run(port: int, *, with_demo: bool) -> None:
    supervisor = Supervisor()
    try:
        _start(supervisor, port, with_demo=with_demo)
        supervisor.watch()
    except StopAskedError:
        supervisor.say("Stopping.")
    finally:
        supervisor.stop()
    supervisor.say("Stopped. The data are kept for the next start.")


def _start(supervisor: Supervisor, port: int, *, with_demo: bool) -> None:
    """In this order; stopping goes the other way round."""
    _start_servers(supervisor)
    if not _asked_once(is_migrated):
        supervisor.step(_manage("migrate", "--no-input"))
        supervisor.step(_manage("load_gpu_models"))
    if with_demo and _asked_once(is_empty):
        supervisor.say("Loading the demo market (once)")
        supervisor.step(_manage("demo_market", "--verbosity=0"))
    supervisor.keep(_python("worker", WORKER, WORKER_ENV))
    supervisor.keep(_python("beat", BEAT, {}))
    supervisor.keep(_python("web", WEB.format(port=port), {"DATABASE_POOL": "1"}))
    supervisor.wait_for(lambda: _is_healthy(port), what="The web server", patience_s=60)
    if _asked_once(_has_demo_people):
        call_command("demo_market", "--logins")
    supervisor.say(f"Mail it would send is written to {settings.EMAIL_FILE_PATH}")
    supervisor.say(f"Switchyard is up: {_address(port)} (Ctrl-C stops it)")


def _start_servers(supervisor: Supervisor) -> None:
    place = places.settle() if environment.has_own_postgres() else None
    leftovers.stop_all(supervisor.say, place)
    if place:
        _start_postgres(supervisor, place, _fresh_log("postgres"))
    if environment.has_own_valkey():
        _start_valkey(supervisor, _fresh_log("valkey"))


def _start_postgres(supervisor: Supervisor, place: places.Place, log: Path) -> None:
    if not place.data.exists():
        supervisor.say(f"Making a database in {place.data}")
        supervisor.step(servers.initdb(place, log))
        servers.keep_data(place)
    supervisor.say(f"Starting Postgres, which logs to {log}")
    postgres = servers.postgres(place, log)
    supervisor.keep(postgres)
    supervisor.wait_for(lambda: servers.postgres_is_ready(place, postgres), what="Postgres", patience_s=300)
    servers.make_database(place.sockets)


def _start_valkey(supervisor: Supervisor, log: Path) -> None:
    supervisor.say(f"Starting Valkey, which logs to {log}")
    socket_path = environment.valkey_socket()
    places.private_folder(socket_path.parent, None)
    supervisor.keep(servers.valkey(socket_path, log))
    supervisor.wait_for(lambda: servers.valkey_answers(socket_path), what="Valkey", patience_s=10)


def _fresh_log(name: str) -> Path:
    log = places.LOCAL / f"{name}.log"
    log.write_bytes(b"")
    return log


def _manage(*arguments: str) -> Child:
    command = " ".join(["manage.py", *arguments])
    return _python(arguments[0], command, {"STATEMENT_TIMEOUT_MS": "600000"}, output=None)


def _python(name: str, arguments: str, env: dict[str, str], output: Output = -1) -> Child:
    command = [sys.executable, *arguments.split()]
    return Child(name, command, env=environment.with_these(env), patience_s=20, output=output)


def _asked_once(question: Callable[[], _T]) -> _T:
    """An answer from the database, without keeping a connection to it."""
    try:
        return question()
    finally:
        connections.close_all()


def _has_demo_people() -> bool:
    return User.objects.filter(email__in=[person.email for person in people.logins()]).exists()


def _address(port: int) -> str:
    """By name, because passkeys are bound to host names."""
    return f"http://localhost:{port}"


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            reason = f"Port {port} cannot be used ({taken.strerror})."
            raise CommandError(f"{reason} Choose another one: PORT={port % 65535 + 1} bin/up") from taken


@contextmanager
def _only_run_here(port: int) -> Iterator[None]:
    """The kernel frees the lock with its holder, however that ends."""
    with LOCK.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            lock.seek(0)
            raise CommandError(f"Switchyard already runs in this checkout: {lock.read()}") from held
        lock.truncate(0)
        lock.write(_address(port))
        lock.flush()
        yield
