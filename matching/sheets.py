"""Matches as tables and lines in words, from what `matching.release` lets out and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from common.tables import Cell, Column, Table
from engine.sentences import name
from listings.views.lines import title_of
from listings.views.shelves import SHELVES
from listings.vocabulary import Face, PostType, Status
from listings.words import said

Shown = Mapping[str, Any]

DIMENSIONS = {"power": lazy("Power"), "timeline": lazy("Timeline"), "terms": lazy("Lease terms")}
OUTCOMES = {"met": lazy("met"), "partly": lazy("partly"), "not": lazy("not met"), "unknown": lazy("unknown")}
STATES = {"fit": lazy("fits"), "conditional": lazy("conditional: something is not stated")}
# Gates and criteria.
LABELS = {
    "unit": lazy("Unit"),
    "location": lazy("Location"),
    "capacity": lazy("Capacity"),
    "timeline": lazy("Timeline"),
    "density": lazy("Density"),
    "cooling": lazy("Cooling"),
    "redundancy": lazy("Redundancy"),
    "firmness": lazy("Firmness"),
    "compliance": lazy("Compliance"),
    "delivery": lazy("Delivery"),
    "basis": lazy("Lease basis"),
    "fabric": lazy("Fabric"),
    "term": lazy("Term"),
    "price": lazy("Price"),
    "escalator": lazy("Escalator"),
    "credit": lazy("Credit"),
    "evidence": lazy("Evidence"),
    "ramp": lazy("Ramp"),
    "first_power": lazy("First power"),
    "security": lazy("Security"),
}


class Line(NamedTuple):
    """One gate or criterion."""

    label: str
    outcome: str
    outcome_text: str
    needed: str
    offered: str
    score: str
    weight: str
    sentence: str


class Dimension(NamedTuple):
    """One of the score's three parts. `reason` is the line that costs it most; `key` is "" for the gates,
    `weight` where it is not told.
    """

    key: str
    title: str
    share: float | None
    points: str
    weight: str
    reason: str
    tally: str
    lines: list[Line]


def table_of_posts(posts: Iterable[Any], counts: Mapping[int, tuple[int, int]]) -> Table:
    """Posts with how many matches each has and the best score."""
    return Table(
        caption=_("Posts and their matches"),
        columns=[
            Column(_("Post")),
            Column(_("Kind")),
            Column(_("Status")),
            Column(_("Matches"), is_number=True),
            Column(_("Best score"), is_number=True),
            Column(_("Matching")),
        ],
        rows=[_post_row(post, *counts.get(post.pk, (0, None))) for post in posts],
    )


def _post_row(post: Any, count: int, best: int | None) -> list[Cell]:
    is_open = post.status == Status.OPEN
    return [
        Cell(post.title, url=reverse("matching:of_post", args=[post.uid]), note=post.code_name),
        Cell(PostType(post.post_type).label),
        Cell(Status(post.status).label),
        Cell(str(count) if is_open else "", is_number=True),
        Cell("" if best is None else str(best), is_number=True),
        Cell((_("being matched") if post.pending else _("up to date")) if is_open else ""),
    ]


def about(post: Shown) -> str:
    """Its size, place and first date, as its teaser tells them."""
    model = SHELVES[post["post_type"]].model
    fields = ("model_name", "mw_band", "gpu_band", "size_band", "country", "ready_quarter", "need_quarter")
    told = [said(model, field, post[field]) for field in fields if post.get(field)]
    return " · ".join([*told, _("reference listing")] if post["is_reference"] else told)


def state_of(match: Shown) -> str:
    if match["refreshing"]:
        return _("being scored anew")
    return str(STATES[match["state"]]) if match["state"] else _("rounded: details are not disclosed")


def dimensions_of(shown: Shown) -> list[Dimension]:
    """The score's three dimensions, each with its criteria."""
    return [_dimension(shown, key, str(title), shown["criteria"]) for key, title in DIMENSIONS.items()]


def gates_of(shown: Shown) -> Dimension:
    """What must hold for the two posts to match at all."""
    return _dimension(shown, "", _("What must hold"), shown["gates"])


def _dimension(shown: Shown, key: str, title: str, lines: Sequence[Shown]) -> Dimension:
    own = [line for line in lines if (line["dimension"] or "") == key]
    share = shown[key] if key else None
    return Dimension(
        key=key,
        title=title,
        share=None if share is None else float(share),
        points=hundred(share),
        weight=f"{hundred(shown['weights'][key])} %" if key and shown["weights"] else "",
        reason=_reason(own),
        tally=_tally(own),
        lines=[_line(line) for line in own],
    )


