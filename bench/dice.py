"""Throws of one seeded generator: shares, heavy tails, blanks."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Shares(Generic[T]):
    """Values with their shares, which need not sum to anything."""

    def __init__(self, shares: Mapping[T, float] | Sequence[tuple[T, float]]) -> None:
        pairs = list(shares.items()) if isinstance(shares, Mapping) else list(shares)
        self.values = [value for value, _ in pairs]
        self._edges = list(accumulate(share for _, share in pairs))
        self._whole = self._edges[-1]

    def drawn(self, dice: Dice) -> T:
        return self.values[bisect(self._edges, dice.random() * self._whole)]


class Dice:
    def __init__(self, seed: str) -> None:
        self._random = Random(seed)
        self.random = self._random.random

    def chance(self, share: float) -> bool:
        return self.random() < share

    def whole(self, low: int, high: int) -> int:
        """Both ends included."""
        return low + int(self.random() * (high - low + 1))

    def one(self, values: Sequence[T]) -> T:
        return values[int(self.random() * len(values))]

    def heavy(self, median: float, sigma: float, low: float, high: float) -> float:
        """Log-normal, as sizes of sites and of leases are, inside its limits."""
        return min(high, max(low, median * math.exp(self._random.gauss(0, sigma))))

    def near(self, middle: float, spread: float) -> float:
        """Around a middle, with a relative spread; never less than a fifth of it."""
        return max(middle / 5, middle * (1 + self._random.gauss(0, spread)))


def months_from(day: date, months: int, of_month: int = 1) -> date:
    """A day of the month that lies some months after a day's."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, of_month)
