"""Offers and needs as rows of plain numbers, the form in which set-based SQL is at its best.

Days are ordinals, words are bits, an empty cell is unknown or no wish. Each phase is a slot of columns,
surest first, so that no query has to join or sort phases; there are as many slots as any offer has phases.
What hangs on one side alone (confidence, power, weights, ramps by month) is worked out here, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine import STANDARD, Need, Offer, Phase, Unit
from engine.gates import CREDIT_RANK, credit_class
from engine.halls import REDUNDANCY_RANK
from engine.scores import rounded, weights
from engine.supply import (
    DAYS_MULTIPLE,
    confidence,
    demand,
    granted_until,
    grid_hundredths,
    judged_steps,
    least,
    slack_days,
    smallest_order,
    total,
)
from engine.vocabulary import BUILD_TO_SUIT

Row = dict[str, Any]
NO_LIMIT = 10**12
ON_FILE = {"landlord": 0, "tenant": 2, "shared": 1}  # halves of the fit-out that the tenant pays


class Bits:
    """A bit for each word of one vocabulary, handed out as words turn up."""

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}

    def of(self, *words: str | None) -> int:
        known = sorted({word for word in words if word is not None})
        return sum(self._bits.setdefault(word, 1 << len(self._bits)) for word in known)

    def within(self, prefix: str) -> int:
        return sum(bit for word, bit in self._bits.items() if word.startswith(prefix))

    def or_none(self, words: Iterable[str] | None) -> int | None:
        return None if words is None else self.of(*words)


@dataclass
class Book:
    """The vocabularies that both sides share, and how many slots the tables need."""

    phases: int
    steps: int
    wishes: int
    bits: dict[str, Bits]

    @classmethod
    def of(cls, offers: Sequence[Offer], needs: Sequence[Need]) -> Book:
        kinds = ("country", "region", "grid", "word", "model")
        book = cls(
            phases=max(len(offer.phases) for offer in offers),
            steps=max(len(judged_steps(need)) for need in needs),
            wishes=max(1, *(len(need.gpu_caps) for need in needs)),
            bits={kind: Bits() for kind in kinds},
        )
        for need in needs:  # all regions must be known before an offer asks which lie in its country
            book.bits["region"].of(*need.regions)
        return book


# ---- offers


def offer_row(key: int, offer: Offer, book: Book) -> Row:
    words = book.bits["word"]
    grid = grid_hundredths(offer)
    expected = STANDARD.grid_confidence_unknown if grid is None else grid
    free = [phase for phase in offer.phases if phase.free > 0]
    free.sort(key=lambda phase: (-confidence(phase, offer, expected), phase.ready_on))
    evidence = offer.evidence
    shares = [
        STANDARD.evidence_share[each]
        for each in (evidence.power, evidence.capacity, evidence.date, evidence.site_control)
    ]
    row: Row = {
        "o": key,
        "o_unit": int(offer.unit is Unit.GPU),
        "country": book.bits["country"].of(offer.country),
        "region": None if offer.region is None else book.bits["region"].of(offer.region),
        "regions_there": book.bits["region"].within(f"{offer.country}-"),
        "grid": None if offer.grid is None else book.bits["grid"].of(offer.grid),
        "evidence": rounded(float(sum(shares)) / len(shares)),
        "smallest_order": smallest_order(offer),
        "cap_mw": NO_LIMIT if offer.max_block is None else offer.max_block,
        "hours": offer.interruptible_hours,
        "certificates": words.or_none(offer.compliance),
        "basis": None if offer.lease_basis is None else words.of(offer.lease_basis),
        "escalator": offer.escalator_pct,
        "o_term_min": offer.term_min_months,
        "o_term_max": offer.term_max_months,
        "credit_asked": None if offer.required_credit is None else CREDIT_RANK[offer.required_credit],
        "security_asked": offer.required_security_months,
        "security_instead": offer.security_months_instead,
        "model": None if offer.gpu_model is None else book.bits["model"].of(offer.gpu_model),
        "largest": offer.largest_cluster,
        "until_day": None if offer.available_until is None else offer.available_until.toordinal(),
        "first_day": min((phase.ready_on.toordinal() for phase in offer.phases), default=0),
        "fabric": None if offer.fabric is None else words.of(offer.fabric),
        "gbps": offer.fabric_gbps,
        "earliest": min((phase.ready_on.toordinal() for phase in free), default=NO_LIMIT),
        "free_ever": min(sum(phase.free for phase in free), offer.max_block or NO_LIMIT),
        **_price(offer, words),
    }
    for slot in range(1, book.phases + 1):
        phase = free[slot - 1] if slot <= len(free) else None
        row |= {
            f"free{slot}": phase.free if phase else 0,
            f"day{slot}": phase.ready_on.toordinal() if phase else date.max.toordinal(),
            f"sure{slot}": confidence(phase, offer, expected) if phase else 0,
            f"rack{slot}": phase.max_rack_kw if phase else None,
            f"cool{slot}": words.or_none(phase.cooling) if phase else None,
            f"redundant{slot}": None
            if phase is None or phase.redundancy is None
            else REDUNDANCY_RANK[phase.redundancy],
            f"delivers{slot}": words.or_none(phase.delivery_types) if phase else None,
            f"ask{slot}": _own_ask(offer, phase) if phase else None,
        }
    return row | _cheaper(offer, free, book.phases)


def _own_ask(offer: Offer, phase: Phase) -> int | None:
    return offer.ask if phase.ask is None else phase.ask


def _cheaper(offer: Offer, free: list[Phase], slots: int) -> Row:
    """`before1_2` is 1 where the first slot is taken before the second when the cheapest are taken first."""
    keys = [(_own_ask(offer, phase) or NO_LIMIT, phase.free, place) for place, phase in enumerate(free)]
    return {
        f"before{a}_{b}": int(max(a, b) <= len(free) and keys[a - 1] < keys[b - 1])
        for a in range(1, slots + 1)
        for b in range(1, slots + 1)
        if a != b
    }


def _price(offer: Offer, words: Bits) -> Row:
    """Parts of the comparable price that no need bears on. `asks` is 0 unknown, 1 one price, 2 several."""
    asks = [_own_ask(offer, phase) for phase in offer.phases]
    types: frozenset[str] = frozenset().union(*(phase.delivery_types or () for phase in offer.phases))
    gross = Decimal(1)
    if offer.priced_on_gross:
        gross = offer.gross_per_critical or STANDARD.gross_per_critical
    floored = [ask if offer.ask_floor is None else min(ask or 10**12, offer.ask_floor) for ask in asks]
    return {
        **_asks("", asks),
        **_asks("floor_", floored),
        "ask_floor": offer.ask_floor,
        "gross": int(gross * 1000),
        "power": _power(offer),
        "allowance": _allowance(offer),
        "paid": 0 if offer.unit is Unit.GPU else ON_FILE.get(offer.conversion_paid_by or ""),
        "capex": offer.conversion_capex_usd_mw,
        "types": words.of(*types),
        "types_blank": any(phase.delivery_types is None for phase in offer.phases),
    }


def _asks(name: str, asks: list[int | None]) -> Row:
    known = {ask for ask in asks if ask is not None}
    state = 0 if not known or None in asks else min(2, len(known))
    return {f"{name}asks": state, f"{name}dearest": max(known) if state else None}


def _power(offer: Offer) -> int | None:
    if offer.unit is Unit.GPU or offer.lease_basis == "gross":
        return 0
    if offer.lease_basis is None or offer.power_price_usd_mwh is None:
        return None
    pue = offer.pue_design or STANDARD.pue
    usd = offer.power_price_usd_mwh * STANDARD.mwh_per_kw_month * pue * STANDARD.load_factor
    return int((usd * 10_000).to_integral_value(ROUND_HALF_UP))


def _allowance(offer: Offer) -> int | None:
    if offer.unit is Unit.GPU:
        return 0
    if offer.lease_basis is None:
        return None
    return STANDARD.operating_allowance if offer.lease_basis == "nnn" else 0


# ---- needs


def need_row(key: int, need: Need, book: Book) -> Row:
    words = book.bits["word"]
    wishes = need.delivery_types_any_of
    row: Row = {
        "n": key,
        "n_unit": int(need.unit is Unit.GPU),
        "anywhere": not (need.countries or need.regions or need.grids),
        "countries": book.bits["country"].of(*need.countries),
        "regions": book.bits["region"].of(*need.regions),
        "grids": book.bits["grid"].of(*need.grids),
        "excluded": book.bits["country"].of(*need.excluded_countries),
        "most_hours": need.max_interruptible_hours,
        "certificates_asked": words.of(*need.compliance_all_of),
        "bases": words.of(*need.lease_basis_any_of),
        "most_escalator": need.max_escalator_pct,
        "n_term_min": need.term_min_months,
        "n_term_max": need.term_max_months,
        "term_wished": need.term_preferred_months,
        "credit": CREDIT_RANK[credit_class(need)],
        "security": need.security_months,
        "splittable": need.splittable,
        "smallest_part": max(need.min_block or 0, STANDARD.smallest_block[need.unit]),
        "quantity": total(need),
        "least_quantity": least(need, total(need)),
        "first": need.steps[0].quantity,
        "least_first": least(need, need.steps[0].quantity),
        "start_day": need.steps[0].on.toordinal(),
        "slack": slack_days(need),
        "needed_ever": float(sum(month["needed"] * month["share"] for month in month_rows(key, need))),
        "last_granted": granted_until(need, need.steps[-1]).toordinal(),
        "rack_asked": need.min_rack_kw,
        "cooling_asked": words.of(*need.cooling_any_of),
        "redundancy_asked": None if need.min_redundancy is None else REDUNDANCY_RANK[need.min_redundancy],
        "delivery_asked": words.of(*wishes),
        "may_build": not wishes or BUILD_TO_SUIT in wishes,
        "rack_wished": need.preferred_rack_kw,
        "cooling_wished": words.of(need.preferred_cooling),
        "delivery_wished": words.of(need.preferred_delivery_type),
        "cap": need.price_cap,
        "models": book.bits["model"].of(*(model for model, _ in need.gpu_caps)),
        "fabrics": words.of(*need.fabric_any_of),
        "least_gbps": need.min_fabric_gbps,
        "w_power": need.weights.power,
        "w_timeline": need.weights.timeline,
        "w_terms": need.weights.terms,
        **_weights("c_", need, has_cap=True),
        **_weights("f_", need, has_cap=False),
    }
    steps = [
        (granted_until(need, step).toordinal(), least(need, step.quantity)) for step in judged_steps(need)
    ]
    steps += [steps[-1]] * (book.steps - len(steps))
    for slot, (day, quantity) in enumerate(steps, 1):
        row |= {f"step_day{slot}": day, f"step_least{slot}": quantity}
    for slot in range(1, book.wishes + 1):
        model, cap = need.gpu_caps[slot - 1] if slot <= len(need.gpu_caps) else (None, None)
        row |= {f"wish{slot}": book.bits["model"].of(model), f"wish_cap{slot}": cap}
    return row


def _weights(prefix: str, need: Need, *, has_cap: bool) -> Row:
    """Each criterion's share of its dimension; with a price cap and without one."""
    none = {key: 0.0 for dimension in STANDARD.weights[Unit.MW].values() for key in dimension}
    found = none | weights(need, has_cap, STANDARD)
    return {f"{prefix}{key}": weight for key, weight in found.items()}


def month_rows(key: int, need: Need) -> list[Row]:
    """The ramp: what is needed each month, in unit-days; `share` makes months of all lengths count alike."""
    return [
        {
            "n": key,
            "last_day": date(month.month // 12, month.month % 12 + 1, 1).toordinal() + month.days - 1,
            "days": month.days,
            "needed": month.needed,
            "share": DAYS_MULTIPLE // month.days,
        }
        for month in demand(need.steps, STANDARD.months_after_last_step)
    ]
