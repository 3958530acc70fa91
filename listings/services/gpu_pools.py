"""What happens to GPU pools."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Organization
from common.bell import ring_on_commit
from listings.models import GpuPool
from listings.models.supply import GPU_POOL_ORDER
from listings.services.bands import band_gpu_pool
from listings.services.code_names import free_code_name
from listings.services.filling import Faults, drop_marks, in_order, save_changes, snapshot
from listings.services.posts import begin, change, judge_region, locked, stored
from listings.vocabulary import PostType, Status


@transaction.atomic
def create_gpu_pool(*, organization: Organization, fields: Mapping[str, Any], now: datetime) -> GpuPool:
    """Offer identical GPUs; `model` is a GpuModel, `at_site` one of the organization's own sites or None.

    Raises InvalidInput with one sentence for each field at fault, WrongSide for anybody but a miner.
    """
    faults = Faults()
    pool = _draw_up(organization, fields, now, faults)
    faults.raise_if_any()
    pool.code_name = free_code_name()
    band_gpu_pool(pool)
    pool.save()
    ring_on_commit()
    return stored(pool)


def check_gpu_pool(*, organization: Organization, fields: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """What create_gpu_pool would refuse, as {path: sentence}. Nothing is stored."""
    faults = Faults()
    _draw_up(organization, fields, now, faults)
    return faults.fields


@transaction.atomic
def update_gpu_pool(*, pool: GpuPool, fields: Mapping[str, Any], now: datetime) -> GpuPool:
    """Change the named fields. Raises InvalidInput, Withdrawn."""
    faults = Faults()
    pool = locked(pool)
    before = snapshot(pool)
    change(pool, fields, today=now.date(), faults=faults)
    _judge(pool, faults)
    faults.raise_if_any()
    drop_marks(pool, before)
    band_gpu_pool(pool)
    save_changes(pool, before)
    ring_on_commit()
    return stored(pool)


def judge_opening(pool: GpuPool, faults: Faults) -> None:
    """What a draft must have before it can be open."""
    _judge(pool, faults)


def _draw_up(organization: Organization, fields: Mapping[str, Any], now: datetime, faults: Faults) -> GpuPool:
    """A new pool, judged and not yet stored."""
    pool = GpuPool(organization=organization)
    begin(pool, post_type=PostType.GPU_POOL, fields=fields, now=now, faults=faults)
    _judge(pool, faults)
    return pool


def _judge(pool: GpuPool, faults: Faults) -> None:
    in_order(pool, GPU_POOL_ORDER, faults)
    _judge_place(pool, faults)
    if pool.gpus is not None and pool.gpus < pool.reserved_gpus:
        faults.add("gpus", f"Deals hold {pool.reserved_gpus:,} of them.")
    if pool.status != Status.DRAFT:
        for name in ("commit_min_months", "commit_max_months"):
            if getattr(pool, name) is None:
                faults.add(name, "An open pool says for how many months it can be rented.")


def _judge_place(pool: GpuPool, faults: Faults) -> None:
    """One place: its organization's own site, or a country of its own."""
    site = pool.at_site
    if site and (site.organization_id != pool.organization_id or site.status == Status.WITHDRAWN):
        # The same words whether another organization's site exists or not.
        faults.add("at_site", "There is no such site of yours.")
    elif site:
        for name in ("country", "region", "grid"):
            if getattr(pool, name):
                faults.add(name, "The pool stands at its site: leave this empty, or name no site.")
    elif not pool.country:
        faults.add("country", "Name the country, or the site that the pool stands at.")
    judge_region(pool, faults)
