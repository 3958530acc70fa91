"""Reference data that the market needs with and without the demo."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def gpu_models() -> list[dict[str, Any]]:
    """The data-centre GPUs of gpu_models.csv as fields of GpuModel; an empty cell means unknown."""
    with (DATA / "gpu_models.csv").open(encoding="utf-8", newline="") as file:
        return [_gpu_model(row) for row in csv.DictReader(file)]


def _gpu_model(row: dict[str, str]) -> dict[str, Any]:
    watts = row["it_w_per_gpu_server_share"]
    return {
        "name": row["model"],
        "vendor": row["vendor"],
        "memory_gb": int(row["memory_gb"]),
        "tdp_w": int(row["tdp_w"]),
        "it_w_per_gpu": int(watts) if watts else None,
        "rack_kw_low": Decimal(row["typical_rack_kw_low"]),
        "rack_kw_high": Decimal(row["typical_rack_kw_high"]),
        "liquid_cooling_required": row["liquid_cooling_required"] == "yes",
        "release_year": int(row["release_year"]),
        "source": row["source"],
        "source_confidence": row["confidence"],
    }
