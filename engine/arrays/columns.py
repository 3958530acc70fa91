"""Offers and needs as rows of numbers, so that one can be judged against all of the other side at once.

One row an offer or a need, fixed in width; phases, steps, months and wished models lie in tables of their
own, and each row knows where its part begins. Quantities and money are as in `engine.types`; decimals
become thousandths; days become ordinals; a set of words becomes a mask of bits; −1, and NaN in floats,
is what None is there. Whatever depends on one side alone is worked out here, by the reference form where
it can be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import halls, price, scores, supply
from engine.assumptions import STANDARD, Assumptions
from engine.gates import CREDIT_RANK, Pair, credit_class, location
from engine.types import Need, Offer, Phase, Step, Unit
from engine.vocabulary import COOLING, DELIVERY_TYPES, FABRICS, LEASE_BASES, PAID_BY

Rows = NDArray[Any]

NONE = -1
NEVER = np.iinfo(np.int32).max
FACTOR = 1_000_000  # gross per critical, in millionths
MASK_BITS = 63
DEAD_ROWS = 1_000
CERTIFICATES = MASK_BITS
UNITS = (Unit.MW, Unit.GPU)

OFFER = np.dtype(
    [
        ("id", "i8"),
        ("alive", "?"),
        ("unit", "i1"),
        ("model", "i4"),
        ("place", "i4"),
        ("phase", "i4"),  # the first of its phases, and how many
        ("phases", "i4"),
        ("grid_known", "?"),
        ("evidence", "f8"),  # the share of claims that have evidence
        ("smallest_order", "i8"),
        ("max_block", "i8"),
        ("largest_cluster", "i8"),
        ("interruptible_hours", "i8"),
        ("firmness", "f8"),  # as a score
        ("compliance", "i8"),
        ("fabric", "i1"),
        ("fabric_gbps", "i8"),
        ("basis", "i1"),
        ("escalator_pct", "f8"),
        ("escalator", "f8"),  # as a score
        ("term_min", "i4"),
        ("term_max", "i4"),
        ("credit", "i1"),
        ("security_months", "f8"),
        ("security_instead", "f8"),
        ("available_until", "i4"),
        ("first_ready", "i4"),  # of all phases
        # Price. Asks are one figure for the whole offer, or several, or not known.
        ("asks", "i1"),
        ("ask", "i8"),  # the one, or the dearest
        ("lowest_asks", "i1"),
        ("lowest_ask", "i8"),
        ("factor", "i8"),  # gross per critical in millionths; NONE = priced on critical MW
        ("power", "i8"),
        ("allowance", "i8"),
        ("settled", "?"),  # no default stands in for ask, power or allowance, and none is missing
        ("paid_by", "i1"),
        ("tenant_share", "f8"),
        ("capex", "f8"),
        ("delivered", "i8"),  # delivery types of all phases
        ("delivered_known", "?"),
    ],
    align=True,
)

PHASE = np.dtype(
    [
        ("free", "i8"),
        ("ready_on", "i4"),
        ("month", "i4"),
        ("day", "i4"),
        ("confidence", "i4"),  # as expected, in thousandths
        ("best_confidence", "i4"),  # were an unknown grid in service
        ("by_best", "i4"),  # the n-th surest at best, and the n-th to be ready: positions in the offer
        ("by_ready", "i4"),
        ("cooling", "i8"),
        ("redundancy", "i1"),
        ("delivery", "i8"),
        ("max_rack_kw", "f8"),
        ("ask", "i8"),
        ("lowest_ask", "i8"),
        ("by_ask", "i4"),  # the n-th cheapest, by the ask and by the lowest ask
        ("by_lowest_ask", "i4"),
    ],
    align=True,
)

CRITERIA = tuple(scores.SCORES)

NEED = np.dtype(
    [
        ("id", "i8"),
        ("alive", "?"),
        ("unit", "i1"),
        ("wishes", "i4"),  # its wishes for places, as one
        ("step", "i4"),
        ("steps", "i4"),
        ("judged", "i4"),  # how many steps must be met in time
        ("month", "i4"),
        ("months", "i4"),
        ("model", "i4"),
        ("models", "i4"),
        ("needed", "f8"),  # over all months, in the unit of DAYS_MULTIPLE
        ("total", "i8"),
        ("splittable", "?"),
        ("smallest_block", "i8"),
        ("slack", "i4"),
        ("starts_on", "i4"),
        ("term_min", "i4"),
        ("term_max", "i4"),
        ("term_preferred", "i4"),
        ("min_rack_kw", "f8"),
        ("preferred_rack_kw", "f8"),
        ("cooling", "i8"),  # 0 = no wish, as for every mask below
        ("preferred_cooling", "i8"),
        ("redundancy", "i1"),
        ("interruptible_hours", "i8"),
        ("compliance", "i8"),
        ("delivery", "i8"),
        ("preferred_delivery", "i8"),
        ("basis", "i8"),
        ("max_escalator_pct", "f8"),
        ("credit", "i1"),
        ("security_months", "f8"),
        ("cap", "i8"),
        ("fabrics", "i8"),
        ("min_fabric_gbps", "i8"),
        ("importance", "f8", (3,)),  # of power, timeline, terms
        ("weights", "f8", (len(CRITERIA),)),
        ("weights_without_cap", "f8", (len(CRITERIA),)),
    ],
    align=True,
)

STEP = np.dtype([("on", "i4"), ("quantity", "i8"), ("least", "i8")], align=True)
# `rest` is what is needed from this month on, each month's by its `scale`: its share of DAYS_MULTIPLE a day.
MONTH = np.dtype(
    [("month", "i4"), ("days", "i4"), ("scale", "i4"), ("needed", "i8"), ("rest", "f8")], align=True
)
MODEL = np.dtype([("model", "i4"), ("cap", "i8")], align=True)


# ---- tables that grow


@dataclass(slots=True)
class Growing:
    """Rows at the end of an array that doubles when it is full."""

    dtype: np.dtype[Any]
    length: int = 0
    dead: int = 0
    array: Rows = field(init=False)

    def __post_init__(self) -> None:
        self.array = np.zeros(64, self.dtype)

    @property
    def rows(self) -> Rows:
        """The rows that are in use."""
        return self.array[: self.length]

    @property
    def is_wasteful(self) -> bool:
        """Whether most rows are dead, beyond what is worth a thought."""
        return self.dead > DEAD_ROWS and 2 * self.dead > self.length

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Keep these rows alone, in this order."""
        self.array, self.length, self.dead = self.array[rows], len(rows), 0

    def append(self, rows: list[tuple[Any, ...]]) -> int:
        """Add rows and return the position of the first."""
        first, self.length = self.length, self.length + len(rows)
        if self.length > len(self.array):
            self.array = np.concatenate([self.array, np.zeros(self.length, self.dtype)])
        if rows:
            self.array[first : self.length] = rows
        return first


