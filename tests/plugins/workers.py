"""A real Celery worker in a process of its own, to be killed, paused and asked."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from django.db import connection

from marketplace.local.processes import Child
from marketplace.management.commands import up
from tests.plugins.servers import ValkeyServer
from tests.waiting import eventually


class WorkerProcess:
    """`manage.py up`'s worker, on the database and the Valkey of this test."""

    def __init__(self, log: Path) -> None:
        self.log = log
        env = {**os.environ, **up.WORKER_ENV, "DATABASE_URL": url_of_test_database(), "LOG_LEVEL": "INFO"}
        env["RUN_POSTS_AT_ONCE"] = "3"  # the markets of tests are small, and are to be caught half-way
        self.child = Child("worker", [sys.executable, *up.WORKER.split()], env=env, output=log)

    def start(self) -> None:
        self.child.start()
        eventually(lambda: "ready." in self.output() or not self.child.is_running(), 30)
        assert self.child.is_running(), self.output()

    def output(self) -> str:
        return self.log.read_text()

    def pool_pids(self) -> list[int]:
        """The processes that run the tasks."""
        return [process.pid for process in psutil.Process(self.child.pid).children()]

    def kill(self) -> None:
        """As a power cut would: the worker and its pool at once."""
        self.child.kill()

    def kill_pool(self) -> None:
        """As the kernel does when memory runs out: the task's process dies, the worker lives."""
        for pid in self.pool_pids():
            os.kill(pid, signal.SIGKILL)

    def pause(self) -> None:
        os.killpg(self.child.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.child.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self.child.is_running():
            self.resume()
        self.child.stop()


def url_of_test_database() -> str:
    """For processes that are to work on what this test has in its database."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


@pytest.fixture
def start_worker(
    transactional_db: None, valkey_server: ValkeyServer, tmp_path: Path
) -> Iterator[Callable[[], WorkerProcess]]:
    """Call it to get a running worker, as often as you need one."""
    workers: list[WorkerProcess] = []

    def start() -> WorkerProcess:
        workers.append(WorkerProcess(tmp_path / f"worker-{len(workers)}.log"))
        workers[-1].start()
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()
