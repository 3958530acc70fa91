"""What would win a site or a GPU pool more, as its owner, and a broker, may read it.

Every line is made of what its reader knows of each request anyway. Of requests seen in full: the change to
the figure, or where that would tell an outside date or a cap, about how far, from the hint of each of them
alone. Of requests that are teasers to the reader: the gate, how many about, and what their bands come to. So
no line changes with what its reader may not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from accounts.readers import Reader
from engine import Offer, Unit
from engine.winning import frontier
from listings.faces import show
from listings.models import CapacityRequest, GpuPool, Site
from listings.vocabulary import GPU_EDGES, MW_EDGES, Face, RequestKind, count_label
from matching.conversion import offer_from
from matching.hints import hint_of, ladder
from matching.models import Ranking
from matching.release import COARSE_STEP
from matching.summary import remaining

KW_PER_MW = 1_000
Stored = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One change of the offer in words, and what it wins; a step for `engine.winning.frontier`.

    `quantity` to `at_most` is what the requests ask in all, in kW or GPUs; None: nobody may know.
    """

    field: str
    gate: str
    sentence: str
    size: float
    requests: tuple[CapacityRequest, ...]
    quantity: int
    at_most: int | None
    score: int
    is_exact: bool = False
    is_hidden: bool = False


def winnable(rankings: Iterable[Ranking]) -> set[int]:
    """The requests that some change would win."""
    return {won["need_id"] for ranking in rankings for win in ranking.wins for won in win["won"]}


def wins_of(
    post: Site | GpuPool, rankings: Iterable[Ranking], requests: Mapping[int, CapacityRequest], reader: Reader
) -> list[dict[str, Any]]:
    """The funnel of a site or pool, which comes with all that belongs to it, and what would win it more; no
    query.

    `requests` are those `winnable`, as `release.requests_of` loads them. `asked_at_least` and `asked_at_most`
    are MW or GPUs.
    """
    return [
        {
            "unit": ranking.unit,
            "recounting": ranking.is_recounting,
            "funnel": [remaining(row, reader) for row in ranking.funnel],
            "wins": [_told(line, ranking.unit) for line in _lines(ranking, offer_from(post), requests)],
        }
        for ranking in rankings
    ]


def _lines(ranking: Ranking, offer: Offer, requests: Mapping[int, CapacityRequest]) -> list[Line]:
    hidden = {pk for pk, request in requests.items() if _face(request) == Face.TEASER}
    seen = requests.keys() - hidden
    lines = [
        *(_exact(win, requests, seen) for win in ranking.wins if _asked_by(win, seen) and not _reserve(win)),
        *_rough(ranking, offer, requests, seen),
        *_hidden(ranking, requests, hidden),
    ]
    return frontier(lines)


def _told(line: Line, unit: str) -> dict[str, Any]:
    per = KW_PER_MW if unit == Unit.MW else 1
    return {
        "gate": line.gate,
        "change": line.sentence,
        "exact": line.is_exact,
        "requests": count_label(len(line.requests)) if line.is_hidden else str(len(line.requests)),
        "asked_at_least": _plain(line.quantity, per),
        "asked_at_most": None if line.at_most is None else _plain(line.at_most, per),
        "score": line.score,
        "won": [] if line.is_hidden else [show(request) for request in line.requests],
    }


# --- Requests seen in full, and a change that tells nothing of their reserve --------------------


def _exact(win: Stored, requests: Mapping[int, CapacityRequest], seen: Iterable[int]) -> Line:
    won = [one for one in win["won"] if one["need_id"] in seen]
    asked = sum(one["quantity"] for one in won)
    change = win["change"]
    return Line(
        field=change["field"],
        gate=change["gate"],
        sentence=change["sentence"],
        size=win["size"],
        requests=_in_order(requests[one["need_id"]] for one in won),
        quantity=asked,
        at_most=asked,
        score=round(max(one["score"] for one in won)),
        is_exact=True,
    )


# --- Requests seen in full, but for what the change would tell of their reserve -----------------


class Hint(NamedTuple):
    """About how far a field would have to move; `place` is the word's among all that might be said."""

    field: str
    gate: str
    place: int
    sentence: str


