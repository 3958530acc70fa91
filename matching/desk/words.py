"""The desk in words, from the faces and readings that are let out and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engine import Unit
from engine.types import Weights
from listings.models import CapacityRequest, Site
from listings.views.lines import title_of
from listings.views.shelves import SHELVES
from listings.vocabulary import PostType, RequestKind
from listings.words import said
from matching.models import Review
from matching.release import points
from matching.vocabulary import SHOWN_PER_NEED, Decision, Reason, ReviewState

Shown = Mapping[str, Any]
REASONS_TOLD = 3
STATE_CHIPS = {"approved": "chip-good", "rejected": "chip-bad", "reopened": "chip-open", "open": ""}


class Card(NamedTuple):
    """One need in the left column, and at the head of its matches; done if the filter leaves none of them."""

    title: str
    organization: str
    about: str
    fee: str
    matches: str
    best: str
    near: str
    terms: str
    ramp: str
    url: str
    post_url: str
    is_current: bool
    is_done: bool


class Line(NamedTuple):
    """One match in the table of its need."""

    place: int
    title: str
    about: str
    url: str
    free: str
    ready: str
    all_in: str
    score: str
    power: int
    timeline: int
    terms: int
    landlord_score: str
    state: str
    state_label: str
    chip: str
    is_refreshing: bool
    is_current: bool


class Past(NamedTuple):
    """One thing that was said of a pair."""

    decision: str
    reason: str
    note: str
    by: str
    at: datetime
    points: int
    is_note: bool
    stands: bool
    undone_at: datetime | None


class Near(NamedTuple):
    title: str
    url: str
    changes: str
    score: str


def card_of(shown: Shown, need: Any, url: str, *, is_current: bool, is_done: bool) -> Card:
    """A need by its request's face and what its matches promise (`Ranking.objects.for_desk`)."""
    steps = shown["steps"]
    near = len(need.near_misses)
    return Card(
        title=title_of(shown),
        organization=shown["organization"]["name"],
        about=" · ".join([_size(shown, need.unit), *_stages(steps), _from(steps[0])]),
        fee=money(need.fee) if need.matches and need.fee else "–",
        matches=_matches(need.matches),
        best=str(need.best) if need.matches else "–",
        near=ngettext("%d near", "%d near", near) % near if not need.matches and near else "",
        terms=_terms(shown, need.unit),
        ramp=_ramp(shown),
        url=url,
        post_url=SHELVES[PostType.REQUEST].url(shown["uid"]),
        is_current=is_current,
        is_done=is_done,
    )


def line_of(shown: Shown, match: Any, place: int, url: str, *, is_current: bool) -> Line:
    """A match by `release_line` and its review (`Match.objects.for_desk`)."""
    offer = shown["offer"]
    parts = _parts(shown)
    return Line(
        place=place,
        title=title_of(offer),
        about=about_offer(offer),
        url=url,
        free=_free(offer),
        ready=_month(shown["first_power_on"]) if shown["first_power_on"] else "–",
        all_in=_price(shown["all_in"], offer),
        score=str(shown["score"]),
        **parts,
        landlord_score="–" if shown["landlord_score"] is None else str(shown["landlord_score"]),
        state=match.review_state,
        state_label=state_label(match),
        chip=STATE_CHIPS[match.review_state],
        is_refreshing=shown["refreshing"],
        is_current=is_current,
    )


def state_label(match: Any) -> str:
    """Where the match stands on this desk; a reopened one says why."""
    if match.review_state == ReviewState.REOPENED:
        moved = {"before": match.reviewed_points, "now": match.points}
        return _("reopened: score moved from %(before)d to %(now)d") % moved
    return "" if match.review_state == ReviewState.OPEN else ReviewState(match.review_state).label.lower()


def past_of(review: Review) -> Past:
    return Past(
        decision=Decision(review.decision).label,
        reason=Reason(review.reason).label if review.reason else "",
        note=review.note,
        by=str(review.by or _("somebody who has left")),
        at=review.at,
        points=review.points,
        is_note=review.decision == Decision.NONE,
        stands=review.stands,
        undone_at=review.undone_at,
    )


def near_of(miss: Shown) -> Near:
    """A near miss and what would make it fit, from whichever side may be told."""
    changes = miss["changes"] or miss["other_changes"]
    return Near(
        title=title_of(miss["offer"]),
        url=SHELVES[miss["offer"]["post_type"]].url(miss["offer"]["uid"]),
        changes="; ".join(changes),
        score=str(miss["score"]),
    )


