"""Changes that must never hurt, and blanks that can be filled in."""

from dataclasses import fields, replace
from datetime import timedelta
from functools import partial

from engine import Evidence, Freshness, Unit
from engine.vocabulary import BUILD_STAGES, CREDIT, GRID_STAGES
from tests.engine.strategies import offer_for, phase_of

FRESHER = {
    Freshness.NONE: Freshness.STALE,
    Freshness.STALE: Freshness.FRESH,
    Freshness.FRESH: Freshness.FRESH,
}


def _one_phase(dice, offer, change):
    chosen = dice.whole(0, len(offer.phases) - 1)
    return replace(
        offer,
        phases=tuple(change(phase) if n == chosen else phase for n, phase in enumerate(offer.phases)),
    )


def more_free(dice, need, offer):
    more = dice.whole(1, need.steps[-1].quantity)
    return need, _one_phase(dice, offer, lambda phase: replace(phase, free=phase.free + more))


def earlier_phase(dice, need, offer):
    days = timedelta(days=dice.whole(1, 400))
    return need, _one_phase(dice, offer, lambda phase: replace(phase, ready_on=phase.ready_on - days))


def better_stage(dice, need, offer):
    def next_stage(phase):
        place = BUILD_STAGES.index(phase.stage)
        return replace(phase, stage=BUILD_STAGES[min(place + 1, len(BUILD_STAGES) - 1)])

    return need, _one_phase(dice, offer, next_stage)


def better_grid_stage(dice, need, offer):
    if offer.grid_stage is None:
        return need, offer
    better = GRID_STAGES[GRID_STAGES.index(offer.grid_stage) :]
    return need, replace(offer, grid_stage=dice.one(better))


def fresher_evidence(dice, need, offer):
    claim = dice.one([field.name for field in fields(Evidence)])
    fresher = FRESHER[getattr(offer.evidence, claim)]
    return need, replace(offer, evidence=replace(offer.evidence, **{claim: fresher}))


def lower_ask(dice, need, offer):
    def lower(ask):
        return None if ask is None else ask - dice.whole(0, ask // 2)

    if dice.blank(2):
        return need, _one_phase(dice, offer, lambda phase: replace(phase, ask=lower(phase.ask)))
    return need, replace(offer, ask=lower(offer.ask))


def lower_floor(dice, need, offer):
    floor = offer.ask_floor
    return need, offer if floor is None else replace(offer, ask_floor=floor - dice.whole(0, floor // 2))


def more_security(dice, need, offer):
    more = dice.decimal(0, 12)
    return replace(need, security_months=need.security_months + more), offer


def better_credit(dice, need, offer):
    return replace(need, credit=dice.one(CREDIT[CREDIT.index(need.credit) :])), offer


def longer_guarantee(dice, need, offer):
    return replace(need, guarantee_months=need.guarantee_months + dice.whole(1, 60)), offer


def later_outside_date(dice, need, offer):
    return replace(need, latest_on=need.latest_on + timedelta(days=dice.whole(1, 400))), offer


def higher_cap(dice, need, offer):
    by = dice.whole(1, 1_000_000)
    return (
        replace(
            need,
            price_cap=None if need.price_cap is None else need.price_cap + by,
            gpu_caps=tuple((model, None if cap is None else cap + by) for model, cap in need.gpu_caps),
        ),
        offer,
    )


def larger_tolerance(dice, need, offer):
    return replace(need, tolerance_pct=need.tolerance_pct + dice.decimal(0, 20)), offer


IMPROVEMENTS = (
    more_free,
    earlier_phase,
    better_stage,
    better_grid_stage,
    fresher_evidence,
    lower_ask,
    lower_floor,
    more_security,
    better_credit,
    longer_guarantee,
    later_outside_date,
    higher_cap,
    larger_tolerance,
)

# Limits and options of the owner: empty means "none", not "unknown"; so do the other unit's facts.
NOT_BLANKS = {
    "phases",
    "min_block",
    "max_block",
    "ask_floor",
    "min_order",
    "available_until",
    "security_months_instead",
}
POOL_BLANKS = {
    "ask",
    "compliance",
    "term_min_months",
    "term_max_months",
    "required_security_months",
    "largest_cluster",
    "fabric",
    "fabric_gbps",
}
POOL_ONLY = {"gpu_model", "largest_cluster", "fabric", "fabric_gbps"}


def blanks(offer):
    """The fields of an offer that are unknown."""
    empty = {field.name for field in fields(offer) if getattr(offer, field.name) is None} - NOT_BLANKS
    return sorted(empty & POOL_BLANKS if offer.unit is Unit.GPU else empty - POOL_ONLY)


def phase_blanks(offer):
    """Pairs of a phase's number and its unknown hall fact."""
    if offer.unit is Unit.GPU:
        return []
    hall = ("cooling", "max_rack_kw", "redundancy", "delivery_types")
    return [
        (n, name) for n, phase in enumerate(offer.phases) for name in hall if getattr(phase, name) is None
    ]


def fill_each(dice, need, offer):
    """The offer with each of its blanks, its own and its phases', filled in alone."""
    for field in blanks(offer):
        yield replace(offer, **{field: stated(partial(offer_for, dice, need), field)})
    for number, field in phase_blanks(offer):
        filled = replace(offer.phases[number], **{field: stated(partial(phase_of, dice, need), field)})
        yield replace(offer, phases=(*offer.phases[:number], filled, *offer.phases[number + 1 :]))


def stated(throw, field):
    """What the first of several throws says that says anything."""
    return next(value for _ in range(1_000) if (value := getattr(throw(), field)) is not None)
