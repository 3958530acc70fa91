"""What would win an offer more: each change is told with what it really wins."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from engine import State, Step, arrays, assess
from engine.gates import Pair
from engine.winning import change_for, frontier, wins
from tests.engine.examples import GPU_NEED, NEED, POOL, SITE
from tests.engine.strategies import dice, need_of, pair_of
from tests.engine.test_properties import often as very_often
from tests.engine.test_properties import shuffle

often = settings(very_often, max_examples=150)
# What one need may take over from another without contradicting itself.
TRAITS = (
    ("steps", "latest_on"),
    ("price_cap", "gpu_caps"),
    ("term_min_months", "term_max_months", "term_preferred_months"),
    ("min_rack_kw",),
    ("cooling_any_of",),
    ("compliance_all_of",),
    ("max_interruptible_hours",),
    ("lease_basis_any_of",),
    ("credit", "guarantor_credit", "security_months"),
)


def demand_of(dice):
    """One offer and six needs that are much like the one it was made for."""
    need, offer = pair_of(dice)
    return offer, [replace(relative(dice, need), id=number) for number in range(1, 7)]


def relative(dice, need):
    other = need_of(dice, need.unit)
    for trait in (dice.one(TRAITS), dice.one(TRAITS)):
        need = replace(need, **{name: getattr(other, name) for name in trait})
    return need


def asked_for(win, by_id, offer):
    """The change and the changed offer, from a need that asks for just that."""
    asking = next(won.need_id for won in win.won if won.least)
    change = change_for(Pair(by_id[asking], offer))
    assert change is not None
    return change


demands = dice.map(demand_of)


@given(demand=demands)
@often
def test_a_change_wins_the_needs_that_it_names_at_the_scores_that_it_promises(demand):
    offer, needs = demand
    by_id = {need.id: need for need in needs}

    for win in wins(offer, needs):
        change, changed = asked_for(win, by_id, offer)
        assert change == win.change
        for won in win.won:
            assert assess(by_id[won.need_id], offer).state is State.FAIL
            now = assess(by_id[won.need_id], changed)
            assert (now.state is not State.FAIL, now.score) == (True, won.score)
            assert won.quantity == by_id[won.need_id].steps[-1].quantity


@given(demand=demands)
@often
def test_a_change_names_every_need_that_it_wins(demand):
    offer, needs = demand
    by_id = {need.id: need for need in needs}
    lost = [need for need in needs if assess(need, offer).state is State.FAIL]

    for win in wins(offer, needs):
        _, changed = asked_for(win, by_id, offer)
        now = [assess(need, changed) for need in lost]
        won = {one.need_id for one in now if one.state is not State.FAIL and one.score >= 20}
        assert {one.need_id for one in win.won} == won


@given(dice=dice, demand=demands)
@often
def test_the_order_of_needs_never_matters(dice, demand):
    offer, needs = demand

    assert wins(offer, shuffle(dice, needs)) == wins(offer, needs)


@given(demand=demands)
@often
def test_a_greater_step_of_the_frontier_always_wins_more(demand):
    offer, needs = demand
    told = frontier(wins(offer, needs))

    assert len(told) <= 5
    assert [step.quantity for step in told] == sorted((step.quantity for step in told), reverse=True)
    for step in told:
        lesser = [other for other in told if other.field == step.field and other.size < step.size]
        assert all(other.quantity < step.quantity for other in lesser)


def asking_30_mw(number, cap):
    steps = (Step(NEED.steps[0].on, 30_000),)
    return replace(NEED, id=number, steps=steps, price_cap=cap * 10_000)


def test_an_ask_of_141_loses_three_requests_and_128_would_win_two():
    dear = replace(SITE, ask=1_410_000)
    needs = [asking_30_mw(1, 170), asking_30_mw(2, 165), asking_30_mw(3, 140)]

    most, two, *rest = frontier(wins(dear, needs))

    assert not rest
    assert (two.field, two.quantity, [won.need_id for won in two.won]) == ("ask", 60_000, [1, 2])
    assert two.sentence == "Offer: ask $128.54 per kW-month instead of $141.00 per kW-month"
    assert (most.quantity, [won.need_id for won in most.won]) == (90_000, [1, 2, 3])
    assert two.score == max(won.score for won in two.won)


def test_every_field_is_told_before_a_second_step_of_any():
    site = replace(SITE, ask=1_410_000, interruptible_hours=300, required_credit="investment_grade")
    easy = replace(NEED, credit="investment_grade", max_interruptible_hours=None)
    needs = [
        *(replace(easy, id=cap, price_cap=cap * 10_000) for cap in (140, 150, 160, 165, 170)),
        replace(easy, id=1, max_interruptible_hours=200),
        replace(easy, id=2, credit="unrated"),
    ]

    told = frontier(wins(site, needs), limit=3)

    assert {step.field for step in told} == {"ask", "interruptible_hours", "required_credit"}


def test_a_pool_learns_of_gpus():
    small = replace(POOL, largest_cluster=800)

    (win,) = wins(small, [GPU_NEED])

    assert (win.field, win.change.after, win.quantity) == ("largest_cluster", 950, 1_000)


def test_what_only_the_other_side_can_change_wins_nothing():
    abroad = replace(NEED, countries=frozenset({"NO"}))
    twice = replace(NEED, min_rack_kw=Decimal(200), price_cap=1_000_000)

    assert wins(replace(SITE, ask=1_410_000), [abroad, twice]) == ()


def test_the_needs_to_look_at_are_the_largest_that_the_offer_could_win():
    market = arrays.Market()
    dear, cap = replace(SITE, ask=1_410_000), 1_650_000
    market.offers.put(dear)
    for number in range(1, 41):
        steps = (Step(NEED.steps[0].on, 1_000 * number),)
        market.needs.put(replace(NEED, id=number, steps=steps, price_cap=cap))
    market.needs.put(replace(NEED, id=41, countries=frozenset({"NO"})))  # only the tenant could change it
    market.needs.put(replace(NEED, id=42, price_cap=2_000_000))  # a match already
    twice = replace(NEED, id=43, price_cap=cap, max_interruptible_hours=0)
    market.needs.put(twice)

    nearest = arrays.nearest_needs(market, 0, arrays.rank_offer(market, 0).failed)

    assert nearest == [*range(40, 30, -1), 43]
