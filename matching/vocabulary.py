"""How many matches are kept, shown and refreshed, and what a broker says of them."""

from datetime import timedelta

from django.db.models import TextChoices

KEPT_PER_NEED = 60
KEPT_PER_OFFER = 20
SHOWN_PER_NEED = 50
# A ranking with fewer rows than this is made anew, if rows were left out of it when it was made.
THIN_NEED = SHOWN_PER_NEED
THIN_OFFER = 15
# One with more rows than this has collected newcomers since, and is made anew to drop the surplus.
FAT = 2
# A post that comes or goes looks at so many lists of the other side at most, whether they are either.
UNEVEN_LOOKED_AT = 250

# A post that suits more than this of the other side has its own list written before it is asked whose lists
# it enters. If these are many, it enters so many of them a turn, behind whatever has changed meanwhile.
ASKED_AT_ONCE = 2_000
WRITTEN_AT_ONCE = 500

NEAR_MISSES = 10
# Counts, near misses and wins of a post follow changes of the other side after at most this long.
RECOUNT_AFTER_SECONDS = 60

# As `Ranking.seen_xid`: a whole-market run has made the list; the counts have seen nothing of the market yet.
NOTHING_SEEN = 0

# A home page tells for this long what was lost.
LOSSES_KEPT = timedelta(days=30)

# A broker's decision is put before them again once the score has moved this far from the one decided on.
REOPENED_AT_POINTS = 5

# What-if: how often an organization may try in a minute.
TRIES_PER_MINUTE = 30


class Decision(TextChoices):
    """What a broker says of a pair; `none` leaves a note and decides nothing."""

    APPROVED = "approved", "Approved for introduction"
    REJECTED = "rejected", "Rejected"
    NONE = "none", "Note"


class Reason(TextChoices):
    """Why a broker turns a pair down."""

    DATE = "date", "The date is too uncertain"
    POWER = "power", "The power is too uncertain"
    PRICE = "price", "The price is too far off"
    HALL = "hall", "The hall does not suit"
    TERMS = "terms", "The lease terms do not meet"
    CREDIT = "credit", "Credit or security is too weak"
    EVIDENCE = "evidence", "The evidence is too thin"
    DECLINED = "declined", "One side has said no"
    OTHER = "other", "Another reason, told in the note"


class ReviewState(TextChoices):
    """Where a match stands on one broker's desk."""

    OPEN = "open", "Open"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    REOPENED = "reopened", "Reopened"


class Cause(TextChoices):
    """Whose move ended a match; `outranked`: neither's, others are better."""

    REQUEST_LEFT = "request_left", "The request left the market"
    OFFER_LEFT = "offer_left", "The offer left the market"
    REQUEST_CHANGED = "request_changed", "The request changed"
    OFFER_CHANGED = "offer_changed", "The offer changed"
    BOTH_CHANGED = "both_changed", "Both changed"
    OUTRANKED = "outranked", "Outranked"


# How many requests a whole-market run notes or compares in one transaction: well under a second's work.
NOTED_REQUESTS = 1_000
# Score changes are counted in steps of so many points, up to so many steps, in either direction.
MOVE_STEP_POINTS = 5
MOVE_STEPS = 5


class Why(TextChoices):
    """What a whole-market run is for."""

    ASSUMPTIONS = "assumptions", "New assumptions"
    ASKED = "asked", "Asked for"


class Stage(TextChoices):
    """How far a whole-market run has come."""

    PREPARING = "preparing", "Preparing"
    RANKING = "ranking", "Ranking"
    COMPARING = "comparing", "Comparing"
    FINISHED = "finished", "Finished"
    CANCELLED = "cancelled", "Cancelled"
