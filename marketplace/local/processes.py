"""Foreground child processes that never outlive their parent."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parents[2]
Output = int | Path | None  # subprocess.PIPE, a file to append to, or our own

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Child:
    """One foreground process in a process group of its own, so that only we pass signals on to it.

    `owner` is the user to become (only root may ask for one); `stop_with` is the signal that ends it in an
    orderly way, within `patience_s`. On Linux the kernel sends the same signal should we die first.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        owner: pwd.struct_passwd | None = None,
        stop_with: signal.Signals = signal.SIGTERM,
        patience_s: float = 10,
        output: Output = subprocess.PIPE,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.env = dict(env) if env is not None else None
        self.owner = owner
        self.stop_with = stop_with
        self.patience_s = patience_s
        self.output = output
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        if isinstance(self.output, Path):
            with self.output.open("ab") as file:
                return self._start(file)
        return self._start(self.output)

    def _start(self, output: int | IO[bytes] | None) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen(  # noqa: S603 - the commands are our own
            self.command,
            env=self.env,
            cwd="/" if self.owner else CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            process_group=0,
            user=self.owner.pw_uid if self.owner else None,
            group=self.owner.pw_gid if self.owner else None,
            extra_groups=[] if self.owner else None,
            preexec_fn=_die_with(os.getpid(), self.stop_with),
        )
        return self.process

    @property
    def pid(self) -> int:
        if self.process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self.process.pid

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Only the leader is asked: it knows in which order to end its own children."""
        if self.is_running():
            os.kill(self.pid, self.stop_with)

    def kill(self) -> None:
        """End the whole group at once, and reap the leader."""
        if self.process is None:
            return
        kill_group(self.pid)
        self.process.wait(10)

    def stop(self) -> None:
        self.ask_to_stop()
        if not wait_until(lambda: not self.is_running(), self.patience_s):
            self.kill()


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # gone, or (macOS) only an unreaped zombie is left
        return


def wait_until(condition: Callable[[], bool], patience_s: float, every_s: float = 0.02) -> bool:
    """Ask again and again until it holds; False when it did not within the time."""
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every_s)
    return True


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    if _libc is None:
        return None
    prctl = _libc.prctl

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return ask_the_kernel
