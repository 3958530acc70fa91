"""One need against all offers, and one offer against all needs: every pair judged, the matches scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.arrays.columns import NONE, Codes, Needs, Offers, Rows
from engine.arrays.gates import KEYS, judge, same_unit
from engine.arrays.scores import PAIR, score
from engine.assumptions import STANDARD, Assumptions
from engine.gates import GATES
from engine.ranking import FunnelRow
from engine.types import Unit

NOT_JUDGED = -1


class Constants(NamedTuple):
    """The assumptions that pairs depend on, as floats and whole numbers."""

    shell_capex: float
    capital_rate: float
    dearest_ratio_pct: int
    curve: tuple[tuple[float, float], ...]
    unknown: float
    buildable: float
    not_preferred: float
    full_lateness_cost: float
    least_dimension: float
    landlord_weights: tuple[float, ...]


class View(NamedTuple):
    """What the loops read: all rows of both sides, and which places suit whom."""

    offers: Rows
    phases: Rows
    needs: Rows
    steps: Rows
    months: Rows
    models: Rows
    verdicts: NDArray[np.int8]
    constants: Constants


def constants(assumptions: Assumptions = STANDARD) -> Constants:
    """The constants of the loops."""
    landlord = ("security", "term", "utilization", "price")
    return Constants(
        float(assumptions.powered_shell_capex_usd_mw),
        float(assumptions.capital_rate),
        assumptions.dearest_ratio_pct,
        tuple((float(x), float(y)) for x, y in assumptions.price_curve),
        float(assumptions.unknown),
        float(assumptions.buildable),
        float(assumptions.not_preferred),
        float(assumptions.full_lateness_cost),
        float(assumptions.least_dimension),
        tuple(float(assumptions.landlord_weights[key]) for key in landlord),
    )


@dataclass
class Market:
    """Both sides as rows, sharing their codes."""

    assumptions: Assumptions = STANDARD
    codes: Codes = field(default_factory=Codes)
    offers: Offers = field(init=False)
    needs: Needs = field(init=False)

    def __post_init__(self) -> None:
        self.offers = Offers(self.codes, self.assumptions)
        self.needs = Needs(self.codes, self.assumptions)

    def view(self, wishes: Iterable[int]) -> View:
        """All rows, with the places judged for the wishes named."""
        return View(
            self.offers.table.rows,
            self.offers.phases.rows,
            self.needs.table.rows,
            self.needs.steps.rows,
            self.needs.months.rows,
            self.needs.models.rows,
            self.codes.verdicts(wishes),
            constants(self.assumptions),
        )


class Ranked(NamedTuple):
    """The pairs worth keeping, best first (rows of `PAIR`), and the gates that each other row fails.

    `failed` is a mask a row of the other side, NOT_JUDGED where unit or model differ or the row is dead.
    """

    pairs: Rows
    failed: NDArray[np.int32]


def rank_need(market: Market, need: int) -> Ranked:
    """One need, by its row, against all offers: every gate of every offer, and the matches in order."""
    view = market.view([market.needs.table.rows[need]["wishes"]])
    failed = _failures_of_need(view, need)
    found = _scored(view, *_pairs(need, np.flatnonzero(failed == 0)))
    pairs = _kept(found, market.assumptions)
    return Ranked(in_order(pairs, view.offers["id"][pairs["offer"]]), failed)


def rank_offer(market: Market, offer: int) -> Ranked:
    """One offer, by its row, against all needs: gates until some fail, and the matches in order."""
    view = market.view(np.unique(market.needs.table.rows["wishes"]))
    failed = _failures_of_offer(view, offer)
    needs, offers = _pairs(offer, np.flatnonzero(failed == 0))[::-1]
    pairs = _kept(_scored(view, needs, offers), market.assumptions)
    return Ranked(in_order(pairs, view.needs["id"][pairs["need"]]), failed)


def in_order(pairs: Rows, ids: Rows) -> Rows:
    """Best first, as `engine.ranking.order_key` has it; `ids` are the posts on the other side."""
    price = np.where(pairs["price"] == NONE, np.iinfo(np.int64).max, pairs["price"])
    conditional = pairs["unknown"] != 0
    keys = (ids, price, pairs["first_power_on"], -pairs["utilization"], conditional, -pairs["points"])
    return pairs[np.lexsort(keys)]


def funnel(unit: Unit, failed: NDArray[np.int32]) -> tuple[FunnelRow, ...]:
    """How many offers remain after each gate, in the order that keeps most; `unit` comes first."""
    masks, counts = np.unique(failed[failed != NOT_JUDGED], return_counts=True)
    rows = [FunnelRow("unit", int(counts.sum()))]
    waiting = list(GATES[unit][1:])
    while waiting:
        gate = min(waiting, key=lambda key: int(counts[masks >> KEYS.index(key) & 1 == 1].sum()))
        waiting.remove(gate)
        stays = masks >> KEYS.index(gate) & 1 == 0
        masks, counts = masks[stays], counts[stays]
        rows.append(FunnelRow(gate, int(counts.sum())))
    return tuple(rows)


def _pairs(own: int, others: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.full(len(others), own), others


def _kept(pairs: Rows, assumptions: Assumptions) -> Rows:
    return pairs[pairs["score"] >= assumptions.keep_score]


@njit(cache=True, nogil=True)
def _failures_of_need(M: View, row: int) -> NDArray[np.int32]:
    need = M.needs[row]
    failed = np.full(len(M.offers), NOT_JUDGED, np.int32)
    for n in range(len(M.offers)):
        offer = M.offers[n]
        if offer.alive and same_unit(need, offer, M):
            failed[n] = judge(need, offer, M, False)[0]
    return failed


@njit(cache=True, nogil=True)
def _failures_of_offer(M: View, row: int) -> NDArray[np.int32]:
    offer = M.offers[row]
    failed = np.full(len(M.needs), NOT_JUDGED, np.int32)
    for n in range(len(M.needs)):
        need = M.needs[n]
        if need.alive and same_unit(need, offer, M):
            failed[n] = judge(need, offer, M, True)[0]
    return failed


@njit(cache=True, nogil=True)
def _scored(M: View, needs: NDArray[Any], offers: NDArray[Any]) -> Rows:
    """The scores of pairs that fail no gate."""
    found = np.zeros(len(needs), PAIR)
    for n in range(len(needs)):
        need, offer = M.needs[needs[n]], M.offers[offers[n]]
        found[n].need, found[n].offer = needs[n], offers[n]
        score(need, offer, M, judge(need, offer, M, False), found[n])
    return found
