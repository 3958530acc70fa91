"""What everybody may know of the market: nothing but sums of what teasers tell and of what is public anyway.

A post counts by its teaser: the middle of its MW band, its country, its first quarter. Only a reference
listing that is not blind counts by its own MW, state and dates, because those come from public sources.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import TruncQuarter

from engine import Evidence, Freshness, Offer, Phase, Unit
from engine.assumptions import STANDARD
from engine.supply import CERTAIN, confidence, grid_hundredths
from listings.models import CapacityRequest, GpuPool, Site
from listings.models import Evidence as EvidenceRow
from listings.vocabulary import (
    GPU_EDGES,
    MW_EDGES,
    NO_QUARTER,
    PRICE_EDGES_USD_KW_MONTH,
    Claim,
    DisclosureMode,
    RequestKind,
    band_label,
    band_middle,
    quarter_of,
)

QUARTERS_AHEAD = 9
IN_PUBLIC = Q(is_reference=True, disclosure=DisclosureMode.OPEN)


class Lot(NamedTuple):
    """Critical MW in one place and quarter; `dependable` is None where only the teaser is known."""

    country: str
    region: str
    quarter: date
    sites: int
    mw: Decimal
    dependable: Decimal | None


class Quarter(NamedTuple):
    """MW that become ready, and MW wanted from then on."""

    label: str
    offered: Decimal
    dependable: Decimal
    wanted: Decimal


@dataclass(frozen=True)
class Market:
    """The open market in figures, each of them fit for everybody's eyes."""

    lots: list[Lot]
    quarters: list[Quarter]
    sites: int
    references: int
    mw: int
    dependable_pct: int | None
    wanted_mw: int
    power_requests: int
    gpu_requests: int
    pools: int
    gpus: int
    asks: int
    median_ask: str | None


def open_market(today: date) -> Market:
    """Everything that is open on this day: in one query while no post changes, else in six."""
    settled = _settled_xid()
    return _counted(today) if settled is None else _remembered(today, settled)


@lru_cache(maxsize=2)
def _remembered(today: date, settled: int) -> Market:
    """What stood when this was the last transaction that had changed a post."""
    return _counted(today)


