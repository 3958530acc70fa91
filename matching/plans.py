"""How a request could be served from several of its matches, as its owner or a broker may read it.

A plan is worked out from what its reader sees of each offer and from nothing else. Of an offer that is only
a teaser to the reader that is the low end of its band, from the quarter after its first one, on a grid of
unknown stage: so no figure of a plan tells more of it than its teaser does, however often the request is
changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from django.db.models import Prefetch, QuerySet

from accounts.readers import Reader
from engine import Evidence, Freshness, Need, Offer, Phase, Unit
from engine.plans import Candidate, Part, Plan, Plans, Stage, plans
from engine.price import MONEY
from engine.supply import CERTAIN
from listings.faces import show
from listings.models import CapacityRequest, GpuPool, GpuWish, Site
from listings.vocabulary import (
    GPU_EDGES,
    MW_EDGES,
    NO_QUARTER,
    BuildStage,
    Face,
    RequestKind,
    next_quarter,
)
from matching.conversion import money, needs_from, offer_from
from matching.models import Match
from matching.querysets import LIST_ORDER
from matching.release import offers_of, points, rounded_to_five

DAYS_PER_MONTH = Decimal("30.4375")
KW_PER_MW = 1000
HUNDREDTH = Decimal("0.01")


class Found(NamedTuple):
    """A match of the request with its offer, loaded with the reader's face."""

    match: Match
    offer: Site | GpuPool


def readable(reader: Reader, today: date) -> QuerySet[CapacityRequest]:
    """The requests whose plans the reader may see, with all that a plan needs: one's own, a broker's all."""
    wishes = Prefetch("gpu_wishes", GpuWish.objects.select_related("model"))
    seen = CapacityRequest.objects.visible_to(reader, today).select_related("organization")
    seen = seen.prefetch_related("steps", wishes)
    return seen if reader.is_broker else seen.of(reader)


def plans_for(request: CapacityRequest, reader: Reader, today: date) -> dict[str, Any]:
    """The five best plans of a request that may be split, over the matches that its reader is shown.

    `request` comes from `readable`. Nothing is stored.
    """
    needs = needs_from(request) if request.splittable else []
    found = _found(request, reader, today) if needs else []
    numbered = dict(enumerate(found))
    candidates = [
        candidate
        for number, one in numbered.items()
        if (candidate := _candidate(number, one, request)) is not None
        and any(need.unit is candidate.offer.unit for need in needs)
    ]
    made = plans(needs, candidates, request.max_sites) if candidates else None
    return {
        "splittable": request.splittable,
        "max_sites": request.max_sites,
        "unit": (Unit.MW if request.kind == RequestKind.POWER else Unit.GPU).value,
        "refreshing": any(one.match.refreshing for one in found),  # type: ignore[attr-defined]  # annotated
        "plans": [_shown(plan, needs, numbered) for plan in made.plans] if made else [],
        "at_most": _at_most(made) if made and made.plans else None,
    }


# --- What the plans are made from --------------------------------------------------------------


def _found(request: CapacityRequest, reader: Reader, today: date) -> list[Found]:
    """The matches on the request's list, in its order, in at most five queries."""
    known = Match.objects.for_list(reader, today).best_of_request(request.uid)
    matches = list(known.order_by(*LIST_ORDER))
    offers = offers_of([match.offer_id for match in matches], reader, today)
    return [Found(match, offers[match.offer_id]) for match in matches if match.offer_id in offers]


def _candidate(number: int, found: Found, request: CapacityRequest) -> Candidate | None:
    """A match as its reader knows it; None if a teaser tells nothing that could be counted on."""
    match, post = found
    if _is_teaser(post):
        offer = _from_teaser(post)
        score = float(rounded_to_five(match.score))
        return None if offer is None else Candidate(replace(offer, id=number), score)
    knows_reserve = _face(request) == Face.RESERVE
    score = float(match.score) if knows_reserve else float(points(match.score))
    return Candidate(replace(offer_from(post), id=number), score, money(match.comparable_price))


