"""What charts have in common."""

import math

LINES = 4


def round_step(most: float) -> float:
    """The distance of two grid lines: 1, 2 or 5 times a power of ten, at most `LINES` of them."""
    least = most / LINES
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)
