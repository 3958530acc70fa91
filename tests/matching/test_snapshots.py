"""A worker's picture of the market: read as rows, kept fresh, forgetful of what has left."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from engine import arrays
from listings import services
from listings.models import Post
from listings.vocabulary import PostType
from matching import snapshots
from matching.conversion import needs_from, offer_from
from matching.snapshots import Market, load, values_of
from tests.cast import NOON
from tests.factories import phase

TODAY = NOON.date()


@pytest.fixture
def posts(make, miner, tenant):
    """One post of each kind that a conversion treats in its own way."""
    own_hall = phase(critical_mw=5, cooling=["air"], max_rack_kw=17, ask_usd_kw_month=99)
    site = make.site(phases=[phase(critical_mw=5), {**own_hall, "ready_on": date(2028, 1, 1)}])
    make.pool(at_site=site, country="", region="", grid=None)
    make.pool()
    make.request(countries=["US", "CA"], excluded_countries=["NO"], grids=["ERCOT"])
    make.request(countries=[])
    make.gpu_request(accepts_hosting=True)
    services.record_evidence(post=site, claim="power", method="statement", verified_on=TODAY, now=NOON)
    return list(Post.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.django_db
def test_rows_are_read_as_instances_are(posts):
    by_instance = {post.pk: values_of(post) for post in load(list(PostType), posts)}

    by_row = {pk: values for read in snapshots._READ.values() for pk, _, values in read(posts)}

    assert by_row == by_instance
    assert sorted(by_row) == posts


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 50])
def test_a_look_costs_the_same_at_any_size(make, miner, size, django_assert_num_queries):
    make.sites(size)
    market = Market()

    with django_assert_num_queries(5):
        market.supply.refresh(TODAY)
    with django_assert_num_queries(2):
        market.supply.refresh(TODAY)

    assert len(market.supply.rows.rows_of) == size


@pytest.mark.django_db(transaction=True)
def test_a_change_replaces_what_was_known(make, miner):
    site = make.site(ask_usd_kw_month=120)
    market = Market()
    market.refresh(TODAY)

    services.update_site(site=site, fields={"ask_usd_kw_month": 150}, now=timezone.now())
    market.refresh(TODAY)

    (row,) = market.supply.rows.rows_of[site.pk]
    assert market.rows.offers.table.rows[row]["ask"] == 1_500_000
    assert market.supply.entries[site.pk].version == Post.objects.get(pk=site.pk).version


@pytest.mark.django_db
def test_a_look_that_is_cut_short_goes_on_where_it_stopped(make, miner, monkeypatch):
    """However large the market and short the slice, each look reads something."""
    monkeypatch.setattr(snapshots, "PIECE", 2)
    make.sites(5)
    market = Market()
    ticks = iter(range(100))
    monkeypatch.setattr(snapshots, "monotonic", lambda: next(ticks) % 2)

    seen = []
    while not market.refresh(TODAY, ends=0.5):
        seen.append(len(market.supply.rows.rows_of))

    assert seen == [2, 4]
    assert len(market.supply.rows.rows_of) == 5


@pytest.mark.django_db
def test_what_leaves_the_market_leaves_the_picture(make, miner):
    paused, expiring = make.sites(2)
    market = Market()
    market.refresh(TODAY)

    services.move_post(post=paused, to="paused", now=NOON)
    market.refresh(TODAY)
    assert list(market.supply.rows.rows_of) == [expiring.pk]

    market.refresh(Post.objects.get(pk=expiring.pk).open_until + timedelta(days=1))
    assert not market.supply.rows.rows_of


@pytest.mark.django_db
def test_many_changes_do_not_fill_the_memory(make, miner, tenant):
    site, request = make.site(), make.request()
    market = Market()
    market.refresh(TODAY)
    offer, need = offer_from(site), needs_from(request)[0]
    for _ in range(arrays.DEAD_ROWS * 3):
        market.rows.offers.put(offer)
        market.rows.needs.put(need)

    assert len(market.rows.offers.table.rows) < 2 * arrays.DEAD_ROWS
    assert len(market.rows.needs.months.rows) < 2 * arrays.DEAD_ROWS * 100
    row = market.rows.needs.row(need)
    assert arrays.rank_need(market.rows, row).pairs["offer"].tolist() == market.rows.offers.rows_of[site.pk]
