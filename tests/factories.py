"""`make`: posts with sensible values, made by the real services.

make.site()                      an open 100 MW site in Texas of the miner, 40 MW ready on 2027-03-01
make.site(by=other_miner, gross_mw=50, phases=[phase(critical_mw=20)])
make.gpu_model(), make.pool(gpus=512), make.pool(at_site=site)
make.request()                   a 20 MW request of the tenant from 2027-06-01
make.gpu_request(model=model)    1,024 GPUs from 2027-06-01
make.sites(50), make.pools(50), make.requests(50), make.gpu_requests(50)
"""

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from listings import services
from listings.models import CapacityRequest, GpuModel, GpuPool, Site
from listings.vocabulary import BuildStage, DisclosureMode, GridStage, RequestKind
from tests.cast import Actor


def phase(**other: Any) -> dict[str, Any]:
    return {"ready_on": date(2027, 3, 1), "critical_mw": 40, "stage": BuildStage.CONSTRUCTION, **other}


def step(**other: Any) -> dict[str, Any]:
    return {"need_on": date(2027, 6, 1), "critical_mw": 20, **other}


def site_fields(**other: Any) -> dict[str, Any]:
    return {
        "name": "Pecos One",
        "disclosure": DisclosureMode.OPEN,
        "country": "US",
        "region": "US-TX",
        "grid": "ERCOT",
        "gross_mw": 100,
        "interconnection_stage": GridStage.IN_SERVICE,
        "cooling": ["air", "direct_to_chip"],
        "max_rack_kw": 100,
        "power_redundancy": "n_plus_1",
        "delivery_types": ["turnkey"],
        "lease_basis": "nnn",
        "ask_usd_kw_month": 130,
        "power_price_usd_mwh": 40,
        "pue_design": "1.3",
        "interruptible_hours_per_year": 0,
        "compliance": ["soc2"],
        "term_min_months": 60,
        "term_max_months": 180,
        **other,
    }


def pool_fields(**other: Any) -> dict[str, Any]:
    return {
        "disclosure": DisclosureMode.OPEN,
        "gpus": 1_024,
        "largest_cluster_gpus": 1_024,
        "fabric": "infiniband",
        "fabric_gbps": 400,
        "available_from": date(2027, 1, 15),
        "price_usd_gpu_hour": "2.10",
        "commit_min_months": 6,
        "commit_max_months": 36,
        **other,
    }


def request_fields(**other: Any) -> dict[str, Any]:
    return {
        "kind": RequestKind.POWER,
        "title": "Training campus",
        "disclosure": DisclosureMode.OPEN,
        "countries": ["US"],
        "term_min_months": 60,
        "term_max_months": 144,
        "latest_on": date(2027, 12, 1),
        "price_cap_usd_kw_month": 220,
        "credit": "investment_grade",
        "security_months": 6,
        **other,
    }


class Make:
    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def site(
        self, *, by: Actor | None = None, phases: list[dict[str, Any]] | None = None, **fields: Any
    ) -> Site:
        return services.create_site(
            organization=(by or self._cast("miner")).organization,
            fields=site_fields(**fields),
            phases=[phase()] if phases is None else phases,
            now=timezone.now(),
        )

    def gpu_model(self, name: str = "H100 SXM5", **other: Any) -> GpuModel:
        row = {
            "name": name,
            "vendor": "NVIDIA",
            "memory_gb": 80,
            "tdp_w": 700,
            "it_w_per_gpu": 1_275,
            "rack_kw_low": 40,
            "rack_kw_high": 45,
            "liquid_cooling_required": False,
            "release_year": 2022,
        }
        services.load_gpu_models([{**row, **other}])
        return GpuModel.objects.get(name=name)

    def pool(self, *, by: Actor | None = None, **fields: Any) -> GpuPool:
        place = {} if fields.get("at_site") else {"country": "US"}
        model = fields.pop("model", None) or self.gpu_model()
        return services.create_gpu_pool(
            organization=(by or self._cast("miner")).organization,
            fields={"model": model, **place, **pool_fields(**fields)},
            now=timezone.now(),
        )

    def request(
        self, *, by: Actor | None = None, steps: list[dict[str, Any]] | None = None, **fields: Any
    ) -> CapacityRequest:
        return services.create_request(
            organization=(by or self._cast("tenant")).organization,
            fields=request_fields(**fields),
            steps=[step()] if steps is None else steps,
            now=timezone.now(),
        )

    def gpu_request(
        self,
        *,
        model: GpuModel | None = None,
        by: Actor | None = None,
        steps: list[dict[str, Any]] | None = None,
        **fields: Any,
    ) -> CapacityRequest:
        return services.create_request(
            organization=(by or self._cast("tenant")).organization,
            fields=request_fields(**{"kind": RequestKind.GPU, "term_min_months": 6, **fields}),
            steps=[{"need_on": date(2027, 6, 1), "gpus": 1_024}] if steps is None else steps,
            gpu_wishes=[{"model": model or self.gpu_model(), "price_cap_usd_gpu_hour": "2.50"}],
            now=timezone.now(),
        )

    def sites(self, count: int, **fields: Any) -> list[Site]:
        return [self.site(name=f"Pecos {number}", **fields) for number in range(count)]

    def pools(self, count: int, **fields: Any) -> list[GpuPool]:
        return [self.pool(**fields) for _ in range(count)]

    def requests(self, count: int, **fields: Any) -> list[CapacityRequest]:
        return [self.request(title=f"Campus {number}", **fields) for number in range(count)]

    def gpu_requests(self, count: int, **fields: Any) -> list[CapacityRequest]:
        return [self.gpu_request(**fields) for _ in range(count)]

    def _cast(self, name: str) -> Actor:
        actor: Actor = self._request.getfixturevalue(name)
        return actor


@pytest.fixture
def make(db: None, request: pytest.FixtureRequest) -> Make:
    return Make(request)
