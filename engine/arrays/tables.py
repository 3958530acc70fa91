"""Each side of a market as tables of rows that come and go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.arrays.codes import Codes
from engine.arrays.columns import MODEL, MONTH, NEED, OFFER, PHASE, STEP, UNITS, Rows
from engine.arrays.encoding import model_rows, month_rows, need_row, offer_row, phase_rows, step_rows
from engine.assumptions import STANDARD, Assumptions
from engine.types import Need, Offer

DEAD_ROWS = 1_000


@dataclass(slots=True)
class Growing:
    """Rows at the end of an array that doubles when it is full."""

    dtype: np.dtype[Any]
    length: int = 0
    dead: int = 0
    array: Rows = field(init=False)

    def __post_init__(self) -> None:
        self.array = np.zeros(64, self.dtype)

    @property
    def rows(self) -> Rows:
        """The rows that are in use."""
        return self.array[: self.length]

    @property
    def is_wasteful(self) -> bool:
        """Whether most rows are dead, beyond what is worth a thought."""
        return self.dead > DEAD_ROWS and 2 * self.dead > self.length

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Keep these rows alone, in this order."""
        self.array, self.length, self.dead = self.array.take(rows), len(rows), 0

    def append(self, rows: list[tuple[Any, ...]]) -> int:
        """Add rows and return the position of the first."""
        first, self.length = self.length, self.length + len(rows)
        if self.length > len(self.array):
            self.array = np.concatenate([self.array, np.zeros(self.length, self.dtype)])
        if rows:
            self.array[first : self.length] = rows
        return first


@dataclass
class Offers:
    """All offers of a market as rows. Putting one with a known id replaces it."""

    codes: Codes
    assumptions: Assumptions = STANDARD
    table: Growing = field(default_factory=lambda: Growing(OFFER))
    phases: Growing = field(default_factory=lambda: Growing(PHASE))
    rows_of: dict[int, list[int]] = field(default_factory=dict)
    changes: int = 0  # how often a row has come or gone

    def put(self, *offers: Offer) -> None:
        """Add the offers of one id, in place of those it had."""
        self.drop(offers[0].id)
        self.changes += 1
        for offer in offers:
            first = self.phases.append(phase_rows(offer, self.assumptions))
            row = offer_row(offer, first, self.codes, self.assumptions)
            self.rows_of.setdefault(offer.id, []).append(self.table.append([row]))

    def drop(self, post: int) -> None:
        """Take the offers of this id away, if there are any."""
        self.changes += _bury(self.table, self.rows_of, post)
        if self.table.is_wasteful:
            _compact(self.table, self.rows_of, (self.phases, "phase", "phases"))

    def row(self, offer: Offer) -> int:
        """The row of an offer that is here."""
        return self.rows_of[offer.id][0]


@dataclass
class Needs:
    """All needs of a market as rows. Putting one with a known id replaces it and its twin."""

    codes: Codes
    assumptions: Assumptions = STANDARD
    table: Growing = field(default_factory=lambda: Growing(NEED))
    steps: Growing = field(default_factory=lambda: Growing(STEP))
    months: Growing = field(default_factory=lambda: Growing(MONTH))
    models: Growing = field(default_factory=lambda: Growing(MODEL))
    rows_of: dict[int, list[int]] = field(default_factory=dict)

    def put(self, *needs: Need) -> None:
        """Add the needs of one id (a GPU request that accepts hosting has two), in place of those it had."""
        self.drop(needs[0].id)
        for need in needs:
            row = self._row(need)
            self.rows_of.setdefault(need.id, []).append(self.table.append([row]))

    def drop(self, post: int) -> None:
        """Take the needs of this id away, if there are any."""
        _bury(self.table, self.rows_of, post)
        if self.table.is_wasteful:
            steps, months = (self.steps, "step", "steps"), (self.months, "month", "months")
            _compact(self.table, self.rows_of, steps, months, (self.models, "model", "models"))

    def row(self, need: Need) -> int:
        """The row of a need that is here."""
        unit = UNITS.index(need.unit)
        return next(row for row in self.rows_of[need.id] if self.table.array[row]["unit"] == unit)

    def _row(self, need: Need) -> tuple[Any, ...]:
        months = month_rows(need, self.assumptions)
        firsts = (
            self.steps.append(step_rows(need)),
            self.months.append(months),
            self.models.append(model_rows(need, self.codes)),
        )
        return need_row(need, firsts, months, self.codes, self.assumptions)


def _bury(table: Growing, rows_of: dict[int, list[int]], post: int) -> int:
    """Mark the rows of a post as dead; return how many they were."""
    rows = rows_of.pop(post, [])
    table.array["alive"][rows] = False
    table.dead += len(rows)
    return len(rows)


def _compact(table: Growing, rows_of: dict[int, list[int]], *parts: tuple[Growing, str, str]) -> None:
    """Let go of dead rows and of what belonged to them. Rows move, parts keep their order."""
    table.keep(np.flatnonzero(table.rows["alive"]))
    for part, first, count in parts:
        counts = table.rows[count].astype(np.int64)
        firsts = np.cumsum(counts) - counts
        part.keep(np.repeat(table.rows[first] - firsts, counts) + np.arange(counts.sum()))
        table.rows[first] = firsts
    rows_of.clear()
    for row, post in enumerate(table.rows["id"].tolist()):
        rows_of.setdefault(post, []).append(row)
