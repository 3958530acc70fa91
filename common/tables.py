"""A table as a template draws it: `components/table.html`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Column(NamedTuple):
    label: str
    is_number: bool = False


class Cell(NamedTuple):
    """One value; `note` stands small below it. A row's first cell is its heading."""

    text: str
    url: str = ""
    note: str = ""
    is_number: bool = False
    is_assumed: bool = False


@dataclass(frozen=True)
class Table:
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]
