"""A table as a template draws it: `components/table.html`."""

from __future__ import annotations

from collections.abc import Iterator
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

    def labelled_rows(self) -> Iterator[list[tuple[str, Cell]]]:
        """Each cell with the label of its column: a narrow screen has no room for the heading."""
        labels = [column.label for column in self.columns]
        for row in self.rows:
            yield list(zip(labels, row, strict=True))
