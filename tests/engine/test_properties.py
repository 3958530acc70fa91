"""What always holds, whatever the market looks like."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from engine import State, assess, examine, funnel, order_key, rank
from engine.assumptions import STANDARD
from tests.engine.improvements import IMPROVEMENTS, fill_each, more_free
from tests.engine.strategies import dice, markets, pairs

EXACT = 1e-6
OPENNESS = {False: 0, None: 1, True: 2}

often = settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def shuffle(dice, values):
    return dice.random.sample(values, len(values))


@pytest.mark.parametrize("improve", IMPROVEMENTS, ids=lambda improve: improve.__name__)
@given(dice=dice, pair=pairs)
@often
def test_an_improvement_never_hurts(improve, dice, pair):
    before, after = examine(*pair), examine(*improve(dice, *pair))

    closed = [
        old.key
        for old, new in zip(before.gates, after.gates, strict=True)
        if OPENNESS[new.passed] < OPENNESS[old.passed]
    ]
    assert closed == []
    if before.state is not State.FAIL:
        assert after.score >= before.score - EXACT


@given(dice=dice, pair=pairs)
@settings(often, max_examples=1_000)
def test_more_free_power_never_raises_the_price(dice, pair):
    before, after = examine(*pair).comparable_price, examine(*more_free(dice, *pair)).comparable_price

    assert before is None or (after is not None and after <= before)


@given(dice=dice, pair=pairs)
@settings(often, max_examples=1_500)
def test_filling_in_a_blank_stays_inside_low_and_high(dice, pair):
    need, offer = pair
    before = assess(need, offer)
    if before.state is State.FAIL:
        return
    for filled in fill_each(dice, need, offer):
        after = assess(need, filled)
        if after.state is not State.FAIL:
            assert before.low - EXACT <= after.low <= after.score <= after.high <= before.high + EXACT


@given(dice=dice, pair=pairs)
@often
def test_filling_in_a_blank_answers_questions_and_raises_none(dice, pair):
    need, offer = pair
    answered = {gate.key for gate in examine(need, offer).gates if gate.passed is not None} - {"price"}

    for filled in fill_each(dice, need, offer):
        raised = {gate.key for gate in examine(need, filled).gates if gate.passed is None}
        assert not raised & answered


@given(dice=dice, pair=pairs)
@often
def test_the_order_of_phases_and_wishes_changes_nothing(dice, pair):
    need, offer = pair
    shuffled = replace(offer, phases=tuple(shuffle(dice, offer.phases)))
    asked = replace(need, gpu_caps=tuple(shuffle(dice, need.gpu_caps)))

    assert examine(asked, shuffled) == examine(need, offer)


@given(dice=dice, market=markets)
@often
def test_the_order_of_offers_changes_nothing(dice, market):
    need, offers = market
    shuffled = shuffle(dice, offers)

    assert rank(need, shuffled) == rank(need, offers)
    assert funnel(need, shuffled) == funnel(need, offers)


@given(market=markets)
@often
def test_removing_an_offer_changes_no_other(market):
    need, offers = market
    first, rest = offers[0], offers[1:]

    assert rank(need, rest) == [one for one in rank(need, offers) if one.offer_id != first.id]


@given(pair=pairs)
@settings(often, max_examples=500)
def test_scores_lie_between_0_and_100_and_inside_their_own_range(pair):
    found = examine(*pair)

    assert 0 <= found.low <= found.score <= found.high <= 100
    assert 0 <= found.landlord_score <= 100
    assert 0 <= found.utilization <= 1
    for line in found.criteria:
        assert 0 <= line.low <= line.counted <= line.high <= 1


@given(pair=pairs)
@settings(often, max_examples=500)
def test_stopping_at_the_first_failing_gate_gives_the_same_answer(pair):
    quick, full = assess(*pair), examine(*pair)

    assert quick.state is full.state
    if quick.state is not State.FAIL:
        assert quick == full


@given(market=markets)
@often
def test_the_list_is_in_its_order_and_keeps_no_long_shot_below_20(market):
    found = rank(*market)

    assert found == sorted(found, key=order_key)
    assert all(one.score >= STANDARD.keep_score and one.state is not State.FAIL for one in found)


@given(market=markets)
@often
def test_the_funnel_ends_with_the_offers_that_fail_nothing(market):
    need, offers = market
    rows = funnel(need, offers)
    remaining = [row.remaining for row in rows]

    assert remaining == sorted(remaining, reverse=True)
    assert remaining[-1] == sum(assess(need, offer).state is not State.FAIL for offer in offers)
