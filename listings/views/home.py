"""The front page: what the market has open, the three ways in, and one's own posts."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, F, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.readers import PageRequest
from common.tables import Cell, Column, Table
from listings.models import CapacityRequest, GpuPool, Post, Site
from listings.views.shelves import GPU_POOLS, REQUESTS, SHELVES, SITES
from listings.vocabulary import PostType, Status

OWN_POSTS_SHOWN = 20


@require_safe
def home(request: PageRequest) -> HttpResponse:
    reader = request.reader
    context = {
        "figures": _figures(timezone.localdate()),
        "shelves": [SITES, GPU_POOLS, REQUESTS],
        "own": _own(list(Post.objects.for_owner(reader)[:OWN_POSTS_SHOWN])) if reader.organization else None,
        "may_post": [shelf for shelf in SHELVES.values() if reader.organization and shelf.is_for(reader)],
    }
    return render(request, "home.html", context)


def _figures(today: date) -> dict[str, Any]:
    """What is open, rounded to ten, so that one more post does not tell its exact size."""
    free_mw = Sum(F("phases__critical_mw") - F("phases__reserved_mw"))
    sites = Site.objects.open(today).aggregate(count=Count("pk", distinct=True), total=free_mw)
    pools = GpuPool.objects.open(today).aggregate(
        count=Count("pk"), total=Sum(F("gpus") - F("reserved_gpus"))
    )
    return {
        "sites": sites["count"],
        "mw": _to_ten(sites["total"]),
        "pools": pools["count"],
        "gpus": _to_ten(pools["total"]),
        "requests": CapacityRequest.objects.open(today).count(),
    }


def _to_ten(total: Decimal | int | None) -> str:
    tens = (Decimal(total or 0) / 10).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{int(tens) * 10:,}"


def _own(posts: list[Any]) -> Table:
    return Table(
        caption="Your posts",
        columns=[Column("Post"), Column("Kind"), Column("Status"), Column("Matching")],
        rows=[_row(post) for post in posts],
    )


def _row(post: Any) -> list[Cell]:
    kind = PostType(post.post_type)
    waits = "being matched" if post.pending else "up to date"
    return [
        Cell(post.title, url=SHELVES[kind].url(post.uid), note=post.code_name),
        Cell(kind.label),
        Cell(Status(post.status).label),
        Cell(waits if post.status == Status.OPEN else ""),
    ]