def _from_teaser(post: Site | GpuPool) -> Offer | None:
    """An offer that promises no more than its teaser: the low end of its band, after its first quarter."""
    band = post.mw_band if isinstance(post, Site) else post.gpu_band
    if not band or post.ready_quarter == NO_QUARTER:
        return None
    is_site = isinstance(post, Site)
    free = MW_EDGES[band - 1] * KW_PER_MW if is_site else GPU_EDGES[band - 1]
    ages = show(post)["evidence_age"] if is_site else {}
    return Offer(
        id=0,
        unit=Unit.MW if is_site else Unit.GPU,
        country="",
        phases=(Phase(next_quarter(post.ready_quarter), free, BuildStage.READY_FOR_SERVICE),),
        evidence=Evidence(**{claim: Freshness(age) for claim, age in ages.items()}),
    )


def _is_teaser(post: Any) -> bool:
    return _face(post) == Face.TEASER


def _face(post: Any) -> Face:
    return Face(post.face)


# --- What is let out ---------------------------------------------------------------------------


def _shown(plan: Plan, needs: Sequence[Need], found: Mapping[int, Found]) -> dict[str, Any]:
    unit = needs[0].unit
    return {
        "share": Decimal(str(plan.share)),
        "dependable_months": _months(Fraction(plan.delivered, CERTAIN), unit),
        "needed_months": _months(Fraction(plan.needed), unit),
        "score": round(plan.score),
        "price": _usd(plan.price),
        "cost_usd_month": _usd(plan.monthly_cost),
        "sites": [_site(part, found[part.candidate.offer.id], unit) for part in plan.parts],
        "timeline": [_moment(day, plan, needs[0]) for day in _days(plan, needs[0])],
    }


def _site(part: Part, found: Found, unit: Unit) -> dict[str, Any]:
    """One offer's part. `hosted_mw` is what its GPUs draw where they are the tenant's own."""
    is_hosted = part.candidate.offer.unit is not unit
    return {
        "match": found.match.uid,
        "offer": show(found.offer),
        "coarse": _is_teaser(found.offer),
        "quantity": _quantity(part.quantity, unit),
        "hosted_mw": Decimal(part.own_quantity) / KW_PER_MW if is_hosted else None,
        "price": _usd(part.candidate.price),
        "cost_usd_month": _usd(part.monthly_cost),
        "stages": [
            {
                "from_on": stage.on,
                "quantity": _quantity(stage.quantity, unit),
                "dependable": _quantity(stage.dependable // CERTAIN, unit),
            }
            for stage in part.stages
        ],
    }


def _days(plan: Plan, need: Need) -> list[date]:
    stages = {stage.on for part in plan.parts for stage in part.stages}
    return sorted(stages | {step.on for step in need.steps})


def _moment(day: date, plan: Plan, need: Need) -> dict[str, Any]:
    """What stands from this day on, over all parts; what it costs a month where all parts tell."""
    stands = [(part, _standing(part.stages, day)) for part in plan.parts]
    costs = [_cost_of(part, stage) for part, stage in stands if stage.quantity]
    known = [cost for cost in costs if cost is not None]
    needed = max((step.quantity for step in need.steps if step.on <= day), default=0)
    return {
        "from_on": day,
        "needed": _quantity(needed, need.unit),
        "quantity": _quantity(sum(stage.quantity for _, stage in stands), need.unit),
        "dependable": _quantity(sum(stage.dependable for _, stage in stands) // CERTAIN, need.unit),
        "cost_usd_month": _usd(sum(known)) if len(known) == len(costs) else None,
    }


def _standing(stages: Iterable[Stage], day: date) -> Stage:
    return max((stage for stage in stages if stage.on <= day), default=Stage(day, 0, 0))


def _cost_of(part: Part, stage: Stage) -> int | None:
    cost = part.monthly_cost
    return None if cost is None else cost * stage.quantity // part.quantity


def _at_most(made: Plans) -> Decimal:
    """The share that no plan of these offers can exceed, to the hundredth above."""
    needed = made.plans[0].needed * CERTAIN
    return Decimal(math.ceil(100 * made.most / needed)) / 100


def _quantity(amount: int, unit: Unit) -> Decimal:
    return Decimal(amount) / KW_PER_MW if unit is Unit.MW else Decimal(amount)


def _months(days: Fraction, unit: Unit) -> Decimal:
    """kW-days or GPU-days as MW-months or GPU-months."""
    amount = Decimal(days.numerator) / Decimal(days.denominator) / DAYS_PER_MONTH
    return (amount / KW_PER_MW if unit is Unit.MW else amount).quantize(HUNDREDTH)


def _usd(amount: int | None) -> Decimal | None:
    return None if amount is None else Decimal(amount) / MONEY
