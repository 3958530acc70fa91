"""The other side of the match: how good the tenant is for the landlord, 0 to 100."""

from __future__ import annotations

from decimal import Decimal

from engine import scores
from engine.gates import Pair
from engine.price import cap_of, overlap
from engine.scores import rounded
from engine.supply import nominal, total


def utilization(pair: Pair) -> float:
    """u: the share of what the offer can give that the need takes, at most 1."""
    free = nominal(pair.supplies.expected)
    return rounded(min(1.0, total(pair.need) / free)) if free else 0.0


def landlord_score(pair: Pair) -> float:
    """Security, length of the lease, use of the site, and price; a need without a cap has no price."""
    unknown = float(pair.assumptions.unknown)
    each = {
        "security": scores.security(pair).score,
        "term": _length(pair),
        "utilization": min(1.0, 2 * utilization(pair)),
        "price": scores.price(pair).score,
    }
    weights = dict(pair.assumptions.landlord_weights)
    if cap_of(pair.need, pair.offer) is None:
        del weights["price"]
    counted = sum(
        float(weight) * rounded(unknown if (score := each[key]) is None else score)
        for key, weight in weights.items()
    )
    return rounded(100 * counted / float(sum(weights.values(), Decimal(0))))


def _length(pair: Pair) -> float | None:
    """The longest term both accept over the longest the offer accepts."""
    if pair.offer.term_max_months is None:
        return None
    return max(0.0, min(1.0, overlap(pair.need, pair.offer)[1] / pair.offer.term_max_months))
