"""A post in a line of the catalogue, in a card, and in short above its page: the same figures each time.

Whoever sees a post in full reads exact figures, everybody else the bands of its teaser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.tables import Cell, Column, Table
from listings.models import CapacityRequest, GpuPool, Site
from listings.views.shelves import Shelf
from listings.vocabulary import Face, Freshness, PostType, RequestKind, Status
from listings.words import said

Shown = Mapping[str, Any]


class Told(NamedTuple):
    text: str
    note: str = ""


class LineColumn(NamedTuple):
    label: Any
    tell: Callable[[Shown], Told]
    is_number: bool = False


class Card(NamedTuple):
    head: Cell
    facts: list[tuple[str, Cell]]


def list_of(shelf: Shelf, posts: Sequence[Shown]) -> Table:
    """The list of posts as a table."""
    columns = LINES[shelf.post_type]
    return Table(
        caption=shelf.title,
        columns=[Column(capfirst(shelf.noun)), *(Column(str(c.label), c.is_number) for c in columns)],
        rows=[[headline(shelf, shown), *cells_of(shown)] for shown in posts],
    )


def cards_of(shelf: Shelf, posts: Sequence[Shown]) -> list[Card]:
    """The same as cards; what is not stated is left out."""
    return [Card(headline(shelf, shown), facts_in_short(shown)) for shown in posts]


def facts_in_short(shown: Shown) -> list[tuple[str, Cell]]:
    """A post's main figures: [(label with its unit, value)], without those that are not stated."""
    columns = LINES[shown["post_type"]]
    labelled = zip((str(column.label) for column in columns), cells_of(shown), strict=True)
    return [(label, cell) for label, cell in labelled if cell.text]


def cells_of(shown: Shown) -> list[Cell]:
    told = [(column, column.tell(shown)) for column in LINES[shown["post_type"]]]
    return [Cell(text, note=note, is_number=column.is_number) for column, (text, note) in told]


def title_of(shown: Shown) -> str:
    """A post's own name to those who may know it, else its code name."""
    return str(shown.get("name") or shown.get("title") or shown["code_name"])


def headline(shelf: Shelf, shown: Shown) -> Cell:
    marks = [shown["organization"]["name"]] if "organization" in shown else []
    marks += [_("reference listing")] if shown["is_reference"] else []
    marks += [Status(shown["status"]).label.lower()] if shown["status"] != Status.OPEN else []
    return Cell(title_of(shown), url=shelf.url(shown["uid"]), note=" · ".join(marks))


def _in_full(shown: Shown) -> bool:
    return bool(shown["face"] != Face.TEASER)


def _band(shown: Shown, name: str, *units: str) -> Told:
    """A band without its unit, which stands in the column's heading."""
    text = shown[name] or ""
    for unit in units:
        text = text.replace(unit, "")
    return Told(text.strip())


def _month(day: date) -> str:
    return f"{day:%b %Y}"


def _said(model: Any, name: str) -> Callable[[Shown], Told]:
    return lambda shown: Told(said(model, name, shown[name]))


# --- Sites -------------------------------------------------------------------------------------


def _place(shown: Shown) -> Told:
    parts = [shown.get("region") or "", shown.get("grid") or ""]
    return Told(said(Site, "country", shown["country"]), " · ".join(part for part in parts if part))


def _free(shown: Shown) -> list[tuple[date, Decimal]]:
    blocks = [(each["ready_on"], each["critical_mw"] - each["reserved_mw"]) for each in shown["phases"]]
    return [(ready_on, mw) for ready_on, mw in blocks if mw > 0]


def _free_mw(shown: Shown) -> Told:
    if not _in_full(shown):
        return _band(shown, "mw_band", "MW")
    gross = said(Site, "gross_mw", shown["gross_mw"])
    note = _("of %(gross)s gross") % {"gross": gross} if gross else ""
    return Told(said(Site, "gross_mw", sum((mw for _on, mw in _free(shown)), Decimal(0))), note)


def _first_ready(shown: Shown) -> Told:
    free = _free(shown) if _in_full(shown) else []
    return Told(_month(free[0][0]) if free else shown["ready_quarter"] or "")


def _rack_kw(shown: Shown) -> Told:
    exact = shown.get("max_rack_kw")
    return Told(said(Site, "max_rack_kw", exact)) if exact else _band(shown, "rack_band", "kW")


