"""The array form says what the reference form says: gates and order alike, scores to 1e-6."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from bench import market as invented
from engine import Need, Offer, State, Unit, arrays, assess, examine, funnel, order_key, rank
from engine.arrays import NEVER, NONE, NOT_JUDGED, Market
from engine.arrays.gates import KEYS
from engine.arrays.quantities import lasts
from engine.arrays.scores import rounded
from engine.ranking import failed_gates
from engine.supply import add_months
from tests.engine.examples import NEED, SITE
from tests.engine.strategies import Dice, need_of, offer_for

EXACT = 1e-6


def market_of(needs: list[Need], offers: list[Offer]) -> Market:
    market = Market()
    for need in needs:
        market.needs.put(need)
    for offer in offers:
        market.offers.put(offer)
    return market


def random_market(seed: int) -> tuple[list[Need], list[Offer]]:
    """Six needs, and five offers made for each of them."""
    dice = Dice(Random(seed))  # noqa: S311 - markets, not secrets
    needs = [replace(need_of(dice, Unit.GPU if dice.blank(4) else Unit.MW), id=n + 1) for n in range(6)]
    offers = [offer_for(dice, need) for need in needs for _ in range(5)]
    return needs, [replace(offer, id=n + 1) for n, offer in enumerate(offers)]


def invented_market(seed: int) -> tuple[list[Need], list[Offer]]:
    needs = [replace(need, id=n + 1) for n, need in enumerate(invented.needs(40, seed))]
    return needs, list(invented.offers(120, seed))


def told(one):
    """What a ranking stores of a pair, from the reference form."""
    first = one.first_power_on
    exact = (
        NONE if one.comparable_price is None else one.comparable_price,
        NEVER if first is None else first.toordinal(),
        one.state is State.FIT,
    )
    numbers = (one.score, one.low, one.high, one.power, one.timeline, one.terms)
    return exact, (*numbers, one.landlord_score, one.utilization)


def found(row):
    """The same from a row of the array form."""
    exact = (int(row["price"]), int(row["first_power_on"]), row["unknown"] == 0)
    names = ("score", "low", "high", "power", "timeline", "terms", "landlord", "utilization")
    return exact, tuple(float(row[name]) for name in names)


def assert_same(rows, expected):
    for row, one in zip(rows, expected, strict=True):
        assert found(row)[0] == told(one)[0]
        assert found(row)[1] == pytest.approx(told(one)[1], abs=EXACT)


@pytest.mark.parametrize(
    ("needs", "offers"),
    [random_market(seed) for seed in range(60)] + [invented_market(seed) for seed in range(3)],
)
def test_both_forms_say_the_same(needs, offers):
    market = market_of(needs, offers)

    for row, need in enumerate(needs):
        ranked, expected = arrays.rank_need(market, row), rank(need, offers)
        assert [offers[pair["offer"]].id for pair in ranked.pairs] == [one.offer_id for one in expected]
        assert_same(ranked.pairs, expected)
        assert [gates_failed(mask) for mask in ranked.failed] == [failed_gates(need, o) for o in offers]
        assert arrays.funnel(need.unit, ranked.failed) == funnel(need, offers)
    for row, offer in enumerate(offers):
        ranked, expected = arrays.rank_offer(market, row), ranked_for_offer(offer, needs)
        assert [needs[pair["need"]].id for pair in ranked.pairs] == [one.need_id for one in expected]
        assert_same(ranked.pairs, expected)
        assert [gates_failed(mask) for mask in ranked.failed] == [failed_gates(need, offer) for need in needs]


def gates_failed(mask):
    return {"unit"} if mask == NOT_JUDGED else {key for bit, key in enumerate(KEYS) if mask >> bit & 1}


def ranked_for_offer(offer, needs):
    each = [assess(need, offer) for need in needs]
    kept = [one for one in each if one.state is not State.FAIL and one.score >= 20]
    return sorted(kept, key=lambda one: (order_key(one), one.need_id))


def test_a_post_put_again_takes_the_place_of_what_it_was():
    needs, offers = random_market(1)
    market = market_of(needs, offers)
    changed = [replace(offer, ask=None) for offer in offers]
    for offer in changed:
        market.offers.put(offer)
    market.offers.drop(changed[0].id)

    for row, need in enumerate(needs):
        ids = market.offers.table.rows["id"][arrays.rank_need(market, row).pairs["offer"]]
        assert list(ids) == [one.offer_id for one in rank(need, changed[1:])]


def test_among_equals_one_whose_price_is_not_known_comes_last():
    unpriced, priced = replace(SITE, id=1, ask=None), replace(SITE, id=2, ask=1_000_000)
    market = market_of([replace(NEED, price_cap=None)], [unpriced, priced])

    pairs = arrays.rank_need(market, 0).pairs

    assert len(set(pairs["points"].tolist())) == 1
    assert market.offers.table.rows["id"][pairs["offer"]].tolist() == [2, 1]


def test_scores_round_as_python_does():
    dice = Random(1)  # noqa: S311
    weights = [0.6875, 0.125, 0.0625, 0.65, 0.35, 0.55]
    for _ in range(20_000):
        number = dice.choice(weights) * round(dice.random(), dice.choice([2, 3, 6])) + dice.choice(weights)
        assert rounded(number) == round(number, 6)


def test_a_pool_that_must_last_some_months_ends_on_the_same_day_in_both_forms():
    dice = Random(2)  # noqa: S311
    for _ in range(5_000):
        begins = date(1999, 1, 1) + timedelta(days=dice.randrange(40_000))
        months = dice.randrange(300)
        end = add_months(begins, months)
        for until in (end - timedelta(days=1), end, end + timedelta(days=1)):
            assert lasts(begins.toordinal(), months, until.toordinal()) == (until >= end)


def test_a_pair_that_fails_is_still_judged_at_every_gate():
    needs, offers = random_market(3)
    ranked = arrays.rank_need(market_of(needs, offers), 0)

    examined = [examine(needs[0], offer) for offer in offers]
    assert any(mask.bit_count() > 1 for mask in map(int, ranked.failed) if mask != NOT_JUDGED)
    assert [mask == 0 for mask in ranked.failed] == [one.state is not State.FAIL for one in examined]


def test_more_phases_than_a_mask_holds_are_refused():
    _, offers = random_market(1)
    many = replace(offers[0], phases=offers[0].phases * 64)

    with pytest.raises(ValueError, match="at most 63 phases"):
        Market().offers.put(many)
