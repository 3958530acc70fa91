"""The whole market at once keeps the pairs that each post alone would keep."""

from dataclasses import replace

import numpy as np
import pytest
from numba import njit

from bench import market as invented
from engine import Need, Offer, arrays
from engine.arrays import Market, keeping
from engine.arrays.bounds import asked, bound, powers
from engine.arrays.keeping import keep
from engine.arrays.loose import loosened
from engine.arrays.money import cap_of
from tests.engine.examples import NEED, SITE
from tests.engine.test_arrays import market_of, random_market

PER_NEED, PER_OFFER = 6, 4
SMALLER = tuple(replace(step, quantity=step.quantity - 1_000) for step in NEED.steps)


@njit
def bound_of(view, need, offer, fact, table):
    asks = view.needs[need]
    return bound(asked(asks, cap_of(asks, view.offers[offer], view), view), fact, view, table)


def numbered(needs: list[Need]) -> list[Need]:
    return [replace(need, id=n + 1) for n, need in enumerate(needs)]


def invented_market(seed: int) -> tuple[list[Need], list[Offer]]:
    return numbered(list(invented.needs(150, seed))), list(invented.offers(150, seed))


def market_of_twins(seed: int) -> tuple[list[Need], list[Offer]]:
    """Every need and every offer twice: nothing but their ids tells the twins apart."""
    needs, offers = list(invented.needs(60, seed)), list(invented.offers(60, seed))
    return numbered(needs * 2), [replace(offer, id=n + 1) for n, offer in enumerate(offers * 2)]


def one_by_one(market: Market) -> dict[tuple[int, int], list[float | bool]]:
    """{need, offer: score and both flags} from ranking each post alone."""
    kept: dict[tuple[int, int], list[float | bool]] = {}
    for row in range(len(market.needs.table.rows)):
        for pair in arrays.rank_need(market, row).pairs[:PER_NEED]:
            kept[row, int(pair["offer"])] = [float(pair["score"]), True, False]
    for row in range(len(market.offers.table.rows)):
        for pair in arrays.rank_offer(market, row).pairs[:PER_OFFER]:
            kept.setdefault((int(pair["need"]), row), [float(pair["score"]), False, True])[2] = True
    return kept


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("needs", "offers"),
    [random_market(seed) for seed in range(20)]
    + [invented_market(seed) for seed in range(3)]
    + [market_of_twins(4)],
)
def test_the_same_pairs_are_kept(needs, offers, threads):
    market = market_of(needs, offers)

    kept = keep(market, PER_NEED, PER_OFFER, threads)

    pairs = {(int(row["need"]), int(row["offer"])): list(row.tolist()[2:]) for row in kept}
    assert len(pairs) == len(kept)
    assert pairs == one_by_one(market)


@pytest.mark.parametrize("deviations", [-0.9, 0, 1])
def test_hopes_that_were_wrong_cost_nothing_but_time(deviations, monkeypatch):
    """The higher the hopes, the more offers are looked at again; what is kept stays the same."""
    market = market_of(*invented_market(3))
    monkeypatch.setattr(keeping, "SAMPLED", 2)
    monkeypatch.setattr(keeping, "DEVIATIONS", deviations)

    kept = keep(market, PER_NEED, PER_OFFER)

    pairs = {(int(row["need"]), int(row["offer"])): list(row.tolist()[2:]) for row in kept}
    assert pairs == one_by_one(market)


def test_a_need_that_hoped_for_others_finds_the_offers_that_it_passed_over():
    """What seems to be its best lacks what no bound sees; the offers that fit have better needs already."""
    choosy = replace(NEED, id=9, min_redundancy="2n")
    richer = [replace(NEED, id=n, steps=SMALLER, price_cap=9_000_000) for n in range(1, PER_OFFER + 1)]
    lacking = [with_redundancy(n, "n", ask=1_000_000) for n in range(1, 5 * PER_NEED)]
    fitting = [with_redundancy(n, "2n", ask=1_500_000) for n in range(100, 100 + PER_NEED)]
    market = market_of([*richer, choosy], [*lacking, *fitting])

    kept = keep(market, PER_NEED, PER_OFFER, threads=1)

    for_choosy = kept[(kept["need"] == len(richer)) & kept["for_need"]]
    assert for_choosy["offer"].tolist() == [len(lacking) + n for n in range(len(fitting))]


def with_redundancy(post: int, redundancy: str, ask: int) -> Offer:
    phases = tuple(replace(phase, redundancy=redundancy) for phase in SITE.phases)
    return replace(SITE, id=post, phases=phases, ask=ask)


@pytest.mark.parametrize(
    ("needs", "offers"),
    [random_market(seed) for seed in range(10)] + [invented_market(seed) for seed in (5, 6)],
)
def test_no_pair_has_more_points_than_its_bound(needs, offers):
    market = market_of(needs, offers)
    view = market.view()
    loose, table = loosened(view), powers()
    facts = {int(row): fact for row, fact in zip(loose.rows, loose.facts, strict=True)}

    for need in range(len(needs)):
        for pair in arrays.rank_need(market, need).pairs:
            assert pair["points"] <= bound_of(view, need, pair["offer"], facts[int(pair["offer"])], table)


def test_posts_that_left_are_not_kept():
    needs, offers = invented_market(1)
    market = market_of(needs, offers)
    first = keep(market, PER_NEED, PER_OFFER)[0]
    market.offers.drop(offers[first["offer"]].id)
    market.needs.drop(needs[keep(market, PER_NEED, PER_OFFER)["need"][-1]].id)

    kept = keep(market, PER_NEED, PER_OFFER)

    assert market.offers.table.rows["alive"][kept["offer"]].all()
    assert market.needs.table.rows["alive"][kept["need"]].all()


@pytest.mark.parametrize(("needs", "offers"), [(0, 0), (0, 3), (3, 0)])
def test_a_market_with_an_empty_side_keeps_nothing(needs, offers):
    market = market_of(numbered(list(invented.needs(needs, 1))), list(invented.offers(offers, 1)))

    assert np.size(keep(market, PER_NEED, PER_OFFER)) == 0
