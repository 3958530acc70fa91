"""What an earlier run left behind: found, proven to be ours, and stopped.

On Linux the kernel ends children whose parent was killed; elsewhere, and in odd cases, they live on.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from marketplace.local import places
from marketplace.local.processes import CHECKOUT, Child, kill_group

FILE = places.LOCAL / "children.json"
_CLOCK_SLACK_S = 2


def remember(child: Child, file: Path = FILE) -> None:
    """Note a child's id and birth, which together name one process for ever."""
    try:
        born = psutil.Process(child.pid).create_time()
    except psutil.NoSuchProcess:
        return
    known = [record for record in _records(file) if psutil.pid_exists(record["pid"])]
    records = [*known, {"pid": child.pid, "born": born, "stop_with": int(child.stop_with)}]
    file.with_suffix(".unfinished").write_text(json.dumps(records))
    file.with_suffix(".unfinished").replace(file)


def forget(file: Path = FILE) -> None:
    file.unlink(missing_ok=True)


def stop_all(say: Callable[[str], None], place: places.Place | None, file: Path = FILE) -> None:
    """Stop what is left, last started first, Postgres in its orderly way."""
    for record in reversed(_records(file)):
        for process in _group(record):
            say(f"Stopping process {process.pid}, left behind by an earlier run.")
            _stop(process, signal.Signals(int(record["stop_with"])))
    forget(file)
    if place:
        _clear_postmaster(say, place.data)


def _records(file: Path) -> list[dict[str, float]]:
    try:
        records: list[dict[str, float]] = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return []
    return records


def _group(record: dict[str, float]) -> Iterator[psutil.Process]:
    """The remembered process, and those of its group that run from this checkout."""
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == record["pid"] and _is_ours(process, record):
                yield process
        except (psutil.Error, ProcessLookupError):
            continue


def _is_ours(process: psutil.Process, record: dict[str, float]) -> bool:
    if process.pid == record["pid"]:
        return bool(abs(process.create_time() - record["born"]) < _CLOCK_SLACK_S)
    return str(CHECKOUT) in " ".join(process.cmdline())


def _clear_postmaster(say: Callable[[str], None], data: Path) -> None:
    """Remove a lock file whose process is gone, though its number may serve another program by now."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    try:
        process = psutil.Process(int(lock.read_text().split()[0]))
        if str(data) in process.cmdline():
            say(f"Stopping PostgreSQL {process.pid}, left behind by an earlier run.")
            _stop(process, signal.SIGINT, patience_s=60)
    except psutil.NoSuchProcess:
        pass
    lock.unlink(missing_ok=True)


def _stop(process: psutil.Process, stop_with: signal.Signals, patience_s: float = 20) -> None:
    try:
        process.send_signal(stop_with)
        process.wait(patience_s)
    except psutil.TimeoutExpired:
        kill_group(os.getpgid(process.pid))
    except psutil.NoSuchProcess:
        return
