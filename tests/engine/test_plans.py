"""Plans that serve one request from several offers: what always holds, and that the best is found."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, pairwise, product
from types import MappingProxyType

from hypothesis import HealthCheck, given, settings

from engine import STANDARD, Evidence, Freshness, GpuFacts, State, Step, Unit, assess, hosting_need
from engine.plans import Candidate, Stage, plans
from engine.supply import dependable, first_day, month_of, nominal, supplies
from tests.engine.examples import GPU_NEED, NEED, POOL, SITE
from tests.engine.improvements import more_free
from tests.engine.strategies import dice, need_of, offer_for, phase_of

often = settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
# A market of single kW, small enough to try everything.
SMALL = replace(STANDARD, smallest_block=MappingProxyType({Unit.MW: 1, Unit.GPU: 1}))
KW = 1_000


def market_of(dice):
    """A splittable need and the offers that match it."""
    need = replace(need_of(dice, Unit.MW), splittable=True)
    offers = [replace(offer_for(dice, need), id=number) for number in range(dice.whole(1, 8))]
    matching = [(offer, assess(need, offer)) for offer in offers]
    return need, [
        Candidate(offer, found.score, found.comparable_price)
        for offer, found in matching
        if found.state is not State.FAIL
    ]


def day_after_the_ramp(need):
    return first_day(month_of(need.steps[-1].on) + 13)


def at(stages, day):
    """(quantity, dependable) that stands on the day."""
    return next(((s.quantity, s.dependable) for s in reversed(stages) if s.on <= day), (0, 0))


def needed_on(need, day):
    return max((step.quantity for step in need.steps if step.on <= day), default=0)


def days_of_note(need, plan):
    stages = [stage.on for part in plan.parts for stage in part.stages]
    return sorted({*stages, *(step.on for step in need.steps)})


# ---- always


@given(dice=dice)
@often
def test_a_plan_takes_no_more_than_there_is_and_no_more_than_is_needed(dice):
    need, candidates = market_of(dice)
    for plan in plans([need], candidates, dice.whole(1, 5)).plans:
        offers = [part.candidate.offer for part in plan.parts]
        assert len({offer.id for offer in offers}) == len(offers)
        for day in days_of_note(need, plan):
            assert sum(at(part.stages, day)[0] for part in plan.parts) <= needed_on(need, day)
            for part, offer in zip(plan.parts, offers, strict=True):
                ready = sum(phase.free for phase in offer.phases if phase.ready_on <= day)
                assert at(part.stages, day)[0] <= min(ready, offer.max_block or ready)


@given(dice=dice)
@often
def test_no_part_is_smaller_than_either_side_contracts_for(dice):
    need, candidates = market_of(dice)
    for plan in plans([need], candidates, 4).plans:
        for part in plan.parts:
            assert part.quantity >= max(need.min_block or 0, part.candidate.offer.min_block or 0)
            assert part.quantity >= min(need.steps[0].quantity, 1_000)


@given(dice=dice)
@often
def test_a_plan_of_one_site_is_its_own_dependable_ramp(dice):
    need, candidates = market_of(dice)
    for plan in plans([need], candidates, 1).plans:
        [part] = plan.parts
        own = supplies(need, part.candidate.offer).expected
        for number in range(0, 1_200, 11):
            day = need.steps[0].on + timedelta(days=number)
            if day < day_after_the_ramp(need):
                assert at(part.stages, day)[1] == dependable(own, day, needed_on(need, day))
        assert plan.score == part.candidate.score


@given(dice=dice)
@often
def test_what_is_delivered_is_the_sum_of_the_stages(dice):
    need, candidates = market_of(dice)
    end = day_after_the_ramp(need)
    for plan in plans([need], candidates, 4).plans:
        spans = pairwise([*days_of_note(need, plan), end])
        delivered = sum(
            at(part.stages, start)[1] * (then - start).days for start, then in spans for part in plan.parts
        )
        assert plan.delivered == delivered
        assert 0 < plan.share <= 1


@given(dice=dice)
@often
def test_the_order_of_offers_changes_nothing(dice):
    need, candidates = market_of(dice)

    shuffled = dice.random.sample(candidates, len(candidates))
    assert plans([need], shuffled, 3) == plans([need], candidates, 3)


@given(dice=dice)
@often
def test_more_free_power_never_lowers_what_the_best_plan_delivers(dice):
    need, candidates = market_of(dice)
    if not candidates:
        return
    lucky = dice.one(candidates)
    larger = replace(lucky, offer=more_free(dice, need, lucky.offer)[1])
    before = plans([need], candidates, 3)
    after = plans([need], [larger if one is lucky else one for one in candidates], 3)

    assert before.complete
    assert [plan.delivered for plan in after.plans[:1]] >= [plan.delivered for plan in before.plans[:1]]


@given(dice=dice)
@often
def test_every_site_of_a_plan_adds_to_it_and_the_best_stand_first(dice):
    need, candidates = market_of(dice)
    found = plans([need], candidates, 3)

    delivered = [plan.delivered for plan in found.plans]
    assert delivered == sorted(delivered, reverse=True)
    assert found.most == max(delivered, default=0)
    for plan in found.plans:
        for part in plan.parts:
            others = [other.candidate for other in plan.parts if other is not part]
            fewer = plans([need], others, len(others)).plans if others else ()
            assert all(one.delivered < plan.delivered for one in fewer)


# ---- against trying everything


def small_market_of(dice):
    need = replace(NEED, splittable=True, min_block=dice.one((None, 2)), steps=small_ramp(dice))
    offers = []
    for number in range(dice.whole(2, 4)):
        phases = tuple(
            replace(phase_of(dice, need), cooling=None, max_rack_kw=None, delivery_types=None, free=free)
            for free in (dice.whole(1, 4) for _ in range(dice.whole(1, 3)))
        )
        limit, least = dice.one((None, 2, 4)), dice.one((None, None, 2, 3))
        offers.append(replace(SITE, id=number, phases=phases, max_block=limit, min_block=least))
    return need, [Candidate(offer, float(dice.whole(20, 90))) for offer in offers]


def small_ramp(dice):
    first = Step(date(2027, 1, dice.whole(1, 28)), dice.whole(1, 4))
    more = Step(dice.day(first.on, 20, 400), first.quantity + dice.whole(1, 4))
    return (first,) if dice.blank(3) else (first, more)


def divided(quantity, ways):
    """All ways to give at most so much to so many."""
    return [shares for shares in product(range(quantity + 1), repeat=ways) if sum(shares) <= quantity]


def worth_of(need, offer, totals):
    """Dependable kW-days of an offer that is promised these totals, step by step."""
    supply = supplies(need, offer, SMALL).expected
    ready = [phase.ready_on for phase in offer.phases]
    first, end = need.steps[0].on, day_after_the_ramp(need)
    days = [day for day in sorted({*ready, *(step.on for step in need.steps), end}) if first <= day <= end]
    worth = 0
    for day, then in pairwise(days):
        promised = max(total for total, step in zip(totals, need.steps, strict=True) if step.on <= day)
        worth += dependable(supply, day, promised) * (then - day).days
    return worth


def best_by_trying(need, offers):
    """What these offers can deliver at most if each serves its least part; None if that cannot be."""
    steps = [0, *(step.quantity for step in need.steps)]
    increments = [later - earlier for earlier, later in pairwise(steps)]
    worth = {}

    def of(offer, totals):
        key = offer.id, totals
        if key not in worth:
            worth[key] = worth_of(need, offer, totals)
        return worth[key]

    best = None
    for choice in product(*(divided(each, len(offers)) for each in increments)):
        delivered = 0
        for offer, shares in zip(offers, zip(*choice, strict=True), strict=True):
            totals = tuple(sum(shares[: n + 1]) for n in range(len(shares)))
            least = max(need.min_block or 0, offer.min_block or 0, 1)
            if totals[-1] < least or totals[-1] > nominal(supplies(need, offer, SMALL).expected):
                break
            delivered += of(offer, totals)
        else:
            best = delivered if best is None else max(best, delivered)
    return best


@given(dice=dice)
@settings(often, max_examples=60)
def test_in_a_small_market_the_best_plans_are_those_found_by_trying_everything(dice):
    need, candidates = small_market_of(dice)
    best = {
        frozenset(one.offer.id for one in chosen): best_by_trying(need, [one.offer for one in chosen])
        for count in (1, 2, 3)
        for chosen in combinations(candidates, count)
    }
    adding = [
        value
        for ids, value in best.items()
        if value and all((best.get(ids - {one}) or 0) < value for one in ids)
    ]

    found = plans([need], candidates, 3, assumptions=SMALL)

    assert found.complete
    assert [plan.delivered for plan in found.plans] == sorted(adding, reverse=True)[:5]


# ---- stories, the first replayed from docs/matching.md

FRESH = Evidence(Freshness.FRESH, Freshness.FRESH, Freshness.FRESH, Freshness.FRESH)
SPLIT = replace(NEED, splittable=True, steps=(Step(date(2027, 3, 1), 60 * KW),), latest_on=date(2027, 9, 1))


def site(number, free, ready_on, stage="ready_for_service", **other):
    phase = replace(SITE.phases[0], free=free, ready_on=ready_on, stage=stage)
    return replace(SITE, id=number, phases=(phase,), grid_stage="in_service", evidence=FRESH, **other)


TEXAS = Candidate(site(1, 40 * KW, date(2027, 3, 1)), score=80.0, price=1_500_000)
NORWAY = Candidate(site(2, 30 * KW, date(2027, 6, 1), "construction"), score=65.0, price=1_200_000)


def test_the_worked_example_40_mw_in_texas_from_march_and_20_in_norway_from_june():
    found = plans([SPLIT], [NORWAY, TEXAS], 2)

    plan = found.plans[0]
    assert [(part.candidate.offer.id, part.stages) for part in plan.parts] == [
        (1, (Stage(date(2027, 3, 1), 40 * KW, 40 * KW * 1_000),)),
        (2, (Stage(date(2027, 6, 1), 20 * KW, 17 * KW * 1_000),)),
    ]
    assert plan.delivered == (40 * 397 + 17 * 305) * KW * 1_000
    assert plan.needed == 60 * 397 * KW
    assert (plan.share, plan.score, plan.price) == (0.884341, 75.0, 1_400_000)
    assert plan.monthly_cost == 8_400_000 * 10_000
    assert [[part.candidate.offer.id for part in plan.parts] for plan in found.plans] == [[1, 2], [1], [2]]
    assert found.complete


def test_a_cost_is_unknown_where_a_part_of_it_is():
    plan = plans([SPLIT], [TEXAS, replace(NORWAY, price=None)], 2).plans[0]

    assert (plan.price, plan.monthly_cost) == (None, None)


def test_gpus_now_and_megawatts_later():
    gpus = replace(GPU_NEED, splittable=True, steps=(Step(date(2027, 2, 1), 4_000),))
    need_of_halls = hosting_need(gpus, [GpuFacts(Decimal(1_275), Decimal(40))])
    pool = replace(POOL, phases=(replace(POOL.phases[0], free=2_400),), evidence=FRESH)
    hall = site(10, 5 * KW, date(2027, 6, 1))

    found = plans([gpus, need_of_halls], [Candidate(pool, 80.0, 24_000), Candidate(hall, 70.0, 1_500_000)], 2)

    plan = found.plans[0]
    assert found.unit is Unit.GPU
    assert [(part.quantity, part.own_quantity, part.stages[0].on) for part in plan.parts] == [
        (2_400, 2_400, date(2027, 2, 13)),
        (1_600, 2_285, date(2027, 6, 1)),
    ]
    assert plan.price is None
    assert plan.monthly_cost == 2_400 * 24_000 * 730 + 2_285 * 1_500_000


def test_a_smallest_block_is_kept_even_where_a_surer_site_could_take_more():
    block = Candidate(site(3, 30 * KW, date(2027, 3, 1), "construction", min_block=25 * KW), 60.0)

    plan = plans([SPLIT], [TEXAS, block], 2).plans[0]

    assert [(part.candidate.offer.id, part.quantity) for part in plan.parts] == [(1, 35 * KW), (3, 25 * KW)]


def test_among_sixty_offers_the_search_stays_within_its_bound():
    candidates = [
        Candidate(site(number, (5 + number % 7) * KW, date(2027, 1 + number % 12, 1 + number % 28)), 50.0)
        for number in range(60)
    ]
    found = plans([replace(SPLIT, steps=(*SPLIT.steps, Step(date(2027, 9, 1), 90 * KW)))], candidates, 4)

    assert len(found.plans) == 5
    best_alone = plans([SPLIT], candidates, 1).plans[0]
    assert best_alone.delivered < found.plans[0].delivered <= found.most


def test_a_long_ramp_is_divided_step_by_step_though_it_is_searched_with_fewer():
    """Twelve steps of 10 MW a month: the site that is ready now serves the first, the later one the last."""
    steps = tuple(Step(date(2027, month, 1), 10 * month * KW) for month in range(1, 13))
    now = Candidate(site(1, 60 * KW, date(2026, 12, 1)), 50.0)
    later = Candidate(site(2, 60 * KW, date(2027, 7, 1)), 50.0)

    found = plans([replace(SPLIT, steps=steps)], [now, later], 2)

    plan = found.plans[0]
    assert (plan.share, [part.quantity for part in plan.parts]) == (1.0, [60 * KW, 60 * KW])
    assert plan.parts[0].steps == steps[:6]
    assert plan.delivered == found.most


def test_sites_of_many_phases_are_planned_within_what_they_have():
    def halls(number):
        days = (date(2026 + at // 12, 1 + at % 12, 1 + number) for at in range(24))
        stages = ("ready_for_service", "construction", "contracted", "study")
        return tuple(
            replace(SITE.phases[0], free=(1 + at % 3) * KW, ready_on=day, stage=stages[(at + number) % 4])
            for at, day in enumerate(days)
        )

    candidates = [Candidate(replace(TEXAS.offer, id=n, phases=halls(n)), 50.0) for n in range(6)]
    found = plans([SPLIT], candidates, 3)

    plan = found.plans[0]
    assert plans([SPLIT], candidates, 1).plans[0].delivered < plan.delivered <= found.most
    assert sum(part.quantity for part in plan.parts) == 60 * KW
