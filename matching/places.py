"""Where a match stands in the list it is read from, and what the next better one has more of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from math import log
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from engine.types import Weights
from matching.querysets import LIST_ORDER
from matching.sheets import DIMENSIONS, hundred

# A list that is longer is not counted to its end.
COUNTED = 200
# Whoever is not told the request's own weights reads by the usual ones.
STANDARD_WEIGHTS = asdict(Weights())
# In the order of `LIST_ORDER`: what decides between two of the same score.
_TIES = (
    ("list_conditional", lazy("more of it is stated")),
    ("list_utilization", lazy("it is the tighter fit")),
    ("list_first_power", lazy("its power comes sooner")),
    ("list_price", lazy("its price is lower")),
)


class Place(NamedTuple):
    """The number, from one, among `total`; addresses are "" at the ends, `why` where nothing can be told."""

    number: int
    total: str
    better_url: str
    worse_url: str
    why: str


def place_of(shown: Mapping[str, Any], in_list: Any) -> Place | None:
    """The place of a released match in a list of `for_list`, in one query; None beyond what is counted."""
    columns = ("uid", "coarse", "shown", *DIMENSIONS, *(name for name, _words in _TIES))
    rows = list(in_list.order_by(*LIST_ORDER).values(*columns)[: COUNTED + 1])
    at = next((at for at, row in enumerate(rows) if row["uid"] == shown["uid"]), None)
    if at is None:
        return None
    return Place(
        number=at + 1,
        total=str(len(rows)) if len(rows) <= COUNTED else f"{COUNTED}+",
        better_url=_url(rows, at - 1),
        worse_url=_url(rows, at + 1),
        why=_why(rows[at], rows[at - 1], shown["weights"] or STANDARD_WEIGHTS) if at else "",
    )


def _url(rows: Sequence[Mapping[str, Any]], at: int) -> str:
    return reverse("matching:match", args=[rows[at]["uid"]]) if 0 <= at < len(rows) else ""


def _why(own: Mapping[str, Any], better: Mapping[str, Any], weights: Mapping[str, Decimal]) -> str:
    """One sentence from the three dimensions, told in hundredths to whoever reads it; none of a teaser."""
    if own["coarse"] or better["coarse"]:
        return ""
    if own["shown"] == better["shown"]:
        return _tie(own, better)
    gains = {key: float(weights[key]) * log(better[key] / own[key]) for key in DIMENSIONS}
    most = max(gains, key=lambda key: gains[key])
    return _("The next better one scores {score}: better in {dimension}, {theirs} against {ours}.").format(
        score=better["shown"],
        dimension=str(DIMENSIONS[most]).lower(),
        theirs=hundred(better[most]),
        ours=hundred(own[most]),
    )


def _tie(own: Mapping[str, Any], better: Mapping[str, Any]) -> str:
    words = next((words for name, words in _TIES if own[name] != better[name]), None)
    return _("The next better one scores the same; {reason}.").format(reason=words) if words else ""
