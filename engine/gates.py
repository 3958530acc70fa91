"""The gates: a pair that fails one is no match. Each answers passed, failed or not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from engine import halls, supply
from engine.assumptions import STANDARD, Assumptions
from engine.price import Comparable, cap_of, comparable, negotiable, overlap, ratio
from engine.supply import Supplies, nominal
from engine.types import Need, Offer, Phase, Unit
from engine.verdicts import Verdict, every, some
from engine.vocabulary import CREDIT

CREDIT_RANK = {credit: rank for rank, credit in enumerate(CREDIT)}

# In the order in which they are shown.
GATES = {
    Unit.MW: (
        "unit",
        "location",
        "capacity",
        "timeline",
        "density",
        "cooling",
        "redundancy",
        "firmness",
        "compliance",
        "delivery",
        "basis",
        "term",
        "price",
        "escalator",
        "credit",
    ),
    Unit.GPU: ("unit", "location", "capacity", "timeline", "compliance", "fabric", "term", "price"),
}


Value: TypeAlias = "int | float | Decimal | str | date | frozenset[str] | tuple[Value, ...] | None"
Facts = tuple[Value, Value]


@dataclass(frozen=True, slots=True)
class Gate:
    """One answer: `passed` is None where the offer leaves blank what the need asks.

    `offered` and `needed` are the raw values compared.
    """

    key: str
    passed: Verdict
    offered: Value
    needed: Value


@dataclass(frozen=True)
class Pair:
    """One need and one offer; what gates and scores share is worked out once, when first asked."""

    need: Need
    offer: Offer
    assumptions: Assumptions = STANDARD

    @cached_property
    def supplies(self) -> Supplies:
        """The phases that count, at worst, as expected and at best."""
        return supply.supplies(self.need, self.offer, self.assumptions)

    @cached_property
    def price(self) -> Comparable:
        """The comparable price with its parts."""
        return comparable(self.need, self.offer, self.supplies, self.assumptions)


# ---- cheap gates: need and offer alone


def unit(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Verdict:
    """Same unit; of GPUs, a wished model."""
    if need.unit is not offer.unit:
        return False
    if need.unit is Unit.MW or not need.gpu_caps:
        return True
    return any(model == offer.gpu_model for model, _ in need.gpu_caps)


def location(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Verdict:
    """In a country, region or grid named (nothing named = anywhere), in none excluded."""
    if offer.country in need.excluded_countries:
        return False
    if not (need.countries or need.regions or need.grids) or offer.country in need.countries:
        return True
    return some((_in_region(need, offer), _in_grid(need, offer)))


def _in_region(need: Need, offer: Offer) -> Verdict:
    if offer.region is not None:
        return offer.region in need.regions
    of_country = any(region.startswith(f"{offer.country}-") for region in need.regions)
    return None if of_country else False


def _in_grid(need: Need, offer: Offer) -> Verdict:
    return offer.grid in need.grids if offer.grid is not None else None if need.grids else False


def term(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Verdict:
    """The ranges of months meet."""
    shortest, longest = overlap(need, offer)
    if shortest > longest:
        return False
    return None if None in (offer.term_min_months, offer.term_max_months) else True


def firmness(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Verdict:
    """Interruptible hours a year within what is allowed."""
    return _at_most(offer.interruptible_hours, need.max_interruptible_hours)


def escalator(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Verdict:
    """Yearly escalator within what is allowed."""
    if need.max_escalator_pct is None:
        return True
    return None if offer.escalator_pct is None else offer.escalator_pct <= need.max_escalator_pct


def _at_most(offered: int | None, allowed: int | None) -> Verdict:
    if allowed is None:
        return True
    return None if offered is None else offered <= allowed


def compliance(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Verdict:
    """Every certificate asked is there."""
    if not need.compliance_all_of:
        return True
    return None if offer.compliance is None else need.compliance_all_of <= offer.compliance


def basis(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Verdict:
    """The lease basis is among those asked."""
    if not need.lease_basis_any_of:
        return True
    return None if offer.lease_basis is None else offer.lease_basis in need.lease_basis_any_of


def fabric(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Verdict:
    """A fabric among those asked, fast enough."""
    kind: Verdict = True
    if need.fabric_any_of:
        kind = None if offer.fabric is None else offer.fabric in need.fabric_any_of
    speed: Verdict = True
    if need.min_fabric_gbps is not None:
        speed = None if offer.fabric_gbps is None else offer.fabric_gbps >= need.min_fabric_gbps
    return every((kind, speed))


def credit_class(need: Need, assumptions: Assumptions = STANDARD) -> str:
    """The tenant's class, or the guarantor's where better and the guarantee is long enough."""
    if need.guarantor_credit is None or need.guarantee_months < assumptions.guarantee_months:
        return need.credit
    return max(need.credit, need.guarantor_credit, key=CREDIT_RANK.__getitem__)


def credit(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Verdict:
    """The class asked, or enough security in its place."""
    if offer.security_months_instead is not None and need.security_months >= offer.security_months_instead:
        return True
    rank = CREDIT_RANK[credit_class(need, assumptions)]
    if offer.required_credit is None:
        return True if rank == len(CREDIT) - 1 else None
    return rank >= CREDIT_RANK[offer.required_credit]


# ---- gates that need the supply or the price


def _hall(check: Callable[[Need, Phase], Verdict]) -> Callable[[Pair], Verdict]:
    def gate(pair: Pair) -> Verdict:
        need = pair.need
        free = [phase for phase in pair.offer.phases if phase.free > 0]
        return some(check(need, phase) for phase in free)

    return gate


def capacity(pair: Pair) -> Verdict:
    """Enough in all phases that count, whenever ready, and no order below the offer's smallest."""
    need, offer = pair.need, pair.offer
    if supply.smallest_order(offer) > supply.total(need):
        return False
    wanted = supply.least_total(need, offer, pair.assumptions)
    return every((_reaches(pair.supplies, wanted), _cluster(offer, wanted)))


