"""A miner rents GPUs out."""

from datetime import date

import pytest
from django.utils import timezone

from common.errors import InvalidInput
from listings import services
from listings.models import GpuModel, GpuPool
from tests.factories import pool_fields


def refused(action, *args, **kwargs):
    count = GpuPool.objects.count()
    with pytest.raises(InvalidInput) as refusal:
        action(*args, **kwargs)
    assert GpuPool.objects.count() == count
    return refusal.value.fields


def test_a_pool_stands_at_its_site_or_in_a_country(make):
    site = make.site()

    assert make.pool(at_site=site).place == site
    assert make.pool().place.country == "US"


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"available_until": date(2026, 12, 31)}, {"available_from", "available_until"}),
        ({"commit_min_months": 48}, {"commit_min_months", "commit_max_months"}),
        ({"commit_max_months": None}, {"commit_max_months"}),
        ({"largest_cluster_gpus": 2_048}, {"largest_cluster_gpus", "gpus"}),
        ({"min_order_gpus": 2_048}, {"min_order_gpus", "gpus"}),
        ({"gpus": 0}, {"gpus"}),
        ({"gpus": 10**9}, {"gpus"}),
        ({"price_usd_gpu_hour": "NaN"}, {"price_usd_gpu_hour"}),
        ({"price_usd_gpu_hour": "0"}, {"price_usd_gpu_hour"}),
        ({"fabric": "string"}, {"fabric"}),
        ({"country": "XX"}, {"country"}),
        ({"country": ""}, {"country"}),
        ({"region": "CA-QC"}, {"region"}),
        ({"reserved_gpus": 5}, {"reserved_gpus"}),
    ],
)
def test_bad_input_is_named_at_its_field(make, miner, fields, at):
    assert set(refused(make.pool, **fields)) == at


def test_a_pool_names_its_model(make, miner):
    fields = refused(
        services.create_gpu_pool,
        organization=miner.organization,
        fields={"country": "US", **pool_fields()},
        now=timezone.now(),
    )

    assert list(fields) == ["model"]


def test_anothers_site_is_no_place_for_it(make, other_miner):
    site = make.site(by=other_miner)

    assert refused(make.pool, at_site=site) == {"at_site": "There is no such site of yours."}


def test_it_has_one_place(make):
    assert set(refused(make.pool, at_site=make.site(), grid="ERCOT")) == {"grid"}


def test_it_moves_from_a_site_to_a_country(make):
    pool = make.pool(at_site=make.site())

    moved = services.update_gpu_pool(
        pool=pool, fields={"at_site": None, "country": "NO", "region": "NO-03"}, now=timezone.now()
    )

    assert moved.place.country == "NO"


def test_what_a_deal_holds_stays(make):
    pool = make.pool()
    GpuPool.objects.update(reserved_gpus=512)

    fields = {"gpus": 500, "largest_cluster_gpus": 500}
    assert list(refused(services.update_gpu_pool, pool=pool, fields=fields, now=timezone.now())) == ["gpus"]


def test_loading_the_models_twice_changes_nothing_more(make):
    make.gpu_model(tdp_w=700)
    make.gpu_model(tdp_w=650)

    assert GpuModel.objects.get().tdp_w == 650
