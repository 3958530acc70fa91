"""How many matches are kept, shown and refreshed."""

KEPT_PER_NEED = 60
KEPT_PER_OFFER = 20
SHOWN_PER_NEED = 50
# A ranking with fewer rows than this is made anew, if rows were left out of it when it was made.
THIN_NEED = SHOWN_PER_NEED
THIN_OFFER = 15
# One with more rows than this has collected newcomers since, and is made anew to drop the surplus.
FAT = 2

NEAR_MISSES = 10
# Counts and near misses of a need follow changes of the other side after at most this long.
RECOUNT_AFTER_SECONDS = 60