@dataclass
class Codes:
    """Words as numbers, the same for both sides; whether a wish for places accepts a place."""

    models: dict[str, int] = field(default_factory=dict)
    certificates: dict[str, int] = field(default_factory=dict)
    places: dict[tuple[Any, ...], int] = field(default_factory=dict)
    wishes: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _at: list[Offer] = field(default_factory=list)
    _wanting: list[Need] = field(default_factory=list)
    _verdicts: NDArray[np.int8] = field(default_factory=lambda: np.zeros((16, 16), np.int8))
    _judged: list[int] = field(default_factory=list)
    _all_judged: tuple[int, int] = (0, 0)

    def model(self, name: str | None) -> int:
        return NONE if name is None else self.models.setdefault(name, len(self.models))

    def compliance(self, names: Iterable[str]) -> int:
        """Raises ValueError where the market knows more certificates than a mask has bits."""
        bits = [self.certificates.setdefault(name, len(self.certificates)) for name in sorted(names)]
        if len(self.certificates) > CERTIFICATES:
            raise ValueError(f"The market knows more than {CERTIFICATES} different certificates.")
        return sum(1 << bit for bit in bits)

    def place(self, offer: Offer) -> int:
        key = (offer.country, offer.region, offer.grid)
        if key not in self.places:
            self.places[key] = len(self.places)
            self._at.append(offer)
        return self.places[key]

    def wish(self, need: Need) -> int:
        key = (need.countries, need.regions, need.grids, need.excluded_countries)
        if key not in self.wishes:
            self.wishes[key] = len(self.wishes)
            self._wanting.append(need)
            self._judged.append(0)
        return self.wishes[key]

    def verdicts(self, wish: int | None = None) -> NDArray[np.int8]:
        """The location gate of wishes (rows) for places (columns), judged by the reference form, once.

        Judged are at least the row of this wish; None = all rows.
        """
        grown = tuple(max(had, 2 * has) for had, has in zip(self._verdicts.shape, self._sizes(), strict=True))
        if self._sizes()[0] > self._verdicts.shape[0] or self._sizes()[1] > self._verdicts.shape[1]:
            larger = np.zeros(grown, np.int8)
            larger[: self._verdicts.shape[0], : self._verdicts.shape[1]] = self._verdicts
            self._verdicts = larger
        if wish is not None:
            self._judge(wish)
        elif self._all_judged != self._sizes():
            for each in range(len(self._wanting)):
                self._judge(each)
            self._all_judged = self._sizes()
        return self._verdicts

    def _judge(self, wish: int) -> None:
        for place in range(self._judged[wish], len(self._at)):
            self._verdicts[wish, place] = as_number(location(self._wanting[wish], self._at[place]))
        self._judged[wish] = len(self._at)

    def _sizes(self) -> tuple[int, int]:
        return len(self._wanting), len(self._at)


