"""The second need of a GPU request that accepts hosting: its own GPUs in a miner's hall, in kW."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.assumptions import STANDARD, Assumptions
from engine.types import Need, Step, Unit
from engine.vocabulary import DIRECT_TO_CHIP

WATTS_PER_KW = 1_000


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """What one GPU model asks of a hall."""

    it_w_per_gpu: Decimal  # the GPU's share of its server
    typical_rack_kw: Decimal | None = None
    liquid_cooling_required: bool = False


def hosting_need(need: Need, models: Sequence[GpuFacts], assumptions: Assumptions = STANDARD) -> Need:
    """The GPU need as megawatts: every GPU with its servers, network and storage.

    The hungriest of the models named sets the power per GPU, its racks and its cooling.
    Quantities are whole kW, rounded up. Raises ValueError where no model is named.
    """
    if not models:
        raise ValueError("A hosting need must name at least one GPU model.")
    hungriest = max(models, key=lambda model: model.it_w_per_gpu)
    return replace(
        need,
        unit=Unit.MW,
        steps=tuple(Step(step.on, critical_kw(step.quantity, hungriest, assumptions)) for step in need.steps),
        min_block=None if need.min_block is None else critical_kw(need.min_block, hungriest, assumptions),
        min_rack_kw=_larger(need.min_rack_kw, hungriest.typical_rack_kw),
        cooling_any_of=_cooling(need, hungriest),
    )


def critical_kw(gpus: int, model: GpuFacts, assumptions: Assumptions = STANDARD) -> int:
    """Critical IT load of a cluster in kW: GPUs × W per GPU × 1.12."""
    return math.ceil(gpus * model.it_w_per_gpu * assumptions.network_and_storage / WATTS_PER_KW)


def _larger(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _cooling(need: Need, model: GpuFacts) -> frozenset[str]:
    return frozenset({DIRECT_TO_CHIP}) if model.liquid_cooling_required else need.cooling_any_of
