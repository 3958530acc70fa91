"""The whole market at once: the pairs that are among the best of their need or of their offer.

The same pairs that ranking each post alone would keep, found without judging most of them (`loose`, `bounds`,
`searching`). Who hopes for good pairs passes over others sooner, and looks again where the hope was wrong.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.arrays.columns import NONE, Rows
from engine.arrays.loose import Loose, loosened, only
from engine.arrays.ranking import Market, View
from engine.arrays.searching import KEPT, Best, best_of, searching

# One need in so many is looked at first, and an offer hopes for what these tell it, less so many standard
# deviations of their number.
SAMPLED, DEVIATIONS = 16, 1


def keep(market: Market, per_need: int, per_offer: int, threads: int = 2) -> Rows:
    """The pairs (rows of KEPT) among the best `per_need` of their need or best `per_offer` of their offer.

    Exact: the same pairs as ranking each need and each offer alone. Ids of needs and offers break ties.
    """
    view = market.view()
    loose, least = loosened(view), market.assumptions.keep_score
    needs = _alike(view)
    if not len(needs) or not len(loose.rows):
        return np.zeros(0, KEPT)
    floor = np.full(len(view.offers), least, np.int32)
    run = partial(_run, view, needs=needs, least=least, threads=threads)
    hopes = _hopes(view, loose, needs, per_offer, least)
    of_needs, bests = run(loose, per_need=per_need, per_offer=per_offer, floor=hopes.copy())
    of_offers = _of_offers(view, bests, per_offer)
    failed = _failed(of_offers, hopes, floor, per_offer)
    _, bests = run(only(loose, failed[loose.rows]), per_need=0, per_offer=per_offer, floor=floor)
    again = _of_offers(view, bests, per_offer)
    return _joined(of_needs, np.concatenate([of_offers[~failed[of_offers["offer"]]], again]))


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
    parts = [needs[start::threads] for start in range(threads)]
    searches = [searching(loose, len(view.offers), floor, per_need, per_offer, least) for _ in parts]
    with ThreadPoolExecutor(threads) as pool:
        of_needs = list(pool.map(partial(best_of, view), searches, parts))
    return np.concatenate(of_needs), [search.best for search in searches]


def _hopes(
    view: View, loose: Loose, needs: NDArray[np.int32], per_offer: int, least: int
) -> NDArray[np.int32]:
    """The points that the worst of an offer's best needs is hoped to have, told from one need in SAMPLED."""
    floor = np.full(len(view.offers), least, np.int32)
    expected = per_offer / SAMPLED
    kept = int(np.ceil(expected + DEVIATIONS * expected**0.5))
    sample = needs[::SAMPLED]
    _run(view, loose, needs=sample, per_need=0, per_offer=kept, floor=floor, least=least, threads=1)
    return floor


def _failed(
    of_offers: Rows, hopes: NDArray[np.int32], least: NDArray[np.int32], per_offer: int
) -> NDArray[np.bool_]:
    """The offers that hold fewer pairs than they may, and perhaps only because they hoped for more."""
    held = np.bincount(of_offers["offer"], minlength=len(hopes))
    return (held < per_offer) & (hopes > least)


def _alike(view: View) -> NDArray[np.int32]:
    """The living needs, those that look at the same offers one after the other: what was read is at hand."""
    needs = view.needs
    alive = np.flatnonzero(needs["alive"])
    order = np.lexsort((needs["total"][alive], needs["wishes"][alive], needs["unit"][alive]))
    return alive[order].astype(np.int32)


def _of_offers(view: View, bests: list[Best], kept: int) -> Rows:
    """The best of each offer over what all threads found."""
    first, second, need, score = (
        np.concatenate([getattr(best, name) for best in bests], axis=1) for name in Best._fields[:4]
    )
    order = np.lexsort((view.needs["id"][need], second, first), axis=1)[:, :kept]
    found = np.zeros(order.shape, KEPT)
    found["offer"] = np.arange(len(first))[:, None]
    found["need"], found["score"] = (np.take_along_axis(each, order, 1) for each in (need, score))
    found["for_offer"] = True
    return found[found["need"] != NONE]


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