def as_number(verdict: bool | None) -> int:
    """1 passed, 0 not known, −1 failed: then `every` is the minimum and `some` the maximum."""
    return 0 if verdict is None else 1 if verdict else -1


# ---- one side of the market


@dataclass
class Offers:
    """All offers of a market as rows. Putting one with a known id replaces it."""

    codes: Codes
    assumptions: Assumptions = STANDARD
    table: Growing = field(default_factory=lambda: Growing(OFFER))
    phases: Growing = field(default_factory=lambda: Growing(PHASE))
    rows_of: dict[int, list[int]] = field(default_factory=dict)
    changes: int = 0  # how often a row has come or gone

    def put(self, *offers: Offer) -> None:
        """Add the offers of one id, in place of those it had."""
        self.drop(offers[0].id)
        self.changes += 1
        for offer in offers:
            first = self.phases.append(_phases(offer, self.assumptions))
            row = _offer(offer, first, self.codes, self.assumptions)
            self.rows_of.setdefault(offer.id, []).append(self.table.append([row]))

    def drop(self, post: int) -> None:
        """Take the offers of this id away, if there are any."""
        self.changes += _bury(self.table, self.rows_of, post)
        if self.table.is_wasteful:
            _compact(self.table, self.rows_of, (self.phases, "phase", "phases"))

    def row(self, offer: Offer) -> int:
        """The row of an offer that is here."""
        return self.rows_of[offer.id][0]


@dataclass
class Needs:
    """All needs of a market as rows. Putting one with a known id replaces it and its twin."""

    codes: Codes
    assumptions: Assumptions = STANDARD
    table: Growing = field(default_factory=lambda: Growing(NEED))
    steps: Growing = field(default_factory=lambda: Growing(STEP))
    months: Growing = field(default_factory=lambda: Growing(MONTH))
    models: Growing = field(default_factory=lambda: Growing(MODEL))
    rows_of: dict[int, list[int]] = field(default_factory=dict)

    def put(self, *needs: Need) -> None:
        """Add the needs of one id (a GPU request that accepts hosting has two), in place of those it had."""
        self.drop(needs[0].id)
        for need in needs:
            row = self._row(need)
            self.rows_of.setdefault(need.id, []).append(self.table.append([row]))

    def drop(self, post: int) -> None:
        """Take the needs of this id away, if there are any."""
        _bury(self.table, self.rows_of, post)
        if self.table.is_wasteful:
            steps, months = (self.steps, "step", "steps"), (self.months, "month", "months")
            _compact(self.table, self.rows_of, steps, months, (self.models, "model", "models"))

    def row(self, need: Need) -> int:
        """The row of a need that is here."""
        unit = UNITS.index(need.unit)
        return next(row for row in self.rows_of[need.id] if self.table.array[row]["unit"] == unit)

    def _row(self, need: Need) -> tuple[Any, ...]:
        months = supply.demand(need.steps, self.assumptions.months_after_last_step)
        steps = [(s.on.toordinal(), s.quantity, supply.least(need, s.quantity)) for s in need.steps]
        models = [(self.codes.model(name), _or_none(cap)) for name, cap in need.gpu_caps]
        firsts = (self.steps.append(steps), self.months.append(_months(months)), self.models.append(models))
        return _need(
            need, firsts, len(months), self.months.rows[firsts[1]]["rest"], self.codes, self.assumptions
        )


def _bury(table: Growing, rows_of: dict[int, list[int]], post: int) -> int:
    """Mark the rows of a post as dead; return how many they were."""
    rows = rows_of.pop(post, [])
    table.array["alive"][rows] = False
    table.dead += len(rows)
    return len(rows)


