"""The first command of the README, with real processes."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.marketplace.up_process import Checkout
from tests.waiting import eventually

COUNT_OPEN = "from listings.models import Site; print('open:', Site.objects.filter(status='open').count())"


@pytest.fixture(scope="module")
def new_checkout() -> Iterator[Callable[[str], Checkout]]:
    base = Path(tempfile.mkdtemp(prefix="switchyard-up-", dir="/tmp")).resolve()
    base.chmod(0o755)
    made: list[Checkout] = []

    def make(name: str) -> Checkout:
        (base / name).mkdir(mode=0o755)
        made.append(Checkout(base / name / "checkout"))
        return made[-1]

    yield make
    for checkout in made:
        checkout.remove()
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def checkout(new_checkout):
    return new_checkout("one")


@pytest.fixture
def running(checkout: Checkout) -> Checkout:
    """One checkout serves all tests; it is started for the first, and after one that has stopped it."""
    if not checkout.is_running():
        checkout.start("--empty")
    return checkout


@pytest.fixture
def stopped(checkout: Checkout) -> Checkout:
    if checkout.is_running():
        checkout.end()
    return checkout


def test_ctrl_c_ends_every_process(running):
    assert {"postgres", "valkey", "worker", "beat", "gunicorn"} <= running.processes().keys()

    assert running.end(signal.SIGINT) == 0

    assert running.processes() == {}
    assert "The data are kept" in running.output()


def test_a_second_one_in_the_same_checkout_names_the_first(running):
    answer = running.run("up")

    assert f"already runs in this checkout: http://localhost:{running.port}" in answer
    assert running.ready()["status"] == "ready"


def test_data_survive_a_supervisor_that_was_killed(running):
    running.run(
        "shell", "-c", "from accounts.models import User; User.objects.create(email='kept@example.org')"
    )
    running.end(signal.SIGKILL)

    running.start("--empty")

    answer = running.run("shell", "-c", "from accounts.models import User; print(User.objects.get().email)")
    assert "kept@example.org" in answer
    assert running.end(signal.SIGTERM) == 0
    assert running.processes() == {}


def test_a_paused_worker_of_a_killed_supervisor_does_not_stay(running):
    worker = running.processes()["worker"]
    os.killpg(os.getpgid(worker.pid), signal.SIGSTOP)
    running.end(signal.SIGKILL)

    running.start("--empty")

    assert not worker.is_running()
    assert running.ready()["status"] == "ready"


@pytest.mark.parametrize("name", ["worker", "postgres", "valkey", "gunicorn"])
def test_what_dies_is_started_again(running, name):
    died = running.processes()[name]
    deaths = running.output().count("has died")

    os.kill(os.getpgid(died.pid), signal.SIGKILL)

    eventually(lambda: running.output().count("has died") > deaths)
    eventually(lambda: running.ready()["status"] == "ready" and name in running.processes(), 30)


def test_two_checkouts_run_side_by_side_one_of_them_empty(running, new_checkout):
    other = new_checkout("two")
    other.start()

    assert "miner@demo.example" in other.output()
    assert "open: 0" not in other.run("shell", "-c", COUNT_OPEN)
    assert "miner@demo.example" not in running.output()
    assert "open: 0" in running.run("shell", "-c", COUNT_OPEN)
    assert running.ready()["status"] == other.ready()["status"] == "ready"


def test_a_database_that_was_named_and_is_away_is_reported(new_checkout):
    checkout = new_checkout("named")

    answer = checkout.run("up", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    assert "CommandError: The Postgres of DATABASE_URL does not answer" in answer
    assert checkout.processes() == {}


def test_a_busy_port_is_named_with_a_way_out(stopped):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = stopped.run("up", PORT=str(port))

    assert f"Port {port} cannot be used" in answer
    assert f"PORT={port + 1} bin/up" in answer
    assert stopped.processes() == {}


def test_a_port_that_is_none_is_refused(stopped):
    assert "PORT is a number from 1 to 65535, not 'http'" in stopped.run("up", PORT="http")


def test_other_commands_say_that_nothing_runs(stopped):
    assert "Postgres does not run: start bin/up" in stopped.run("migrate")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL another user")
def test_root_in_a_closed_folder_keeps_the_data_elsewhere_and_says_where(new_checkout):
    checkout = new_checkout("closed")
    checkout.folder.parent.chmod(0o700)

    checkout.start("--empty")

    assert checkout.ready()["status"] == "ready"
    assert "Making a database in /var/" in checkout.output()
    assert checkout.folder.parent.stat().st_mode & 0o777 == 0o700
