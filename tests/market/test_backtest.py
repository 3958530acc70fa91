"""The matcher replayed on announced deals: nothing of the answer reaches the question."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command

from engine import Need
from market import backtest
from market.backtest.intervals import by_chance, mean, share
from market.backtest.records import deals_from, sites_from
from market.backtest.replay import Setting, judged, need_of, offers_of, replay
from market.backtest.report import BASE
from marketplace.demo.files import table

DEALS, SITES = table("deals"), table("sites")
# What a request may be built from; and of a site, what may be known of it before the deal.
WISHED = {"announced_date", "critical_it_mw", "gross_mw", "term_years", "ready_for_service_date"}
WISHED |= {"rfs_precision", "country", "backtest_ok"}
KNOWN = {"site_id", "country", "total_power_mw", "as_of", "source"}
SHOWN = {"deal_id", "landlord", "landlord_ticker", "tenant", "site_id", "site_name", "source", "confidence"}

Row = Mapping[str, str]


def scrambled(rows: list[dict[str, str]], keep: set[str]) -> list[dict[str, str]]:
    """The same rows with nonsense in every other column."""
    return [{name: value if name in keep else "XX" for name, value in row.items()} for row in rows]


def run(deals=DEALS, sites=SITES):
    return backtest.replayed(deal_rows=deals, site_rows=sites)


@pytest.fixture(scope="module")
def result():
    return run()


# ---- nothing of the answer reaches the question


def honest(row: Row) -> Need | None:
    wish = deals_from([row])[0].wish
    return None if wish is None else need_of(wish, BASE)


def leaky(row: Row) -> Need | None:
    """What must never happen: the request names the state of the site that was leased."""
    need = honest(row)
    if need is None:
        return None
    return replace(need, countries=frozenset(), regions=frozenset({f"US-{row['region_state']}"}))


def leaks(build: Callable[[Row], Need | None]) -> list[str]:
    """The deals whose request changes with a column that it must not know."""
    pairs = zip(DEALS, scrambled(DEALS, WISHED | {"deal_id", "is_aggregate"}), strict=True)
    return [row["deal_id"] for row, blind in pairs if build(row) != build(blind)]


def test_the_request_knows_neither_state_nor_town_nor_grid_nor_owner():
    assert leaks(honest) == []


def test_the_guard_sees_a_leak_and_a_leak_changes_the_result():
    assert len(leaks(leaky)) == 15

    deals, sites = deals_from(DEALS), sites_from(SITES)
    row = next(row for row in DEALS if row["deal_id"] == "D006")
    deal = next(deal for deal in deals if deal.deal_id == "D006")
    offers = offers_of(deal, sites, deals, BASE)
    needs = [need for build in (honest, leaky) if (need := build(row))]
    blind, told = (judged(deal, need, offers, sites) for need in needs)

    assert told.passing < blind.passing
    assert blind.places["engine"].percentile != told.places["engine"].percentile


def test_what_became_known_with_a_deal_or_later_is_not_looked_at(result):
    deals, sites = scrambled(DEALS, WISHED | SHOWN | {"is_aggregate"}), scrambled(SITES, KNOWN | SHOWN)

    assert run(deals, sites) == result


# ---- the sites of the day


def deal_row(**columns: str) -> dict[str, str]:
    usual = {
        "deal_id": "D1",
        "announced_date": "2025-03-10",
        "landlord": "Miner",
        "tenant": "Tenant",
        "site_id": "real",
        "country": "US",
        "critical_it_mw": "100",
        "term_years": "10",
        "ready_for_service_date": "2026-06-01",
        "rfs_precision": "month",
        "is_aggregate": "false",
        "backtest_ok": "true",
    }
    return {**dict.fromkeys(DEALS[0], ""), **usual, **columns}


def site_row(site_id: str, mw: str = "200", as_of: str = "2025-01", **columns: str) -> dict[str, str]:
    usual = {"site_id": site_id, "country": "US", "total_power_mw": mw, "as_of": as_of}
    return {**dict.fromkeys(SITES[0], ""), **usual, **columns}


def replayed(sites: list[dict[str, str]], *others: dict[str, str], setting: Setting = BASE, **columns: str):
    """The first deal of the rows, against these sites."""
    deals = deals_from([deal_row(**columns), *others])
    deal = next(deal for deal in deals if deal.deal_id == "D1")
    return replay(deal, sites_from(sites), deals, setting)


def test_a_site_recorded_only_later_is_no_rival():
    days = {"earlier": "2025-03-09", "same day": "2025-03-10", "some day of that month": "2025-03"}
    sites = [site_row("real"), *(site_row(name, as_of=day) for name, day in days.items())]

    assert replayed(sites).passing == 2
    assert replayed(sites, setting=Setting(rivals="all")).passing == 4


def test_an_earlier_lease_takes_its_megawatts_and_a_later_one_does_not():
    earlier = deal_row(deal_id="D0", announced_date="2025-03-09", critical_it_mw="", gross_mw="60")
    later = deal_row(deal_id="D2", announced_date="2025-03-11")

    assert float(replayed([site_row("real")]).free_mw) == pytest.approx(139.86)
    assert float(replayed([site_row("real")], earlier, later).free_mw) == pytest.approx(97.902)


def test_a_real_site_that_is_too_small_fails_its_gate_and_has_no_rank():
    outcome = replayed([site_row("real", mw="130"), site_row("other")])

    assert "capacity" in outcome.failed
    assert (outcome.passing, outcome.places) == (1, {})


def test_what_nobody_states_leaves_a_pair_conditional_and_in_the_running():
    outcome = replayed([site_row("real"), site_row("abroad", country="CA")])

    assert outcome.state == "conditional"
    assert outcome.unknown == ("term", "credit")
    assert (outcome.offers, outcome.passing) == (2, 1)
    assert outcome.places["engine"].percentile is None  # alone, it is neither first nor last


def test_equals_share_the_mean_of_their_ranks():
    twins = [site_row(name) for name in ("real", "twin", "third")]

    places = replayed([*twins, site_row("larger", mw="900")]).places

    assert {order: place.rank for order, place in places.items()} == {
        "engine": 2,
        "largest": 3,
        "tightest": 2,
    }
    assert places["engine"].percentile == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("columns", "missing"),
    [
        ({"term_years": ""}, "no_term"),
        ({"critical_it_mw": ""}, "no_mw"),
        ({"backtest_ok": "false"}, "no_single_site"),
    ],
)
def test_a_deal_that_cannot_be_replayed_says_why(columns, missing):
    (deal,) = deals_from([deal_row(**columns)])

    assert (deal.wish, deal.missing) == (None, missing)


def test_a_second_deal_of_a_pair_is_told_apart_through_renames_and_joint_ventures(result):
    again = {line["deal_id"] for line in result["deals"] if not line["first_of_pair"]}

    assert again == {"D006", "D010", "D013", "D016"}


# ---- figures


def test_intervals_are_those_of_the_textbook_and_always_the_same():
    assert share(8, 10) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert mean([0.2, 0.4, 0.9]) == mean([0.2, 0.4, 0.9])
    assert mean([0.5]) == (0.5, None, None)
    assert by_chance([11] * 100) == pytest.approx((0.5, 0.438, 0.562), abs=0.005)  # ± 1.96 × 0.316 / 10


def test_sites_that_owe_their_megawatts_to_the_deal_stay_out_of_the_figures(result):
    groups = {line["deal_id"]: line["group"] for line in result["deals"]}

    assert {deal for deal, group in groups.items() if group == "apart"} == {"D010", "D027", "D031", "D035"}
    assert result["groups"]["main"]["deals"] == sum(group == "main" for group in groups.values())


def test_the_order_of_rows_changes_nothing(result):
    assert run(DEALS[::-1], SITES[::-1]) == result


# ---- what is shown


def test_what_is_published_is_what_the_command_makes_now():
    answer = StringIO()
    call_command("backtest", "--json", stdout=answer)

    assert json.loads(answer.getvalue()) == backtest.published(), "Run manage.py backtest --save."


def test_the_table_for_the_terminal_has_a_row_for_each_deal():
    text = backtest.as_text(backtest.published())

    assert "D006  2025-02-26 Core Scientific – CoreWeave (again)" in text
    assert text.count("no_term") == 2


def test_anybody_reads_the_result_with_its_sources_and_nothing_is_scored(
    visitor, django_assert_max_num_queries
):
    with django_assert_max_num_queries(0):
        page = visitor.client.get("/market/backtest/").content.decode()

    for line in backtest.published()["deals"]:
        assert f'id="{line["deal_id"]}"' in page
        assert f"({line['confidence']}): " in page
    assert page.count('rel="nofollow"') >= 2 * len(backtest.published()["deals"])


def test_the_sentences_of_the_page_hold_for_the_figures():
    """Whoever changes the rules and keeps a new result reads here whether its words must change, too."""
    result = backtest.published()
    main, variants = result["groups"]["main"], result["variants"]

    assert main["engine"][0] < main["random"][2], "no better than chance"
    assert main["engine"] == main["tightest"], "as well as tightest fit first"
    assert variants["real_just_enough"]["engine"][1] > main["random"][2], "the other extreme"
    assert main["kept"] == 0, "none is kept"
    assert all(line["state"] == "conditional" for line in result["deals"] if line.get("places"))
