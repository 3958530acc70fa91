"""The sentence of each gate and criterion, in plain English that suits both sides of a pair."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from engine import supply
from engine.gates import CREDIT_RANK, Gate, Pair, Value, credit_class, stays_until
from engine.price import cap_of, overlap
from engine.scores import Criterion
from engine.sentences import (
    KW_PER_MW,
    NOT_STATED,
    capitalized,
    counted,
    date_in_words,
    listed,
    money,
    month,
    months_between,
    plain,
    quantity,
    words,
)
from engine.types import Freshness, Unit
from engine.vocabulary import DIRECT_TO_CHIP

# The field whose unit and wording a gate or criterion speaks in.
FIELDS = {
    "capacity": "quantity",
    "ramp": "quantity",
    "density": "max_rack_kw",
    "firmness": "interruptible_hours",
    "escalator": "escalator_pct",
    "term": "term_min_months",
    "price": "ask",
    "security": "security_months",
}
NOTHING = "nothing asked"
TWO_PARTS = {"term": (" to ", "term_max_months"), "credit": (", security ", "security_months")}
# What a line is about, at the beginning of a sentence.
SUBJECTS = {
    "unit": "The GPU model",
    "location": "The place",
    "capacity": "The quantity",
    "timeline": "The date",
    "density": "The power per rack",
    "cooling": "The cooling",
    "redundancy": "The redundancy",
    "firmness": "How long it may be interrupted",
    "compliance": "The list of certificates",
    "delivery": "The delivery type",
    "basis": "The lease basis",
    "fabric": "The fabric",
    "term": "The term",
    "price": "The comparable price",
    "escalator": "The escalator",
    "credit": "The credit required",
    "evidence": "The evidence",
    "security": "The security required",
}


def text(pair: Pair, key: str, value: Value) -> str:
    """A compared value in words, with its unit."""
    if key in TWO_PARTS and isinstance(value, tuple):
        between, field = TWO_PARTS[key]
        if key == "credit" and value[1] is None:
            return plain(value[0])
        return f"{plain(value[0])}{between}{words(value[1], field, pair.need.unit)}"
    if key in ("location", "fabric") and isinstance(value, tuple):
        value = tuple(part for part in value if part is not None)
    return words(value, FIELDS.get(key, key), pair.need.unit)


def asked(pair: Pair, key: str, value: Value) -> str:
    """What is asked, in words; the owner's side asks for credit and security."""
    empty = value is None or value in ((), frozenset()) or value == (None,)
    return NOTHING if empty and key not in ("credit", "security") else text(pair, key, value)


# ---- gates


def gate_sentence(pair: Pair, gate: Gate) -> str:
    """One sentence on what must hold."""
    offered, needed = text(pair, gate.key, gate.offered), asked(pair, gate.key, gate.needed)
    if gate.key == "timeline":
        return _timeline(pair, gate, offered, needed)
    if needed == NOTHING:
        return f"{SUBJECTS[gate.key]} is left open: nothing is asked."
    if gate.passed is None:
        known = "" if offered == NOT_STATED else f" ({offered})"
        return f"{SUBJECTS[gate.key]} is not fully stated{known}; asked: {needed}."
    if gate.key in GATE_WORDS:
        return capitalized(GATE_WORDS[gate.key].format(offered=offered, needed=needed)) + "."
    return f"{capitalized(offered)}{', as asked' if gate.passed else f'; asked: {needed}'}."


# For gates whose two sides read better in a sentence of their own.
GATE_WORDS = {
    "capacity": "{offered} can be had in all; at least {needed} is needed",
    "density": "racks to {offered}; at least {needed} is asked",
    "redundancy": "power redundancy {offered}; at least {needed} is asked",
    "firmness": "may be interrupted {offered}; up to {needed} is accepted",
    "term": "leases run {offered}; {needed} is asked",
    "price": "{offered} all in, against a cap of {needed}",
    "escalator": "rent rises {offered}; up to {needed} is accepted",
    "credit": "the tenant is {offered}; required: {needed}",
}


def _timeline(pair: Pair, gate: Gate, offered: str, needed: str) -> str:
    until = pair.offer.available_until
    if until is not None and pair.offer.phases and until < stays_until(pair.need, pair.offer):
        stays = date_in_words(stays_until(pair.need, pair.offer))
        return f"There until {date_in_words(until)} only; the shortest term lasts until {stays}."
    if gate.offered is None:
        return f"Enough is never ready; it is needed by {needed} at the latest."
    return f"Enough is ready on {offered}; {needed} is the latest that would do."


# ---- criteria


def criterion_sentence(pair: Pair, line: Criterion, offered: Value, needed: Value) -> str:
    """One sentence on why a criterion scores what it scores."""
    if line.score is None:
        return f"{SUBJECTS[line.key]} is not stated; until it is, it counts a quarter."
    if line.key in CRITERION_WORDS:
        return CRITERION_WORDS[line.key](pair)
    there, wanted = text(pair, line.key, offered), asked(pair, line.key, needed)
    if line.passed:
        return f"{capitalized(wanted)} is there, as preferred."
    return f"{capitalized(there)}; {wanted} is preferred."


def capacity(pair: Pair) -> str:
    """'All 60 MW fit; 43 MW of them count as dependable.'"""
    need, seen = pair.need, pair.supplies.expected
    last = need.steps[-1]
    until = supply.granted_until(need, last)
    fits = min(last.quantity, supply.nominal(seen, until))
    sure = supply.dependable(seen, until, last.quantity) // supply.CERTAIN
    whole = quantity(last.quantity, need.unit)
    room = f"All {whole} fit" if fits == last.quantity else f"{_bare(pair, fits)} of {whole} fit"
    sure_of = "all of them" if sure >= fits else f"{quantity(sure, need.unit)} of them"
    return f"{room}; {sure_of} count as dependable."


