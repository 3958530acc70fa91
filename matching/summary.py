"""What a request's owner, and a broker, may read of where offers were lost and which nearly fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.readers import Reader
from engine.sentences import SIDES
from listings.faces import show
from listings.models import Post
from listings.vocabulary import Face, count_label
from matching.conversion import offer_from
from matching.hints import hint_of
from matching.models import Ranking
from matching.release import COARSE_STEP


def rankings_of(post: Post) -> list[Ranking]:
    """One ranking a need: megawatts and GPUs."""
    return list(Ranking.objects.filter(post=post.pk).order_by("unit"))


def near_offers(rankings: Iterable[Ranking]) -> set[int]:
    """The offers that nearly fit."""
    return {miss["offer_id"] for ranking in rankings for miss in ranking.near_misses}


def summaries(
    request: Post, rankings: Iterable[Ranking], offers: Mapping[int, Any], reader: Reader
) -> list[dict[str, Any]]:
    """For each need of the request: the funnel, and near misses with the offers' faces; no query.

    `request` has its face, `offers` are the `near_offers` as `release.offers_of` loads them. Blind offers are
    counted too, so whoever is no broker reads the funnel in bands: a cap moved dollar by dollar would else
    find the ask of each of them. Of an offer that is only a teaser to the reader, a near miss tells the gates
    that fail and the promised score to five, and no figure; the order is that of the scores shown.
    """
    return [
        {
            "unit": ranking.unit,
            "recounting": ranking.is_recounting,
            "funnel": [remaining(row, reader) for row in ranking.funnel],
            "near_misses": near_misses(ranking, request, offers),
        }
        for ranking in rankings
    ]


def near_misses(ranking: Ranking, request: Any, offers: Mapping[int, Any]) -> list[dict[str, Any]]:
    """The near misses of one need whose request and offers are loaded, each with its face; no query."""
    told = [
        _near(miss, request, offers[miss["offer_id"]])
        for miss in ranking.near_misses
        if miss["offer_id"] in offers
    ]
    return sorted(told, key=lambda miss: (len(miss["failed"]), -miss["score"], miss["offer"]["code_name"]))


def remaining(row: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """One gate of a funnel as its reader may know it."""
    remaining = row["remaining"]
    return {"gate": row["gate"], "remaining": str(remaining) if reader.is_broker else count_label(remaining)}


def _near(miss: Mapping[str, Any], request: Any, offer: Any) -> dict[str, Any]:
    shown = {"offer": show(offer), "failed": miss["failed"]}
    if Face(offer.face) == Face.TEASER:
        rounded = (round(miss["score"]) + 2) // COARSE_STEP * COARSE_STEP
        return shown | {"score": rounded, "changes": [], "other_score": None, "other_changes": []}
    return shown | {
        "score": round(miss["score"]),
        "changes": _told(miss["changes"], request, offer),
        "other_score": miss["other_score"] and round(miss["other_score"]),
        "other_changes": _told(miss["other_changes"], request, offer),
    }


def _told(changes: Iterable[Mapping[str, Any]], request: Any, offer: Any) -> list[str]:
    """The changes in words; coarse ones for whatever would give a reserve value away."""
    owns_request = Face(request.face) == Face.RESERVE
    return [
        change["sentence"]
        if not change["reserve"] or (owns_request and not _tells_floor(change))
        else hint_of(change, request, offer_from(offer), owns_request=owns_request)
        or f"{SIDES[change['side']]}: {change['gate']} would have to give way"
        for change in changes
    ]


def _tells_floor(change: Mapping[str, Any]) -> bool:
    """The cap that would do is worked out with the offer's ask floor."""
    return bool(change["gate"] == "price" and change["side"] == "need")
