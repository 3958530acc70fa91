"""How many MW a cluster of GPUs draws, and how many GPUs a number of MW carries: the formula of the rules."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from engine import STANDARD, GpuFacts
from engine.needs import WATTS_PER_KW, critical_kw
from listings.models import GpuModel


def mw_of(gpus: int, model: GpuModel) -> Decimal:
    """Critical IT load of so many GPUs with their servers, network and storage, in MW; whole kW, rounded up.

    The model's `it_w_per_gpu` must be known.
    """
    return Decimal(critical_kw(gpus, _facts(model))) / 1000


def gpus_in(mw: Decimal, model: GpuModel) -> int:
    """The most GPUs whose critical IT load stays within so many MW: the same formula the other way round."""
    watts = mw * 1000 * WATTS_PER_KW
    return int((watts / _watts_each(model)).to_integral_value(ROUND_FLOOR))


def _watts_each(model: GpuModel) -> Decimal:
    return _facts(model).it_w_per_gpu * STANDARD.network_and_storage


def _facts(model: GpuModel) -> GpuFacts:
    return GpuFacts(it_w_per_gpu=Decimal(model.it_w_per_gpu or 0))
