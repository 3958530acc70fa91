"""Many posts at once: the pairs that are among the best of their need or of their offer.

The same pairs that ranking each post alone would keep, found without judging most of them (`loose`, `bounds`,
`searching`). Who hopes for good pairs passes over others sooner, and looks again where the hope was wrong.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.arrays.bounds import POINTS
from engine.arrays.columns import NONE, Rows
from engine.arrays.encoding import ANYBODY
from engine.arrays.loose import Loose, loosened, only
from engine.arrays.ranking import Market, View, scored
from engine.arrays.searching import KEPT, Best, Search, best_of, mark, merge, searching, settle
from engine.types import Offer, Unit

# One need in so many is looked at first, and an offer hopes for what these tell it, less so many standard
# deviations of their number.
SAMPLED, DEVIATIONS = 8, 1
PARTS = 32  # of the needs, for threads to take


@dataclass
class Lists:
    """The best of some needs or of some offers of a market, which may change between two looks."""

    market: Market
    _loose: Loose | None = None
    _as_of: int = -1

    def of_needs(self, needs: list[int], most: int) -> Rows:
        """The best offers of these needs (rows), as rows of `PAIR`: need by need, best first."""
        view = self.market.view()
        rows = _alike(view, np.array(needs, np.int64))
        of_needs, _ = _best(view, self._offers(view), rows, most, 0, self._least, threads=1)
        return scored(view, _joined(of_needs))

    def of_offers(self, offers: list[int], most: int) -> Rows:
        """The best needs of these offers (rows), as rows of `PAIR`: offer by offer, best first."""
        view, chosen = self.market.view(), np.zeros(len(self.market.offers.table.rows), np.bool_)
        chosen[offers] = True
        loose = self._offers(view)
        few = only(loose, chosen[loose.rows])
        best = _best(view, few, _alike(view), 0, most, self._least, threads=1)[1]
        return scored(view, _rows(few, best, _held(best)))

    def prepare(self) -> None:
        """Do what the first look at a market takes longest for."""
        self._offers(self.market.view())

    @property
    def _least(self) -> int:
        return self.market.assumptions.keep_score

    def _offers(self, view: View) -> Loose:
        """All offers in their groups; made anew only once one of them has changed."""
        if self._loose is None or self._as_of != self.market.offers.changes:
            self._loose, self._as_of = loosened(view), self.market.offers.changes
        return self._loose


@cache
def warm_lists() -> None:
    """Compile these loops, or load what was compiled before; without it the first look waits for that."""
    market = Market()
    market.needs.put(ANYBODY)
    market.offers.put(Offer(id=0, unit=Unit.MW, country="", phases=()))
    lists = Lists(market)
    lists.of_needs([0], 1)
    lists.of_offers([0], 1)


def keep(market: Market, per_need: int, per_offer: int, threads: int = 2) -> Rows:
    """The pairs (rows of KEPT) among the best `per_need` of their need or best `per_offer` of their offer.

    Exact: the same pairs as ranking each need and each offer alone. Ids of needs and offers break ties.
    """
    view, least = market.view(), market.assumptions.keep_score
    loose = loosened(view)
    of_needs, best = _best(view, loose, _alike(view), per_need, per_offer, least, threads)
    places, known = _places(view, loose), np.zeros(best.slots.shape, np.bool_)
    for pairs in of_needs:
        mark(pairs, places, best, known)
    return _joined([*of_needs, _rows(loose, best, _held(best) & ~known)])


def _best(
    view: View,
    loose: Loose,
    needs: NDArray[np.int32],
    per_need: int,
    per_offer: int,
    least: int,
    threads: int,
) -> tuple[list[Rows], Best]:
    """The best pairs of each of these needs, need by need and best first; and of each of these offers."""
    searches = _searches(loose, per_need, per_offer, least, threads)
    if not per_offer:
        return _run(view, searches, needs), searches[0].best
    # The worst of an offer's best needs is hoped to have the points that one need in SAMPLED tells.
    expected = per_offer / SAMPLED
    few = int(np.ceil(expected + DEVIATIONS * expected**0.5))
    sampled = np.arange(len(needs)) % SAMPLED == 0
    hoping = [_hoping(search, few) for search in searches]
    of_needs = _run(view, hoping, needs[sampled])
    settle(hoping[0].best)
    best = searches[0].best
    hopes = best.floor.copy()
    of_needs += _run(view, searches, needs[~sampled])
    # Offers that hold fewer than they may, and perhaps only because they hoped for more.
    failed = (best.held < per_offer) & (hopes > least)
    if failed.any():
        again = _searches(only(loose, failed), 0, per_offer, least, threads)
        _run(view, again, needs)
        best.slots[failed], best.held[failed] = again[0].best.slots, again[0].best.held
        best.floor[failed] = again[0].best.floor
    return of_needs, best


def _searches(loose: Loose, per_need: int, per_offer: int, least: int, threads: int) -> list[Search]:
    """One for each thread. They share what each offer asks for: whoever knows of better needs raises it."""
    floor = np.full(len(loose.rows), least if per_offer else POINTS, np.int32)
    return [searching(loose, floor, per_need, per_offer, least) for _ in range(threads)]


def _hoping(search: Search, few: int) -> Search:
    """The same search, by which an offer soon asks for what the first few of its list have."""
    return search._replace(best=search.best._replace(decides=min(few, search.best.decides)))


def _run(view: View, searches: list[Search], needs: NDArray[np.int32]) -> list[Rows]:
    """The best pairs of these needs; those of the offers gather in the first search."""
    # In one piece each: over steps through memory the loops would be compiled once more.
    parts = iter(np.array_split(np.ascontiguousarray(needs), PARTS))

    def search_on(search: Search) -> list[Rows]:
        # Whichever thread is free takes the next part: a slower core does less.
        return [best_of(view, search, part) for part in parts]

    with ThreadPoolExecutor(len(searches)) as pool:
        of_needs = [rows for found in pool.map(search_on, searches) for rows in found]
    for search in searches[1:]:
        merge(view, search.best, searches[0].best)
        search.best.held[:] = 0
    return of_needs


def _alike(view: View, needs: NDArray[np.int64] | None = None) -> NDArray[np.int32]:
    """The living ones of these needs (None: of all), those that look at the same offers one after the other:
    what was read is at hand."""
    rows = view.needs
    alive = np.flatnonzero(rows["alive"]) if needs is None else needs[rows["alive"][needs]]
    order = np.lexsort((rows["total"][alive], rows["wishes"][alive], rows["unit"][alive]))
    return alive[order].astype(np.int32)


def _places(view: View, loose: Loose) -> NDArray[np.int32]:
    """The place of each offer among those of `loose`, by its row."""
    places = np.full(len(view.offers), NONE, np.int32)
    places[loose.rows] = np.arange(len(loose.rows))
    return places


def _held(best: Best) -> NDArray[np.bool_]:
    """Which places of the lists are taken."""
    return np.arange(best.slots.shape[1]) < best.held[:, None]


def _rows(loose: Loose, best: Best, chosen: NDArray[np.bool_]) -> Rows:
    """Chosen places of the offers' lists as rows of KEPT: offer by offer, best first."""
    # Whole rows are taken at once by `take`; by an index they are copied field by field.
    at = np.flatnonzero(chosen)
    taken = best.slots.reshape(-1).take(at)
    found = np.zeros(len(at), KEPT)
    found["offer"], found["need"] = loose.rows[at // best.slots.shape[1]], taken["partner"]
    found["score"], found["for_offer"] = taken["score"], True
    return found


def _joined(parts: list[Rows]) -> Rows:
    """Rows of KEPT one after the other; as bytes, or they would be copied field by field."""
    return np.concatenate([part.view(f"V{KEPT.itemsize}") for part in parts]).view(KEPT)
