"""The gates of one pair of rows; `engine.gates` in numbers. A failing gate is a bit in a mask."""

from __future__ import annotations

from typing import Any

from numpy import isnan

from engine.arrays.columns import NEVER, NONE
from engine.arrays.compiled import pairwise
from engine.arrays.money import Price, cap_of, comparable, negotiable, overlap
from engine.arrays.quantities import GPU, counting, lasts, least_of_step, least_total, reaches
from engine.gates import GATES
from engine.vocabulary import CREDIT

# All but `unit`, which tells whether a pair is judged at all.
KEYS = tuple(dict.fromkeys(key for keys in GATES.values() for key in keys if key != "unit"))
LOCATION, CAPACITY, TIMELINE, DENSITY, COOLING, REDUNDANCY, FIRMNESS, COMPLIANCE = (
    KEYS.index(key)
    for key in (
        "location",
        "capacity",
        "timeline",
        "density",
        "cooling",
        "redundancy",
        "firmness",
        "compliance",
    )
)
DELIVERY, BASIS, TERM, PRICE, ESCALATOR, CREDIT_CLASS, FABRIC = (
    KEYS.index(key) for key in ("delivery", "basis", "term", "price", "escalator", "credit", "fabric")
)
GATE_BITS = len(KEYS)
FAILED = (1 << GATE_BITS) - 1
BEST_CREDIT = len(CREDIT) - 1

# Masks of the gates that fail and of those not known; of the phases that surely and possibly count; the
# least quantity that makes a match, the cap and the price.
Judgement = tuple[int, int, int, int, int, int, Price]
UNPRICED: Price = (NONE, NONE, NONE, NONE, False)


@pairwise
def same_unit(need: Any, offer: Any, M: Any) -> bool:
    if need.unit != offer.unit:
        return False
    if offer.unit != GPU or need.models == 0:
        return True
    for n in range(need.model, need.model + need.models):
        if M.models[n].model == offer.model:
            return True
    return False


@pairwise
def term(need: Any, offer: Any) -> int:
    shortest, longest = overlap(need, offer)
    if shortest > longest:
        return -1
    return 1 if offer.term_min != NONE and offer.term_max != NONE else 0


@pairwise
def at_most(offered: int, allowed: int) -> int:
    if allowed == NONE:
        return 1
    return 0 if offered == NONE else 1 if offered <= allowed else -1


@pairwise
def escalator(need: Any, offer: Any) -> int:
    if isnan(need.max_escalator_pct):
        return 1
    if isnan(offer.escalator_pct):
        return 0
    return 1 if offer.escalator_pct <= need.max_escalator_pct else -1


@pairwise
def compliance(need: Any, offer: Any) -> int:
    if need.compliance == 0:
        return 1
    if offer.compliance == NONE:
        return 0
    return 1 if need.compliance & ~offer.compliance == 0 else -1


@pairwise
def among(offered: int, asked: int) -> int:
    """Whether a word is among those asked; 0 in the mask asks nothing."""
    if asked == 0:
        return 1
    return 0 if offered == NONE else 1 if asked >> offered & 1 else -1


@pairwise
def fabric(need: Any, offer: Any) -> int:
    speed = 1
    if need.min_fabric_gbps != NONE:
        speed = 0
        if offer.fabric_gbps != NONE:
            speed = 1 if offer.fabric_gbps >= need.min_fabric_gbps else -1
    return min(speed, among(offer.fabric, need.fabrics))


@pairwise
def credit(need: Any, offer: Any) -> int:
    if need.security_months >= offer.security_instead:  # False for NaN
        return 1
    if offer.credit == NONE:
        return 1 if need.credit == BEST_CREDIT else 0
    return 1 if need.credit >= offer.credit else -1


@pairwise
def capacity(need: Any, offer: Any, M: Any, sure: int, possible: int, wanted: int) -> int:
    if offer.smallest_order > need.total:
        return -1
    cluster = 1
    if offer.unit == GPU:
        cluster = 0
        if offer.largest_cluster != NONE:
            cluster = 1 if offer.largest_cluster >= wanted else -1
    return min(cluster, reaches(offer, M, sure, possible, wanted, NEVER))


@pairwise
def timeline(need: Any, offer: Any, M: Any, sure: int, possible: int) -> int:
    verdict = 1
    if offer.available_until != NONE and offer.phases:
        begins = max(need.starts_on, offer.first_ready)
        verdict = 1 if lasts(begins, overlap(need, offer)[0], offer.available_until) else -1
    for n in range(need.judged):
        until = M.steps[need.step + n].on + need.slack
        wanted = least_of_step(need, offer, M, n)
        verdict = min(verdict, reaches(offer, M, sure, possible, wanted, until))
        if verdict < 0:
            break
    return verdict


@pairwise
def answer(gate: int, verdict: int) -> int:
    """A bit for a gate that fails, one behind all gates for one that is not known."""
    if verdict == 0:
        return 1 << gate + GATE_BITS
    return 1 << gate if verdict < 0 else 0


@pairwise
def alone(need: Any, offer: Any, M: Any) -> int:
    """The answers of the gates that look at need and offer alone."""
    answers = answer(LOCATION, M.verdicts[need.wishes, offer.place])
    answers |= answer(TERM, term(need, offer))
    answers |= answer(COMPLIANCE, compliance(need, offer))
    if offer.unit == GPU:
        return answers | answer(FABRIC, fabric(need, offer))
    answers |= answer(FIRMNESS, at_most(offer.interruptible_hours, need.interruptible_hours))
    answers |= answer(BASIS, among(offer.basis, need.basis))
    answers |= answer(ESCALATOR, escalator(need, offer))
    return answers | answer(CREDIT_CLASS, credit(need, offer))


@pairwise
def judge(need: Any, offer: Any, M: Any, stop: bool) -> Judgement:
    """Every gate, or with `stop` the cheapest first until some fail."""
    answers = alone(need, offer, M)
    if stop and answers & FAILED:
        return answers & FAILED, 0, 0, 0, 0, NONE, UNPRICED
    sure, possible, dense, cooled, redundant, delivered = counting(need, offer, M)
    wanted = least_total(need, offer, M)
    answers |= answer(CAPACITY, capacity(need, offer, M, sure, possible, wanted))
    answers |= answer(TIMELINE, timeline(need, offer, M, sure, possible))
    if offer.unit != GPU:
        answers |= answer(DENSITY, dense) | answer(COOLING, cooled)
        answers |= answer(REDUNDANCY, redundant) | answer(DELIVERY, delivered)
    if stop and answers & FAILED:
        return answers & FAILED, 0, 0, 0, 0, NONE, UNPRICED
    price = comparable(need, offer, M, sure, possible, wanted)
    cap = cap_of(need, offer, M)
    if cap != NONE:
        answers |= answer(PRICE, negotiable(offer, M, cap, price))
    return answers & FAILED, answers >> GATE_BITS, sure, possible, wanted, cap, price