def costs_most(criteria: Iterable[Shown]) -> list[str]:
    """The sentences of the criteria that cost most, as far as a broker may know them."""
    told = [line for line in criteria if line["sentence"] and line["score"] is not None and line["score"] < 1]
    dearest = sorted(told, key=lambda line: line["weight"] * (1 - line["score"]), reverse=True)
    return [line["sentence"] for line in dearest[:REASONS_TOLD]]


def about_offer(offer: Shown) -> str:
    place = [offer.get("region") or said(Site, "country", offer["country"]), offer.get("grid")]
    names = [offer.get("model_name"), offer.get("organization", {}).get("name"), *place]
    return " · ".join([str(name) for name in names if name] + _reference(offer))


def money(usd: int) -> str:
    """Whole US$ as a desk reads them: $21.6 M, $430 k."""
    if usd >= 100_000:
        return f"${usd / 1_000_000:,.1f} M"
    return f"${usd / 1_000:,.0f} k" if usd >= 1_000 else f"${usd:,}"


# --- Parts -------------------------------------------------------------------------------------


def _reference(offer: Shown) -> list[str]:
    return [_("reference listing")] if offer["is_reference"] else []


def _size(shown: Shown, unit: str) -> str:
    last = shown["steps"][-1]
    if shown["kind"] == RequestKind.POWER:
        return f"{_figure(last['critical_mw'])} MW"
    names = [wish["model_name"] for wish in shown["gpu_wishes"]] or ["GPUs"]
    models = names[0] if len(names) == 1 else _("%s or another model") % names[0]
    hosted = [_("to be hosted")] if unit == Unit.MW else []
    return " ".join([f"{last['gpus']:,}", models, *hosted])


def _stages(steps: list[Shown]) -> list[str]:
    return [_("%d stages") % len(steps)] if len(steps) > 1 else []


def _from(step: Shown) -> str:
    return _("from %s") % _month(step["need_on"])


def _matches(count: int) -> str:
    if count > SHOWN_PER_NEED:
        return _("best %d matches") % SHOWN_PER_NEED
    return ngettext("%d match", "%d matches", count) % count


def _terms(shown: Shown, unit: str) -> str:
    """Its size, work, credit and security: what a landlord asks first."""
    credit = said(CapacityRequest, "credit", shown["credit"]).lower()
    parts = [_size(shown, unit), said(CapacityRequest, "workload", shown["workload"]).lower(), credit]
    if shown["guarantor_credit"]:
        guarantor = said(CapacityRequest, "guarantor_credit", shown["guarantor_credit"]).lower()
        months = shown["guarantee_months"]
        parts.append(_("%(credit)s guarantee of %(months)d months") % {"credit": guarantor, "months": months})
    if shown["security_months"]:
        parts.append(_("%s months of security") % _figure(shown["security_months"]))
    return " · ".join(parts)


def _ramp(shown: Shown) -> str:
    """Its steps, places, ways of delivery and term, in one line."""
    is_power = shown["kind"] == RequestKind.POWER
    totals = [
        f"{_figure(step['critical_mw'])} MW {_month(step['need_on'])}"
        if is_power
        else f"{step['gpus']:,} GPUs {_month(step['need_on'])}"
        for step in shown["steps"]
    ]
    names = ("grids", "regions", "countries", "delivery_types_any_of")
    wishes = [said(CapacityRequest, name, shown[name]) for name in names]
    shortest, longest = shown["term_min_months"], shown["term_max_months"]
    term = f"{shortest}–{longest}" if shortest != longest else f"{longest}"
    return " · ".join([" → ".join(totals), *filter(None, wishes), _("%s months") % term])


def _free(offer: Shown) -> str:
    """MW, or GPUs, that nobody has reserved."""
    if offer["post_type"] == PostType.GPU_POOL:
        return f"{offer['gpus'] - offer['reserved_gpus']:,}"
    free = sum((one["critical_mw"] - one["reserved_mw"] for one in offer["phases"]), Decimal(0))
    return _figure(free)


def _price(amount: Decimal | None, offer: Shown) -> str:
    if amount is None:
        return "–"
    return f"{amount:,.2f}" if offer["post_type"] == PostType.GPU_POOL else f"{amount:,.0f}"


def _parts(shown: Shown) -> dict[str, int]:
    """How many of the score's points each dimension brings: by its weight and its own score."""
    weights = Weights()
    brought = {
        "power": weights.power * shown["power"],
        "timeline": weights.timeline * shown["timeline"],
        "terms": weights.terms * shown["terms"],
    }
    whole = sum(brought.values()) or Decimal(1)
    return {name: points(shown["score"] * part / whole) for name, part in brought.items()}


def _month(day: date) -> str:
    return f"{day:%b %Y}"


def _figure(value: Decimal) -> str:
    return f"{value.normalize():,f}"