def _settled_xid() -> int | None:
    """The last transaction that has changed a post; None while an earlier one, or this one, may still commit.

    Whatever is counted here hangs on posts and what belongs to them, all of which stamp their post.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(changed_xid) FROM listings_post"
            " HAVING max(changed_xid) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _counted(today: date) -> Market:
    public = _public_lots(today)
    lots = [*public, *_teaser_lots(today)]
    asks, sites, references = _asks(today)
    wishes = _wishes(today)
    pools = _by_band(GpuPool.objects.open(today), "gpu_band")
    return Market(
        lots=lots,
        quarters=_quarters(lots, wishes, today),
        sites=sites,
        references=references,
        mw=_to_ten(sum((lot.mw for lot in lots), Decimal(0))),
        dependable_pct=_dependable_pct(public),
        wanted_mw=_to_ten(sum((wish.mw for wish in wishes), Decimal(0))),
        power_requests=sum(wish.requests for wish in wishes if wish.kind == RequestKind.POWER),
        gpu_requests=sum(wish.requests for wish in wishes if wish.kind == RequestKind.GPU),
        pools=sum(pools.values()),
        gpus=_to_ten(
            sum((number * band_middle(index, GPU_EDGES) for index, number in pools.items()), Decimal(0))
        ),
        asks=sum(asks.values()),
        median_ask=_median_band(asks),
    )


def _to_ten(total: Decimal) -> int:
    """Sums of middles of bands know no better."""
    return 10 * int((total / 10).to_integral_value(ROUND_HALF_UP))


# ---- supply


def _public_lots(today: date) -> list[Lot]:
    """Free phases of the reference listings, added up by all that their dependability hangs on."""
    rows = (
        Site.objects.open(today)
        .filter(IN_PUBLIC, phases__critical_mw__gt=F("phases__reserved_mw"))
        .annotate(
            quarter=TruncQuarter("phases__ready_on"),
            power=_freshness(Claim.POWER),
            day=_freshness(Claim.DATE),
        )
        .values("country", "region", "quarter", "interconnection_stage", "phases__stage", "power", "day")
        .annotate(
            mw=Sum(F("phases__critical_mw") - F("phases__reserved_mw")), number=Count("pk", distinct=True)
        )
    )
    return [_public_lot(row) for row in rows]


def _freshness(claim: Claim) -> Subquery:
    return Subquery(EvidenceRow.objects.filter(post=OuterRef("pk"), claim=claim).values("freshness")[:1])


def _public_lot(row: Mapping[str, Any]) -> Lot:
    return Lot(
        country=row["country"],
        region=row["region"],
        quarter=row["quarter"],
        sites=row["number"],
        mw=row["mw"],
        dependable=row["mw"] * _confidence(row) / CERTAIN,
    )


def _confidence(row: Mapping[str, Any]) -> int:
    """Thousandths of the MW that can be depended on, by the rule that matches are scored with."""
    evidence = Evidence(
        power=Freshness(row["power"] or Freshness.NONE), date=Freshness(row["day"] or Freshness.NONE)
    )
    phase = Phase(ready_on=row["quarter"], free=0, stage=row["phases__stage"])
    offer = Offer(
        id=0,
        unit=Unit.MW,
        country=row["country"],
        phases=(phase,),
        grid_stage=row["interconnection_stage"],
        evidence=evidence,
    )
    grid = grid_hundredths(offer)
    return confidence(phase, offer, STANDARD.grid_confidence_unknown if grid is None else grid)


def _teaser_lots(today: date) -> list[Lot]:
    rows = (
        Site.objects.open(today)
        .filter(~IN_PUBLIC)
        .exclude(ready_quarter=NO_QUARTER)
        .values("country", "mw_band", "ready_quarter")
        .annotate(number=Count("pk"))
    )
    return [
        Lot(
            country=row["country"],
            region="",
            quarter=row["ready_quarter"],
            sites=row["number"],
            mw=row["number"] * band_middle(row["mw_band"], MW_EDGES),
            dependable=None,
        )
        for row in rows
    ]


def _dependable_pct(public: Iterable[Lot]) -> int | None:
    """The dependable share of what is public; None if nothing is."""
    lots = list(public)
    mw = sum(lot.mw for lot in lots)
    return round(100 * sum(lot.dependable or 0 for lot in lots) / mw) if mw else None


def _asks(today: date) -> tuple[Counter[int], int, int]:
    """Sites by the band of their ask, all sites, and how many of them are reference listings."""
    rows = Site.objects.open(today).values("price_band", "is_reference").annotate(number=Count("pk"))
    asks: Counter[int] = Counter()
    sites = references = 0
    for row in rows:
        sites += row["number"]
        references += row["number"] if row["is_reference"] else 0
        if row["price_band"] is not None:
            asks[row["price_band"]] += row["number"]
    return asks, sites, references


def _median_band(asks: Counter[int]) -> str | None:
    """The band in which the ask in the middle lies, the lower one of two."""
    bands = sorted(asks)
    reached = accumulate(asks[index] for index in bands)
    half = (asks.total() + 1) // 2
    found = next((index for index, count in zip(bands, reached, strict=True) if count >= half), None)
    return None if found is None else band_label(found, PRICE_EDGES_USD_KW_MONTH)


# ---- demand


class Wish(NamedTuple):
    """Requests of one kind from one quarter on; a request for GPUs counts no MW."""

    kind: str
    quarter: date
    requests: int
    mw: Decimal


def _wishes(today: date) -> list[Wish]:
    rows = (
        CapacityRequest.objects.open(today)
        .values("kind", "size_band", "need_quarter")
        .annotate(number=Count("pk"))
    )
    return [
        Wish(row["kind"], row["need_quarter"], row["number"], row["number"] * _wished_mw(row)) for row in rows
    ]


def _wished_mw(row: Mapping[str, Any]) -> Decimal:
    return band_middle(row["size_band"], MW_EDGES) if row["kind"] == RequestKind.POWER else Decimal(0)


def _by_band(posts: Any, column: str) -> dict[int, int]:
    return dict(posts.values_list(column).annotate(number=Count("pk")))


# ---- by quarter


def _quarters(lots: Sequence[Lot], wishes: Sequence[Wish], today: date) -> list[Quarter]:
    """Now, each of the next quarters, and all that comes after them."""
    now = _number(quarter_of(today))
    last = now + QUARTERS_AHEAD

    def place(quarter: date) -> int:
        return min(max(_number(quarter), now), last)

    offered = _added((place(lot.quarter), lot.mw) for lot in lots)
    dependable = _added((place(lot.quarter), lot.dependable or Decimal(0)) for lot in lots)
    wanted = _added((place(wish.quarter), wish.mw) for wish in wishes)
    return [
        Quarter(_label(number, now, last), offered[number], dependable[number], wanted[number])
        for number in range(now, last + 1)
    ]


def _added(parts: Iterable[tuple[int, Decimal]]) -> defaultdict[int, Decimal]:
    total: defaultdict[int, Decimal] = defaultdict(Decimal)
    for key, mw in parts:
        total[key] += mw
    return total


def _number(quarter: date) -> int:
    """Quarters since year 0."""
    return 4 * quarter.year + (quarter.month - 1) // 3


def _label(number: int, now: int, last: int) -> str:
    if number == now:
        return "Now"
    return "Later" if number == last else f"Q{number % 4 + 1} {number // 4 % 100:02d}"
