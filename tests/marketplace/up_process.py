"""`manage.py up` in a checkout of its own, as a user sees it from outside."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from marketplace.local import places
from marketplace.local.processes import CHECKOUT
from tests.waiting import eventually

LEFT_OUT = (".*", "bench", "docs", "node_modules", "__pycache__", "tests")
OF_THIS_RUN = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORT", "LOG_LEVEL"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Checkout:
    """A copy of the project, so that nobody's running servers are touched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(CHECKOUT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Start `up` and return at once."""
        inherited = {name: value for name, value in os.environ.items() if name not in OF_THIS_RUN}
        with (self.folder / "output").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=self.folder,
                env={**inherited, "PORT": str(self.port), **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def start(self, *arguments: str) -> None:
        self.process = process = self.begin("up", *arguments)
        starts = self.output().count("Switchyard is up") + 1
        eventually(
            lambda: self.output().count("Switchyard is up") == starts or process.poll() is not None, 90
        )
        assert process.poll() is None, self.output()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def end(self, with_signal: signal.Signals = signal.SIGINT) -> int:
        assert self.process
        self.process.send_signal(with_signal)
        return self.process.wait(60)

    def run(self, *arguments: str, **env: str) -> str:
        """What another `manage.py` command says while this one runs."""
        before = len(self.output())
        self.begin(*arguments, **env).wait(60)
        return self.output()[before:]

    def output(self) -> str:
        file = self.folder / "output"
        return file.read_text() if file.exists() else ""

    def ready(self) -> dict[str, object]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return dict(json.load(answer))
        except (urllib.error.URLError, OSError):
            return {"status": "down"}

    def processes(self) -> dict[str, psutil.Process]:
        """Every process that belongs to this checkout, by the most telling part of its command."""
        mark = places.checkout_mark(self.folder)
        found = {}
        for process in psutil.process_iter():
            try:
                command = process.cmdline()
                if mark in " ".join(command) or process.cwd() == str(self.folder):
                    found[_telling_part(command)] = process
            except psutil.Error:
                continue
        return found

    def remove(self) -> None:
        if self.is_running():
            self.end(signal.SIGKILL)
        for process in self.processes().values():
            process.kill()
        eventually(lambda: not self.processes())
        shutil.rmtree(self.folder)
        for server in ("postgres", "valkey"):
            shutil.rmtree(places.sockets_folder(server, self.folder / ".local"), ignore_errors=True)
        shutil.rmtree(places.elsewhere(self.folder / ".local"), ignore_errors=True)


def _telling_part(command: list[str]) -> str:
    names = ("postgres", "valkey", "worker", "beat", "gunicorn", "up")
    return next((name for name in names if any(name in part for part in command)), " ".join(command))
