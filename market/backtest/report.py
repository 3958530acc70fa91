"""All deals replayed, as one plain dict: the command prints and keeps it, the page shows what was kept.

The kept result is a file of this package: nothing is scored while somebody waits, and a test says when it
no longer is what the command makes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from engine.assumptions import STANDARD
from market.backtest import intervals
from market.backtest.intervals import Range
from market.backtest.records import MW_FROM_THE_DEAL, Deal, Row, SiteRecord, deals_from, sites_from
from market.backtest.replay import Outcome, Place, Setting, replay

RESULT = Path(__file__).with_name("result.json")
ORDERS = ("engine", "largest", "tightest")

BASE = Setting()
# What is not known, moved one at a time. None of these is chosen for its result: all are shown.
VARIANTS: dict[str, Setting] = {
    "base": BASE,
    "all_rivals": replace(BASE, rivals="all"),
    "real_on_record": replace(BASE, real_on_record=True),
    "real_just_enough": replace(BASE, real_just_enough=True),
    "no_patience": replace(BASE, patience_months=0),
    "year_of_patience": replace(BASE, patience_months=12),
    "hall_in_two_years": replace(BASE, hall_months=24),
    "hall_contracted": replace(BASE, stage="contracted"),
    "lean_halls": replace(BASE, gross_per_critical=Decimal("1.35")),
}


@dataclass(frozen=True)
class Records:
    """Deals by day, and sites."""

    deals: list[Deal]
    sites: list[SiteRecord]

    @property
    def usable(self) -> list[Deal]:
        """The deals with one known site and known MW."""
        return [deal for deal in self.deals if deal.usable]


def replayed(*, deal_rows: Iterable[Row], site_rows: Iterable[Row]) -> dict[str, Any]:
    """The back-test: every deal, the figures over them with 95 % intervals, and what other settings do.

    Rows are text as the public data gives them. The same rows give the same dict, ready for JSON.
    """
    records = Records(deals_from(deal_rows), sites_from(site_rows))
    outcomes = list(_outcomes(records, BASE))
    by_deal = {outcome.deal.deal_id: outcome for outcome in outcomes}
    main = [outcome for outcome in outcomes if not _apart(outcome)]
    return {
        "assumptions_version": STANDARD.version,
        "setting": _setting(BASE),
        "sites": len(records.sites),
        "sites_with_mw": sum(site.gross_mw is not None for site in records.sites),
        "announced": len(records.deals),
        "deals": [_line(deal, by_deal.get(deal.deal_id)) for deal in records.usable],
        "groups": {
            "main": _figures(main),
            "first_of_pair": _figures([one for one in main if one.deal.first_of_pair]),
            "apart": _figures([one for one in outcomes if _apart(one)]),
        },
        "variants": {
            name: _figures([one for one in _outcomes(records, setting) if not _apart(one)])
            for name, setting in VARIANTS.items()
        },
    }


def _outcomes(records: Records, setting: Setting) -> Iterator[Outcome]:
    for deal in records.usable:
        outcome = replay(deal, records.sites, records.deals, setting)
        if outcome is not None:
            yield outcome


def _apart(outcome: Outcome) -> bool:
    return outcome.deal.site_id in MW_FROM_THE_DEAL


# ---- one deal


def _line(deal: Deal, outcome: Outcome | None) -> dict[str, Any]:
    told = {
        "deal_id": deal.deal_id,
        "announced_on": deal.announced_on.isoformat(),
        "landlord": deal.landlord,
        "tenant": deal.tenant,
        "site_id": deal.site_id,
        "site_name": deal.site_name,
        "first_of_pair": deal.first_of_pair,
        "source": deal.source,
        "confidence": deal.confidence,
    }
    if outcome is None:
        return {**told, "group": "not_replayed", "missing": deal.missing or "no_site_mw"}
    return {**told, "group": "apart" if _apart(outcome) else "main", **_judgement(outcome)}


def _judgement(outcome: Outcome) -> dict[str, Any]:
    site, need, wish = outcome.site, outcome.need, outcome.deal.wish
    return {
        "mw": float(Decimal(need.steps[0].quantity) / 1000),
        "mw_from_gross": wish is not None and wish.critical_mw is None,
        "term_months": need.term_min_months,
        "starts_on": need.steps[0].on.isoformat(),
        "start_assumed": wish is not None and wish.ready_on is None,
        "country": site.country,
        "site_free_mw": float(outcome.free_mw),
        "site_as_of": site.as_of,
        "site_on_record": site.on_record_before(outcome.deal.announced_on),
        "site_source": site.source,
        "site_confidence": site.confidence,
        "sites": outcome.offers,
        "passing": outcome.passing,
        "state": str(outcome.state),
        "failed": list(outcome.failed),
        "unknown": list(outcome.unknown),
        "score": round(outcome.score, 1),
        "places": {order: _rounded(place) for order, place in outcome.places.items()},
    }


def _rounded(place: Place) -> dict[str, float | None]:
    percentile = None if place.percentile is None else round(place.percentile, 4)
    return {"rank": place.rank, "percentile": percentile}


# ---- over the deals


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How many pass, and where they stand where at least one other site passes too."""
    passed = [one for one in outcomes if one.places]
    ranked = [one for one in passed if one.passing > 1]
    return {
        "deals": len(outcomes),
        "passed": len(passed),
        "share": _ends(intervals.share(len(passed), len(outcomes))),
        "ranked": len(ranked),
        "kept": sum(one.score >= STANDARD.keep_score for one in passed),
        **{order: _ends(intervals.mean(_percentiles(ranked, order))) for order in ORDERS},
        "random": _ends(intervals.by_chance([one.passing for one in ranked])),
    }