def _rough(
    ranking: Ranking, offer: Offer, requests: Mapping[int, CapacityRequest], seen: Iterable[int]
) -> list[Line]:
    """For each word about how far, all requests that ask for so much or less, each with its own promise."""
    hints = [
        (_hint(win["change"], requests[one["need_id"]], offer), one)
        for win in ranking.wins
        if _reserve(win)
        for one in _asked_by(win, seen)
    ]
    return [
        _up_to(
            hint,
            [one for other, one in hints if other.field == hint.field and other.place <= hint.place],
            requests,
        )
        for hint in sorted({hint for hint, _ in hints})
    ]


def _hint(change: Stored, request: CapacityRequest, offer: Offer) -> Hint:
    """Where nothing can be said of how far, it comes behind all words."""
    said, words = hint_of(change, request, offer, owns_request=False), ladder(change["field"])
    place, sentence = (words.index(said), said) if said else (len(words), _gives_way(change["gate"]))
    return Hint(change["field"], change["gate"], place, sentence)


def _up_to(hint: Hint, won: Sequence[Stored], requests: Mapping[int, CapacityRequest]) -> Line:
    asked = sum(one["quantity"] for one in won)
    return Line(
        field=hint.field,
        gate=hint.gate,
        sentence=hint.sentence,
        size=hint.place + 1.0,
        requests=_in_order(requests[one["need_id"]] for one in won),
        quantity=asked,
        at_most=asked,
        score=_to_five(won),
    )


# --- Requests that are teasers to the reader ----------------------------------------------------


def _hidden(ranking: Ranking, requests: Mapping[int, CapacityRequest], hidden: Iterable[int]) -> list[Line]:
    """For each gate all that fail it: which way to go, and not how far."""
    asked = [(win["change"]["gate"], one) for win in ranking.wins for one in _asked_by(win, hidden)]
    return [
        _of_gate(gate, [one for each, one in asked if each == gate], ranking.unit, requests)
        for gate in sorted({gate for gate, _ in asked})
    ]


def _of_gate(gate: str, won: Sequence[Stored], unit: str, requests: Mapping[int, CapacityRequest]) -> Line:
    found = _in_order(requests[one["need_id"]] for one in won)
    bands = [_band(request, unit) for request in found]
    return Line(
        field=f"hidden {gate}",
        gate=gate,
        sentence=_gives_way(gate),
        size=1.0,
        requests=found,
        quantity=sum(least for least, _ in bands),
        at_most=None if any(most is None for _, most in bands) else sum(most or 0 for _, most in bands),
        score=_to_five(won),
        is_hidden=True,
    )


def _band(request: CapacityRequest, unit: str) -> tuple[int, int | None]:
    """The ends of the band that the teaser shows, in kW or GPUs; of MW for GPUs it shows none."""
    is_power = request.kind == RequestKind.POWER
    if request.size_band is None or is_power != (unit == Unit.MW):
        return 0, None
    edges, per = (MW_EDGES, KW_PER_MW) if is_power else (GPU_EDGES, 1)
    ends = (0, *edges, None)
    least, most = ends[request.size_band] or 0, ends[request.size_band + 1]
    return least * per, None if most is None else most * per


# --- Helpers -----------------------------------------------------------------------------------


def _asked_by(win: Stored, posts: Iterable[int]) -> list[Stored]:
    """Of these requests those that ask for just this change."""
    return [one for one in win["won"] if one["least"] and one["need_id"] in posts]


def _reserve(win: Stored) -> bool:
    return bool(win["change"]["reserve"])


def _plain(quantity: int, per: int) -> Decimal:
    """Without trailing zeros."""
    return Decimal(f"{(Decimal(quantity) / per).normalize():f}")


def _gives_way(gate: str) -> str:
    return f"Offer: {gate} would have to give way"


def _to_five(won: Iterable[Stored]) -> int:
    best: int = max(round(one["score"]) for one in won)
    return (best + 2) // COARSE_STEP * COARSE_STEP


def _in_order(requests: Iterable[CapacityRequest]) -> tuple[CapacityRequest, ...]:
    """By what is the same to every reader, which says nothing of scores or of age."""
    return tuple(sorted(requests, key=lambda request: request.code_name))


def _face(request: Any) -> Face:
    return Face(request.face)
