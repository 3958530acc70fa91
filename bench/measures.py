"""One whole-market run of one engine in a process of its own, so that each has its own peak of memory."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bench.answers import KEPT_PER_NEED, KEPT_PER_OFFER, Kept
from bench.market import needs, offers
from bench.peers.engines import DuckDB, Engine, PostgreSQL, Tables
from engine.arrays.keeping import keep
from engine.arrays.ranking import Market

SEED = 1
TIMES = 5
T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """What one run took, and what it answered where others are to be compared with it."""

    engine: str
    size: int
    seconds: float
    cpu: float
    kept: int
    peak_mb: int
    answer: Kept = field(default_factory=dict, repr=False)
    encoding: float = 0.0  # seconds from plain values to rows
    is_extrapolated: bool = False


def alone(measure: Callable[..., Run], *args: object) -> Run:
    """Run in a fresh process."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(measure, *args).result()


def kernel(size: int, threads: int, with_answer: bool) -> Run:
    """The array form of the rules; compiled before the clock starts."""
    keep(_rows(200), KEPT_PER_NEED, KEPT_PER_OFFER, threads)
    started = time.perf_counter()
    market = _rows(size)
    encoding = time.perf_counter() - started
    found, seconds, cpu = _fastest(
        lambda: keep(market, KEPT_PER_NEED, KEPT_PER_OFFER, threads), time.process_time
    )
    answer: Kept = {}
    if with_answer:
        answer = {(need, offer): (score, *lists) for need, offer, score, *lists in found.tolist()}
    return Run("Kernel", size, seconds, cpu, len(found), peak_mb(), answer, encoding)


def _rows(size: int) -> Market:
    """Rows in the order of the sequences, ids their places."""
    market = Market()
    for place, offer in enumerate(offers(size, SEED)):
        market.offers.put(replace(offer, id=place))
    for place, need in enumerate(needs(size, SEED)):
        market.needs.put(replace(need, id=place))
    return market


def duckdb(size: int, threads: int, budget: float) -> Run:
    return _peer(DuckDB(threads, budget), size)


def postgresql(size: int, cores: int, budget: float, url: str) -> Run:
    return _peer(PostgreSQL(url, cores, budget), size)


def _peer(engine: Engine, size: int) -> Run:
    """Raises TooSlow where the budget does not suffice."""
    tables = Tables(list(offers(size, SEED)), list(needs(size, SEED)))
    engine.fill(tables)
    _, seconds, cpu = _fastest(lambda: engine.match(tables), engine.cpu)
    kept = engine.kept()
    peak = peak_mb() if isinstance(engine, DuckDB) else 0
    return Run(engine.name, size, seconds, cpu, len(kept), peak, kept)


def _fastest(match: Callable[[], T], cpu: Callable[[], float]) -> tuple[T, float, float]:
    """The last answer; seconds of the fastest of some times, and of its cores. The first pays for fresh
    memory, and any may be held up by what else the machine does."""
    taken: list[tuple[float, float]] = []
    for _ in range(TIMES):
        started, used = time.perf_counter(), cpu()
        found = match()
        taken.append((time.perf_counter() - started, cpu() - used))
    return found, *min(taken)


def peak_mb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)
