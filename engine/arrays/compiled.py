"""How functions of a pair are compiled: taken into the loops that call them.

They allocate nothing, so no references need counting. Counting them is an atomic operation for each look at a
table: it took longer than the rules themselves, and more with two threads.
"""

from typing import Any

from numba import njit

_PAIRWISE: dict[str, Any] = {"cache": True, "forceinline": True, "_nrt": False}

pairwise = njit(**_PAIRWISE)
# Where a quotient by zero is never looked at.
unchecked = njit(error_model="numpy", **_PAIRWISE)
