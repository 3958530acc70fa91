"""Announced leases, and what of them may be compared."""

from decimal import Decimal

import pytest

from market.models import Comparable
from market.services import load_comparables
from marketplace.demo.files import table


@pytest.fixture
def leases(db):
    load_comparables(rows=table("deals"))


def test_only_single_hosting_leases_with_a_rate_count(leases):
    assert Comparable.objects.count() == 14
    assert Comparable.objects.median_usd_kw_month() == Decimal("138.9")


def test_gpu_clouds_shells_and_totals_stay_out(leases):
    loaded = set(Comparable.objects.values_list("external_id", flat=True))

    assert not loaded & {"D014", "D021", "D022", "D032"}


def test_loading_again_changes_nothing(leases):
    before = list(Comparable.objects.order_by("pk").values())

    load_comparables(rows=table("deals"))

    assert list(Comparable.objects.order_by("pk").values()) == before


def test_a_visitor_reads_the_median_and_each_source(leases, visitor):
    page = visitor.client.get("/market/").content.decode()

    assert "138.9 US$" in page
    for lease in Comparable.objects.all():
        assert lease.landlord in page
    assert page.count('rel="nofollow"') >= 12


@pytest.mark.parametrize("count", [1, 14])
def test_the_page_costs_the_same_at_any_size(db, visitor, count, django_assert_num_queries):
    priced = [row for row in table("deals") if row["computed_usd_per_kw_month"]]
    load_comparables(rows=priced[:count])

    with django_assert_num_queries(8):  # six of the open market, leases, rates
        assert visitor.client.get("/market/").status_code == 200


def test_without_leases_the_page_says_where_they_come_from(db, visitor):
    assert "No comparable leases yet" in visitor.client.get("/market/").content.decode()
