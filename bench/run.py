"""The engine against itself, against SQL and against the clock: one command, one document.

    .venv/bin/python -m bench.run --write docs/performance.md

Kernel and peers run one after the other over the same invented markets, each in a process of its own, and
their answers are compared. Then the worker's own path and the whole market, end to end, through real servers.
Everything starts its own servers and stops them.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.answers import differences
from bench.measures import TIMES, Run, alone, duckdb, kernel, postgresql
from bench.peers.engines import TooSlow
from bench.with_servers import throw_away_servers

CORES = 2
PEER_SIZES = (1_000, 2_000, 4_000, 10_000)
KERNEL_SIZES = (1_000, 10_000, 100_000)


def main() -> None:
    asked = _arguments()
    parts = [_head(), *_squares(asked), *_end_to_end(asked)]
    text = "\n\n".join(parts) + "\n"
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")
    print(text)


# ---- kernel and peers


def _squares(asked: argparse.Namespace) -> Iterator[str]:
    beside = [size for size in PEER_SIZES if size <= asked.peers]
    shown = [size for size in KERNEL_SIZES if size <= asked.largest]
    ours = {size: _noted(alone(kernel, size, CORES, size in beside)) for size in sorted({*shown, *beside})}
    where: dict[str, str] = {}
    with throw_away_servers(where):
        theirs = [
            *_peer_runs(duckdb, beside, asked.budget, []),
            *_peer_runs(postgresql, beside, asked.budget, [where["DATABASE_URL"]]),
        ]
    yield _kernel_table([ours[size] for size in shown])
    yield _peer_table(ours, theirs)


def _peer_runs(
    measure: Callable[..., Run], sizes: Iterable[int], budget: float, more: list[str]
) -> Iterator[Run]:
    """Each size until the budget is spent; what is left is told from the growth so far."""
    found: list[Run] = []
    for size in sizes:
        try:
            found.append(_noted(alone(measure, size, CORES, budget, *more)))
        except TooSlow:
            found.append(_noted(_extrapolated(found, size)))
    yield from found


def _extrapolated(found: list[Run], size: int) -> Run:
    known = [run for run in found if not run.is_extrapolated]
    times = (size / known[-1].size) ** 2
    seconds, cpu = (getattr(known[-1], name) * times ** growth(known, name) for name in ("seconds", "cpu"))
    return replace(known[-1], size=size, seconds=seconds, cpu=cpu, kept=0, answer={}, is_extrapolated=True)


def growth(runs: list[Run], name: str = "cpu") -> float:
    """The exponent by which cost grows with the number of pairs: least squares over the logarithms."""
    pairs = [math.log(run.size**2) for run in runs]
    costs = [math.log(getattr(run, name)) for run in runs]
    return statistics.linear_regression(pairs, costs).slope


def _noted(run: Run) -> Run:
    told = "told from the growth" if run.is_extrapolated else f"{run.kept} kept"
    print(f"{run.engine} {run.size}: {run.seconds:.2f} s, {run.cpu:.2f} s CPU, {told}", file=sys.stderr)
    return run


def _kernel_table(ours: list[Run]) -> str:
    rows = (
        [
            _square(run),
            _s(run.seconds),
            _s(run.cpu),
            _s(run.encoding),
            f"{run.kept:,}",
            f"{run.peak_mb:,}",
        ]
        for run in ours
    )
    head = ["Pairs", "Seconds", "CPU seconds", "Encoding, s", "Pairs kept", "Peak memory, MB"]
    grown = f"Cost grows with the pairs to the power of **{growth(ours):.2f}**." if len(ours) > 1 else ""
    return f"## The kernel, {CORES} threads\n\n{_table(head, rows)}\n\n{grown}"


def _peer_table(ours: dict[int, Run], theirs: list[Run]) -> str:
    rows = (
        [
            run.engine,
            _square(run),
            _s(run.seconds),
            _s(run.cpu),
            _times(run.seconds, ours[run.size].seconds),
            _times(run.cpu, ours[run.size].cpu),
            _same(run, ours[run.size]),
        ]
        for run in theirs
    )
    head = ["Engine", "Pairs", "Seconds", "CPU seconds", "× kernel", "× kernel, CPU", "Answers"]
    return f"## Set-based SQL, the same rules\n\n{_table(head, rows)}\n\n{PEERS}"


def _same(run: Run, ours: Run) -> str:
    if run.is_extrapolated:
        return "told from the growth"
    return differences(run.answer, ours.answer) or "the same"


PEERS = f"""Time counts from tables in place to lists kept: the fastest of {TIMES} times one after the other,
for the kernel as for the others. The SQL is written to win: words as bits, phases as columns, one condition
for each gate with the most selective first, loose tests before any phase is seen, ramps only for pairs that
can still reach the least score. Each engine has {CORES} cores: DuckDB as threads, PostgreSQL as one
connection each, because columns worked out in levels get no parallel plan."""


# ---- end to end


def _end_to_end(asked: argparse.Namespace) -> Iterator[str]:
    if asked.incremental:
        size = (f"--sites={asked.incremental}", f"--requests={asked.incremental}")
        yield _told("From a post to its matches", "bench.incremental", *size)
    if asked.pages:
        size = (f"--load={asked.pages}", "--shown=12")
        yield _told("The slowest pages, with as many sites and requests", "bench.pages", *size)
    if asked.end_to_end:
        size = (f"--sites={asked.end_to_end}", f"--requests={asked.end_to_end}")
        yield _told("The whole market, end to end with all writes", "bench.whole_market", *size)


def _told(title: str, module: str, *options: str) -> str:
    command = [sys.executable, "-m", "bench.with_servers", module, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own modules
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return f"## {title}\n\n```\n{done.stdout.strip()}\n```"


# ---- words


def _head() -> str:
    return f"""# Performance

Made by `.venv/bin/python -m bench.run {" ".join(sys.argv[1:])}` on {datetime.now(UTC):%Y-%m-%d}.

Machine: {_processor()}, {os.cpu_count()} cores, {_memory_gb()} GB; Python {platform.python_version()}; load
before the start {os.getloadavg()[0]:.1f}. On a machine that does other things as well, CPU seconds say more
than seconds. The markets are invented from one seed with the shares of the real one (`bench/market.py`): of a
hundred pairs of one unit about five pass all gates."""


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _square(run: Run) -> str:
    return f"{run.size:,}²"


def _s(seconds: float) -> str:
    return f"{seconds:,.2f}" if seconds < 100 else f"{seconds:,.0f}"


def _times(seconds: float, ours: float) -> str:
    return f"{seconds / ours:,.0f}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--largest", type=int, default=100_000, help="largest market of the kernel")
    parser.add_argument("--peers", type=int, default=10_000, help="largest market of the peers")
    parser.add_argument("--budget", type=float, default=300, help="seconds that a peer may take for one")
    parser.add_argument(
        "--incremental", type=int, default=100_000, help="sites, and requests, that a new site meets; 0: no"
    )
    parser.add_argument(
        "--end-to-end", type=int, default=20_000, help="sites, and requests, ranked anew; 0: leave out"
    )
    parser.add_argument("--pages", type=int, default=100_000, help="sites, and requests; 0: leave out")
    parser.add_argument("--write", type=Path, help="the document to write")
    return parser.parse_args()


if __name__ == "__main__":
    main()
