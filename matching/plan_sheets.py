"""Plans in words, tables and charts, from what `matching.plans` lets out and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from common.tables import Cell, Column, Table
from listings.models import GpuPool, Site
from listings.views.lines import title_of
from listings.vocabulary import PostType, quarter_label
from listings.words import said
from matching.plan_charts import PlanChart, chart_of
from matching.prices import usd
from matching.sheets import about

Shown = Mapping[str, Any]

MILLION = 1_000_000


class Key(NamedTuple):
    """One part in the chart's legend."""

    tone: int
    title: str
    is_coarse: bool


class PlanSheet(NamedTuple):
    title: str
    share: str
    months: str
    score: int
    price: str
    cost: str
    has_teaser: bool
    chart: PlanChart
    keys: list[Key]
    parts: Table
    timeline: Table


def sheets_of(plans: Shown) -> list[PlanSheet]:
    """All plans, best first."""
    return [_sheet(plan, plans["unit"]) for plan in plans["plans"]]


def _sheet(plan: Shown, unit: str) -> PlanSheet:
    sites = plan["sites"]
    return PlanSheet(
        title="; ".join(_sentence(site, unit) for site in sites),
        share=percent(plan["share"]),
        months=_months(plan, unit),
        score=plan["score"],
        price=_price(plan, sites),
        cost=_cost(plan["cost_usd_month"]) or _("not known: not every part tells its price"),
        has_teaser=any(site["coarse"] for site in sites),
        chart=chart_of(plan),
        keys=[Key(n, title_of(site["offer"]), site["coarse"]) for n, site in enumerate(sites, start=1)],
        parts=_parts(sites, unit),
        timeline=_timeline(plan["timeline"], unit),
    )


def percent(share: Decimal) -> str:
    """In whole percent, and never rounded up to all of it."""
    return f"{int(share * 100)} %" if share < 1 else "100 %"


def _sentence(site: Shown, unit: str) -> str:
    """ "40 MW at Pecos One from March 2027"; of a teaser the quarter."""
    said_of = {"amount": _amount(site["quantity"], unit), "name": title_of(site["offer"])}
    if not site["stages"]:
        return _("%(amount)s at %(name)s, later") % said_of
    day = site["stages"][0]["from_on"]
    since = quarter_label(day) if site["coarse"] else f"{day:%B %Y}"
    return _("%(amount)s at %(name)s from %(since)s") % (said_of | {"since": since})


def _amount(quantity: Decimal, unit: str) -> str:
    return f"{_figure(quantity)} {'MW' if unit == 'mw' else 'GPUs'}"


def _figure(quantity: Decimal) -> str:
    """Three places at most, without idle zeros."""
    return f"{quantity:,.3f}".rstrip("0").rstrip(".")


def _months(plan: Shown, unit: str) -> str:
    words = (
        _("%(delivered)s of %(needed)s MW-months")
        if unit == "mw"
        else _("%(delivered)s of %(needed)s GPU-months")
    )
    told = {"delivered": plan["dependable_months"], "needed": plan["needed_months"]}
    return words % {name: f"{months:,.0f}" for name, months in told.items()}


def _price(plan: Shown, sites: Sequence[Shown]) -> str:
    if plan["price"] is None:
        return ""
    return f"US$ {usd(plan['price'])}/{_per(sites[0])}"


def _per(site: Shown) -> str:
    return "GPU-hour" if site["offer"]["post_type"] == PostType.GPU_POOL else "kW-month"


def _cost(amount: Decimal | None) -> str:
    if amount is None:
        return ""
    if amount < MILLION:
        return _("US$ %s a month") % f"{amount:,.0f}"
    return _("US$ %s million a month") % f"{amount / MILLION:,.2f}"


def _parts(sites: Sequence[Shown], unit: str) -> Table:
    return Table(
        caption=_("What each delivers in the end"),
        columns=[
            Column(_("Site or pool")),
            Column(_("Part"), is_number=True),
            Column(_("From"), is_number=True),
            Column(_("Price, all in"), is_number=True),
            Column(_("A month"), is_number=True),
        ],
        rows=[_part(site, unit) for site in sites],
    )


def _part(site: Shown, unit: str) -> list[Cell]:
    hosted, offer = site["hosted_mw"], site["offer"]
    organization = offer.get("organization", {}).get("name", "")
    told = " · ".join(part for part in (organization, about(offer)) if part)
    return [
        Cell(title_of(offer), url=reverse("matching:match", args=[site["match"]]), note=told),
        Cell(
            _amount(site["quantity"], unit),
            note="" if hosted is None else _("your own, in %s MW") % _figure(hosted),
            is_number=True,
        ),
        Cell(_since(site), is_number=True),
        Cell(_asked(site), is_number=True),
        Cell(_cost(site["cost_usd_month"]), is_number=True),
    ]


def _since(site: Shown) -> str:
    if not site["stages"]:
        return _("after the horizon")
    day = site["stages"][0]["from_on"]
    return quarter_label(day) if site["coarse"] else said(Site, "ready_on", day)


def _asked(site: Shown) -> str:
    if site["price"] is not None:
        return f"US$ {usd(site['price'])}/{_per(site)}"
    is_pool = site["offer"]["post_type"] == PostType.GPU_POOL
    return (
        said(GpuPool if is_pool else Site, "price_band", site["offer"]["price_band"])
        if site["coarse"]
        else ""
    )


def _timeline(moments: Sequence[Shown], unit: str) -> Table:
    word = "MW" if unit == "mw" else "GPUs"
    figures = ("needed", "quantity", "dependable")
    labels = (_("Needed, %s"), _("Delivered, %s"), _("Dependable, %s"))
    return Table(
        caption=_("Stage by stage"),
        columns=[
            Column(_("From")),
            *(Column(label % word, is_number=True) for label in labels),
            Column(_("All in, a month"), is_number=True),
        ],
        rows=[
            [
                Cell(said(Site, "ready_on", moment["from_on"])),
                *(Cell(_figure(round(moment[name], 1)), is_number=True) for name in figures),
                Cell(_cost(moment["cost_usd_month"]), is_number=True),
            ]
            for moment in moments
        ],
    )
