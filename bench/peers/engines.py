"""The two engines: the same tables and the same statements, each with what it likes best."""

from __future__ import annotations

import csv
import io
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any

import duckdb
import psutil
import psycopg

from bench.answers import Kept
from bench.peers.columns import Book, Row, month_rows, need_row, offer_row
from bench.peers.rules import DIALECTS, Rules
from engine import Need, Offer

REAL = {
    "evidence", "escalator", "most_escalator", "security", "security_asked", "security_instead", "rack_asked",
    "rack_wished", "needed_ever", "w_power", "w_timeline", "w_terms",
}  # fmt: skip
LIKES = ("work_mem = '512MB'", "max_parallel_workers_per_gather = 0")
LAST = "kept"
YES_NO = {"anywhere", "splittable", "may_build", "types_blank"}


class Tables:
    """A market as rows for SQL, made once for both engines. Keys are places in the two sequences."""

    def __init__(self, offers: Sequence[Offer], needs: Sequence[Need]) -> None:
        book = Book.of(offers, needs)
        self.rows: dict[str, list[Row]] = {
            "offers": [offer_row(key, offer, book) for key, offer in enumerate(offers)],
            "needs": [need_row(key, need, book) for key, need in enumerate(needs)],
            "months": list(chain.from_iterable(month_rows(key, need) for key, need in enumerate(needs))),
        }
        self.book = book

    def columns(self, table: str) -> str:
        return ", ".join(f"{name} {_type(name)}" for name in self.rows[table][0])


def as_csv(rows: list[Row]) -> str:
    out = io.StringIO()
    csv.DictWriter(out, rows[0], lineterminator="\n").writerows(rows)
    return out.getvalue()


def _type(name: str) -> str:
    if name in YES_NO:
        return "boolean"
    return "double precision" if name in REAL or name[:5] == "rack_" or name[:2] in ("c_", "f_") else "bigint"


class TooSlow(Exception):
    """The engine did not come to an end within its budget of seconds."""


class Engine(ABC):
    """Runs statements one after the other; `seconds` says how long each took."""

    name: str

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @abstractmethod
    def run(self, sql: str) -> None: ...

    @abstractmethod
    def fetch(self, sql: str) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    def fill(self, tables: Tables) -> None:
        """Load the rows, outside of what is timed."""

    @abstractmethod
    def made(self, table: str, sql: str) -> None: ...

    @abstractmethod
    def cpu(self) -> float:
        """Seconds of all cores that the engine has used since it started."""

    def match(self, tables: Tables) -> None:
        """The whole market, from tables in place to lists kept."""
        self.seconds = {}
        for table, sql in Rules(tables.book, self.name.lower()).statements().items():
            started = time.perf_counter()
            self.made(table, sql)
            self.seconds[table] = time.perf_counter() - started

    def kept(self) -> Kept:
        found = self.fetch("SELECT n, o, score, for_need, for_offer FROM kept")
        return {(n, o): (score, *flags) for n, o, score, *flags in found}


class PostgreSQL(Engine):
    """One connection for each core, each with its share of the needs: what is worked out in levels gets no
    parallel plan. The lists are made by one connection again."""

    name = "PostgreSQL"

    def __init__(self, url: str, cores: int, seconds: float) -> None:
        super().__init__()
        self.budget = seconds
        self.db = self._connected(url, "public")
        self.parts = [self._connected(url, f"part{part}, public") for part in range(cores)]
        for function in DIALECTS["postgresql"]:
            self.run(function)
        for part in range(cores):
            self.run(f"DROP SCHEMA IF EXISTS part{part} CASCADE")
            self.run(f"CREATE SCHEMA part{part}")

    def _connected(self, url: str, path: str) -> psycopg.Connection[Any]:
        db = psycopg.connect(url, autocommit=True)
        for setting in (f"search_path = {path}", *LIKES):
            db.execute(f"SET {setting}")
        return db

    def run(self, sql: str) -> None:
        self.db.execute(sql)

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self.db.execute(sql).fetchall()

    def cpu(self) -> float:
        used = [psutil.Process(db.info.backend_pid).cpu_times() for db in (self.db, *self.parts)]
        return float(sum(each.user + each.system for each in used))

    def fill(self, tables: Tables) -> None:
        self._filled(self.db, tables, "offers", tables.rows["offers"])
        for place, db in enumerate(self.parts):
            for table in ("needs", "months"):
                rows = [row for row in tables.rows[table] if row["n"] % len(self.parts) == place]
                self._filled(db, tables, table, rows)

    def _filled(self, db: psycopg.Connection[Any], tables: Tables, table: str, rows: list[Row]) -> None:
        db.execute(f"DROP TABLE IF EXISTS {table} CASCADE")
        db.execute(f"CREATE UNLOGGED TABLE {table} ({tables.columns(table)})")
        with db.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
            copy.write(as_csv(rows))
        db.execute(f"ANALYZE {table}")

    def made(self, table: str, sql: str) -> None:
        if table == LAST:
            return self._made(self.db, table, sql)
        self.run(f"DROP VIEW IF EXISTS {table}")
        with ThreadPoolExecutor(len(self.parts)) as pool:
            list(pool.map(lambda db: self._made(db, table, sql), self.parts))
        each = " UNION ALL ".join(f"SELECT * FROM part{part}.{table}" for part in range(len(self.parts)))
        return self.run(f"CREATE VIEW {table} AS {each}")

    def _made(self, db: psycopg.Connection[Any], table: str, sql: str) -> None:
        left = self.budget - sum(self.seconds.values())
        db.execute(f"SET statement_timeout = {max(1, int(left * 1000))}")
        try:
            db.execute(f"DROP TABLE IF EXISTS {table} CASCADE")
            db.execute(f"CREATE UNLOGGED TABLE {table} AS {sql}")
            db.execute(f"ANALYZE {table}")
        except psycopg.errors.QueryCanceled as late:
            raise TooSlow(self.name) from late


class DuckDB(Engine):
    name = "DuckDB"

    def __init__(self, threads: int, seconds: float) -> None:
        super().__init__()
        self.budget = seconds
        self.db = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
        for statement in ("SET enable_progress_bar = false", *DIALECTS["duckdb"]):
            self.run(statement)

    def run(self, sql: str) -> None:
        self.db.execute(sql)

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self.db.execute(sql).fetchall()

    def cpu(self) -> float:
        return time.process_time()

    def fill(self, tables: Tables) -> None:
        with TemporaryDirectory() as folder:
            for table in tables.rows:
                path = Path(folder) / table
                path.write_text(as_csv(tables.rows[table]))
                self.run(f"CREATE OR REPLACE TABLE {table} ({tables.columns(table)})")
                self.run(f"COPY {table} FROM '{path}' (FORMAT csv, HEADER false)")

    def made(self, table: str, sql: str) -> None:
        """Interrupted where the budget ends."""
        left = self.budget - sum(self.seconds.values())
        timer = Timer(max(0, left), self.db.interrupt)
        timer.start()
        try:
            self.run(f"CREATE OR REPLACE TABLE {table} AS {sql}")
        except duckdb.InterruptException as late:
            raise TooSlow(self.name) from late
        finally:
            timer.cancel()
