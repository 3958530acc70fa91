"""What a post's page shows: what its reader's face of it has, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext as _

from common.tables import Cell, Column, Table
from listings.forms.base import PostForm, Section
from listings.forms.demand import GpuRequestForm, PowerRequestForm
from listings.forms.supply import GpuPoolForm, SiteForm
from listings.models import Evidence, GpuWish, Phase, Step
from listings.views.charts import StepChart, step_chart
from listings.views.lines import Shown, facts_in_short, freshness_of, title_of
from listings.views.shelves import Shelf
from listings.vocabulary import Confidence, DisclosureMode, Face, Freshness, PostType, RequestKind, Status
from listings.words import LABELS, said

_PHASE = (
    "ready_on",
    "critical_mw",
    "reserved_mw",
    "stage",
    "cooling",
    "max_rack_kw",
    "power_redundancy",
    "delivery_types",
    "ask_usd_kw_month",
)
_EVIDENCE = ("claim", "method", "document", "verified_on", "expires_on", "freshness")
# The tables of a post: where its face has them, what each is called and which columns it has.
_TABLES: dict[str, tuple[str, type[models.Model], tuple[str, ...]]] = {
    "phases": ("Phases", Phase, _PHASE),
    "steps": ("Ramp: the total in use from each date on", Step, ("need_on", "critical_mw", "gpus")),
    "gpu_wishes": ("GPU models that would do", GpuWish, ("model_name", "price_cap_usd_gpu_hour")),
    "evidence": ("Evidence", Evidence, _EVIDENCE),
}
TEASERS: dict[str, tuple[str, ...]] = {
    PostType.SITE: (
        "country",
        "mw_band",
        "ready_quarter",
        "delivery_types",
        "cooling",
        "rack_band",
        "price_band",
        "evidence_age",
    ),
    PostType.GPU_POOL: ("model_name", "country", "gpu_band", "ready_quarter", "price_band"),
    PostType.REQUEST: (
        "kind",
        "size_band",
        "need_quarter",
        "countries",
        "grids",
        "regions",
        "excluded_countries",
        "term_band",
        "security_band",
    ),
}
_TOLD_AS = {"model": "model_name"}
# The page's title and end; and a pool's site, whose place the pool's face tells already.
_ELSEWHERE = {"name", "title", "notes", "at_site"}


class Fact(NamedTuple):
    label: str
    text: str
    is_assumed: bool = False


class Group(NamedTuple):
    """Facts under one heading; what nobody stated is only named."""

    title: str
    facts: list[Fact]
    not_stated: str


class Chip(NamedTuple):
    """A word about the post as a whole; `tone` is the chip's class."""

    text: str
    tone: str = ""


class Sheet(NamedTuple):
    """A post's page in words. `ramp` is the table that the chart draws."""

    title: str
    subtitle: str
    chips: list[Chip]
    figures: list[tuple[str, Cell]]
    chart: StepChart | None
    ramp: Table | None
    is_teaser: bool
    source: str
    groups: list[Group]
    tables: list[Table]


def sheet_of(shelf: Shelf, shown: Shown) -> Sheet:
    """A post's page by its face."""
    is_teaser = shown["face"] == Face.TEASER
    if is_teaser:
        groups = [_group("In short", shelf.model, TEASERS[shown["post_type"]], shown)]
    else:
        sections = _form(shown).sections
        groups = [_group(section.title, shelf.model, _told(section, shown), shown) for section in sections]
    tables = dict(_tables(shown))
    ramp = tables.pop("phases", None) or tables.pop("steps", None)
    return Sheet(
        title=title_of(shown),
        subtitle=_subtitle(shown),
        chips=list(_chips(shown)),
        figures=[] if is_teaser else facts_in_short(shown),
        chart=step_chart(shown) if ramp else None,
        ramp=ramp,
        is_teaser=is_teaser,
        source=_source(shown),
        groups=[group for group in groups if group.facts or group.not_stated],
        tables=list(tables.values()),
    )


def _chips(shown: Shown) -> Iterator[Chip]:
    """Where the post stands, who reads it, whose word it is, and how fresh its evidence is."""
    is_open = shown["status"] == Status.OPEN
    yield Chip(Status(shown["status"]).label, "chip-good" if is_open else "chip-open")
    if "disclosure" in shown:
        is_blind = shown["disclosure"] == DisclosureMode.BLIND
        yield Chip(_("Blind: others see a teaser") if is_blind else _("Details open to the other side"))
    if shown["is_reference"]:
        yield Chip(_("Reference listing"), "chip-accent")
    if "evidence_age" in shown:
        fresh = freshness_of(shown)
        tone = "chip-good" if Freshness.FRESH in shown["evidence_age"].values() else "chip-open"
        yield Chip(_("Evidence: %s") % fresh, tone) if fresh else Chip(_("No evidence"), "chip-unknown")


def _subtitle(shown: Shown) -> str:
    """Its code name where the title is another, its organization, and what it is."""
    organization = shown.get("organization", {}).get("name", "")
    code_name = shown["code_name"] if title_of(shown) != shown["code_name"] else ""
    return " · ".join(part for part in (PostType(shown["post_type"]).label, code_name, organization) if part)


def _source(shown: Shown) -> str:
    if not shown.get("source"):
        return ""
    confidence = shown["source_confidence"]
    sure = f" (confidence: {Confidence(confidence).label.lower()})" if confidence else ""
    return f"Source: {shown['source']}{sure}"


def _form(shown: Shown) -> type[PostForm]:
    if shown["post_type"] == PostType.SITE:
        return SiteForm
    if shown["post_type"] == PostType.GPU_POOL:
        return GpuPoolForm
    return GpuRequestForm if shown["kind"] == RequestKind.GPU else PowerRequestForm


def _told(section: Section, shown: Shown) -> list[str]:
    """The section's fields that this face has and that stand nowhere else on the page."""
    names = [_TOLD_AS.get(name, name) for name in section.names]
    return [name for name in names if name in shown and name not in _ELSEWHERE]


def _group(title: str, model: type[models.Model], names: Iterable[str], shown: Shown) -> Group:
    assumed = shown.get("assumed", ())
    facts = [Fact(LABELS[name], said(model, name, shown[name]), name in assumed) for name in names]
    return Group(
        title,
        [fact for fact in facts if fact.text],
        " · ".join(fact.label for fact in facts if not fact.text),
    )


def _tables(shown: Shown) -> Iterator[tuple[str, Table]]:
    for key, (caption, model, names) in _TABLES.items():
        rows = shown.get(key)
        if rows:
            stated = [name for name in names if any(row.get(name) not in (None, "", []) for row in rows)]
            yield key, _table(caption, model, stated, rows)


def _table(caption: str, model: type[models.Model], names: Sequence[str], rows: Iterable[Shown]) -> Table:
    numbers = {name for name in names if _is_number(model, name)}
    return Table(
        caption=caption,
        columns=[Column(LABELS[name], name in numbers) for name in names],
        rows=[[_cell(model, name, row, name in numbers) for name in names] for row in rows],
    )


def _cell(model: type[models.Model], name: str, row: Shown, is_number: bool) -> Cell:
    text = said(model, name, row[name])
    return Cell(text, is_number=is_number, is_assumed=name in row.get("assumed", ()))


def _is_number(model: type[models.Model], name: str) -> bool:
    fields = {field.name: field for field in model._meta.concrete_fields}
    return isinstance(fields.get(name), models.DecimalField | models.IntegerField)
