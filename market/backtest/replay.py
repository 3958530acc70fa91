"""One deal replayed: its wish as a request, the sites of its day as offers, the engine as the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from engine import Assessment, Need, Offer, Phase, State, Step, Unit, assess, order_key
from engine.assumptions import STANDARD
from engine.ranking import failed_gates
from engine.supply import add_months
from listings.vocabulary import next_quarter, quarter_of
from market.backtest.records import Deal, SiteRecord, Wish

KW_PER_MW = 1_000


@dataclass(frozen=True, slots=True)
class Setting:
    """What no source says, and is therefore the same for every deal and every site.

    None of it is fitted: a hall a year after its power is what the demo market assumes, half a year of
    patience what its requests have, 1.43 the engine's own ratio. The report shows what other values do.
    """

    hall_months: int = 12
    patience_months: int = 6
    stage: str = "planned"
    gross_per_critical: Decimal = STANDARD.gross_per_critical
    rivals: str = "on_record"  # or "all": also those recorded only later
    real_on_record: bool = False  # whether the real site's own row must be older than the deal, too
    real_just_enough: bool = False  # the real site as if it had had what was leased and no more


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order puts the real site among those that pass: 1 is first, equals share the mean."""

    rank: float
    percentile: float | None  # 1 first, 0 last; None where nobody else passes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the engine says of the real site of one deal."""

    deal: Deal
    site: SiteRecord
    need: Need
    offers: int
    passing: int
    state: State
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    score: float
    free_mw: Decimal
    places: dict[str, Place]  # by order; empty where the real site fails


# ---- the request


def need_of(wish: Wish, setting: Setting) -> Need:
    """The request: all MW on one day, one country, one term. Its type knows no finer place."""
    starts = wish.ready_on or ready_by(wish.announced_on, setting.hall_months)
    critical = wish.critical_mw or (wish.gross_mw or Decimal(0)) / setting.gross_per_critical
    return Need(
        id=0,
        unit=Unit.MW,
        steps=(Step(starts, int(critical * KW_PER_MW)),),
        latest_on=add_months(starts, setting.patience_months),
        term_min_months=wish.term_months,
        term_max_months=wish.term_months,
        term_preferred_months=wish.term_months,
        countries=frozenset({wish.country}),
    )


def ready_by(announced_on: date, months: int) -> date:
    """The end of the quarter that lies some months after the announcement."""
    return next_quarter(quarter_of(add_months(announced_on, months))) - timedelta(days=1)


# ---- the offers


def offers_of(
    deal: Deal, sites: Iterable[SiteRecord], deals: Iterable[Deal], setting: Setting
) -> dict[str, Offer]:
    """The sites of the day by their id: MW at the meter as critical MW, less what earlier deals took."""
    ready = ready_by(deal.announced_on, setting.hall_months)
    taken = _taken_before(deal.announced_on, deals, setting)
    offers = {}
    for number, site in enumerate(sites):
        if site.gross_mw is not None and _counts(site, deal, setting):
            critical = site.gross_mw / setting.gross_per_critical - taken.get(site.site_id, Decimal(0))
            free = max(0, int(critical * KW_PER_MW))
            offers[site.site_id] = _offer(number, site, Phase(ready, free, setting.stage))
    return offers


def _offer(number: int, site: SiteRecord, phase: Phase) -> Offer:
    return Offer(
        id=number, unit=Unit.MW, country=site.country, region=site.region, grid=site.grid, phases=(phase,)
    )


def _counts(site: SiteRecord, deal: Deal, setting: Setting) -> bool:
    """A rival if it was on record by then; the real site because it was there to be leased."""
    if site.on_record_before(deal.announced_on):
        return True
    if site.site_id == deal.site_id:
        return not setting.real_on_record
    return setting.rivals == "all"


def _taken_before(day: date, deals: Iterable[Deal], setting: Setting) -> dict[str, Decimal]:
    taken: dict[str, Decimal] = {}
    for deal in deals:
        if deal.takes_capacity and deal.site_id and deal.announced_on < day:
            mw = deal.critical(setting.gross_per_critical)
            taken[deal.site_id] = taken.get(deal.site_id, Decimal(0)) + mw
    return taken


def _just_enough(site: SiteRecord, deal: Deal, deals: Iterable[Deal], setting: Setting) -> SiteRecord:
    """The real site with the MW leased by then; any other as it is."""
    if site.site_id != deal.site_id or site.gross_mw is None:
        return site
    before = _taken_before(deal.announced_on, deals, setting).get(site.site_id, Decimal(0))
    ratio = setting.gross_per_critical
    return replace(site, gross_mw=(before + deal.critical(ratio)) * ratio)


# ---- the judgement


def replay(
    deal: Deal, sites: Sequence[SiteRecord], deals: Sequence[Deal], setting: Setting
) -> Outcome | None:
    """What the engine says of the deal's site; None where request or site cannot be rebuilt."""
    if setting.real_just_enough:
        sites = [_just_enough(site, deal, deals, setting) for site in sites]
    offers = offers_of(deal, sites, deals, setting)
    if deal.wish is None or deal.site_id not in offers:
        return None
    return judged(deal, need_of(deal.wish, setting), offers, sites)


def judged(deal: Deal, need: Need, offers: dict[str, Offer], sites: Sequence[SiteRecord]) -> Outcome:
    """The real site against all others, by the engine's gates and by each order."""
    found = {site_id: assess(need, offer) for site_id, offer in offers.items()}
    real, offer = found[deal.site_id], offers[deal.site_id]
    passing = [one for one in found.values() if one.state is not State.FAIL]
    return Outcome(
        deal=deal,
        site=next(site for site in sites if site.site_id == deal.site_id),
        need=need,
        offers=len(offers),
        passing=len(passing),
        state=real.state,
        failed=tuple(sorted(failed_gates(need, offer))),
        unknown=tuple(gate.key for gate in real.gates if gate.passed is None),
        score=real.score,
        free_mw=Decimal(offer.phases[0].free) / KW_PER_MW,
        places={} if real.state is State.FAIL else _places(real, passing, sites),
    )


def _places(real: Assessment, passing: Sequence[Assessment], sites: Sequence[SiteRecord]) -> dict[str, Place]:
    def largest(one: Assessment) -> Decimal:
        return -(sites[one.offer_id].gross_mw or Decimal(0))

    return {
        "engine": _place(real, passing, lambda one: order_key(one)[:-1]),  # the id settles nothing
        "largest": _place(real, passing, largest),
        "tightest": _place(real, passing, lambda one: -one.utilization),
    }


def _place(real: Assessment, passing: Sequence[Assessment], key: Callable[[Assessment], Any]) -> Place:
    """Among equals the mean of their ranks."""
    keys, own = [key(one) for one in passing], key(real)
    rank = sum(other < own for other in keys) + (keys.count(own) + 1) / 2
    others = len(passing) - 1
    return Place(rank, (len(passing) - rank) / others if others else None)
