"""What charts have in common."""

import math
from collections.abc import Callable
from typing import NamedTuple

LINES = 4


class Tick(NamedTuple):
    at: float
    label: str


def scale_of(most: float) -> tuple[float, float]:
    """The distance of two grid lines, 1, 2 or 5 times a power of ten, and the highest of at most `LINES`."""
    least = most / LINES
    power = 10.0 ** math.floor(math.log10(least))
    level = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)
    return level, level * math.ceil(most / level)


def levels(y: Callable[[float], float], level: float, top: float, base: float = 0) -> list[Tick]:
    """The grid lines from the base to the top; `y` says where a value stands."""
    values = [base + level * n for n in range(round((top - base) / level) + 1)]
    return [Tick(y(value), f"{value:,.10g}") for value in values]
