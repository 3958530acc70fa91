"""A tenant asks for capacity."""

from datetime import date

import pytest
from django.utils import timezone

from common.errors import InvalidInput
from listings import services
from listings.models import CapacityRequest, GpuWish, Step
from tests.factories import request_fields, step


def refused(action, *args, **kwargs):
    before = (
        list(CapacityRequest.objects.values()),
        list(Step.objects.values()),
        list(GpuWish.objects.values()),
    )
    with pytest.raises(InvalidInput) as refusal:
        action(*args, **kwargs)
    after = (
        list(CapacityRequest.objects.values()),
        list(Step.objects.values()),
        list(GpuWish.objects.values()),
    )
    assert after == before
    return refusal.value.fields


def update(request, **changes):
    rows = {name: changes.pop(name) for name in ("steps", "gpu_wishes") if name in changes}
    return services.update_request(request=request, fields=changes, now=timezone.now(), **rows)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"term_min_months": 200}, {"term_min_months", "term_max_months"}),
        ({"term_preferred_months": 12}, {"term_min_months", "term_preferred_months"}),
        ({"term_max_months": None}, {"term_max_months"}),
        ({"latest_on": date(2027, 5, 31)}, {"latest_on"}),
        ({"latest_on": date(2040, 1, 1)}, {"latest_on"}),
        ({"latest_on": None}, {"latest_on"}),
        ({"countries": ["US", "XX"]}, {"countries"}),
        ({"regions": ["US-TX", "Texas"]}, {"regions"}),
        ({"regions": ["XX-TX"]}, {"regions"}),
        ({"excluded_countries": ["US"]}, {"excluded_countries"}),
        ({"regions": ["CA-QC"], "excluded_countries": ["CA"]}, {"regions"}),
        ({"grids": ["MARS"]}, {"grids"}),
        ({"splittable": True, "max_sites": 6}, {"max_sites"}),
        ({"max_sites": 2}, {"max_sites"}),
        ({"accepts_hosting": True}, {"accepts_hosting"}),
        ({"min_block_mw": 21, "splittable": True}, {"min_block_mw"}),
        ({"tolerance_pct": 101}, {"tolerance_pct"}),
        ({"power_weight_pct": 60}, {"power_weight_pct"}),
        ({"terms_weight_pct": 9}, {"terms_weight_pct"}),
        (
            {"power_weight_pct": 85, "timeline_weight_pct": 10, "terms_weight_pct": 5},
            {"power_weight_pct", "terms_weight_pct"},
        ),
        ({"price_cap_usd_kw_month": "NaN"}, {"price_cap_usd_kw_month"}),
        ({"kind": "water"}, {"kind"}),
        ({"title": ""}, {"title"}),
        ({"status": "paused"}, {"status"}),
    ],
)
def test_bad_input_is_named_at_its_field(make, tenant, fields, at):
    assert set(refused(make.request, **fields)) == at


@pytest.mark.parametrize(
    ("steps", "at"),
    [
        ([], "steps"),
        ([step(), step(need_on=date(2027, 9, 1), critical_mw=20)], "steps.1.critical_mw"),
        ([step(), step(need_on=date(2027, 9, 1), critical_mw=10)], "steps.1.critical_mw"),
        ([step(), step(need_on=date(2027, 6, 1), critical_mw=30)], "steps.1.need_on"),
        ([step(), step(need_on=date(2027, 1, 1), critical_mw=30)], "steps.1.need_on"),
        ([step(), step(need_on=date(2037, 6, 2), critical_mw=30)], "steps.1.need_on"),
        ([step(critical_mw=None)], "steps.0.critical_mw"),
        ([step(gpus=8)], "steps.0.gpus"),
        ([step(critical_mw="1e9")], "steps.0.critical_mw"),
        ([{"critical_mw": 5}], "steps.0.need_on"),
        ([step(need_on=date(2027, 6, day), critical_mw=day) for day in range(1, 26)], "steps"),
    ],
)
def test_a_bad_step_is_named_by_its_place_in_the_ramp(make, tenant, steps, at):
    assert list(refused(make.request, steps=steps)) == [at]


def test_the_weights_make_100_and_are_the_owner_s_alone(make, tenant, miner, broker):
    refusal = refused(make.request, power_weight_pct=60, timeline_weight_pct=30)
    assert refusal["power_weight_pct"].endswith("power 60, timeline 30 and terms 25 make 115.")

    request = make.request(power_weight_pct=60, timeline_weight_pct=30, terms_weight_pct=10)
    url = f"/api/v1/requests/{request.uid}/"
    assert tenant.api.get(url).json()["power_weight_pct"] == 60
    for other in (miner, broker):
        assert "power_weight_pct" not in other.api.get(url).json()
    sent = tenant.api.patch(url, {"power_weight_pct": 61}, format="json", HTTP_IF_MATCH="*")
    assert (sent.status_code, sent.json()["errors"][0]["pointer"]) == (400, "/power_weight_pct")


def test_a_draft_may_lack_its_ramp(make):
    assert make.request(status="draft", steps=[]).status == "draft"


def test_who_may_split_and_names_no_number_means_two_sites(make):
    request = make.request(splittable=True)
    assert request.max_sites == 2

    assert update(request, splittable=False).max_sites == 1


def test_a_new_ramp_replaces_the_old_one(make):
    request = make.request()

    update(request, steps=[step(critical_mw=30), step(need_on=date(2027, 9, 1), critical_mw=60)])

    assert sorted(request.steps.values_list("critical_mw", flat=True)) == [30, 60]
    assert CapacityRequest.objects.get(pk=request.pk).size_band == 3


def test_the_same_ramp_again_leaves_the_rows_alone(make):
    request = make.request()
    before = request.steps.get().pk

    update(request, steps=[step()])

    assert request.steps.get().pk == before


def test_the_kind_stays(make):
    assert "kind" in refused(update, make.request(), kind="gpu")


def test_a_miner_asks_for_nothing(make, miner):
    with pytest.raises(services.WrongSide):
        make.request(by=miner)


class TestGpus:
    def test_a_request_counts_gpus_and_wishes_for_models(self, make):
        request = make.gpu_request(accepts_hosting=True)

        assert request.steps.get().gpus == 1_024
        assert request.gpu_wishes.get().price_cap_usd_gpu_hour == 2.5
        assert request.size_band == 3

    def test_it_wishes_for_at_least_one_model_and_for_each_once(self, make, tenant):
        model = make.gpu_model()

        def ask(*wishes):
            services.create_request(
                organization=tenant.organization,
                fields=request_fields(kind="gpu"),
                steps=[{"need_on": date(2027, 6, 1), "gpus": 8}],
                gpu_wishes=wishes,
                now=timezone.now(),
            )

        assert list(refused(ask)) == ["gpu_wishes"]
        assert list(refused(ask, {"model": model}, {"model": model})) == ["gpu_wishes.1.model"]
        assert list(refused(ask, {"model": model, "price_cap_usd_gpu_hour": -1})) == [
            "gpu_wishes.0.price_cap_usd_gpu_hour"
        ]

    def test_megawatts_are_no_gpus(self, make):
        steps = [{"need_on": date(2027, 6, 1), "critical_mw": 8}]

        assert set(refused(make.gpu_request, steps=steps)) == {"steps.0.gpus", "steps.0.critical_mw"}

    def test_power_is_no_wish_for_models(self, make):
        request, model = make.request(), make.gpu_model()

        assert list(refused(update, request, gpu_wishes=[{"model": model}])) == ["gpu_wishes"]
