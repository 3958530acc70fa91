"""How far somebody would have to move whose limits are hidden, in words too coarse to tell the limits.

A cap or a floor counts as the middle of its step, each step a tenth above the one before, and the outside
date as the middle of its quarter. The move is worked out from these and from what the reader knows anyway,
and told in a few words. So however many moves of one post are put together, they tell no more than that step
and that quarter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from math import exp, floor, inf, log
from typing import Any

from django.utils.translation import gettext_lazy as lazy

from engine import STANDARD, Offer, Unit
from engine.price import gross_factor
from listings.models import CapacityRequest, Post
from matching.conversion import money

# Up to this share of the price, and up to so many days: in words.
_SHARES = (
    (0.075, lazy("a few per cent")),
    (0.15, lazy("about a tenth")),
    (0.275, lazy("about a fifth")),
    (0.45, lazy("about a third")),
)
_DAYS = (
    (45, lazy("a few weeks")),
    (135, lazy("about a quarter of a year")),
    (270, lazy("about half a year")),
    (550, lazy("about a year")),
)
_MOST_SHARE = (inf, lazy("half or more"))
_MOST_DAYS = (inf, lazy("more than a year"))
_PRICES = ("ask", "price_cap", "gpu_caps")
_SENTENCES = {
    "ask": lazy("Offer: ask {much} lower"),
    "ready_on": lazy("Offer: ready {much} earlier"),
    "available_until": lazy("Offer: available {much} longer"),
    "price_cap": lazy("Request: price cap {much} higher"),
    "gpu_caps": lazy("Request: price cap {much} higher"),
    "latest_on": lazy("Request: outside date {much} later"),
}
_STEP = log(1.1)
_RATIO = STANDARD.dearest_ratio_pct / 100


def ladder(field: str) -> list[str]:
    """All that `hint_of` may say of a field, the shortest move first."""
    steps = [*_SHARES, _MOST_SHARE] if field in _PRICES else [*_DAYS, _MOST_DAYS]
    return [str(_SENTENCES[field]).format(much=word) for _, word in steps] if field in _SENTENCES else []


def hint_of(change: Mapping[str, Any], request: Post, offer: Offer, *, owns_request: bool) -> str:
    """A change of a near miss in coarse words; "" where there are none. `offer` as the rules read it.

    Whoever owns the request knows its cap and its outside date; the floor of an offer is always hidden.
    """
    field = change["field"]
    if field in _PRICES:
        share = _share(change, request, offer, owns_request)
        much = None if share is None else _in_words(share, (*_SHARES, _MOST_SHARE))
    elif field in _SENTENCES:
        much = _in_words(_days(change, request), (*_DAYS, _MOST_DAYS))
    else:
        much = None
    return "" if much is None else str(_SENTENCES[field]).format(much=much)


def middle_of_step(amount: float) -> float:
    """The middle of the step of a tenth in which an amount lies, in its own unit."""
    return exp((floor(log(amount) / _STEP) + 0.5) * _STEP)


def middle_of_quarter(day: date) -> date:
    """The 15th of the middle month."""
    return date(day.year, (day.month - 1) // 3 * 3 + 2, 15)


# --- Prices: whole 1/10,000 US$, as the changes have them --------------------------------------


def _share(change: Mapping[str, Any], request: Post, offer: Offer, owns_request: bool) -> float | None:
    """How far the price would have to move, as a share of what it is."""
    if any(phase.ask is not None for phase in offer.phases) or not change["before"]:
        return None
    if change["field"] == "ask":
        return 1 - _highest_ask(change, request, offer) / float(change["before"])
    cap = change["before"] if owns_request else middle_of_step(change["before"])
    return _lowest_cap(change, offer) / float(cap) - 1


def _highest_ask(change: Mapping[str, Any], request: Post, offer: Offer) -> float:
    """The ask that would do, had the request the cap in the middle of its step."""
    if offer.unit is Unit.GPU:
        return _RATIO * middle_of_step(change["after"] / _RATIO)
    cap = money(_limits(request).price_cap_usd_kw_month) or 0
    return float(change["after"] + _RATIO * (middle_of_step(cap) - cap) / _factor(offer))


def _lowest_cap(change: Mapping[str, Any], offer: Offer) -> float:
    """The cap that would do, were the floor (or the ask, where there is none) the middle of its step."""
    asks = [ask for ask in (offer.ask, offer.ask_floor) if ask is not None]
    return float(change["after"] + (middle_of_step(min(asks)) - min(asks)) * _factor(offer) / _RATIO)


def _factor(offer: Offer) -> float:
    return float(gross_factor(offer, STANDARD) or Decimal(1))


# --- Days --------------------------------------------------------------------------------------


def _days(change: Mapping[str, Any], request: Post) -> int:
    """How many days something would have to come earlier, or later."""
    before, after = (date.fromisoformat(change[end]) for end in ("before", "after"))
    if change["field"] == "ready_on":
        # The day moves along with the outside date.
        latest = _limits(request).latest_on
        return (before - after).days - (middle_of_quarter(latest) - latest).days
    if change["field"] == "latest_on":
        return (after - middle_of_quarter(before)).days
    return (after - before).days


def _in_words(amount: float, words: tuple[tuple[float, Any], ...]) -> str:
    return next(str(word) for most, word in words if amount <= most)


def _limits(request: Post) -> CapacityRequest:
    """The request itself; a page of posts of all kinds has it beside the post."""
    return request if isinstance(request, CapacityRequest) else request.capacityrequest
