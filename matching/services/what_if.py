"""What a post would match if one of its own figures were another. Nothing is saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q

from accounts.readers import Reader
from common.counters import counted
from common.errors import DomainError
from engine import STANDARD, Assessment, Need, Offer, State, Unit, assess, order_key
from listings.faces import show
from listings.models import CapacityRequest, GpuPool, Site
from listings.vocabulary import Face, RequestKind
from matching.conversion import money, needs_from, offer_from
from matching.models import Match, Ranking
from matching.prefilter import requests_for
from matching.release import points, rounded_to_five
from matching.vocabulary import KEPT_PER_OFFER, SHOWN_PER_NEED, TRIED_POSTS, TRIES_PER_MINUTE

OwnPost = Site | GpuPool | CapacityRequest


@dataclass(frozen=True, slots=True)
class Changes:
    """Own figures to try; None is as posted. Later steps or phases move along with the first day.

    `price` is the cap of a request (per GPU-hour for GPUs, of every wished model) or the ask of an offer.
    """

    first_on: date | None = None
    latest_on: date | None = None
    price: Decimal | None = None


class TooManyTries(DomainError):
    code = "too_many_tries"


def what_if(*, post: OwnPost, changes: Changes, reader: Reader, today: date) -> list[dict[str, Any]]:
    """Each post of the other side that matches before or after: its face, both scores, and what else the
    reader may know; best first. A teaser tells its scores to five, as its match does.

    `post` is the reader's own, open and loaded `with_all`. The posts it matches or nearly matches are tried,
    and of the others the soonest, `TRIED_POSTS` in all. Raises TooManyTries: editing a post to feel for what
    others hide leaves its traces, and this must not be the faster way.
    """
    if counted(f"what-if:{post.organization_id}") > TRIES_PER_MINUTE:
        raise TooManyTries("That was a lot of tries. Wait a minute, then go on.")
    now = _values(post)
    then = [_changed(post, value, changes) for value in now]
    others = _others(post, [*now, *then], reader, today)
    before, after = _matched(now, others.values()), _matched(then, others.values())
    tried = [_tried(others[pk], before.get(pk), after.get(pk)) for pk in {**before, **after}]
    return sorted(tried, key=lambda one: (-(one["after"] or 0), -(one["before"] or 0), one["post"]["uid"]))


# --- Both sides, as the rules read them --------------------------------------------------------


def _values(post: OwnPost) -> list[Need | Offer]:
    return [*needs_from(post)] if isinstance(post, CapacityRequest) else [offer_from(post)]


def _changed(post: OwnPost, value: Need | Offer, changes: Changes) -> Need | Offer:
    if isinstance(value, Need):
        is_power = isinstance(post, CapacityRequest) and post.kind == RequestKind.POWER
        return _changed_need(value, changes, priced=Unit.MW if is_power else Unit.GPU)
    return _changed_offer(value, changes)


def _changed_need(need: Need, changes: Changes, *, priced: Unit) -> Need:
    moved = timedelta(0) if changes.first_on is None else changes.first_on - need.steps[0].on
    steps = tuple(replace(step, on=step.on + moved) for step in need.steps)
    need = replace(need, steps=steps, latest_on=changes.latest_on or need.latest_on)
    cap = money(changes.price)
    if cap is None or need.unit is not priced:
        return need
    if need.unit is Unit.MW:
        return replace(need, price_cap=cap)
    return replace(need, gpu_caps=tuple((model, cap) for model, _ in need.gpu_caps))


def _changed_offer(offer: Offer, changes: Changes) -> Offer:
    """One ask then holds for all phases; a floor above it goes down with it."""
    first = min(phase.ready_on for phase in offer.phases)
    moved = timedelta(0) if changes.first_on is None else changes.first_on - first
    phases = tuple(replace(phase, ready_on=phase.ready_on + moved) for phase in offer.phases)
    ask = money(changes.price)
    if ask is None:
        return replace(offer, phases=phases)
    floor = None if offer.ask_floor is None else min(offer.ask_floor, ask)
    phases = tuple(replace(phase, ask=None) for phase in phases)
    return replace(offer, phases=phases, ask=ask, ask_floor=floor)


def _others(
    post: OwnPost, values: list[Need | Offer], reader: Reader, today: date
) -> dict[int, Site | GpuPool | CapacityRequest]:
    """The posts to try, with the faces that the reader has of them, in a fixed number of queries."""
    first = _partners(post)
    found: dict[int, Any] = {}
    for model, wanted in _wanted(values, today):
        known = model.objects.for_catalogue(reader, today).open(today)
        known = known.filter(wanted)
        rest = known.exclude(pk__in=first).values_list("pk", flat=True)
        chosen = [*first, *rest[: max(0, TRIED_POSTS - len(first) - len(found))]]
        found |= {one.pk: one for one in known.filter(pk__in=chosen)}
    return found


def _wanted(values: list[Need | Offer], today: date) -> list[tuple[Any, Q]]:
    """The models to look through; of requests only those that the loose prefilter lets by."""
    offers = [value for value in values if isinstance(value, Offer)]
    if offers:
        maybe = (Q(pk__in=requests_for(offer, today).values("pk")) for offer in offers)
        return [(CapacityRequest, reduce(or_, maybe))]
    units = {value.unit for value in values}
    return [(model, Q()) for unit, model in ((Unit.GPU, GpuPool), (Unit.MW, Site)) if unit in units]


def _partners(post: OwnPost) -> set[int]:
    """Posts that match it already, or nearly."""
    if not isinstance(post, CapacityRequest):
        return set(Match.objects.filter(offer=post.pk).values_list("request_id", flat=True))
    known = Match.objects.filter(request=OuterRef("post")).values("offer_id")
    rankings = Ranking.objects.filter(post=post.pk).annotate(known=ArraySubquery(known))
    found = rankings.values_list("near_misses", "known")
    return {pk for near, matched in found for pk in (*matched, *(miss["offer_id"] for miss in near))}


# --- Ranked ------------------------------------------------------------------------------------


def _matched(own: list[Need | Offer], others: Iterable[OwnPost]) -> dict[int, Assessment]:
    """{post of the other side: its score}, as many as its list would show."""
    theirs = [(other.pk, value) for other in others for value in _values(other)]
    found: dict[int, Assessment] = {}
    for value in own:
        scored = [(pk, _assessed(value, their)) for pk, their in theirs if their.unit is value.unit]
        kept = [(pk, one) for pk, one in scored if one.state is not State.FAIL]
        kept = [(pk, one) for pk, one in kept if one.score >= STANDARD.keep_score]
        kept.sort(key=lambda pair: (order_key(pair[1]), pair[0]))
        found |= dict(kept[: SHOWN_PER_NEED if isinstance(value, Need) else KEPT_PER_OFFER])
    return found


def _assessed(one: Need | Offer, other: Need | Offer) -> Assessment:
    if isinstance(one, Need) and isinstance(other, Offer):
        return assess(one, other)
    if isinstance(one, Offer) and isinstance(other, Need):
        return assess(other, one)
    raise TypeError("A need is scored with an offer.")


def _tried(post: Any, before: Assessment | None, after: Assessment | None) -> dict[str, Any]:
    is_coarse = post.face == Face.TEASER
    score = rounded_to_five if is_coarse else points
    told = None if is_coarse else after
    return {
        "post": show(post),
        "coarse": is_coarse,
        "before": None if before is None else score(Decimal(str(before.score))),
        "after": None if after is None else score(Decimal(str(after.score))),
        "state": None if told is None else told.state.value,
        "first_power_on": None if told is None else told.first_power_on,
    }