def _reason(lines: Sequence[Shown]) -> str:
    """The sentence of the criterion that costs its dimension most, as far as the reader may know it."""
    told = [line for line in lines if line["score"] is not None and line["sentence"]]
    dearest = max(told, key=lambda line: line["weight"] * (1 - line["score"]), default=None)
    return "" if dearest is None else str(dearest["sentence"])


def _tally(lines: Sequence[Shown]) -> str:
    """ "3 met · 1 partly"."""
    counts = Counter(line["outcome"] for line in lines)
    return " · ".join(f"{counts[outcome]} {words}" for outcome, words in OUTCOMES.items() if counts[outcome])


def _line(line: Shown) -> Line:
    return Line(
        label=label_of(line["key"]),
        outcome=line["outcome"],
        outcome_text=str(OUTCOMES[line["outcome"]]),
        needed=line["needed"] or "",
        offered=line["offered"] or "",
        score="" if line["score"] is None else f"{line['score']:.2f}",
        weight="" if line["weight"] is None else f"{line['weight'] * 100:.0f} %",
        sentence=line["sentence"] or "",
    )


def label_of(key: str) -> str:
    """A gate or a criterion in words."""
    return str(LABELS.get(key) or key.replace("_", " ").capitalize())


def listed_labels(keys: Iterable[str]) -> str:
    """ "price and timeline"."""
    return str(get_text_list([label_of(key).lower() for key in keys], _("and")))


class Side(NamedTuple):
    title: str
    organization: str
    about: str
    url: str
    edit_url: str
    matches_url: str
    what_if_url: str


class Facts(NamedTuple):
    """What stands above the reasons."""

    request: Side
    offer: Side
    score: str
    word: str
    range: str
    low: str
    high: str
    state: str
    landlord_score: str
    binding: str
    binding_label: str
    binding_score: str
    statements: list[tuple[str, str]]


def facts_of(shown: Shown) -> Facts:
    """The head of a match's page."""
    binding = shown["binding"]
    return Facts(
        request=_side(shown["request"]),
        offer=_side(shown["offer"]),
        score=whole(shown["score"]),
        word=shown["word"],
        range=range_of(shown),
        low=whole(shown["low"]),
        high=whole(shown["high"]),
        state=state_of(shown),
        landlord_score=whole(shown["landlord_score"]),
        binding="" if binding is None else _binding(binding),
        binding_label="" if binding is None else label_of(binding["key"]),
        binding_score="" if binding is None or binding["score"] is None else str(binding["score"]),
        statements=[_statement(one) for one in shown["statements"]],
    )


def _side(post: Shown) -> Side:
    """One of the two posts; its matches are listed to whoever owns it."""
    is_own = post["face"] == Face.RESERVE
    shelf = SHELVES[post["post_type"]]
    return Side(
        title=title_of(post),
        organization=post.get("organization", {}).get("name", ""),
        about=about(post),
        url=url_of(post),
        edit_url=reverse(f"listings:{shelf.one}_edit", args=[post["uid"]]) if is_own else "",
        matches_url=reverse("matching:of_post", args=[post["uid"]]) if is_own else "",
        what_if_url=reverse("matching:what_if", args=[post["uid"]]) if is_own else "",
    )


def _binding(binding: Shown) -> str:
    """What holds the match back most."""
    return binding["sentence"] or _("The other side keeps the figure to itself.")


def _statement(one: Shown) -> tuple[str, str]:
    """("the security required", "low end 17 → 29")."""
    return f"the {name(one['field'])}", _("low end {before} → {after}").format(
        before=one["low_before"], after=one["low_after"]
    )


def url_of(post: Shown) -> str:
    return SHELVES[post["post_type"]].url(post["uid"])


def curve_table(curve: Sequence[Shown], *, is_gpu: bool) -> Table | None:
    """The chart's figures."""
    unit = _("GPUs") if is_gpu else _("MW")
    titles = {"needed": _("Needed"), "nominal": _("Nominal"), "dependable": _("Dependable")}
    if not curve:
        return None
    return Table(
        caption=_("Monthly means, {unit}").format(unit=unit),
        columns=[Column(_("Month")), *(Column(title, is_number=True) for title in titles.values())],
        rows=[
            [
                Cell(f"{month['month']:%B %Y}"),
                *(Cell(f"{month[each]:,.4g}", is_number=True) for each in titles),
            ]
            for month in curve
        ],
    )


def whole(score: Decimal | int | None) -> str:
    """A score in whole points, half up."""
    return "" if score is None else str(int(score + Decimal("0.5")))


def hundred(share: Decimal | None) -> str:
    return "" if share is None else whole(share * 100)


def range_of(match: Shown) -> str:
    """The score with every unknown at its worst and at its best; "" where nothing is unknown or told."""
    low, high = whole(match["low"]), whole(match["high"])
    return f"{low}–{high}" if low != high else ""
