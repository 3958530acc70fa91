"""How much a handful of deals can say: shares, means, and the range in which they may truly lie.

Everything is seeded: the same deals always give the same figures.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

SEED = 20260630
ROUNDS = 10_000
Z95 = 1.959963984540054
TAIL = 0.025


class Range(NamedTuple):
    """An estimate and its 95 % interval; the ends are None where one deal alone cannot say."""

    value: float
    low: float | None
    high: float | None


def share(hits: int, of: int) -> Range | None:
    """A share with its Wilson interval (E. B. Wilson, 1927); None of nothing."""
    if not of:
        return None
    p, spread = hits / of, Z95**2 / of
    middle = (p + spread / 2) / (1 + spread)
    half = Z95 * math.sqrt(p * (1 - p) / of + spread / (4 * of)) / (1 + spread)
    return Range(p, max(0.0, middle - half), min(1.0, middle + half))


def mean(values: Sequence[float]) -> Range | None:
    """A mean with its bootstrap interval: the deals drawn again and again with replacement."""
    if not values:
        return None
    if len(values) == 1:
        return Range(values[0], None, None)
    draw = random.Random(SEED)  # noqa: S311  a repeatable draw, not a secret
    means = sorted(fmean(draw.choices(values, k=len(values))) for _ in range(ROUNDS))
    return Range(fmean(values), _at(means, TAIL), _at(means, 1 - TAIL))


def by_chance(fields: Sequence[int]) -> Range | None:
    """The mean percentile of a random order: a half, and where it lies in 95 of 100 tries.

    `fields` are the numbers of sites that pass, each at least 2.
    """
    if not fields:
        return None
    draw = random.Random(SEED)  # noqa: S311  a repeatable draw, not a secret
    means = sorted(fmean(draw.randrange(field) / (field - 1) for field in fields) for _ in range(ROUNDS))
    return Range(0.5, _at(means, TAIL), _at(means, 1 - TAIL))


def _at(ordered: Sequence[float], part: float) -> float:
    return ordered[round(part * (len(ordered) - 1))]
