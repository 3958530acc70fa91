"""How far the loading is: a bar on a terminal, a line for each part elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from typing import TextIO, TypeVar

WIDTH = 30

_T = TypeVar("_T")


class Progress:
    """Counts what passes through `over` and shows it on standard error."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr

    def over(self, label: str, items: Sequence[_T]) -> Iterator[_T]:
        """The items one by one, with the bar moving as each is done."""
        for done, item in enumerate(items):
            self._show(label, done, len(items))
            yield item
        self._show(label, len(items), len(items))

    def _show(self, label: str, done: int, total: int) -> None:
        if self.stream.isatty():
            filled = WIDTH * done // max(1, total)
            bar = "█" * filled + "░" * (WIDTH - filled)
            end = "\n" if done == total else ""
            self.stream.write(f"\r{label:<20} {bar} {done}/{total}{end}")
        elif done == total:
            self.stream.write(f"{label}: {total}\n")
        self.stream.flush()
