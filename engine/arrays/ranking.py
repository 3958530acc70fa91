"""One need against all offers, and one offer against all needs: every pair judged, the matches scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.arrays.codes import Codes
from engine.arrays.columns import NONE, Rows
from engine.arrays.encoding import ANYBODY
from engine.arrays.gates import KEYS, judge, same_unit
from engine.arrays.quantities import EXPECTED, free
from engine.arrays.scores import MILLION, PAIR, score, totals
from engine.arrays.tables import Needs, Offers
from engine.assumptions import STANDARD, Assumptions
from engine.fixes import FIXES
from engine.gates import GATES
from engine.halls import HALL_GATES
from engine.near import MOST_GATES
from engine.price import capital_recovery
from engine.ranking import FunnelRow
from engine.types import Offer, Unit

NOT_JUDGED = -1
CENTURY_MONTHS = 1_200
NEAREST, NEAREST_PER_WAY = 30, 6
NEEDS_PER_WAY, NEEDS_WEIGHED = 10, 40
_HALLS = sum(1 << KEYS.index(key) for key in HALL_GATES)
_FOLLOW = sum(1 << KEYS.index(key) for key in ("capacity", "timeline"))
# Nothing that an offer could change about itself opens these.
_PAST_MENDING = sum(1 << bit for bit, key in enumerate(KEYS) if key not in FIXES["offer"])
Worth = Callable[[NDArray[Any]], NDArray[np.float64]]


class Constants(NamedTuple):
    """The assumptions that pairs depend on, as floats and whole numbers."""

    shell_capex: float
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
    recovery: NDArray[np.float64]  # by months of term
    constants: Constants


def constants(assumptions: Assumptions = STANDARD) -> Constants:
    """The constants of the loops."""
    landlord = ("security", "term", "utilization", "price")
    return Constants(
        float(assumptions.powered_shell_capex_usd_mw),
        assumptions.dearest_ratio_pct,
        tuple((float(x), float(y)) for x, y in assumptions.price_curve),
        float(assumptions.unknown),
        float(assumptions.buildable),
        float(assumptions.not_preferred),
        float(assumptions.full_lateness_cost),
        float(assumptions.least_dimension),
        tuple(float(assumptions.landlord_weights[key]) for key in landlord),
    )


@cache
def recoveries(rate: Decimal) -> NDArray[np.float64]:
    """The capital recovery of each term in months; none is longer than a century."""
    return np.array(
        [0.0] + [float(capital_recovery(rate, months)) for months in range(1, CENTURY_MONTHS + 1)]
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

    def view(self, wish: int | None = None) -> View:
        """All rows, with the places judged for one wish or for all."""
        return View(
            self.offers.table.rows,
            self.offers.phases.rows,
            self.needs.table.rows,
            self.needs.steps.rows,
            self.needs.months.rows,
            self.needs.models.rows,
            self.codes.verdicts(wish),
            recoveries(self.assumptions.capital_rate),
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
    view = market.view(market.needs.table.rows[need]["wishes"])
    failed = _failures(view, *_pairs(need, np.arange(len(view.offers))))
    found = _scored(view, *_pairs(need, np.flatnonzero(failed == 0)))
    pairs = _kept(found, market.assumptions)
    return Ranked(in_order(pairs, view.offers["id"][pairs["offer"]]), failed)


def rank_offer(market: Market, offer: int) -> Ranked:
    """One offer, by its row, against all needs: every gate of every need, and the matches in order."""
    view = market.view()
    failed = _failures(view, *_pairs(offer, np.arange(len(view.needs)))[::-1])
    needs, offers = _pairs(offer, np.flatnonzero(failed == 0))[::-1]
    pairs = _kept(_scored(view, needs, offers), market.assumptions)
    return Ranked(in_order(pairs, view.needs["id"][pairs["need"]]), failed)


def nearest(market: Market, need: int, failed: NDArray[np.int32]) -> list[int]:
    """Offers that fail one gate of a need or two, the likeliest to make a good match if they were mended.

    At most NEAREST, of each way to fail NEAREST_PER_WAY, by the score that the pair has with all its phases
    and in spite of the gates. `failed` is that of `rank_need`.
    """
    view = market.view(market.needs.table.rows[need]["wishes"])

    def promised(offers: NDArray[Any]) -> NDArray[np.float64]:
        return _promised(view, *_pairs(need, offers))

    return _of_each_way(failed, promised, view.offers["id"], NEAREST_PER_WAY)


def nearest_needs(market: Market, offer: int, failed: NDArray[np.int32]) -> list[int]:
    """Needs that an offer fails at one gate or two, none of them past its mending, the most worth winning.

    At most NEAREST, of each way to fail NEEDS_PER_WAY, by what they ask in all times the score that the pair
    has with all its phases and in spite of the gates; only the NEEDS_WEIGHED largest of each way are weighed.
    `failed` is that of `rank_offer`.
    """
    view = market.view()
    asked = view.needs["total"]

    def worth(needs: NDArray[Any]) -> NDArray[np.float64]:
        worths = np.zeros(len(needs))
        largest = np.lexsort((view.needs["id"][needs], -asked[needs]))[:NEEDS_WEIGHED]
        weighed = needs[largest]
        worths[largest] = _promised(view, weighed, np.full(len(weighed), offer)) * asked[weighed]
        return worths

    mendable = np.where(failed & _PAST_MENDING, NOT_JUDGED, failed)
    return _of_each_way(mendable, worth, view.needs["id"], NEEDS_PER_WAY)


def _of_each_way(failed: NDArray[np.int32], worth: Worth, ids: NDArray[Any], most: int) -> list[int]:
    """Of each way to fail few gates the best, those that fail fewest first."""
    found: list[tuple[int, float, int]] = []
    ways = sorted((roots(mask).bit_count(), mask) for mask in np.unique(failed[failed > 0]).tolist())
    for gates, mask in ways:
        if gates > MOST_GATES or (len(found) >= NEAREST and gates > found[-1][0]):
            break
        others = np.flatnonzero(failed == mask)
        worths, posts = worth(others), ids[others]
        best = np.lexsort((posts, -worths))[:most]
        found += [(gates, -float(worths[n]), int(posts[n])) for n in best]
    return [post for *_, post in sorted(found)[:NEAREST]]


def roots(failed: int) -> int:
    """The failing gates to mend, as `engine.near.root_failures` tells them."""
    return failed & ~_FOLLOW if failed & _HALLS else failed


def in_order(pairs: Rows, ids: Rows) -> Rows:
    """Best first, as `engine.ranking.order_key` has it; `ids` are the posts on the other side."""
    return pairs[np.lexsort(-standing(pairs, ids).T[::-1])]


def standing(pairs: Rows, ids: Rows) -> NDArray[np.int64]:
    """Where pairs stand in that order, a row each: more is better, the first column that differs decides."""
    price = np.where(pairs["price"] == NONE, np.iinfo(np.int64).max, pairs["price"])
    used = np.rint(pairs["utilization"] * MILLION).astype(np.int64)  # all whole: a float forgets the rest
    columns = (pairs["points"], pairs["unknown"] == 0, used, -pairs["first_power_on"], -price, -ids)
    return np.stack(columns, axis=1)


def funnel(unit: Unit, failed: NDArray[np.int32]) -> tuple[FunnelRow, ...]:
    """How many of the other side remain after each gate, in the order that keeps most; `unit` comes first."""
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


def scored(view: View, pairs: Rows) -> Rows:
    """What a match stores of pairs (of `need` and `offer`, none of which fails a gate): rows of `PAIR`."""
    return _scored(view, pairs["need"], pairs["offer"])


def _pairs(own: int, others: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.full(len(others), own), others


def _kept(pairs: Rows, assumptions: Assumptions) -> Rows:
    return pairs[pairs["score"] >= assumptions.keep_score]


@cache
def warm() -> None:
    """Compile the loops, or load what was compiled before; without it the first ranking waits for that."""
    market = Market()
    market.needs.put(ANYBODY)
    market.offers.put(Offer(id=0, unit=Unit.MW, country="", phases=()))
    rank_need(market, 0)
    rank_offer(market, 0)
    nearest(market, 0, np.array([1], np.int32))
    nearest_needs(market, 0, np.array([_FOLLOW], np.int32))


@njit(cache=True, nogil=True)
def _failures(M: View, needs: NDArray[Any], offers: NDArray[Any]) -> NDArray[np.int32]:
    failed = np.full(len(needs), NOT_JUDGED, np.int32)
    for n in range(len(needs)):
        need, offer = M.needs[needs[n]], M.offers[offers[n]]
        if need.alive and offer.alive and same_unit(need, offer, M):
            failed[n] = judge(need, offer, M, False)[0]
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


@njit(cache=True, nogil=True)
def _promised(M: View, needs: NDArray[Any], offers: NDArray[Any]) -> NDArray[np.float64]:
    """The expected scores of pairs as if no gate failed and every free phase counted."""
    found = np.zeros(len(needs))
    for n in range(len(needs)):
        need, offer = M.needs[needs[n]], M.offers[offers[n]]
        failed, unknown, _, _, wanted, cap, price = judge(need, offer, M, False)
        every = free(offer, M)
        judged = failed, unknown, every, every, wanted, cap, price
        found[n] = totals(need, offer, M, judged, EXPECTED)[3]
    return found