def _ask(shown: Shown) -> Told:
    exact = shown.get("ask_usd_kw_month")
    if exact is None:
        return _band(shown, "price_band", "US$", "/kW-month")
    return Told(said(Site, "ask_usd_kw_month", exact), _("per gross kW") if shown["ask_on_gross"] else "")


def _evidence(shown: Shown) -> Told:
    return Told(freshness_of(shown))


def freshness_of(shown: Shown) -> str:
    """How fresh a site's evidence is: "3 fresh, 1 stale"; "" where there is none."""
    ages = list(shown["evidence_age"].values())
    words = ((Freshness.FRESH, _("%d fresh")), (Freshness.STALE, _("%d stale")))
    return ", ".join(word % ages.count(age) for age, word in words if age in ages)


# --- GPU pools and requests --------------------------------------------------------------------


def _free_gpus(shown: Shown) -> Told:
    if not _in_full(shown):
        return _band(shown, "gpu_band", "GPUs")
    return Told(f"{shown['gpus'] - shown['reserved_gpus']:,}")


def _available(shown: Shown) -> Told:
    return Told(_month(shown["available_from"]) if _in_full(shown) else shown["ready_quarter"] or "")


def _gpu_price(shown: Shown) -> Told:
    exact = shown.get("price_usd_gpu_hour")
    if exact is None:
        return _band(shown, "price_band", "US$", "/GPU-hour")
    return Told(f"{exact:.2f}")


def _size(shown: Shown) -> Told:
    steps = shown.get("steps")
    if not steps:
        return Told(shown["size_band"] or "")
    is_power = shown["kind"] == RequestKind.POWER
    last = steps[-1]["critical_mw" if is_power else "gpus"]
    stages = _("in %d steps") % len(steps) if len(steps) > 1 else ""
    return Told(f"{said(CapacityRequest, 'size', last)} {'MW' if is_power else 'GPUs'}", stages)


def _first_needed(shown: Shown) -> Told:
    steps = shown.get("steps")
    return Told(_month(steps[0]["need_on"]) if steps else shown["need_quarter"] or "")


def _where(shown: Shown) -> Told:
    named = [said(CapacityRequest, "countries", shown["countries"]), *shown["regions"], *shown["grids"]]
    never = said(CapacityRequest, "excluded_countries", shown["excluded_countries"])
    note = _("not %(countries)s") % {"countries": never} if never else ""
    return Told(", ".join(part for part in named if part) or _("Anywhere"), note)


def _term(shown: Shown) -> Told:
    if not _in_full(shown):
        return _band(shown, "term_band", "months")
    return Told(f"{shown['term_min_months']}–{shown['term_max_months']}")


def _security(shown: Shown) -> Told:
    if not _in_full(shown):
        return _band(shown, "security_band", "months")
    return Told(said(CapacityRequest, "security_months", shown["security_months"]))


LINES: dict[str, tuple[LineColumn, ...]] = {
    PostType.SITE: (
        LineColumn(gettext_lazy("Place"), _place),
        LineColumn(gettext_lazy("Free, MW"), _free_mw, is_number=True),
        LineColumn(gettext_lazy("First ready"), _first_ready, is_number=True),
        LineColumn(gettext_lazy("Rack, kW"), _rack_kw, is_number=True),
        LineColumn(gettext_lazy("Ask, US$/kW-month"), _ask, is_number=True),
        LineColumn(gettext_lazy("Delivered as"), _said(Site, "delivery_types")),
        LineColumn(gettext_lazy("Cooling"), _said(Site, "cooling")),
        LineColumn(gettext_lazy("Evidence"), _evidence),
    ),
    PostType.GPU_POOL: (
        LineColumn(gettext_lazy("GPU model"), _said(GpuPool, "model_name")),
        LineColumn(gettext_lazy("Free, GPUs"), _free_gpus, is_number=True),
        LineColumn(gettext_lazy("Place"), _place),
        LineColumn(gettext_lazy("Available"), _available, is_number=True),
        LineColumn(gettext_lazy("Price, US$/GPU-hour"), _gpu_price, is_number=True),
    ),
    PostType.REQUEST: (
        LineColumn(gettext_lazy("Size"), _size, is_number=True),
        LineColumn(gettext_lazy("First needed"), _first_needed, is_number=True),
        LineColumn(gettext_lazy("Where"), _where),
        LineColumn(gettext_lazy("Term, months"), _term, is_number=True),
        LineColumn(gettext_lazy("Security, months of rent"), _security, is_number=True),
    ),
}
