"""GPUs in a miner's hall: the same request in megawatts."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine import GpuFacts, Unit, Weights, hosting_need
from tests.engine.examples import GPU_NEED

H100 = GpuFacts(it_w_per_gpu=Decimal(1_275), typical_rack_kw=Decimal(41))
GB200 = GpuFacts(it_w_per_gpu=Decimal(1_833), typical_rack_kw=Decimal(132), liquid_cooling_required=True)


def test_the_hungriest_model_sets_power_racks_and_cooling():
    need = hosting_need(GPU_NEED, [H100, GB200])

    assert need.unit is Unit.MW
    assert [step.quantity for step in need.steps] == [2_053]  # 1,000 × 1.833 kW × 1.12, rounded up
    assert need.min_rack_kw == 132
    assert need.cooling_any_of == {"direct_to_chip"}


def test_air_cooled_models_leave_the_cooling_asked():
    need = hosting_need(replace(GPU_NEED, cooling_any_of=frozenset({"rear_door"})), [H100])

    assert need.cooling_any_of == {"rear_door"}


def test_a_request_without_a_model_has_no_hosting_need():
    with pytest.raises(ValueError, match="at least one GPU model"):
        hosting_need(GPU_NEED, [])


@pytest.mark.parametrize(
    "weights", [("0.05", "0.80", "0.15"), ("0.85", "0.10", "0.05"), ("0.4", "0.4", "0.4")]
)
def test_weights_outside_their_limits_are_refused(weights):
    with pytest.raises(ValueError, match="sum to 1"):
        Weights(*map(Decimal, weights))
