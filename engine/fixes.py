"""The smallest change on either side that flips a failing gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from engine import halls, supply
from engine.gates import CREDIT_RANK, Pair, Value, credit_class, stays_until
from engine.price import MONEY, cap_of, headroom
from engine.types import Need, Phase, Unit
from engine.vocabulary import CREDIT

# Field, what it says, what it would have to say, and the fields to store for that.
Mended = tuple[str, Value, Value, dict[str, Any]]
Fix = Callable[[Pair], Mended | None]
Side = Literal["offer", "need"]


def _set(field: str, before: Value, after: Value, stored: Any = None) -> Mended:
    return field, before, after, {field: after if stored is None else stored}


# ---- the offer's side


def _earlier(pair: Pair) -> Mended | None:
    """The fewest phases, earliest first, moved up to the day on which the need still takes them."""
    need, offer = pair.need, pair.offer
    phases = list(offer.phases)
    moved: list[tuple[date, date]] = []
    for step in supply.judged_steps(need):
        wanted = supply.least_of_step(need, offer, step, pair.assumptions)
        until = supply.granted_until(need, step)
        phases, late = _moved_up(need, phases, wanted, until, offer.max_block)
        moved.extend(late)
        if late and late[-1][0] == date.max:
            return None
    if not moved:
        return _stay_longer(pair)
    before, after = max(moved)
    return "ready_on", before, after, {"phases": tuple(phases)}


def _moved_up(
    need: Need, phases: list[Phase], wanted: int, until: date, limit: int | None
) -> tuple[list[Phase], list[tuple[date, date]]]:
    """Phases with the earliest late ones moved up until `wanted` is ready; date.max if it never is."""
    counting = [
        n for n, phase in enumerate(phases) if need.unit is Unit.GPU or halls.counts(need, phase) is not False
    ]
    ready = sum(phases[n].free for n in counting if phases[n].ready_on <= until)
    moved: list[tuple[date, date]] = []
    for n in sorted(counting, key=lambda n: phases[n].ready_on):
        if ready >= wanted:
            return phases, moved
        if phases[n].ready_on > until and phases[n].free:
            moved.append((phases[n].ready_on, until))
            ready += phases[n].free
            phases = [*phases[:n], replace(phases[n], ready_on=until), *phases[n + 1 :]]
    enough = ready >= wanted and (limit is None or limit >= wanted)
    return phases, moved if enough else [*moved, (date.max, until)]


def _stay_longer(pair: Pair) -> Mended | None:
    if pair.offer.available_until is None:
        return None
    return _set("available_until", pair.offer.available_until, stays_until(pair.need, pair.offer))


def _cheaper(pair: Pair) -> Mended | None:
    """The highest ask that still passes. Only where one ask holds for all phases."""
    offer, price, cap = pair.offer, pair.price, cap_of(pair.need, pair.offer)
    if cap is None or price.allowance is None or (room := headroom(price, cap)) is None or room <= 0:
        return None
    if any(phase.ask is not None for phase in offer.phases):
        return None
    most = (pair.assumptions.dearest_ratio_pct * room) // 100 - price.allowance
    if offer.priced_on_gross:
        most = int(most / (offer.gross_per_critical or pair.assumptions.gross_per_critical))
    most -= most % (100 if offer.unit is Unit.MW else 1)  # whole cents per kW-month
    if most <= 0:
        return None
    values: dict[str, Any] = {"ask": most} if offer.ask_floor is None else {"ask": most, "ask_floor": most}
    return "ask", offer.ask, most, values


def _fill_halls(field: str, wanted: Callable[[Pair], Any], check: Callable[[Need, Phase], Any]) -> Fix:
    """All phases that miss the hall fact changed to what is asked."""

    def fix(pair: Pair) -> Mended | None:
        after = wanted(pair)
        missing = [phase for phase in pair.offer.phases if check(pair.need, phase) is False]
        if not missing:
            return None
        before = getattr(missing[0], field)
        return (
            field,
            before,
            after,
            {
                "phases": tuple(
                    replace(phase, **{field: _joined(getattr(phase, field), after)})
                    if phase in missing
                    else phase
                    for phase in pair.offer.phases
                )
            },
        )

    return fix


def _joined(before: Any, after: Any) -> Any:
    return before | after if isinstance(after, frozenset) and before else after


def _more(pair: Pair) -> Mended | None:
    """Enough free quantity in the surest phase that counts, or a smaller smallest block."""
    need, offer = pair.need, pair.offer
    blocks = pair.supplies.expected.blocks
    most = supply.total(need)
    if supply.smallest_order(offer) > most:
        field = "min_block" if (offer.min_block or 0) > most else "min_order"
        return _set(field, getattr(offer, field), most)
    wanted = supply.least_total(need, offer, pair.assumptions)
    free = sum(block.free for block in blocks)
    values: dict[str, Any] = {}
    if free < wanted:
        if not blocks:
            return None
        grown = replace(blocks[0].phase, free=blocks[0].free + wanted - free)
        values["phases"] = tuple(grown if phase is blocks[0].phase else phase for phase in offer.phases)
    for limit in ("max_block", "largest_cluster"):
        if getattr(offer, limit) is not None and getattr(offer, limit) < wanted:
            values[limit] = wanted
    field = "free" if "phases" in values else next(iter(values), "free")
    before = free if field == "free" else getattr(offer, field)
    return (field, before, wanted, values) if values else None


def _class(pair: Pair) -> Mended | None:
    accepted = credit_class(pair.need, pair.assumptions)
    return _set("required_credit", pair.offer.required_credit, accepted)


def _offer_term(pair: Pair) -> Mended | None:
    need, offer = pair.need, pair.offer
    if offer.term_min_months is not None and offer.term_min_months > need.term_max_months:
        return _set("term_min_months", offer.term_min_months, need.term_max_months)
    return _set("term_max_months", offer.term_max_months, need.term_min_months)


def _need_term(pair: Pair) -> Mended | None:
    need, offer = pair.need, pair.offer
    if offer.term_min_months is not None and offer.term_min_months > need.term_max_months:
        return _set("term_max_months", need.term_max_months, offer.term_min_months)
    return _set("term_min_months", need.term_min_months, offer.term_max_months)


def _copy(offer_field: str, need_field: str, side: str) -> Fix:
    """One side takes over what the other says."""

    def fix(pair: Pair) -> Mended | None:
        theirs, ours = getattr(pair.offer, offer_field), getattr(pair.need, need_field)
        return _set(offer_field, theirs, ours) if side == "offer" else _set(need_field, ours, theirs)

    return fix


# ---- the need's side


def _place(pair: Pair) -> Mended:
    need, country = pair.need, pair.offer.country
    values = {
        "countries": need.countries | {country}
        if need.countries or need.regions or need.grids
        else need.countries,
        "excluded_countries": need.excluded_countries - {country},
    }
    field = "excluded_countries" if country in need.excluded_countries else "countries"
    return field, getattr(need, field), values[field], values


def _later(pair: Pair) -> Mended | None:
    """The first outside date by which every step is served."""
    need, offer = pair.need, pair.offer
    slack = supply.slack_days(need)
    for step in supply.judged_steps(need):
        wanted = supply.least_of_step(need, offer, step, pair.assumptions)
        ready = supply.reached_on(pair.supplies.expected, wanted)
        if ready is None:
            return None
        slack = max(slack, (ready - step.on).days)
    after = date.fromordinal(supply.starts_on(need).toordinal() + slack)
    return None if after == need.latest_on else _set("latest_on", need.latest_on, after)


def _less(pair: Pair) -> Mended | None:
    """The largest total the offer can give, every step cut to it."""
    need = pair.need
    most = supply.nominal(pair.supplies.expected)
    if need.unit is Unit.GPU and pair.offer.largest_cluster is not None:
        most = min(most, pair.offer.largest_cluster)
    if need.splittable or most < max(1, supply.smallest_order(pair.offer)):
        return None
    steps = tuple(replace(step, quantity=min(step.quantity, most)) for step in need.steps)
    return "quantity", supply.total(need), most, {"steps": steps}


def _higher_cap(pair: Pair) -> Mended | None:
    """The lowest cap, in whole cents, under which the ask passes."""
    need, price = pair.need, pair.price
    lowest, cap = price.lowest_ask, cap_of(need, pair.offer)
    if None in (lowest, price.power, price.fit_out, price.allowance) or cap is None:
        return None
    asked = (lowest or 0) + (price.allowance or 0)
    room = -(-100 * asked // pair.assumptions.dearest_ratio_pct)
    after = room + (price.power or 0) + (price.fit_out or 0)
    if need.unit is Unit.MW:
        return _set("price_cap", cap, after + -after % (MONEY // 100))
    caps = tuple((m, after if m == pair.offer.gpu_model else c) for m, c in need.gpu_caps)
    return "gpu_caps", cap, after, {"gpu_caps": caps}


def _best_rack(pair: Pair) -> Mended | None:
    racks = [phase.max_rack_kw for phase in pair.offer.phases if phase.free and phase.max_rack_kw is not None]
    return _set("min_rack_kw", pair.need.min_rack_kw, max(racks)) if racks else None


def _best_redundancy(pair: Pair) -> Mended | None:
    levels = [phase.redundancy for phase in pair.offer.phases if phase.free and phase.redundancy is not None]
    best = max(levels, key=halls.REDUNDANCY_RANK.__getitem__, default=None)
    return None if best is None else _set("min_redundancy", pair.need.min_redundancy, best)


def _accept(need_field: str, phase_field: str) -> Fix:
    """The need also accepts what the free phases have."""

    def fix(pair: Pair) -> Mended | None:
        before = getattr(pair.need, need_field)
        there = [getattr(phase, phase_field) or frozenset() for phase in pair.offer.phases if phase.free]
        after = before.union(*there)
        return None if after == before else _set(need_field, before, after)

    return fix


def _accept_basis(pair: Pair) -> Mended:
    before = pair.need.lease_basis_any_of
    return _set("lease_basis_any_of", before, before | {pair.offer.lease_basis or ""})


def _drop_compliance(pair: Pair) -> Mended:
    before = pair.need.compliance_all_of
    return _set("compliance_all_of", before, before & (pair.offer.compliance or frozenset()))


def _accept_fabric(pair: Pair) -> Mended | None:
    need, offer = pair.need, pair.offer
    if need.fabric_any_of and offer.fabric is not None and offer.fabric not in need.fabric_any_of:
        return _set("fabric_any_of", need.fabric_any_of, need.fabric_any_of | {offer.fabric})
    return _set("min_fabric_gbps", need.min_fabric_gbps, offer.fabric_gbps)


def _more_security(pair: Pair) -> Mended | None:
    """Security in place of the class where the owner takes it, else the better class."""
    need, offer = pair.need, pair.offer
    if offer.security_months_instead is not None:
        return _set("security_months", need.security_months, offer.security_months_instead)
    if offer.required_credit is None:
        return None
    better = max(need.credit, offer.required_credit, key=CREDIT_RANK.__getitem__)
    return _set("credit", need.credit, better) if better in CREDIT else None


FIXES: dict[str, dict[str, Fix]] = {
    "offer": {
        "capacity": _more,
        "timeline": _earlier,
        "density": _fill_halls("max_rack_kw", lambda pair: pair.need.min_rack_kw, halls.density),
        "cooling": _fill_halls(
            "cooling", lambda pair: frozenset(sorted(pair.need.cooling_any_of)[:1]), halls.cooling
        ),
        "redundancy": _fill_halls("redundancy", lambda pair: pair.need.min_redundancy, halls.redundancy),
        "delivery": _fill_halls(
            "delivery_types",
            lambda pair: frozenset(sorted(pair.need.delivery_types_any_of)[:1]),
            halls.delivery,
        ),
        "firmness": _copy("interruptible_hours", "max_interruptible_hours", "offer"),
        "compliance": lambda pair: _set(
            "compliance",
            pair.offer.compliance,
            (pair.offer.compliance or frozenset()) | pair.need.compliance_all_of,
        ),
        "basis": lambda pair: _set(
            "lease_basis", pair.offer.lease_basis, min(pair.need.lease_basis_any_of, default=None)
        ),
        "term": _offer_term,
        "price": _cheaper,
        "escalator": _copy("escalator_pct", "max_escalator_pct", "offer"),
        "credit": _class,
    },
    "need": {
        "location": _place,
        "capacity": _less,
        "timeline": _later,
        "density": _best_rack,
        "cooling": _accept("cooling_any_of", "cooling"),
        "redundancy": _best_redundancy,
        "delivery": _accept("delivery_types_any_of", "delivery_types"),
        "firmness": _copy("interruptible_hours", "max_interruptible_hours", "need"),
        "compliance": _drop_compliance,
        "basis": _accept_basis,
        "fabric": _accept_fabric,
        "term": _need_term,
        "price": _higher_cap,
        "escalator": _copy("escalator_pct", "max_escalator_pct", "need"),
        "credit": _more_security,
    },
}
