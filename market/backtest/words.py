"""The kept result in words for the page: labels, percentages, dates, sources told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from market.models import SourcePart, source_parts

ORDERS = {
    "engine": lazy("the engine"),
    "tightest": lazy("tightest fit first"),
    "largest": lazy("largest site first"),
    "random": lazy("by chance"),
}
MEANS = {
    "engine": lazy("Mean: engine"),
    "tightest": lazy("Mean: tightest"),
    "largest": lazy("Mean: largest"),
    "random": lazy("Mean: chance"),
}
MISSING = {
    "no_term": lazy("its term is not public"),
    "no_mw": lazy("its MW are not public"),
    "no_site_mw": lazy("the site's MW are not public"),
}
# The gates at which a site can fail whose terms nobody knows; one that is too small is also never ready.
FAILS = {
    "capacity": lazy("too small"),
    "location": lazy("another country"),
    "timeline": lazy("ready too late"),
}
GROUPS = {
    "main": lazy("All that can be replayed"),
    "first_of_pair": lazy("Of these, the first deal of tenant and landlord"),
    "apart": lazy("Apart: the site's MW come from the deal itself"),
}
VARIANTS = {
    "base": lazy("As above"),
    "real_just_enough": lazy("The real site had just the MW that were leased"),
    "real_on_record": lazy("The real site's MW, too, on record before the deal"),
    "all_rivals": lazy("All sites of today as rivals"),
    "no_patience": lazy("The tenant accepts no delay (instead of 6 months)"),
    "year_of_patience": lazy("The tenant accepts 12 months of delay"),
    "hall_in_two_years": lazy("A hall takes 24 months (instead of 12)"),
    "hall_contracted": lazy("Every hall under contract (instead of planned)"),
    "lean_halls": lazy("1.35 MW at the meter per critical MW (instead of 1.43)"),
}


class DealLine(NamedTuple):
    """A row of the table. `places` are percentages, "" where there is none."""

    deal: Mapping[str, Any]
    announced_on: date
    starts_on: date | None
    outcome: str
    why: str
    chip: str
    rank: str
    places: list[tuple[str, str]]
    source: list[SourcePart]
    site_source: list[SourcePart]


class FigureLine(NamedTuple):
    """Figures over several deals; `means` in the order of ORDERS."""

    label: str
    passed: int
    deals: int
    share: str
    ranked: int
    kept: int
    means: list[tuple[str, str]]


def deal_lines(result: Mapping[str, Any]) -> list[DealLine]:
    return [_deal_line(deal) for deal in reversed(result["deals"])]


def _deal_line(deal: Mapping[str, Any]) -> DealLine:
    outcome, why, chip = _outcome(deal)
    starts = deal.get("starts_on")
    return DealLine(
        deal=deal,
        announced_on=date.fromisoformat(deal["announced_on"]),
        starts_on=date.fromisoformat(starts) if starts else None,
        outcome=outcome,
        why=why,
        chip=chip,
        rank=f"{deal['places']['engine']['rank']:g}" if deal.get("places") else "",
        places=[(str(ORDERS[order]), _place(deal, order)) for order in ("engine", "tightest", "largest")],
        source=source_parts(deal["source"]),
        site_source=source_parts(deal.get("site_source", "")),
    )


def _place(deal: Mapping[str, Any], order: str) -> str:
    part = deal["places"][order]["percentile"] if deal.get("places") else None
    return "" if part is None else whole(part)


def _outcome(deal: Mapping[str, Any]) -> tuple[str, str, str]:
    """What became of the real site, why, and the kind of chip that says so."""
    if deal["group"] == "not_replayed":
        return _("not replayed"), str(MISSING[deal["missing"]]), "unknown"
    if deal["failed"]:
        return _("fails"), str(next(why for gate, why in FAILS.items() if gate in deal["failed"])), "bad"
    return _("passes"), "" if deal["passing"] > 1 else _("as the only one"), "good"


def group_lines(result: Mapping[str, Any]) -> list[FigureLine]:
    return [_figures(str(label), result["groups"][name]) for name, label in GROUPS.items()]


def variant_lines(result: Mapping[str, Any]) -> list[FigureLine]:
    return [_figures(str(label), result["variants"][name]) for name, label in VARIANTS.items()]


def _figures(label: str, group: Mapping[str, Any]) -> FigureLine:
    return FigureLine(
        label=label,
        passed=group["passed"],
        deals=group["deals"],
        share=ends(group["share"]),
        ranked=group["ranked"],
        kept=group["kept"],
        means=[(str(label), with_ends(group[order])) for order, label in ORDERS.items()],
    )


# ---- figures


def whole(part: float) -> str:
    """A part as whole hundredths."""
    return f"{100 * part:.0f}"


def ends(found: list[float | None] | None) -> str:
    """The 95 % interval; blank where one deal cannot say."""
    if found is None or found[1] is None or found[2] is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": whole(found[1]), "high": whole(found[2])}


def with_ends(found: list[float | None] | None) -> str:
    if found is None or found[0] is None:
        return ""
    return f"{whole(found[0])} ({ends(found)})" if ends(found) else whole(found[0])


def headlines(result: Mapping[str, Any]) -> dict[str, Any]:
    """The few figures that the page's sentences speak of."""
    main, variants = result["groups"]["main"], result["variants"]
    return {
        "main": main,
        "share": ends(main["share"]),
        "on_record": variants["real_on_record"]["deals"],
        "just_enough": whole(variants["real_just_enough"]["engine"][0]),
        **{f"{order}_mean": whole(main[order][0]) for order in ORDERS},
        **{f"{order}_ends": ends(main[order]) for order in ORDERS},
        "apart": sum(_of(result, "apart")),
        "not_replayed": sum(_of(result, "not_replayed")),
    }


def _of(result: Mapping[str, Any], group: str) -> Iterator[bool]:
    return (deal["group"] == group for deal in result["deals"])
