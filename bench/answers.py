"""What a whole-market run answers, however it was made, and how two answers differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine import STANDARD, Assessment, Need, Offer, State, assess, order_key

KEPT_PER_NEED, KEPT_PER_OFFER = 60, 20
EXACT = 1e-6

Pair = tuple[int, int]  # places of need and offer in their sequences
Kept = dict[Pair, tuple[float, bool, bool]]  # score, among the best of the need, of the offer


def reference(offers: Sequence[Offer], needs: Sequence[Need]) -> Kept:
    """The lists by the reference form, pair by pair."""
    supply = [replace(offer, id=place) for place, offer in enumerate(offers)]
    demand = [replace(need, id=place) for place, need in enumerate(needs)]
    found = [one for need in demand for offer in supply if _is_kept(one := assess(need, offer))]
    found.sort(key=lambda one: (order_key(one), one.need_id))
    of_need: dict[int, list[Assessment]] = {}
    of_offer: dict[int, list[Assessment]] = {}
    for one in found:
        of_need.setdefault(one.need_id, []).append(one)
        of_offer.setdefault(one.offer_id, []).append(one)
    for_need = {_pair(one) for each in of_need.values() for one in each[:KEPT_PER_NEED]}
    for_offer = {_pair(one) for each in of_offer.values() for one in _for_offer(each)[:KEPT_PER_OFFER]}
    return {
        pair: (one.score, pair in for_need, pair in for_offer)
        for one in found
        if (pair := _pair(one)) in for_need | for_offer
    }


def differences(one: Kept, other: Kept) -> str:
    """In a few words; empty if the answers are the same, scores to 1e-6."""
    apart = one.keys() ^ other.keys()
    both = one.keys() & other.keys()
    scores = [pair for pair in both if abs(one[pair][0] - other[pair][0]) > EXACT]
    flags = [pair for pair in both if one[pair][1:] != other[pair][1:]]
    found = ((apart, "pairs in one alone"), (scores, "scores apart"), (flags, "lists apart"))
    return ", ".join(f"{len(pairs)} {what}" for pairs, what in found if pairs)


def _is_kept(one: Assessment) -> bool:
    return one.state is not State.FAIL and one.score >= STANDARD.keep_score


def _pair(one: Assessment) -> Pair:
    return one.need_id, one.offer_id


def _for_offer(found: list[Assessment]) -> list[Assessment]:
    """Offers are all the same here, so the id of the need decides last."""
    return sorted(found, key=lambda one: (order_key(one)[:-1], one.need_id))
