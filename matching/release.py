"""What leaves the house: a match as the dict that its reader may see.

Three readings of one match. *Exact*: the request's owner, who knows its outside date and caps, with an offer
seen in full. *Full*: the offer's owner and brokers; what would give a reserve value away is cut down to
inside, edge or outside, and scores to whole points. *Coarse*: one of the posts is only a teaser to the
reader, who learns that the match exists, its score rounded to five, and of each criterion whether it is met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects

from accounts.readers import Reader
from engine import STANDARD, Comparable, Explanation, Line, Need, Offer, curves, explain
from listings.faces import show
from listings.models import CapacityRequest, GpuPool, Site
from listings.vocabulary import Face
from matching.conversion import needs_from, offer_from
from matching.models import Match

COARSE_STEP = 5
_OWN_CAP = {
    "inside": "The lowest price that its owner would take is inside your cap.",
    "edge": "The lowest price that its owner would take is up to a tenth above your cap: negotiable.",
    "outside": "The lowest price that its owner would take is too far above your cap.",
    None: "Not known.",
}
_HIDDEN = {
    "inside": "Inside what the other side keeps to itself.",
    "edge": "At the edge of what the other side keeps to itself.",
    "outside": "Outside what the other side keeps to itself.",
    None: "Not known.",
}


@dataclass(frozen=True)
class Read:
    """One match with both its posts as this reader sees them."""

    match: Match
    request: CapacityRequest
    offer: Site | GpuPool

    @property
    def is_coarse(self) -> bool:
        return Face.TEASER in (_face(self.request), _face(self.offer))

    @property
    def knows_request_reserve(self) -> bool:
        return _face(self.request) == Face.RESERVE

    @property
    def owns_offer(self) -> bool:
        return _face(self.offer) == Face.RESERVE

    def hides(self, line: Line) -> bool:
        """The price gate works with both sides' reserve, every other reserved line with the request's."""
        if line.kind == "gate" and line.key == "price":
            return True
        return line.reserve and not self.knows_request_reserve


def release(
    matches: Sequence[Match], reader: Reader, today: date, known: Mapping[int, Any] | None = None
) -> list[dict[str, Any]]:
    """The matches as their reader may see them, in the order given, in a fixed number of queries.

    They come from `Match.objects.for_list(reader, today)`; one whose post has just left is left out. `known`
    are posts of theirs that are loaded already, as `requests_of` and `offers_of` do.
    """
    return [_released(read) for read in _read(matches, reader, today, known)]


def requests_of(posts: Iterable[int], reader: Reader, today: date) -> dict[int, Any]:
    """{post: open request with its face}, in three queries."""
    known = CapacityRequest.objects.for_catalogue(reader, today).open(today)
    return {post.pk: post for post in known.filter(pk__in=posts)}


def offers_of(posts: Iterable[int], reader: Reader, today: date) -> dict[int, Any]:
    """{post: open site or pool with its face}, in four queries. What is a site is not looked for among the
    pools."""
    found: dict[int, Any] = {}
    for model in (Site, GpuPool):
        known: Any = model.objects.visible_to(reader, today).open(today).with_parts()
        found |= {post.pk: post for post in known.filter(pk__in=set(posts) - found.keys())}
    prefetch_related_objects(list(found.values()), "evidence")
    return found


def release_one(match: Match, reader: Reader, today: date) -> dict[str, Any] | None:
    """One match with its delivery curve, month by month; None if it has just left the market."""
    for read in _read([match], reader, today):
        return _released(read) | {"curve": _curve(read)}
    return None


def release_loaded(match: Match, request: CapacityRequest, offer: Site | GpuPool) -> dict[str, Any]:
    """One match whose posts are loaded already, each with its face; no query."""
    return _released(Read(match, request, offer))


def release_line(match: Match, request: CapacityRequest, offer: Site | GpuPool) -> dict[str, Any]:
    """The same as one line of a list: without reasons, which take milliseconds, but with the price all in."""
    read = Read(match, request, offer)
    if read.is_coarse:
        return _released(read) | {"all_in": None}
    return _posts_of(read) | _scores(read) | _NO_REASONS | {"all_in": match.comparable_price}


def points(score: Decimal) -> int:
    return int(score + Decimal("0.5"))


def rounded_to_five(score: Decimal) -> int:
    return (points(score) + 2) // COARSE_STEP * COARSE_STEP


def word_for(score: Decimal | int) -> str:
    """The score in a word: strong, workable, needs work, long shot."""
    return next(word for least, word in STANDARD.words if points(Decimal(score)) >= least)


def pair_of(request: CapacityRequest, offer: Site | GpuPool) -> tuple[Need, Offer]:
    """Both sides as the rules read them, in the unit of the offer."""
    offered = offer_from(offer)
    return next(need for need in needs_from(request) if need.unit is offered.unit), offered


def _read(
    matches: Sequence[Match], reader: Reader, today: date, known: Mapping[int, Any] | None = None
) -> list[Read]:
    found = dict(known or {})
    found |= requests_of({match.request_id for match in matches} - found.keys(), reader, today)
    found |= offers_of({match.offer_id for match in matches} - found.keys(), reader, today)
    return [
        Read(match, found[match.request_id], found[match.offer_id])
        for match in matches
        if match.request_id in found and match.offer_id in found
    ]


def _face(post: Any) -> Face:
    return Face(post.face)


def _released(read: Read) -> dict[str, Any]:
    return _posts_of(read) | (_coarse(read) if read.is_coarse else _full(read))


def _posts_of(read: Read) -> dict[str, Any]:
    return {
        "uid": read.match.uid,
        "refreshing": read.match.refreshing,  # type: ignore[attr-defined]  # annotated by for_list
        "coarse": read.is_coarse,
        "request": show(read.request),
        "offer": show(read.offer),
    }


# --- The three readings ------------------------------------------------------------------------


def _coarse(read: Read) -> dict[str, Any]:
    score = rounded_to_five(read.match.score)
    found = _explained(read)
    return _NOTHING_MORE | {
        "score": score,
        "word": word_for(score),
        "gates": [_outcome(line) for line in found.gates] if found else [],
        "criteria": [_outcome(line) for line in found.criteria] if found else [],
    }


def _full(read: Read) -> dict[str, Any]:
    found = _explained(read)
    return _scores(read) | (_reasons(read, found) if found else _NO_REASONS)


def _scores(read: Read) -> dict[str, Any]:
    match = read.match
    number = _exact if read.knows_request_reserve else points
    share = _exact if read.knows_request_reserve else _hundredths
    return {
        "score": number(match.score),
        "low": number(match.low),
        "high": number(match.high),
        "word": word_for(match.score),
        "state": "conditional" if match.conditional else "fit",
        "power": share(match.power),
        "timeline": share(match.timeline),
        "terms": share(match.terms),
        "landlord_score": number(match.landlord_score),
        "weights": _weights(read) if read.knows_request_reserve else None,
        "first_power_on": match.first_power_on,
        "assumptions_version": match.assumptions_version,
    }


def _weights(read: Read) -> dict[str, Decimal]:
    """Of the three dimensions, as the request sets them: in its reserve, so for its owner alone."""
    return asdict(needs_from(read.request)[0].weights)


def _reasons(read: Read, found: Explanation) -> dict[str, Any]:
    return {
        "gates": [_line(read, line) for line in found.gates],
        "criteria": [_line(read, line) for line in found.criteria],
        "binding": _binding(read, found),
        "statements": [_statement(one) for one in found.statements] if read.owns_offer else [],
        "comparable_price": _price(found.assessment.comparable),
    }


_NO_REASONS: dict[str, Any] = {
    "gates": [],
    "criteria": [],
    "binding": None,
    "statements": [],
    "comparable_price": None,
}
_NOTHING_MORE = _NO_REASONS | dict.fromkeys(
    (
        "low",
        "high",
        "state",
        "power",
        "timeline",
        "terms",
        "landlord_score",
        "weights",
        "first_power_on",
        "assumptions_version",
    )
)


def _explained(read: Read) -> Explanation | None:
    """The reasons, from the same rows that were scored; None while these are being scored anew."""
    if read.match.refreshing:  # type: ignore[attr-defined]
        return None
    return explain(*pair_of(read.request, read.offer))


# --- Lines -------------------------------------------------------------------------------------


def outcome_of(line: Line) -> str:
    """met, partly, not or unknown."""
    if line.passed is None:
        return "unknown"
    return "met" if line.passed else "partly" if line.score else "not"


def _outcome(line: Line) -> dict[str, Any]:
    return _NO_DETAIL | {"key": line.key, "dimension": line.dimension, "outcome": outcome_of(line)}


_NO_DETAIL = dict.fromkeys(("passed", "score", "weight", "offered", "needed", "sentence"))


def _line(read: Read, line: Line) -> dict[str, Any]:
    shown = _outcome(line) | {"passed": line.passed, "weight": _rounded(line.weight)}
    if read.hides(line):
        words = _OWN_CAP if read.knows_request_reserve else _HIDDEN
        return shown | {"sentence": words[line.coarse]}
    return shown | {
        "score": _rounded(line.score),
        "offered": line.offered,
        "needed": line.needed,
        "sentence": line.sentence,
    }


def _binding(read: Read, found: Explanation) -> dict[str, Any]:
    """What holds the match back most; only its name where the change would give a reserve value away."""
    binding = found.binding
    hidden = any(line.key == binding.key and read.hides(line) for line in found.lines)
    return {
        "key": binding.key,
        "sentence": None if hidden else binding.sentence,
        "score": None if hidden or binding.score is None else round(binding.score),
    }


def _statement(one: Any) -> dict[str, Any]:
    return {
        "field": one.field,
        "low_before": round(one.low_before),
        "low_after": round(one.low_after),
        "sentence": one.sentence,
    }


def _price(price: Comparable | None) -> dict[str, Any] | None:
    """US$ per critical kW-month (or GPU-hour) and its parts. The owner's floor is not among them."""
    if price is None:
        return None
    return {
        "ask": _usd(price.ask),
        "power": _usd(price.power),
        "operating_allowance": _usd(price.allowance),
        "fit_out": _usd(price.fit_out),
        "total": _usd(price.total),
        "term_months": price.term_months,
        "assumed": list(price.assumed),
        "missing": list(price.missing),
    }


def _curve(read: Read) -> list[dict[str, Any]]:
    """Needed, nominal and dependable quantity of each month: MW, or GPUs."""
    if read.is_coarse or read.match.refreshing:  # type: ignore[attr-defined]
        return []
    need, offer = pair_of(read.request, read.offer)
    unit = 1 if isinstance(read.offer, GpuPool) else 1000
    return [
        {"month": one.month} | {name: Decimal(getattr(one, name)) / unit for name in _SERIES}
        for one in curves(need, offer)
    ]


_SERIES = ("needed", "nominal", "dependable")


def _exact(score: Decimal) -> Decimal:
    return score


def _hundredths(share: Decimal) -> Decimal:
    return round(share, 2)


def _rounded(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.6f}")


def _usd(amount: int | None) -> Decimal | None:
    return None if amount is None else Decimal(amount) / 10_000
