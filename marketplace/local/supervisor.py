"""Keeps child processes running, shows what they print, and ends them in the right order."""

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from marketplace.local import leftovers
from marketplace.local.processes import Child, kill_group

_COLOURS = (36, 35, 33, 32, 34)
_NAME_WIDTH = 8
_LONGEST_PAUSE_S = 30
_RECOVERED_AFTER_S = 60


class StopAskedError(Exception):
    """Ctrl-C, SIGTERM, or the terminal was closed."""


class StepFailedError(Exception):
    """A step that must succeed did not."""


@dataclass
class _Kept:
    """A child to be kept running; `due_at` is when a dead one is started again."""

    child: Child
    started_at: float = field(default_factory=time.monotonic)
    pause_s: float = 0.5
    due_at: float | None = None


class Supervisor:
    """One thread, because on Linux a child dies with the thread that started it."""

    def __init__(self) -> None:
        self.kept: list[_Kept] = []
        self._steps: list[Child] = []
        self._times_asked = 0
        self._is_stopping = False
        self._lines: dict[int, tuple[str, bytes]] = {}
        self._names: list[str] = []
        self._selector = selectors.DefaultSelector()
        self._wake_from, self._wake_to = socket.socketpair()
        self._listen_to_signals()

    # --- what the caller does ---

    def say(self, text: str) -> None:
        self._print("up", text)

    def step(self, child: Child) -> None:
        """Run something to its end, or raise StepFailedError."""
        self._steps.append(child)
        self._start(child)
        while child.is_running():
            self.pump()
        self._steps.remove(child)
        self._drain()
        if child.process and child.process.returncode:
            raise StepFailedError(f"{child.name} failed (exit {child.process.returncode}).")

    def keep(self, child: Child) -> None:
        """Start a child, and start it again, ever more slowly, whenever it dies."""
        self._start(child)
        self.kept.append(_Kept(child))

    def wait_for(self, condition: Callable[[], bool], *, what: str, patience_s: float) -> None:
        end = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > end:
                raise StepFailedError(f"{what} did not answer within {patience_s:.0f} s.")
            self.pump(0.05)

    def watch(self) -> None:
        """Until somebody asks to stop."""
        while True:
            self.pump()

    def stop(self) -> None:
        """End the children, last started first; asked a second time, at once."""
        self._is_stopping = True
        for child in [*self._steps, *(kept.child for kept in reversed(self.kept))]:
            if child.is_running():
                self._stop_one(child)
            child.kill()
        self._drain()
        leftovers.forget()

    def pump(self, at_most_s: float = 1.0) -> None:
        """Show what was printed, start again what has died; raises StopAskedError once."""
        for key, _ in self._selector.select(min(at_most_s, self._next_due_s())):
            self._read(key.fd)
        if self._is_stopping:
            return
        if self._times_asked:
            raise StopAskedError
        for kept in self.kept:
            self._tend(kept)

    # --- how it is done ---

    def _start(self, child: Child) -> None:
        process = child.start()
        leftovers.remember(child)
        if process.stdout:
            fd = process.stdout.fileno()
            os.set_blocking(fd, False)
            self._lines[fd] = (child.name, b"")
            self._selector.register(process.stdout, selectors.EVENT_READ)

    def _tend(self, kept: _Kept) -> None:
        now = time.monotonic()
        if kept.due_at is None and not kept.child.is_running():
            self._announce_death(kept, now)
        elif kept.due_at is not None and now >= kept.due_at:
            kept.due_at, kept.started_at = None, now
            self._start(kept.child)

    def _announce_death(self, kept: _Kept, now: float) -> None:
        kill_group(kept.child.pid)  # nothing of it may stay behind
        has_recovered = now - kept.started_at > _RECOVERED_AFTER_S
        kept.pause_s = 0.5 if has_recovered else min(kept.pause_s * 2, _LONGEST_PAUSE_S)
        kept.due_at = now + kept.pause_s
        code = kept.child.process.returncode if kept.child.process else None
        self.say(f"{kept.child.name} has died (exit {code}); it starts again in {kept.pause_s:.0f} s.")

    def _stop_one(self, child: Child) -> None:
        child.ask_to_stop()
        end = time.monotonic() + child.patience_s
        while child.is_running() and time.monotonic() < end and self._times_asked < 2:
            self.pump(0.05)
        if child.is_running():
            self.say(f"{child.name} does not stop; it is killed.")

    def _next_due_s(self) -> float:
        due = [kept.due_at for kept in self.kept if kept.due_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else _LONGEST_PAUSE_S

    def _listen_to_signals(self) -> None:
        self._wake_from.setblocking(False)
        self._wake_to.setblocking(False)
        signal.set_wakeup_fd(self._wake_to.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._wake_from, selectors.EVENT_READ)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake up

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._times_asked += 1

    def _read(self, fd: int) -> None:
        if fd == self._wake_from.fileno():
            self._wake_from.recv(4096)
            return
        name, rest = self._lines[fd]
        chunk = _read_what_is_there(fd)
        *lines, rest = (rest + (chunk or b"\n" * bool(rest))).split(b"\n")
        for line in lines:
            self._print(name, line.decode(errors="replace").rstrip())
        self._lines[fd] = (name, rest)
        if not chunk:
            self._selector.unregister(fd)
            del self._lines[fd]

    def _drain(self) -> None:
        while ready := [key.fd for key, _ in self._selector.select(0)]:
            for fd in ready:
                self._read(fd)

    def _print(self, name: str, text: str) -> None:
        if name not in self._names:
            self._names.append(name)
        prefix = f"{name:<{_NAME_WIDTH}} |"
        if sys.stdout.isatty():
            prefix = f"\x1b[{_COLOURS[self._names.index(name) % len(_COLOURS)]}m{prefix}\x1b[0m"
        with suppress(OSError):  # the terminal may be gone: what runs must still be ended in order
            sys.stdout.write(f"{prefix} {text}\n")
            sys.stdout.flush()


def _read_what_is_there(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return b""
