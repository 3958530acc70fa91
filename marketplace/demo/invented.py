"""Invented requests and GPU pools: dated from today, so that the market of the demo never grows old."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from listings.models import GpuModel
from listings.vocabulary import DisclosureMode, RequestKind
from marketplace.demo.dates import end_of_month, month_start

Entry = Mapping[str, Any]
Models = Mapping[str, GpuModel]

_OWN_SHAPE = {"organization", "steps", "latest_months", "term_months", "gpu_wishes"}
_POOLS_OWN_SHAPE = {"organization", "model", "note", "place", "from_months", "until_months", "commit_months"}


def request_fields(entry: Entry, today: date) -> dict[str, Any]:
    """The fields of a capacity request; the three terms are shortest, longest and preferred."""
    shortest, longest, preferred = entry["term_months"]
    return {
        "kind": RequestKind.POWER,
        "disclosure": DisclosureMode.OPEN,
        "latest_on": month_start(today, entry["latest_months"]),
        "term_min_months": shortest,
        "term_max_months": longest,
        "term_preferred_months": preferred,
        "notes": "An invented example, shaped on announced deals. It stands for no real tenant.",
        **_exact(entry, leave_out=_OWN_SHAPE),
    }


def request_steps(entry: Entry, today: date) -> list[dict[str, Any]]:
    """The ramp: each step needs its total from the first day of a month."""
    unit = "gpus" if entry.get("kind") == RequestKind.GPU else "critical_mw"
    return [
        {"need_on": month_start(today, months), unit: _exact_number(total)}
        for months, total in entry["steps"]
    ]


def gpu_wishes(entry: Entry, models: Models) -> list[dict[str, Any]]:
    return [
        {"model": models[name], "price_cap_usd_gpu_hour": _exact_number(cap)}
        for name, cap in entry.get("gpu_wishes", [])
    ]


def pool_fields(entry: Entry, models: Models, today: date) -> dict[str, Any]:
    """The fields of a GPU pool with a place of its own."""
    country, region, grid = entry["place"]
    shortest, longest = entry["commit_months"]
    return {
        "disclosure": DisclosureMode.OPEN,
        "model": models[entry["model"]],
        "country": country,
        "region": region,
        "grid": grid,
        "available_from": month_start(today, entry["from_months"]),
        "available_until": _until(entry, today),
        "commit_min_months": shortest,
        "commit_max_months": longest,
        "notes": f"{entry['note']}. Invented; no such GPUs are for rent here.",
        **_exact(entry, leave_out=_POOLS_OWN_SHAPE),
    }


def _until(entry: Entry, today: date) -> date | None:
    if "until_months" not in entry:
        return None
    month = month_start(today, entry["until_months"])
    return end_of_month(month.year, month.month)


def _exact(entry: Entry, leave_out: set[str]) -> dict[str, Any]:
    return {name: _exact_number(value) for name, value in entry.items() if name not in leave_out}


def _exact_number(value: Any) -> Any:
    """TOML's 2.90 as the exact decimal that it looks like."""
    return Decimal(str(value)) if isinstance(value, float) else value
