"""Many posts at once: the pairs that are among the best of their need or of their offer.

The same pairs that ranking each post alone would keep, found without judging most of them (`loose`, `bounds`,
`searching`). Who hopes for good pairs passes over others sooner, and looks again where the hope was wrong.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from engine.arrays.bounds import POINTS
from engine.arrays.columns import ANYBODY, NONE, Rows
from engine.arrays.loose import Loose, loosened, only
from engine.arrays.ranking import Market, View, scored
from engine.arrays.searching import KEPT, Best, best_of, searching
from engine.types import Offer, Unit

# One need in so many is looked at first, and an offer hopes for what these tell it, less so many standard
# deviations of their number.
SAMPLED, DEVIATIONS = 16, 1


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
        return scored(view, _best(view, self._offers(view), rows, most, 0, self._least, threads=1)[0])

    def of_offers(self, offers: list[int], most: int) -> Rows:
        """The best needs of these offers (rows), as rows of `PAIR`: offer by offer, best first."""
        view, chosen = self.market.view(), np.zeros(len(self.market.offers.table.rows), np.bool_)
        chosen[offers] = True
        loose = self._offers(view)
        few = only(loose, chosen[loose.rows])
        return scored(view, _best(view, few, _alike(view), 0, most, self._least, threads=1)[1])

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
    return _joined(*_best(view, loosened(view), _alike(view), per_need, per_offer, least, threads))


def _best(
    view: View,
    loose: Loose,
    needs: NDArray[np.int32],
    per_need: int,
    per_offer: int,
    least: int,
    threads: int,
) -> tuple[Rows, Rows]:
    """The best pairs of each of these needs; and those of each of these offers."""
    if not len(needs) or not len(loose.rows):
        return np.zeros(0, KEPT), np.zeros(0, KEPT)
    run = partial(_run, view, needs=needs, least=least, threads=threads)
    floor = np.full(len(loose.rows), least if per_offer else POINTS, np.int32)
    hopes = _hopes(view, loose, needs, per_offer, least) if per_offer else floor
    of_needs, bests = run(loose, per_need=per_need, per_offer=per_offer, floor=hopes.copy())
    held = _held(view, loose, bests, per_offer)
    failed = _failed(held, hopes, least)
    if not failed.any():
        return of_needs, held[held["need"] != NONE]
    few = only(loose, failed)
    _, bests = run(few, per_need=0, per_offer=per_offer, floor=floor[failed])
    held[failed] = _held(view, few, bests, per_offer)
    return of_needs, held[held["need"] != NONE]


def _run(
    view: View,
    loose: Loose,
    *,
    needs: NDArray[np.int32],
    per_need: int,
    per_offer: int,
    floor: NDArray[np.int32],
    least: int,
    threads: int,
) -> tuple[Rows, list[Best]]:
    """The best pairs of these needs; and, from each thread, those of the offers that reach the floor."""
    parts = [np.ascontiguousarray(needs[start::threads]) for start in range(threads)]
    searches = [searching(loose, floor, per_need, per_offer, least) for _ in parts]
    with ThreadPoolExecutor(threads) as pool:
        of_needs = list(pool.map(partial(best_of, view), searches, parts))
    return np.concatenate(of_needs), [search.best for search in searches]


def _hopes(
    view: View, loose: Loose, needs: NDArray[np.int32], per_offer: int, least: int
) -> NDArray[np.int32]:
    """The points that the worst of an offer's best needs is hoped to have, told from one need in SAMPLED."""
    floor = np.full(len(loose.rows), least, np.int32)
    expected = per_offer / SAMPLED
    kept = int(np.ceil(expected + DEVIATIONS * expected**0.5))
    sample = needs[::SAMPLED]
    _run(view, loose, needs=sample, per_need=0, per_offer=kept, floor=floor, least=least, threads=1)
    return floor


def _failed(held: Rows, hopes: NDArray[np.int32], least: int) -> NDArray[np.bool_]:
    """The offers that hold fewer pairs than they may, and perhaps only because they hoped for more."""
    return (held["need"] == NONE).any(axis=1) & (hopes > least)


def _alike(view: View, needs: NDArray[np.int64] | None = None) -> NDArray[np.int32]:
    """The living ones of these needs (None: of all), those that look at the same offers one after the other:
    what was read is at hand."""
    rows = view.needs
    alive = np.flatnonzero(rows["alive"]) if needs is None else needs[rows["alive"][needs]]
    order = np.lexsort((rows["total"][alive], rows["wishes"][alive], rows["unit"][alive]))
    return alive[order].astype(np.int32)


def _held(view: View, loose: Loose, bests: list[Best], kept: int) -> Rows:
    """The best of each offer over all threads, best first; a need is NONE where there are fewer."""
    first, second, need, score = (
        np.concatenate([getattr(best, name) for best in bests], axis=1) for name in Best._fields[:4]
    )
    order = np.lexsort((view.needs["id"][need], second, first), axis=1)[:, :kept]
    found = np.zeros(order.shape, KEPT)
    found["offer"] = loose.rows[:, None]
    found["need"], found["score"] = (np.take_along_axis(each, order, 1) for each in (need, score))
    found["for_offer"] = True
    return found


def _joined(of_needs: Rows, of_offers: Rows) -> Rows:
    """Pairs found from both sides as one row with both flags."""
    both = np.concatenate([of_needs, of_offers])
    pairs = both["need"].astype(np.int64) << 32 | both["offer"]
    order = np.argsort(pairs)
    both, pairs = both[order], pairs[order]
    twice = np.flatnonzero(pairs[1:] == pairs[:-1])
    for flag in ("for_need", "for_offer"):
        both[flag][twice] |= both[flag][twice + 1]
    return np.delete(both, twice + 1)
