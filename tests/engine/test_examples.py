"""The worked examples of docs/matching.md, replayed to the last digit, and real deals as a check."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine import Phase, State, Step, assess, curves, explain
from engine.price import capital_recovery, comparable
from engine.supply import supplies
from tests.engine.examples import GPU_NEED, NEED, POOL, SITE


def scores_of(found):
    return {line.key: line.score for line in found.criteria}


def test_example_1_a_site_ready_six_weeks_late():
    found = assess(NEED, SITE)

    assert scores_of(found) == {
        "capacity": 0.765,
        "firmness": 0.954338,
        "density": 0.833333,
        "evidence": 0.625,
        "ramp": 0.714608,
        "first_power": 0.663,
        "price": 0.819008,
        "security": 0.75,
        "term": 1.0,
    }
    assert (found.power, found.timeline, found.terms) == (0.797316, 0.696545, 0.837239)
    assert (found.state, found.score, found.low, found.high) == (State.FIT, 76.983343, 76.983343, 76.983343)
    assert (found.landlord_score, found.utilization) == (82.28512, 1.0)
    assert found.first_power_on == date(2027, 3, 1)
    assert found.comparable_price == 1_792_300


def test_example_2_a_pool_that_leaves_blanks():
    found = assess(GPU_NEED, POOL)

    assert scores_of(found) == {
        "capacity": 1.0,
        "evidence": 0.5,
        "ramp": 0.975824,
        "first_power": 0.8,
        "price": 0.6,
        "term": 0.75,
        "security": None,
    }
    assert (found.power, found.timeline, found.terms) == (0.925, 0.914286, 0.55)
    assert (found.state, found.score, found.low, found.high) == (
        State.CONDITIONAL,
        80.895822,
        78.492665,
        87.051433,
    )
    assert (found.landlord_score, found.utilization) == (67.75, 0.833333)
    assert [gate.key for gate in found.gates if gate.passed is None] == ["fabric"]


def test_the_explanation_of_example_2_tells_the_owner_what_to_state():
    (statement,) = explain(GPU_NEED, POOL).statements

    assert statement.sentence == "State the security required: low end 78 → up to 87."


def test_a_late_phase_is_named_in_the_sentence_of_the_ramp():
    first = replace(SITE.phases[0], ready_on=date(2026, 12, 1), free=40_000, stage="ready_for_service")
    second = replace(first, ready_on=date(2027, 9, 1), free=20_000)
    site = replace(SITE, phases=(first, second), grid_stage="in_service", evidence=POOL.evidence)

    ramp = next(line for line in explain(NEED, site).criteria if line.key == "ramp")

    assert ramp.sentence == "40 of 60 MW dependable by May 2027; 20 MW four months late."


def test_a_phase_counts_in_its_own_month_with_its_share_of_days():
    march = replace(SITE, phases=(replace(SITE.phases[0], ready_on=date(2027, 3, 17), free=62_000),))

    assert [(curve.needed, curve.nominal) for curve in curves(NEED, march)[:4]] == [
        (20_645, 0),
        (40_000, 0),
        (40_000, 30_000),
        (40_000, 62_000),
    ]


def test_oversize_never_hides_risk():
    planned = replace(SITE.phases[0], stage="planned", free=600_000)

    assert (
        scores_of(assess(NEED, replace(SITE, phases=(planned,))))["capacity"] == 0.09
    )  # min(0.10, 0.85) × 0.9


def price_of(**facts):
    need = replace(NEED, delivery_types_any_of=frozenset(), term_preferred_months=facts.pop("months", None))
    site = replace(SITE, **facts)
    return comparable(need, site, supplies(need, site))


def phase(*delivery):
    return (Phase(date(2027, 3, 1), 60_000, "construction", delivery_types=frozenset(delivery)),)


def test_a_powered_shell_at_71_per_gross_kw_is_dearer_than_a_turnkey_lease_at_139():
    shell = {"phases": phase("powered_shell"), "ask": 710_000, "priced_on_gross": True}
    shell |= {"conversion_paid_by": "tenant", "pue_design": None}
    long = price_of(months=180, power_price_usd_mwh=Decimal(40), **shell)
    short = price_of(months=120, power_price_usd_mwh=Decimal(60), **shell)

    assert long.assumed == ("gross_per_critical", "pue_design", "conversion_capex_usd_mw")
    assert (long.ask, long.allowance, long.fit_out) == (1_015_300, 120_000, 657_369)
    assert 2_040_000 < long.total < short.total < 2_580_000
    turnkey = {"ask": 1_390_000, "lease_basis": "modified_gross", "power_price_usd_mwh": Decimal(60)}
    assert price_of(pue_design=None, **turnkey).total == 1_390_000 + 483_990


def test_121_50_with_a_conversion_of_1_5_million_becomes_about_140_before_power():
    price = price_of(
        ask=1_215_000, conversion_paid_by="tenant", conversion_capex_usd_mw=1_500_000, months=144
    )

    assert price.ask + price.fit_out == pytest.approx(1_400_000, abs=5_000)
    assert round(capital_recovery(Decimal("0.10"), 144), 6) == Decimal("0.146763")


@pytest.mark.parametrize(
    ("blank", "missing"),
    [
        ({"ask": None}, ("ask",)),
        ({"lease_basis": None}, ("lease_basis",)),
        ({"power_price_usd_mwh": None}, ("power_price_usd_mwh",)),
        ({"conversion_paid_by": None, "phases": phase("powered_shell")}, ("conversion_paid_by",)),
        ({"conversion_paid_by": "tenant", "phases": phase("powered_land")}, ("conversion_capex_usd_mw",)),
    ],
)
def test_a_price_is_unknown_where_a_needed_part_is_unknown(blank, missing):
    price = price_of(**blank)

    assert (price.total, price.missing) == (None, missing)


def test_a_dearer_further_phase_does_not_spoil_the_price():
    dear = replace(SITE.phases[0], ask=3_000_000)
    both = replace(SITE, phases=(SITE.phases[0], dear))

    assert comparable(NEED, both, supplies(NEED, both)).ask == 1_300_000


def test_more_of_a_dear_phase_does_not_settle_what_another_phase_leaves_open():
    open_ask, dear = replace(SITE.phases[0], free=20_000), replace(SITE.phases[0], ask=2_500_000)
    for free in (40_000, 90_000):
        found = assess(NEED, replace(SITE, ask=None, phases=(open_ask, replace(dear, free=free))))
        assert found.comparable_price is None
        assert found.state is State.CONDITIONAL


def test_the_ask_floor_opens_the_gate_and_the_ask_makes_the_score():
    dear = replace(SITE, ask=1_800_000)

    assert assess(NEED, dear).state is State.FAIL
    found = assess(NEED, replace(dear, ask_floor=1_600_000))
    assert found.state is State.FIT
    assert scores_of(found)["price"] == 0.0


def test_slack_is_granted_to_every_step():
    slack = NEED.latest_on - NEED.steps[0].on
    last_day = NEED.steps[1].on + slack
    early = replace(SITE.phases[0], free=40_000)
    late = replace(early, free=20_000, ready_on=last_day)

    assert assess(NEED, replace(SITE, phases=(early, late))).state is State.FIT
    later = replace(late, ready_on=last_day.replace(day=last_day.day + 1))
    assert assess(NEED, replace(SITE, phases=(early, later))).state is State.FAIL


def test_a_hall_fact_that_misses_is_buildable_under_build_to_suit():
    need = replace(NEED, delivery_types_any_of=frozenset({"turnkey", "build_to_suit"}))
    poor = replace(SITE.phases[0], max_rack_kw=Decimal(20))
    suited = replace(poor, delivery_types=frozenset({"build_to_suit"}))

    assert assess(need, replace(SITE, phases=(poor,))).state is State.FAIL
    found = assess(need, replace(SITE, phases=(suited,)))
    assert (found.state, scores_of(found)["density"]) == (State.FIT, 0.8)


def test_a_guarantor_counts_from_36_months_on():
    strict = replace(SITE, required_credit="investment_grade")
    backed = replace(NEED, guarantor_credit="investment_grade", guarantee_months=36)

    assert assess(replace(backed, guarantee_months=35), strict).state is State.FAIL
    assert assess(backed, strict).state is State.FIT


def test_a_class_above_the_one_required_needs_no_security():
    bare = replace(NEED, security_months=Decimal(0), credit="investment_grade")

    assert scores_of(assess(bare, SITE))["security"] == 1.0


def test_a_pool_must_stay_for_the_shortest_term():
    until = replace(POOL, available_until=date(2028, 2, 13))

    assert assess(GPU_NEED, until).state is State.CONDITIONAL
    assert assess(GPU_NEED, replace(POOL, available_until=date(2028, 2, 12))).state is State.FAIL


def test_a_split_takes_what_it_can_get():
    small = replace(SITE, phases=(replace(SITE.phases[0], free=10_000),))

    assert assess(NEED, small).state is State.FAIL
    assert assess(replace(NEED, splittable=True), small).state is State.FIT
    assert assess(replace(NEED, splittable=True, min_block=15_000), small).state is State.FAIL


def test_a_wish_that_is_not_stated_is_left_out_and_the_rest_scaled():
    need = replace(NEED, price_cap=None, term_preferred_months=None)

    terms = {line.key: line.weight for line in assess(need, SITE).criteria if line.dimension == "terms"}
    assert terms == {"security": 1.0}


def test_falling_short_of_a_step_by_no_more_than_the_tolerance_passes():
    need = replace(NEED, steps=(Step(NEED.steps[0].on, 60_000),))

    assert assess(need, replace(SITE, phases=(replace(SITE.phases[0], free=57_000),))).state is State.FIT
    assert assess(need, replace(SITE, phases=(replace(SITE.phases[0], free=56_999),))).state is State.FAIL


@pytest.mark.parametrize(
    ("gate", "field"),
    [("density", "max_rack_kw"), ("cooling", "cooling"), ("delivery", "delivery_types")],
)
def test_a_blank_hall_fact_makes_the_match_conditional(gate, field):
    change: dict[str, Any] = {field: None}
    blank = replace(SITE, phases=(replace(SITE.phases[0], **change),))

    found = assess(NEED, blank)

    unknown = {each.key for each in found.gates if each.passed is None}
    assert (found.state, unknown) == (State.CONDITIONAL, {gate, "capacity", "timeline"})


@pytest.mark.parametrize(
    ("gate", "field"),
    [
        ("firmness", "interruptible_hours"),
        ("term", "term_max_months"),
        ("price", "ask"),
        ("credit", "required_credit"),
    ],
)
def test_a_blank_fact_of_the_site_makes_the_match_conditional(gate, field):
    change: dict[str, Any] = {field: None}
    found = assess(NEED, replace(SITE, **change))

    assert (found.state, [each.key for each in found.gates if each.passed is None]) == (
        State.CONDITIONAL,
        [gate],
    )