def _cluster(offer: Offer, wanted: int) -> Verdict:
    if offer.unit is Unit.MW:
        return True
    return None if offer.largest_cluster is None else offer.largest_cluster >= wanted


def _reaches(supplies: Supplies, wanted: int, on: date | None = None) -> Verdict:
    """True if phases that surely count suffice, None if those with blank hall facts are needed."""
    if nominal(supplies.low, on) >= wanted:
        return True
    return None if nominal(supplies.expected, on) >= wanted else False


def timeline(pair: Pair) -> Verdict:
    """Every step in its slack (splittable: θ by the outside date); a pool stays long enough."""
    need, offer = pair.need, pair.offer
    ready = every(
        _reaches(
            pair.supplies,
            supply.least_of_step(need, offer, step, pair.assumptions),
            supply.granted_until(need, step),
        )
        for step in supply.judged_steps(need)
    )
    return every((ready, _stays(pair)))


def _stays(pair: Pair) -> Verdict:
    """Whether a pool's end leaves the shortest term both accept from the first day it serves."""
    if pair.offer.available_until is None or not pair.offer.phases:
        return True
    return pair.offer.available_until >= stays_until(pair.need, pair.offer)


def stays_until(need: Need, offer: Offer) -> date:
    """The day until which a pool must last: its first day of service plus the shortest term."""
    begins = max(supply.starts_on(need), min(phase.ready_on for phase in offer.phases))
    return supply.add_months(begins, overlap(need, offer)[0])


def price(pair: Pair) -> Verdict:
    """The ask, at its lowest, within a tenth of what the cap leaves for it."""
    cap = cap_of(pair.need, pair.offer)
    return True if cap is None else negotiable(pair.price, cap, pair.assumptions)


def gate_ratio(pair: Pair) -> float | None:
    """The ratio that the price gate looks at: with the lowest ask the owner accepts."""
    cap = cap_of(pair.need, pair.offer)
    return None if cap is None else ratio(pair.price, cap, pair.price.lowest_ask)


# ---- what is compared


def _phase_facts(pair: Pair, name: str) -> tuple[Value, ...]:
    """The different values of one hall fact among the free phases, in an order of their own."""
    values = {getattr(phase, name) for phase in pair.offer.phases if phase.free > 0}
    return tuple(sorted(values, key=_by_value))


def _by_value(value: Value) -> tuple[bool, Value]:
    return value is None, tuple(sorted(value)) if isinstance(value, frozenset) else value or 0


def _cap(pair: Pair) -> int | None:
    return cap_of(pair.need, pair.offer)


def _timeline_facts(pair: Pair) -> Facts:
    wanted = supply.least_total(pair.need, pair.offer, pair.assumptions)
    last = pair.need.steps[0 if pair.need.splittable else -1]
    return supply.reached_on(pair.supplies.expected, wanted), supply.granted_until(pair.need, last)


