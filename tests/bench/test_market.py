"""The invented market that benchmarks and tests share."""

from collections import Counter

import pytest

from bench.market import needs, offers
from engine import State, Unit, assess


def test_one_seed_makes_one_market_and_a_longer_one_begins_with_the_shorter():
    assert list(offers(50, seed=3)) == list(offers(80, seed=3))[:50]
    assert list(needs(50, seed=3)) == list(needs(80, seed=3))[:50]
    assert list(offers(50, seed=3)) != list(offers(50, seed=4))


@pytest.mark.parametrize("unit", Unit)
def test_as_in_the_real_market_few_pairs_pass_the_gates_and_all_states_occur(unit):
    supply = [offer for offer in offers(600, seed=1) if offer.unit is unit][:60]
    demand = [need for need in needs(300, seed=1) if need.unit is unit][:60]
    states = Counter(assess(need, offer).state for need in demand for offer in supply)
    passing = (states[State.FIT] + states[State.CONDITIONAL]) / states.total()
    assert 0.02 < passing < 0.12
    assert min(states[State.FIT], states[State.CONDITIONAL]) > 0
