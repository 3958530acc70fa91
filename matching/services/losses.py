"""Matches that are no more: taken away with a note of it, explained a little later, forgotten in time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from engine.gates import Pair, all_gates
from engine.near import root_failures
from engine.types import Need
from listings.models import CapacityRequest, GpuPool, Site
from listings.vocabulary import Status
from matching.conversion import needs_from, offer_from
from matching.models import Loss
from matching.services.rows import OTHER, WhichSide
from matching.vocabulary import LOSSES_KEPT, Cause

EXPLAINED_AT_ONCE = 100

# Who moved is told by the versions that the match was scored at, beside those that stand now.
_LOSE = """
WITH gone AS (
    DELETE FROM matching_match
    USING unnest(%(posts)s::bigint[], %(partners)s::bigint[]) AS pair(post, partner)
    WHERE {side}_id = post AND {other}_id = partner
    RETURNING request_id, offer_id, points, created_at, request_version, offer_version
), told AS (
    SELECT request_id, offer_id, points, gone.created_at AS seen_at, CASE
        WHEN request.status <> %(open)s OR request.open_until < CURRENT_DATE THEN %(request_left)s
        WHEN offer.status <> %(open)s OR offer.open_until < CURRENT_DATE THEN %(offer_left)s
        WHEN request_version = request.version AND offer_version = offer.version THEN %(outranked)s
        WHEN request_version = request.version THEN %(offer_changed)s
        WHEN offer_version = offer.version THEN %(request_changed)s
        ELSE %(both_changed)s END AS cause
    FROM gone
    JOIN listings_post request ON request.id = request_id
    JOIN listings_post offer ON offer.id = offer_id
)
INSERT INTO matching_loss (request_id, offer_id, points, seen_at, cause, gates)
SELECT *, CASE WHEN cause IN (%(request_left)s, %(offer_left)s) THEN ARRAY[]::varchar[] END FROM told
"""
_WORDS = {"open": Status.OPEN.value, **{cause.value: cause.value for cause in Cause}}


def lose(side: WhichSide, pairs: Collection[tuple[int, int]]) -> None:
    """Delete the matches of pairs (a post of one side, its partner) and note each as lost; one statement.

    Goes with the caller's transaction: what is rolled back was never lost.
    """
    sql = _LOSE.format(side=side, other=OTHER[side])
    chosen: dict[str, Any] = {
        "posts": [post for post, _ in pairs],
        "partners": [partner for _, partner in pairs],
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, chosen | _WORDS)


@transaction.atomic
def explain_losses(*, at_once: int = EXPLAINED_AT_ONCE) -> int:
    """Note of the latest losses which gates the two posts fail as they stand; returns how many were done.

    Apart from the ranking, so that nobody waits for it; what others have claimed is stepped over.
    """
    waiting = Loss.objects.unexplained().order_by("-pk").select_for_update(skip_locked=True)
    losses = list(waiting[:at_once])
    requests = _loaded([CapacityRequest], {loss.request_id for loss in losses})
    offers = _loaded([Site, GpuPool], {loss.offer_id for loss in losses})
    for loss in losses:
        loss.gates = _failing(requests[loss.request_id], offers[loss.offer_id])
    Loss.objects.bulk_update(losses, ["gates"])
    return len(losses)


def forget_losses(*, now: datetime) -> int:
    """Drop what was lost so long ago that no page tells of it."""
    return Loss.objects.filter(lost_at__lt=now - LOSSES_KEPT).delete()[0]


def _loaded(models: Iterable[Any], posts: set[int]) -> dict[int, Any]:
    return {
        post.pk: post for model in models for post in model.objects.filter(pk__in=posts).with_all() if posts
    }


def _failing(request: CapacityRequest, offer: Site | GpuPool) -> list[str]:
    """The gates to mend; none where the pair would pass and only scores too low to be kept."""
    offered = offer_from(offer)
    need: Need | None = next((need for need in needs_from(request) if need.unit is offered.unit), None)
    return ["unit"] if need is None else list(root_failures(all_gates(Pair(need, offered))))
