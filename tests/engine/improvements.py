"""Changes that must never hurt, and blanks that can be filled in."""

from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import strategies as st

from engine import Evidence, Freshness, Unit
from engine.vocabulary import BUILD_STAGES, CREDIT, GRID_STAGES
from tests.engine import strategies

FRESHER = {
    Freshness.NONE: Freshness.STALE,
    Freshness.STALE: Freshness.FRESH,
    Freshness.FRESH: Freshness.FRESH,
}


def _one_phase(draw, offer, change):
    chosen = draw(st.integers(0, len(offer.phases) - 1))
    return replace(
        offer,
        phases=tuple(change(phase) if n == chosen else phase for n, phase in enumerate(offer.phases)),
    )


def more_free(draw, need, offer):
    more = draw(st.integers(1, need.steps[-1].quantity))
    return need, _one_phase(draw, offer, lambda phase: replace(phase, free=phase.free + more))


def earlier_phase(draw, need, offer):
    days = timedelta(days=draw(st.integers(1, 400)))
    return need, _one_phase(draw, offer, lambda phase: replace(phase, ready_on=phase.ready_on - days))


def better_stage(draw, need, offer):
    def next_stage(phase):
        place = BUILD_STAGES.index(phase.stage)
        return replace(phase, stage=BUILD_STAGES[min(place + 1, len(BUILD_STAGES) - 1)])

    return need, _one_phase(draw, offer, next_stage)


def better_grid_stage(draw, need, offer):
    if offer.grid_stage is None:
        return need, offer
    better = GRID_STAGES[GRID_STAGES.index(offer.grid_stage) :]
    return need, replace(offer, grid_stage=draw(st.sampled_from(better)))


def fresher_evidence(draw, need, offer):
    claim = draw(st.sampled_from([field.name for field in fields(Evidence)]))
    fresher = FRESHER[getattr(offer.evidence, claim)]
    return need, replace(offer, evidence=replace(offer.evidence, **{claim: fresher}))


def lower_ask(draw, need, offer):
    def lower(ask):
        return None if ask is None else ask - draw(st.integers(0, ask // 2))

    if draw(st.booleans()):
        return need, _one_phase(draw, offer, lambda phase: replace(phase, ask=lower(phase.ask)))
    return need, replace(offer, ask=lower(offer.ask))


def lower_floor(draw, need, offer):
    floor = offer.ask_floor
    return need, offer if floor is None else replace(
        offer, ask_floor=floor - draw(st.integers(0, floor // 2))
    )


def more_security(draw, need, offer):
    more = draw(strategies.decimals(0, 12))
    return replace(need, security_months=need.security_months + more), offer


def better_credit(draw, need, offer):
    return replace(need, credit=draw(st.sampled_from(CREDIT[CREDIT.index(need.credit) :]))), offer


def longer_guarantee(draw, need, offer):
    return replace(need, guarantee_months=need.guarantee_months + draw(st.integers(1, 60))), offer


def later_outside_date(draw, need, offer):
    return replace(need, latest_on=need.latest_on + timedelta(days=draw(st.integers(1, 400)))), offer


def higher_cap(draw, need, offer):
    by = draw(st.integers(1, 1_000_000))
    return (
        replace(
            need,
            price_cap=None if need.price_cap is None else need.price_cap + by,
            gpu_caps=tuple((model, None if cap is None else cap + by) for model, cap in need.gpu_caps),
        ),
        offer,
    )


def larger_tolerance(draw, need, offer):
    return replace(need, tolerance_pct=need.tolerance_pct + draw(strategies.decimals(0, 20))), offer


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
    "region",
    "grid",
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


def fill_one(draw, need, offer):
    """The offer with one blank, its own or a phase's, filled in with what another offer says."""
    own, halls = blanks(offer), phase_blanks(offer)
    if not own and not halls:
        return offer
    choice = draw(st.sampled_from([*own, *halls]))
    known = st.builds(lambda other: other, strategies.offers_for(need))
    if isinstance(choice, str):
        stated = draw(known.map(lambda other: getattr(other, choice)).filter(lambda value: value is not None))
        return replace(offer, **{choice: stated})
    number, name = choice
    stated = draw(
        strategies.phases(need).map(lambda phase: getattr(phase, name)).filter(lambda v: v is not None)
    )
    filled = replace(offer.phases[number], **{name: stated})
    return replace(offer, phases=(*offer.phases[:number], filled, *offer.phases[number + 1 :]))
