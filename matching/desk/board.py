"""What lies on the desk: one page of needs, and the one that is being worked on with its matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Prefetch, Q
from django.urls import reverse

from accounts.readers import Reader
from engine import Unit
from listings.faces import show
from listings.models import CapacityRequest, GpuPool, GpuWish, Site
from listings.views.lines import title_of
from listings.views.shelves import SHELVES
from listings.vocabulary import PostType
from matching.desk.address import Asked
from matching.desk.words import (
    STATE_CHIPS,
    Card,
    Line,
    Near,
    Past,
    about_offer,
    card_of,
    costs_most,
    line_of,
    money,
    near_of,
    past_of,
    state_label,
)
from matching.models import Match, Ranking, Review
from matching.release import release_line, release_loaded
from matching.sheets import label_of
from matching.summary import near_misses
from matching.vocabulary import SHOWN_PER_NEED

NEED_ORDER = ("-fee", "pk")


class Detail(NamedTuple):
    """The match that is being decided on."""

    title: str
    about: str
    offer_url: str
    match_url: str
    state_label: str
    chip: str
    is_refreshing: bool
    fee: str
    binding_label: str
    binding: str
    binding_score: int | None
    reasons: list[str]
    history: list[Past]
    decide_url: str
    undo_url: str


class Gone(NamedTuple):
    """An offer that was reviewed and does not match at present."""

    title: str
    url: str
    past: Past


class Pane(NamedTuple):
    """One need at work. `following` and `preceding` are where j and k lead."""

    card: Card
    is_gpu: bool
    lines: list[Line]
    detail: Detail | None
    near: list[Near]
    gone: list[Gone]
    following: str
    preceding: str


class Board(NamedTuple):
    cards: list[Card]
    pane: Pane | None


def needs_for(asked: Asked, reader: Reader, today: date) -> Any:
    """The needs of the left column, to be read in `NEED_ORDER`, a page at a time."""
    matches = asked.narrow(Match.objects.for_desk(reader, today), reader)
    needs: Any = Ranking.objects.for_desk(reader, today, matches)
    if not asked.is_narrow:
        return needs
    # The need at work stays in sight, even if what was just decided leaves none of its matches.
    at_work = Q(request_uid=asked.need, unit=asked.unit) if asked.need and asked.unit else Q()
    return needs.filter(Q(matches__gt=0) | at_work)


def need_named(needs: Any, asked: Asked) -> Any:
    """Of these needs the one that the address names, on whichever page it stands; None if it names none."""
    return needs.filter(request_uid=asked.need, unit=asked.unit) if asked.need and asked.unit else None


def board_of(needs: Sequence[Any], named: Sequence[Any], asked: Asked, reader: Reader, today: date) -> Board:
    """These needs, and the chosen one's matches; eight queries, however many there are of either.

    `named` is what `need_named` finds; else the first need is at work.
    """
    chosen = next(iter([*named, *needs]), None)
    every = [*needs, chosen] if chosen is not None and chosen not in needs else needs
    requests = _requests({need.post_id for need in every}, reader, today)
    cards = [_card(need, requests, asked, chosen) for need in needs if need.post_id in requests]
    if chosen is None or chosen.post_id not in requests:
        return Board(cards, None)
    return Board(cards, _pane(chosen, requests, asked, reader, today, cards))


def _requests(posts: set[int], reader: Reader, today: date) -> dict[int, Any]:
    wishes = Prefetch("gpu_wishes", GpuWish.objects.select_related("model"))
    seen = CapacityRequest.objects.visible_to(reader, today).filter(pk__in=posts)
    return {post.pk: post for post in seen.select_related("organization").prefetch_related("steps", wishes)}


def _offers(posts: set[int], unit: str, reader: Reader, today: date) -> dict[int, Any]:
    model: Any = GpuPool if unit == Unit.GPU else Site
    return {post.pk: post for post in model.objects.for_catalogue(reader, today).filter(pk__in=posts)}


def _card(need: Any, requests: Mapping[int, Any], asked: Asked, chosen: Any) -> Card:
    url = asked.url(need=str(need.request_uid), unit=need.unit, match="")
    done = asked.is_narrow and not need.matches
    return card_of(show(requests[need.post_id]), need, url, is_current=need == chosen, is_done=done)


# --- One need ----------------------------------------------------------------------------------


def _pane(
    need: Any, requests: Mapping[int, Any], asked: Asked, reader: Reader, today: date, cards: list[Card]
) -> Pane:
    request = requests[need.post_id]
    asked = replace(asked, need=str(need.request_uid), unit=need.unit)
    every: Any = Match.objects.for_desk(reader, today)
    ranked = list(every.filter(request=request.pk, unit=need.unit).in_order()[:SHOWN_PER_NEED])
    past: list[Any] = list(Review.objects.for_need(reader, request.pk, _offer_type(need.unit)))
    known = {one.offer_id for one in [*ranked, *past]} | {miss["offer_id"] for miss in need.near_misses}
    offers = _offers(known, need.unit, reader, today)
    ranked = [match for match in ranked if match.offer_id in offers]
    left = [match for match in ranked if _is_left(match, asked, past, reader)]
    chosen = _chosen_match(ranked, left, asked)
    lines = [
        line_of(
            release_line(match, request, offers[match.offer_id]),
            match,
            ranked.index(match) + 1,
            asked.url(match=str(match.uid)),
            is_current=match == chosen,
        )
        for match in left
    ]
    return Pane(
        card=_card(need, requests, asked, need),
        is_gpu=need.unit == Unit.GPU,
        lines=lines,
        detail=_detail(chosen, request, offers[chosen.offer_id], past, asked) if chosen else None,
        near=[near_of(miss) for miss in near_misses(need, request, offers)],
        gone=list(_gone(past, offers, {match.offer_id for match in ranked})),
        **_steps(lines, ranked.index(chosen) + 1 if chosen else 0, cards),
    )


def _offer_type(unit: str) -> str:
    return PostType.GPU_POOL if unit == Unit.GPU else PostType.SITE


def _is_left(match: Any, asked: Asked, past: Sequence[Review], reader: Reader) -> bool:
    """The filter of the left column, over rows that are loaded."""
    if asked.state and match.review_state != asked.state:
        return False
    own = (one for one in past if one.stands and reader.user is not None and one.by_id == reader.user.pk)
    return not asked.mine or match.offer_id in {one.offer_id for one in own}


def _chosen_match(ranked: Sequence[Any], left: Sequence[Any], asked: Asked) -> Any:
    """The match that the address names, decided and so filtered away or not; else the first."""
    named = [match for match in ranked if str(match.uid) == asked.match]
    return next(iter([*named, *left]), None)


def _steps(lines: list[Line], place: int, cards: list[Card]) -> dict[str, str]:
    """The next and the previous match; at the ends of the list the next and the previous need."""
    following = [line.url for line in lines if line.place > place]
    preceding = [line.url for line in lines if line.place < place]
    after, before = _neighbours(cards)
    return {
        "following": following[0] if following else after,
        "preceding": preceding[-1] if preceding else before,
    }


def _neighbours(cards: list[Card]) -> tuple[str, str]:
    """The needs beside the one at work; once the filter leaves it no match, the first of the others."""
    at = next((at for at, card in enumerate(cards) if card.is_current), None)
    if at is None or cards[at].is_done:
        return next((card.url for card in cards if not card.is_current), ""), ""
    after = cards[at + 1].url if at + 1 < len(cards) else ""
    return after, cards[at - 1].url if at else ""


def _detail(match: Any, request: Any, offer: Any, past: Sequence[Review], asked: Asked) -> Detail:
    shown = release_loaded(match, request, offer)
    said = [one for one in past if one.offer_id == match.offer_id]
    query = asked.query(match=str(match.uid))
    last = next((one for one in said if one.stands), None)
    binding = shown["binding"]
    return Detail(
        title=title_of(shown["offer"]),
        about=about_offer(shown["offer"]),
        offer_url=_url(shown["offer"]),
        match_url=reverse("matching:match", args=[match.uid]),
        state_label=state_label(match),
        chip=STATE_CHIPS[match.review_state],
        is_refreshing=shown["refreshing"],
        fee=money(match.fee) if match.fee is not None else "",
        binding_label=label_of(binding["key"]) if binding else "",
        binding=(binding["sentence"] or "") if binding else "",
        binding_score=binding["score"] if binding else None,
        reasons=costs_most(shown["criteria"]),
        history=[past_of(one) for one in said],
        decide_url=f"{reverse('matching:decide', args=[match.uid])}?{query}",
        undo_url=f"{reverse('matching:undo_review', args=[last.uid])}?{query}" if last else "",
    )


def _gone(past: Sequence[Review], offers: Mapping[int, Any], matching: set[int]) -> Any:
    latest = {one.offer_id: one for one in reversed(past) if one.stands}
    for post, review in latest.items():
        if post in offers and post not in matching:
            shown = show(offers[post])
            yield Gone(title_of(shown), _url(shown), past_of(review))


def _url(shown: Mapping[str, Any]) -> str:
    return SHELVES[shown["post_type"]].url(shown["uid"])
