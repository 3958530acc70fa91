"""The rules once more, for many pairs at once: rows of numbers in, compiled loops over them.

`columns` says what a row holds; `encoding` turns offers and needs into rows, with words as the numbers of
`codes`, and `tables` keeps them. `quantities`, `money`, `gates` and `scores` say of one pair of rows what the
modules of nearly the same names in `engine` say of one pair of values; `ranking` walks over a whole side,
`keeping` over the whole market. Tests hold both forms equal. The reference form explains, this one ranks.
"""

from hashlib import sha256
from pathlib import Path

from numba import config

# Where the loops have their constants from.
_CONSTANTS = ("gates.py", "price.py", "scores.py", "supply.py", "vocabulary.py")


def _digest() -> str:
    here = Path(__file__).parent
    sources = [*sorted(here.glob("*.py")), *(here.parent / name for name in _CONSTANTS)]
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]


# Compiled code is kept beside the source. Numba looks at one file's date only, while a loop takes in
# functions and constants of others: each state of the rules gets a folder of its own.
if not vars(config)["CACHE_DIR"]:
    vars(config)["CACHE_DIR"] = str(Path(__file__).parent / "__pycache__" / _digest())

from engine.arrays.columns import NEVER, NONE, Rows  # noqa: E402 - compiled on import, so the folder comes first
from engine.arrays.gates import KEYS  # noqa: E402
from engine.arrays.keeping import Lists, warm_lists  # noqa: E402
from engine.arrays.ranking import (  # noqa: E402
    NOT_JUDGED,
    Market,
    Ranked,
    funnel,
    nearest,
    nearest_needs,
    rank_need,
    rank_offer,
    standing,
    warm,
)
from engine.arrays.tables import DEAD_ROWS  # noqa: E402

__all__ = [
    "DEAD_ROWS",
    "KEYS",
    "NEVER",
    "NONE",
    "NOT_JUDGED",
    "Lists",
    "Market",
    "Ranked",
    "Rows",
    "funnel",
    "nearest",
    "nearest_needs",
    "rank_need",
    "rank_offer",
    "standing",
    "warm",
    "warm_lists",
]