def _compact(table: Growing, rows_of: dict[int, list[int]], *parts: tuple[Growing, str, str]) -> None:
    """Let go of dead rows and of what belonged to them. Rows move, parts keep their order."""
    table.keep(np.flatnonzero(table.rows["alive"]))
    for part, first, count in parts:
        counts = table.rows[count].astype(np.int64)
        firsts = np.cumsum(counts) - counts
        part.keep(np.repeat(table.rows[first] - firsts, counts) + np.arange(counts.sum()))
        table.rows[first] = firsts
    rows_of.clear()
    for row, post in enumerate(table.rows["id"].tolist()):
        rows_of.setdefault(post, []).append(row)


# ---- rows

# Where a fact of an offer alone is asked of a function that takes a pair.
ANYBODY = Need(
    id=0,
    unit=Unit.MW,
    steps=(Step(date(2000, 1, 1), 1),),
    latest_on=date(2000, 1, 1),
    term_min_months=1,
    term_max_months=1,
)


def _or_none(value: int | None) -> int:
    return NONE if value is None else value


def _thousandths(value: Decimal | None) -> float:
    """Whole thousandths, so that a quotient of two is as exact as that of the decimals."""
    return float("nan") if value is None else float(value * 1000)


def _mask(words: Iterable[str], vocabulary: tuple[str, ...]) -> int:
    return sum(1 << vocabulary.index(word) for word in words)


def _known_mask(words: frozenset[str] | None, vocabulary: tuple[str, ...]) -> int:
    return NONE if words is None else _mask(words, vocabulary)


def _index(word: str | None, vocabulary: Iterable[str]) -> int:
    return NONE if word is None else tuple(vocabulary).index(word)


def _offer(offer: Offer, first: int, codes: Codes, assumptions: Assumptions) -> tuple[Any, ...]:
    alone = Pair(ANYBODY, offer, assumptions)
    asks, ask = _asks(offer, None)
    lowest_asks, lowest_ask = (asks, ask) if offer.ask_floor is None else _asks(offer, offer.ask_floor)
    power, allowance = price.power(offer, assumptions), price.allowance(offer, assumptions)
    factor = price.gross_factor(offer, assumptions)
    guessed = offer.priced_on_gross and offer.gross_per_critical is None
    blanks = (*power.assumed, *power.missing, *allowance.missing)
    types = [phase.delivery_types for phase in offer.phases]
    return (
        offer.id,
        True,
        UNITS.index(offer.unit),
        codes.model(offer.gpu_model),
        codes.place(offer),
        first,
        len(offer.phases),
        supply.grid_hundredths(offer, assumptions) is not None,
        scores.rounded(scores.evidence(alone).low),
        supply.smallest_order(offer),
        _or_none(offer.max_block),
        _or_none(offer.largest_cluster),
        _or_none(offer.interruptible_hours),
        scores.rounded(scores.firmness(alone).high),
        NONE if offer.compliance is None else codes.compliance(offer.compliance),
        _index(offer.fabric, FABRICS),
        _or_none(offer.fabric_gbps),
        _index(offer.lease_basis, LEASE_BASES),
        _thousandths(offer.escalator_pct),
        scores.rounded(scores.escalator(alone).high),
        _or_none(offer.term_min_months),
        _or_none(offer.term_max_months),
        NONE if offer.required_credit is None else CREDIT_RANK[offer.required_credit],
        _thousandths(offer.required_security_months),
        _thousandths(offer.security_months_instead),
        NONE if offer.available_until is None else offer.available_until.toordinal(),
        min((phase.ready_on.toordinal() for phase in offer.phases), default=NONE),
        asks,
        ask,
        lowest_asks,
        lowest_ask,
        NONE if factor is None else int(factor * FACTOR),
        _or_none(power.amount),
        _or_none(allowance.amount),
        not (guessed or blanks or not asks),
        _index(offer.conversion_paid_by, PAID_BY),
        float(assumptions.shared_conversion if offer.conversion_paid_by == "shared" else 1),
        float("nan") if offer.conversion_capex_usd_mw is None else float(offer.conversion_capex_usd_mw),
        _mask({one for each in types if each is not None for one in each}, DELIVERY_TYPES),
        None not in types,
    )


def _asks(offer: Offer, floor: int | None) -> tuple[int, int]:
    """0, 1 or 2 for asks that are unknown, one figure or several; the one or the dearest."""
    known = price.known_asks(offer, floor)
    return (0, NONE) if known is None else (min(2, len(known)), max(known))


