"""A near miss promises a change and a score; both must be true."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given

from engine import State, assess, explain, near_misses
from engine.fixes import Side
from engine.gates import Pair, all_gates
from engine.near import mended
from tests.engine.examples import NEED, SITE
from tests.engine.strategies import markets, pairs
from tests.engine.test_properties import often

SIDES: tuple[Side, ...] = ("offer", "need")


@given(market=markets)
@often
def test_a_promised_score_is_what_the_changed_pair_scores(market):
    need, offers = market
    by_id = {offer.id: offer for offer in offers}

    for miss in near_misses(need, offers):
        offer = by_id[miss.offer_id]
        assert assess(need, offer).state is State.FAIL
        assert len(miss.failed) <= 2
        promised = {miss.changes: miss.score, miss.other_changes: miss.other_score}
        for side in SIDES:
            way = mended(Pair(need, offer), side)
            if way is not None and way[0] in promised:
                again = assess(way[1].need, way[1].offer)
                assert (again.state is not State.FAIL, again.score) == (True, promised[way[0]])


def passes(gate, need, offer):
    return next(each.passed for each in all_gates(Pair(need, offer)) if each.key == gate) is not False


@given(pair=pairs)
@often
def test_the_smallest_change_of_cap_and_outside_date_is_the_smallest(pair):
    need, offer = pair
    for miss in near_misses(need, [offer]):
        for change in (*miss.changes, *miss.other_changes):
            if isinstance(change.after, date) and change.field == "latest_on" and len(miss.failed) == 1:
                day_less = replace(need, latest_on=change.after - timedelta(days=1))
                assert not passes("timeline", day_less, offer)
            if isinstance(change.after, int) and change.field == "price_cap" and len(miss.failed) == 1:
                cent_less = replace(need, price_cap=change.after - 100)
                assert not passes("price", cent_less, offer)


def test_a_site_a_quarter_late_is_told_the_day_that_would_do():
    late = replace(SITE, phases=(replace(SITE.phases[0], ready_on=NEED.latest_on + timedelta(days=90)),))

    (miss,) = near_misses(NEED, [late])

    assert miss.failed == ("timeline",)
    assert (miss.changes[0].field, miss.changes[0].after) == ("ready_on", NEED.latest_on)
    assert miss.changes[0].sentence == "Offer: ready date 30 June 2027 instead of 28 September 2027"
    assert miss.other_changes[0].field == "latest_on"
    assert miss.changes[0].reserve


def test_a_site_too_dear_is_told_the_ask_that_would_do():
    dear = replace(SITE, ask=1_900_000)

    (miss,) = near_misses(NEED, [dear])

    assert [change.field for change in miss.changes] == ["ask"]
    ask = miss.changes[0].after
    assert isinstance(ask, int)
    assert passes("price", NEED, replace(dear, ask=ask))
    assert not passes("price", NEED, replace(dear, ask=ask + 100))


def test_three_failing_gates_are_no_near_miss():
    far = replace(SITE, country="NO", ask=9_000_000, interruptible_hours=500)

    assert near_misses(NEED, [far]) == ()


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"country": "CA"}, "location"),
        ({"interruptible_hours": 300}, "firmness"),
        ({"required_credit": "investment_grade"}, "credit"),
        ({"term_max_months": 60, "term_min_months": 12}, "term"),
        ({"phases": (replace(SITE.phases[0], free=20_000),)}, "capacity"),
        ({"phases": (replace(SITE.phases[0], max_rack_kw=Decimal(40)),)}, "density"),
        ({"phases": (replace(SITE.phases[0], cooling=frozenset({"air"})),)}, "cooling"),
    ],
)
def test_what_binds_a_failing_pair_is_the_gate_it_fails(change, gate):
    site = replace(SITE, **change)
    found = explain(NEED, site).binding

    assert found.key == gate
    assert found.score == near_misses(NEED, [site])[0].score
