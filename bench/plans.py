"""How long the plans of a request take, and how good they are beside a search of thirty times as many sets.

.venv/bin/python -m bench.plans
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import replace

from bench.market import needs, sites
from engine import Need, Offer, Unit, rank, splits
from engine.plans import Candidate, Plans, plans

SITES, NEEDS, SEED = 3_000, 120, 1
KEPT, MAX_SITES, LEAST_KEPT = 60, 4, 20
THOROUGH = 30


def main() -> None:
    market = {offer.id: offer for offer in sites(SITES, SEED)}
    rows = defaultdict(list)
    for need in needs(NEEDS, SEED):
        if need.unit is Unit.MW:
            need = _larger(need)
            candidates = _kept(need, market)
            if len(candidates) >= LEAST_KEPT:
                rows[len(need.steps)].append(_measured(need, candidates))
    print("| steps | requests | median ms | slowest ms | search complete | best found | worst of them |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for steps, found in sorted(rows.items()):
        took, complete, ratios = zip(*found, strict=True)
        print(
            f"| {steps} | {len(found)} | {statistics.median(took):.0f} | {max(took):.0f} | {sum(complete)} |"
            f" {sum(ratio == 1 for ratio in ratios)} | {min(ratios):.4f} |"
        )


def _larger(need: Need) -> Need:
    """Split, and three times as much, so that one site seldom suffices."""
    steps = tuple(replace(step, quantity=3 * step.quantity) for step in need.steps)
    return replace(need, splittable=True, steps=steps)


def _kept(need: Need, market: dict[int, Offer]) -> list[Candidate]:
    found = rank(need, market.values())[:KEPT]
    return [Candidate(market[one.offer_id], one.score, one.comparable_price) for one in found]


def _measured(need: Need, candidates: list[Candidate]) -> tuple[float, bool, float]:
    """CPU milliseconds, whether the search was complete, and the best plan against a thorough one's."""
    started = time.process_time()
    found = plans([need], candidates, MAX_SITES)
    took = (time.process_time() - started) * 1_000
    return took, found.complete, _best(found) / _best(_thorough(need, candidates))


def _thorough(need: Need, candidates: list[Candidate]) -> Plans:
    usual = splits.TRIED_SETS
    splits.TRIED_SETS = THOROUGH * usual
    try:
        return plans([need], candidates, MAX_SITES)
    finally:
        splits.TRIED_SETS = usual


def _best(found: Plans) -> int:
    return found.plans[0].delivered


if __name__ == "__main__":
    main()