# ---- walking through them

Check = Callable[[Need, Offer, Assumptions], Verdict]

# Cheapest and most selective first; those that look at need and offer alone come before those
# that need the pair's supply and price.
CHEAP: dict[str, tuple[Check, Callable[[Need, Offer], Facts]]] = {
    "unit": (
        unit,
        lambda need, offer: (
            (offer.gpu_model, tuple(sorted(model for model, _ in need.gpu_caps)))
            if offer.unit is need.unit is Unit.GPU
            else (offer.unit.value, need.unit.value)
        ),
    ),
    "location": (
        location,
        lambda need, offer: (
            (offer.country, offer.region, offer.grid),
            (*sorted(need.countries), *sorted(need.regions), *sorted(need.grids)),
        ),
    ),
    "term": (
        term,
        lambda need, offer: (
            (offer.term_min_months, offer.term_max_months),
            (need.term_min_months, need.term_max_months),
        ),
    ),
    "firmness": (
        firmness,
        lambda need, offer: (offer.interruptible_hours, need.max_interruptible_hours),
    ),
    "basis": (basis, lambda need, offer: (offer.lease_basis, need.lease_basis_any_of)),
    "compliance": (compliance, lambda need, offer: (offer.compliance, need.compliance_all_of)),
    "fabric": (
        fabric,
        lambda need, offer: (
            (offer.fabric, offer.fabric_gbps),
            (*sorted(need.fabric_any_of), need.min_fabric_gbps),
        ),
    ),
    "escalator": (escalator, lambda need, offer: (offer.escalator_pct, need.max_escalator_pct)),
    "credit": (
        credit,
        lambda need, offer: (
            (credit_class(need), need.security_months),
            (offer.required_credit, offer.security_months_instead),
        ),
    ),
}
LATE: dict[str, tuple[Callable[[Pair], Verdict], Callable[[Pair], Facts]]] = {
    "capacity": (
        capacity,
        lambda pair: (
            nominal(pair.supplies.expected),
            supply.least_total(pair.need, pair.offer, pair.assumptions),
        ),
    ),
    "timeline": (timeline, _timeline_facts),
    "density": (
        _hall(halls.density),
        lambda pair: (_phase_facts(pair, "max_rack_kw"), pair.need.min_rack_kw),
    ),
    "cooling": (
        _hall(halls.cooling),
        lambda pair: (_phase_facts(pair, "cooling"), pair.need.cooling_any_of),
    ),
    "redundancy": (
        _hall(halls.redundancy),
        lambda pair: (_phase_facts(pair, "redundancy"), pair.need.min_redundancy),
    ),
    "delivery": (
        _hall(halls.delivery),
        lambda pair: (_phase_facts(pair, "delivery_types"), pair.need.delivery_types_any_of),
    ),
    "price": (price, lambda pair: (pair.price.total, _cap(pair))),
}


def cheap_gates(need: Need, offer: Offer, assumptions: Assumptions = STANDARD) -> Iterator[Gate]:
    """The gates that look at need and offer alone, one at a time; only `unit` where it fails."""
    for key in CHEAP_KEYS[need.unit]:
        check, facts = CHEAP[key]
        passed = check(need, offer, assumptions)
        yield Gate(key, passed, *facts(need, offer))
        if passed is False and key == "unit":
            return


def late_gates(pair: Pair) -> Iterator[Gate]:
    """The gates that need supply and price, one at a time."""
    for key in LATE_KEYS[pair.need.unit]:
        check, facts = LATE[key]
        yield Gate(key, check(pair), *facts(pair))


CHEAP_KEYS = {of: tuple(key for key in CHEAP if key in keys) for of, keys in GATES.items()}
LATE_KEYS = {of: tuple(key for key in LATE if key in keys) for of, keys in GATES.items()}


def all_gates(pair: Pair) -> tuple[Gate, ...]:
    """Every gate of the need's unit, in the order shown; only `unit` where it fails."""
    answers = list(cheap_gates(pair.need, pair.offer, pair.assumptions))
    if answers[0].passed is not False:
        answers.extend(late_gates(pair))
    return in_order(pair.need, answers)


def in_order(need: Need, gates: Iterable[Gate]) -> tuple[Gate, ...]:
    """The gates in the order in which they are shown."""
    return tuple(sorted(gates, key=lambda gate: GATES[need.unit].index(gate.key)))