def ramp(pair: Pair) -> str:
    """'40 of 60 MW dependable by March 2027; 20 MW four months late.'"""
    need, seen = pair.need, pair.supplies.expected
    last = need.steps[-1]
    sure = supply.dependable(seen, last.on, last.quantity) / supply.CERTAIN
    said = f"{_bare(pair, sure)} of {quantity(last.quantity, need.unit)} dependable by {month(last.on)}"
    short = last.quantity - min(last.quantity, supply.nominal(seen, last.on))
    if not short:
        return f"{said}."
    full = supply.reached_on(seen, last.quantity)
    when = "never come" if full is None else f"{months_between(last.on, full)} late"
    return f"{said}; {quantity(short, need.unit)} {when}."


def _bare(pair: Pair, amount: float) -> str:
    """A quantity whose unit follows later in the sentence."""
    if pair.need.unit is Unit.GPU:
        return f"{amount:,.0f}"
    return f"{amount / KW_PER_MW:,.1f}".removesuffix(".0")


def first_power(pair: Pair) -> str:
    """'First power on 1 March 2027, 44 days late.'"""
    starts = supply.starts_on(pair.need)
    wanted = supply.least_first(pair.need, pair.offer, pair.assumptions)
    ready = supply.reached_on(pair.supplies.expected, wanted)
    if ready is None:
        return "The quantity of the first step never comes."
    return f"First power on {date_in_words(ready)}, {_against(starts, ready)}."


def _against(starts: date, ready: date) -> str:
    if ready == starts:
        return "on the day"
    if ready < starts:
        return f"{months_between(ready, starts)} early"
    return f"{months_between(starts, ready)} late"


def firmness(pair: Pair) -> str:
    hours = pair.offer.interruptible_hours
    return f"May be interrupted {hours} hours a year." if hours else "Never interrupted."


def density(pair: Pair) -> str:
    """'Racks to 130 kW on direct-to-chip; 132 kW is preferred.'"""
    phases = [block.phase for block in pair.supplies.expected.blocks]
    racks = [phase.max_rack_kw for phase in phases if phase.max_rack_kw is not None]
    preferred = pair.need.preferred_rack_kw
    if not racks:
        return f"Can be built to suit; {plain(preferred)} kW is preferred."
    liquid = any(DIRECT_TO_CHIP in (phase.cooling or ()) for phase in phases)
    said = f"Racks to {plain(max(racks))} kW{' on direct-to-chip' if liquid else ''}"
    if preferred is None or max(racks) >= preferred:
        return f"{said}, as preferred."
    return f"{said}; {plain(preferred)} kW is preferred."


def evidence(pair: Pair) -> str:
    """'Fresh evidence of power and capacity; stale of the date; none of site control.'"""
    known = pair.offer.evidence
    claims = {
        "power": known.power,
        "capacity": known.capacity,
        "the date": known.date,
        "site control": known.site_control,
    }
    groups = [(age, [claim for claim, has in claims.items() if has is age]) for age in Freshness]
    said = [(AGES[age], listed(of)) for age, of in groups if of]
    if len(said) == 1 and said[0][0] == AGES[Freshness.NONE]:
        return f"No evidence of {said[0][1]}."
    first, *rest = [f"{age} of {of}" for age, of in said]
    return capitalized("; ".join([first.replace(" of ", " evidence of ", 1), *rest])) + "."


AGES = {Freshness.FRESH: "fresh", Freshness.STALE: "stale", Freshness.NONE: "none"}


def price(pair: Pair) -> str:
    """'$176.00 per kW-month all in, $9.00 under the cap.'"""
    total, cap = pair.price.total, cap_of(pair.need, pair.offer)
    unit = pair.need.unit
    if total is None or cap is None:
        return f"{money(total, unit)} all in, against a cap of {money(cap, unit)}."
    gap = money(abs(cap - total), unit).partition(" ")[0]
    where = "exactly the cap" if cap == total else f"{gap} {'under' if total < cap else 'over'} the cap"
    return f"{money(total, unit)} all in, {where}."


def security(pair: Pair) -> str:
    """'Six months of rent are offered, eight are required.'"""
    need, offer = pair.need, pair.offer
    rank = CREDIT_RANK[credit_class(need, pair.assumptions)]
    if offer.required_credit is not None and rank > CREDIT_RANK[offer.required_credit]:
        return "The tenant’s credit is above the class required, so no security is needed."
    wanted = offer.required_security_months
    if not wanted:
        return "No security is required."
    offered = counted(need.security_months, "month")
    required = counted(wanted, "month")
    if need.security_months >= wanted:
        return f"{capitalized(offered)} of security offered; {required} required."
    return f"Only {offered} of security offered; {required} required."


def term(pair: Pair) -> str:
    """'120 to 144 months suit both sides; 180 are preferred.'"""
    shortest, longest = overlap(pair.need, pair.offer)
    preferred = pair.need.term_preferred_months or 0
    if shortest <= preferred <= longest:
        return f"The preferred {counted(preferred, 'month')} suit both sides."
    return f"{shortest} to {longest} months suit both sides; {preferred} are preferred."


def escalator(pair: Pair) -> str:
    pct = plain(pair.offer.escalator_pct or Decimal(0))
    return f"Rent rises {pct} % a year; up to {plain(pair.need.max_escalator_pct)} % is accepted."


CRITERION_WORDS: dict[str, Callable[[Pair], str]] = {
    "capacity": capacity,
    "ramp": ramp,
    "first_power": first_power,
    "firmness": firmness,
    "density": density,
    "evidence": evidence,
    "price": price,
    "security": security,
    "term": term,
    "escalator": escalator,
}
