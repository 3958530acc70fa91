"""Reference listings say what the source says, mark what it does not, and offer nothing that is let."""

from datetime import date
from decimal import Decimal

import pytest

from marketplace.demo.dates import first_day, last_day, quarter_end
from marketplace.demo.files import book, table
from marketplace.demo.sites import Reading

TODAY = date(2026, 11, 23)
ROWS = table("sites")
ASSUMPTIONS = book("assumptions")
# What no column of the data holds: it can only be assumed, unless the row's own words state it.
NEVER_IN_A_COLUMN = {
    "site_control",
    "power_price_usd_mwh",
    "interruptible_hours_per_year",
    "pue_design",
    "max_rack_kw",
    "power_redundancy",
    "delivery_types",
    "lease_basis",
    "ask_usd_kw_month",
    "escalator_pct",
    "term_min_months",
    "term_max_months",
    "min_block_mw",
    "required_credit",
    "required_security_months",
    "security_months_instead",
    "conversion_paid_by",
}


def entry(row):
    return ASSUMPTIONS["sites"][row["site_id"]]


def words(row):
    return f"{row['status']} {row['notes']} {row['cooling']} {row['source']}"


LISTINGS = [(row, Reading(row, ASSUMPTIONS, TODAY).listing()) for row in ROWS]


def test_each_names_its_source_and_says_that_it_is_no_offer():
    for row, listing in LISTINGS:
        assert listing.fields["is_reference"]
        assert listing.fields["source"] == row["source"]
        assert listing.fields["source_confidence"] == row["confidence"]
        disclaimer = f"Reference listing from public sources, not an offer by {row['operator']}."
        assert listing.fields["notes"].startswith(disclaimer)


def test_what_no_column_says_is_marked_as_assumed():
    for row, listing in LISTINGS:
        filled = NEVER_IN_A_COLUMN & listing.fields.keys()
        stated = entry(row).get("stated", {}).keys()
        assert filled - stated <= set(listing.fields["assumed"]), row["site_id"]


def test_the_gross_power_is_the_source_s_own_or_marked():
    for row, listing in LISTINGS:
        from_source = listing.fields["gross_mw"] == Decimal(row["total_power_mw"] or 0)
        assert from_source == ("gross_mw" not in listing.fields["assumed"]), row["site_id"]


def test_critical_power_is_the_source_s_own_or_marked():
    for row, listing in LISTINGS:
        for phase in listing.phases:
            from_source = str(phase["critical_mw"]) == row["hpc_contracted_critical_it_mw"]
            assert from_source == ("critical_mw" not in phase["assumed"]), row["site_id"]


def test_a_stated_number_stands_in_the_words_of_the_row():
    for row in ROWS:
        for name, value in entry(row).get("stated", {}).items():
            if name != "interconnection_stage":
                assert str(value) in words(row), row["site_id"]


def test_a_stated_ready_date_stands_in_the_words_of_the_row():
    for row, listing in LISTINGS:
        for phase in listing.phases:
            if "ready_on" not in phase["assumed"]:
                assert str(phase["ready_on"].year) in words(row), row["site_id"]


def test_what_is_let_is_not_offered_again():
    """Offered and let MW together fit the site's gross power at the leanest ratio of real deals, 1.35."""
    for row, listing in LISTINGS:
        if entry(row)["situation"] == "leased":
            assert listing.phases[0]["ready_on"] >= date(2030, 1, 1), row["site_id"]
            continue
        offered = sum(phase["critical_mw"] for phase in listing.phases)
        let = Decimal(row["hpc_contracted_critical_it_mw"] or 0)
        assert (offered + let) * Decimal("1.35") <= listing.fields["gross_mw"], row["site_id"]


def test_a_mine_is_no_hall():
    for row, listing in LISTINGS:
        if entry(row)["situation"] == "mine":
            assert {phase["stage"] for phase in listing.phases} == {"planned"}, row["site_id"]
            assert "cooling" not in listing.fields, row["site_id"]


def test_recollection_is_no_evidence():
    for row, listing in LISTINGS:
        if row["source"].startswith("recollection"):
            assert listing.evidence == [], row["site_id"]


def test_every_site_of_the_data_has_its_entry():
    assert ASSUMPTIONS["sites"].keys() == {row["site_id"] for row in ROWS}
    assert len(ROWS) == 92


def test_blanks_stay_blank_where_nothing_is_known():
    fields = next(listing.fields for row, listing in LISTINGS if row["site_id"] == "S066")

    assert not {"ask_usd_kw_month", "power_price_usd_mwh", "cooling", "compliance"} & fields.keys()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027", date(2027, 12, 31)),
        ("2027-H1", date(2027, 6, 30)),
        ("2027-Q3", date(2027, 9, 30)),
        ("2028-02", date(2028, 2, 29)),
    ],
)
def test_supply_due_in_a_period_is_there_on_its_last_day(text, day):
    assert last_day(text) == day


def test_a_source_is_as_old_as_the_first_day_it_can_mean():
    assert first_day("2026") == date(2026, 1, 1)
    assert first_day("2026-05-11") == date(2026, 5, 11)


def test_an_assumed_duration_ends_with_its_quarter():
    assert quarter_end(date(2026, 11, 23), 12) == date(2027, 12, 31)
