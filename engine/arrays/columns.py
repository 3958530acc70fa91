"""The columns of offers and needs, so that one can be judged against all of the other side at once.

One row an offer or a need, fixed in width; phases, steps, months and wished models lie in tables of their
own, and each row knows where its part begins. Whatever depends on one side alone is worked out beforehand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import scores
from engine.types import Unit

Rows = NDArray[Any]

NONE = -1
NEVER = np.iinfo(np.int32).max
FACTOR = 1_000_000  # gross per critical, in millionths
MASK_BITS = 63
UNITS = (Unit.MW, Unit.GPU)

OFFER = np.dtype(
    [
        ("id", "i8"),
        ("alive", "?"),
        ("unit", "i1"),
        ("model", "i4"),
        ("place", "i4"),
        ("phase", "i4"),  # the first of its phases, and how many
        ("phases", "i4"),
        ("grid_known", "?"),
        ("evidence", "f8"),  # the share of claims that have evidence
        ("smallest_order", "i8"),
        ("max_block", "i8"),
        ("largest_cluster", "i8"),
        ("interruptible_hours", "i8"),
        ("firmness", "f8"),  # as a score
        ("compliance", "i8"),
        ("fabric", "i1"),
        ("fabric_gbps", "i8"),
        ("basis", "i1"),
        ("escalator_pct", "f8"),
        ("escalator", "f8"),  # as a score
        ("term_min", "i4"),
        ("term_max", "i4"),
        ("credit", "i1"),
        ("security_months", "f8"),
        ("security_instead", "f8"),
        ("available_until", "i4"),
        ("first_ready", "i4"),  # of all phases
        # Price. Asks are one figure for the whole offer, or several, or not known.
        ("asks", "i1"),
        ("ask", "i8"),  # the one, or the dearest
        ("lowest_asks", "i1"),
        ("lowest_ask", "i8"),
        ("factor", "i8"),  # gross per critical in millionths; NONE = priced on critical MW
        ("power", "i8"),
        ("allowance", "i8"),
        ("settled", "?"),  # no default stands in for ask, power or allowance, and none is missing
        ("paid_by", "i1"),
        ("tenant_share", "f8"),
        ("capex", "f8"),
        ("delivered", "i8"),  # delivery types of all phases
        ("delivered_known", "?"),
    ],
    align=True,
)

PHASE = np.dtype(
    [
        ("free", "i8"),
        ("ready_on", "i4"),
        ("month", "i4"),
        ("day", "i4"),
        ("confidence", "i4"),  # as expected, in thousandths
        ("best_confidence", "i4"),  # were an unknown grid in service
        ("by_best", "i4"),  # the n-th surest at best, and the n-th to be ready: positions in the offer
        ("by_ready", "i4"),
        ("cooling", "i8"),
        ("redundancy", "i1"),
        ("delivery", "i8"),
        ("max_rack_kw", "f8"),
        ("ask", "i8"),
        ("lowest_ask", "i8"),
        ("by_ask", "i4"),  # the n-th cheapest, by the ask and by the lowest ask
        ("by_lowest_ask", "i4"),
    ],
    align=True,
)

CRITERIA = tuple(scores.SCORES)

NEED = np.dtype(
    [
        ("id", "i8"),
        ("alive", "?"),
        ("unit", "i1"),
        ("wishes", "i4"),  # its wishes for places, as one
        ("step", "i4"),
        ("steps", "i4"),
        ("judged", "i4"),  # how many steps must be met in time
        ("month", "i4"),
        ("months", "i4"),
        ("model", "i4"),
        ("models", "i4"),
        ("needed", "f8"),  # over all months, in the unit of DAYS_MULTIPLE
        ("total", "i8"),
        ("splittable", "?"),
        ("smallest_block", "i8"),
        ("slack", "i4"),
        ("starts_on", "i4"),
        ("term_min", "i4"),
        ("term_max", "i4"),
        ("term_preferred", "i4"),
        ("min_rack_kw", "f8"),
        ("preferred_rack_kw", "f8"),
        ("cooling", "i8"),  # 0 = no wish, as for every mask below
        ("preferred_cooling", "i8"),
        ("redundancy", "i1"),
        ("interruptible_hours", "i8"),
        ("compliance", "i8"),
        ("delivery", "i8"),
        ("preferred_delivery", "i8"),
        ("basis", "i8"),
        ("max_escalator_pct", "f8"),
        ("credit", "i1"),
        ("security_months", "f8"),
        ("cap", "i8"),
        ("fabrics", "i8"),
        ("min_fabric_gbps", "i8"),
        ("importance", "f8", (3,)),  # of power, timeline, terms
        ("weights", "f8", (len(CRITERIA),)),
        ("weights_without_cap", "f8", (len(CRITERIA),)),
    ],
    align=True,
)

STEP = np.dtype([("on", "i4"), ("quantity", "i8"), ("least", "i8")], align=True)
# `rest` is what is needed from this month on, each month's by its `scale`: its share of DAYS_MULTIPLE a day.
MONTH = np.dtype(
    [("month", "i4"), ("days", "i4"), ("scale", "i4"), ("needed", "i8"), ("rest", "f8")], align=True
)
MODEL = np.dtype([("model", "i4"), ("cap", "i8")], align=True)