def _percentiles(ranked: Iterable[Outcome], order: str) -> list[float]:
    found = (one.places[order].percentile for one in ranked)
    return [percentile for percentile in found if percentile is not None]


def _ends(found: Range | None) -> list[float | None] | None:
    return None if found is None else [None if each is None else round(each, 4) for each in found]


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        "hall_months": setting.hall_months,
        "patience_months": setting.patience_months,
        "stage": setting.stage,
        "gross_per_critical": float(setting.gross_per_critical),
    }


# ---- kept and printed


def as_json(result: dict[str, Any]) -> str:
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"


def save(result: dict[str, Any]) -> None:
    """Make it the result that comes with this version."""
    RESULT.write_text(as_json(result), encoding="utf-8")
    published.cache_clear()


@cache
def published() -> dict[str, Any]:
    """The result that came with this version."""
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    return result


def as_text(result: dict[str, Any]) -> str:
    """The result as a table for the terminal."""
    return "\n".join([*_deal_rows(result), "", *_group_rows(result), "", *_variant_rows(result)])


DEAL_ROW = "{:<5} {:<10} {:<44.44} {:>6} {:>6} {:>5} {:<12} {:>6} {:>7} {:>7} {:>7}"


def _deal_rows(result: dict[str, Any]) -> Iterator[str]:
    heads = ("deal", "announced", "landlord – tenant", "MW", "sites", "pass", "the real one")
    yield DEAL_ROW.format(*heads, "rank", "engine", "largest", "tightest"[:7])
    for line in result["deals"]:
        yield DEAL_ROW.format(*_told(line), *_judged(line))


def _told(line: dict[str, Any]) -> tuple[str, ...]:
    mark = "" if line["first_of_pair"] else " (again)"
    return line["deal_id"], line["announced_on"], f"{line['landlord']} – {line['tenant']}{mark}"


def _judged(line: dict[str, Any]) -> tuple[Any, ...]:
    if line["group"] == "not_replayed":
        return "", "", "", line["missing"], "", "", "", ""
    word = " ".join(line["failed"]) or ("apart" if line["group"] == "apart" else "passes")
    places = line["places"]
    percentiles = [_pct(places[order]["percentile"]) if places else "" for order in ORDERS]
    rank = f"{places['engine']['rank']:g}" if places else ""
    return f"{line['mw']:g}", line["sites"], line["passing"], word, rank, *percentiles


def _group_rows(result: dict[str, Any]) -> Iterator[str]:
    yield "Mean percentile of the real site, 100 first, 0 last (95 % interval)"
    for name, group in result["groups"].items():
        yield from _group(name, group)


def _group(name: str, group: dict[str, Any]) -> Iterator[str]:
    yield f"{name}: {group['passed']} of {group['deals']} pass all gates {_range(group['share'])}"
    yield f"  {group['ranked']} ranked; {group['kept']} score enough to be kept as a match"
    for order in (*ORDERS, "random"):
        yield f"  {order:<9} {_range(group[order])}"


def _variant_rows(result: dict[str, Any]) -> Iterator[str]:
    yield "The same with one assumption moved: passed, ranked, kept; mean percentiles"
    for name, group in result["variants"].items():
        counts = f"{group['passed']:>2} of {group['deals']:>2}, {group['ranked']:>2}, {group['kept']:>2}"
        means = "  ".join(f"{order} {_range(group[order])}" for order in ORDERS)
        yield f"  {name:<18} {counts}; {means}"


def _range(ends: list[float | None] | None) -> str:
    if ends is None:
        return "–"
    value, low, high = ends
    return f"{_pct(value)} % ({_pct(low)} to {_pct(high)})" if low is not None else f"{_pct(value)} %"


def _pct(part: float | None) -> str:
    return "–" if part is None else f"{100 * part:.0f}"