def _phases(offer: Offer, assumptions: Assumptions) -> list[tuple[Any, ...]]:
    """The phases surest first, as expected. Raises ValueError for more than a mask has bits."""
    if len(offer.phases) > MASK_BITS:
        raise ValueError(f"An offer has at most {MASK_BITS} phases.")
    grid = supply.grid_hundredths(offer, assumptions)

    def confidence(phase: Phase, otherwise: int) -> int:
        return supply.confidence(phase, offer, otherwise if grid is None else grid, assumptions)

    expected = assumptions.grid_confidence_unknown
    phases = sorted(offer.phases, key=lambda phase: (-confidence(phase, expected), phase.ready_on))
    asks = [offer.ask if phase.ask is None else phase.ask for phase in phases]
    lowest = [price.floored(ask, offer.ask_floor) for ask in asks]
    by_best = _order([(-confidence(phase, 100), phase.ready_on) for phase in phases])
    by_ready = _order([phase.ready_on for phase in phases])
    by_ask, by_lowest = ([*_order([_or_none(ask) for ask in each])] for each in (asks, lowest))
    return [
        (
            phase.free,
            phase.ready_on.toordinal(),
            supply.month_of(phase.ready_on),
            phase.ready_on.day,
            confidence(phase, expected),
            confidence(phase, 100),
            by_best[n],
            by_ready[n],
            _known_mask(phase.cooling, COOLING),
            NONE if phase.redundancy is None else halls.REDUNDANCY_RANK[phase.redundancy],
            _known_mask(phase.delivery_types, DELIVERY_TYPES),
            _thousandths(phase.max_rack_kw),
            _or_none(asks[n]),
            _or_none(lowest[n]),
            by_ask[n],
            by_lowest[n],
        )
        for n, phase in enumerate(phases)
    ]


def _order(keys: list[Any]) -> list[int]:
    """Positions by rising key."""
    return sorted(range(len(keys)), key=keys.__getitem__)


def _months(months: tuple[supply.Month, ...]) -> list[tuple[int, int, int, int, float]]:
    rows, rest = [], 0
    for one in reversed(months):
        scale = supply.DAYS_MULTIPLE // one.days
        rest += one.needed * scale
        rows.append((one.month, one.days, scale, one.needed, float(rest)))
    return rows[::-1]


def _need(
    need: Need,
    firsts: tuple[int, int, int],
    months: int,
    needed: float,
    codes: Codes,
    assumptions: Assumptions,
) -> tuple[Any, ...]:
    step, month, model = firsts
    smallest = max(need.min_block or 0, assumptions.smallest_block[need.unit])
    return (
        need.id,
        True,
        UNITS.index(need.unit),
        codes.wish(need),
        step,
        len(need.steps),
        len(supply.judged_steps(need)),
        month,
        months,
        model,
        len(need.gpu_caps),
        needed,
        supply.total(need),
        need.splittable,
        smallest,
        supply.slack_days(need),
        supply.starts_on(need).toordinal(),
        need.term_min_months,
        need.term_max_months,
        NONE if need.term_preferred_months is None else need.term_preferred_months or 1,
        _thousandths(need.min_rack_kw),
        _thousandths(None if need.preferred_rack_kw is None else need.preferred_rack_kw or Decimal(1)),
        _mask(need.cooling_any_of, COOLING),
        0 if need.preferred_cooling is None else _mask([need.preferred_cooling], COOLING),
        NONE if need.min_redundancy is None else halls.REDUNDANCY_RANK[need.min_redundancy],
        _or_none(need.max_interruptible_hours),
        codes.compliance(need.compliance_all_of),
        _mask(need.delivery_types_any_of, DELIVERY_TYPES),
        0 if need.preferred_delivery_type is None else _mask([need.preferred_delivery_type], DELIVERY_TYPES),
        _mask(need.lease_basis_any_of, LEASE_BASES),
        _thousandths(need.max_escalator_pct),
        CREDIT_RANK[credit_class(need, assumptions)],
        _thousandths(need.security_months),
        _or_none(need.price_cap),
        _mask(need.fabric_any_of, FABRICS),
        _or_none(need.min_fabric_gbps),
        tuple(float(w) for w in (need.weights.power, need.weights.timeline, need.weights.terms)),
        _weights(need, True, assumptions),
        _weights(need, False, assumptions),
    )


def _weights(need: Need, has_cap: bool, assumptions: Assumptions) -> tuple[float, ...]:
    """Each criterion's weight in its dimension, 0 where it does not apply."""
    found = scores.weights(need, has_cap, assumptions)
    return tuple(found.get(key, 0.0) for key in CRITERIA)
