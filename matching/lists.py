"""The matches of one post as rows of a list, its near misses and its funnel, from what is let out of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from engine.sentences import SIDES, capitalized
from listings.models import GpuPool, Site
from listings.views.lines import title_of
from listings.vocabulary import PostType
from listings.words import said
from matching.prices import usd
from matching.sheets import DIMENSIONS, about, hundred, label_of, listed_labels, range_of, url_of, whole

Shown = Mapping[str, Any]

# How long the bar of a count is that is told as a band only.
_BAND_WIDTHS = {"0": 0, "1–4": 12, "5–19": 45, "20+": 100}


class Bar(NamedTuple):
    """One dimension in a list: its points are "" where they are not told."""

    key: str
    title: str
    points: str


class Range(NamedTuple):
    """Low, width and score on a scale of 100; `text` says it."""

    low: int
    width: int
    score: int
    text: str


class Row(NamedTuple):
    """One match of the post, told from the other side's post."""

    uid: Any
    url: str
    title: str
    organization: str
    about: str
    score: str
    word: str
    range: Range | None
    chip: str
    state: str
    bars: list[Bar]
    landlord_score: str
    size: str
    first: str
    price: str
    is_coarse: bool


class NearMiss(NamedTuple):
    title: str
    url: str
    about: str
    changes: list[str]
    score: int
    other_changes: list[str]
    other_score: int | None


class Group(NamedTuple):
    """Near misses that fail the same gates."""

    title: str
    misses: list[NearMiss]


class Remaining(NamedTuple):
    """One gate of the funnel; `width` is its bar, 0 to 100."""

    label: str
    offers: str
    width: int


class Win(NamedTuple):
    """A change of an offer and what it would win; `width` is the bar of what is asked, 0 to 100."""

    change: str
    requests: str
    asked: str
    width: int
    score: str
    won: list[tuple[str, str]]


class Funnel(NamedTuple):
    unit: str
    is_recounting: bool
    groups: list[Group]
    gates: list[Remaining]
    wins: list[Win]


def rows_of(matches: Iterable[Shown], *, of_request: bool) -> list[Row]:
    """The matches of a request, told by their offers, or of an offer, told by their requests."""
    return [_row(match, match["offer" if of_request else "request"]) for match in matches]


def _row(match: Shown, other: Shown) -> Row:
    chip, state = chip_of(match)
    return Row(
        uid=match["uid"],
        url=reverse("matching:match", args=[match["uid"]]),
        title=title_of(other),
        organization=other.get("organization", {}).get("name", ""),
        about=about(other),
        score=whole(match["score"]),
        word=match["word"],
        range=_range(match),
        chip=chip,
        state=state,
        bars=[Bar(key, str(title), hundred(match[key])) for key, title in DIMENSIONS.items()],
        landlord_score=whole(match["landlord_score"]),
        size=size_of(other),
        first=first_of(match, other),
        price=price_of_row(match),
        is_coarse=match["coarse"],
    )


def chip_of(match: Shown) -> tuple[str, str]:
    """The class of the chip and the state in a word or two."""
    if match["refreshing"]:
        return "chip-accent", _("being scored anew")
    if match["coarse"]:
        return "", _("rounded: teaser only")
    return ("chip-good", _("fits")) if match["state"] == "fit" else ("chip-open", _("conditional"))


def _range(match: Shown) -> Range | None:
    text = range_of(match)
    if not text:
        return None
    low, high = (int(whole(match[end])) for end in ("low", "high"))
    return Range(low, high - low, int(whole(match["score"])), text)


def size_of(post: Shown) -> str:
    """Free or asked quantity: exact from a full face, else the band."""
    if post["post_type"] == PostType.REQUEST:
        last = max(post.get("steps") or [{}], key=lambda step: step.get("need_on") or 0)
        amount, gpus = last.get("critical_mw"), last.get("gpus")
    elif post["post_type"] == PostType.SITE:
        phases = post.get("phases")
        free = (phase["critical_mw"] - phase["reserved_mw"] for phase in phases or ())
        amount, gpus = (sum(free, Decimal(0)) if phases else None), None
    else:
        amount, gpus = None, (post["gpus"] - post["reserved_gpus"] if "gpus" in post else None)
    if amount is not None:
        return f"{amount:,.4g} MW" if amount < 1000 else f"{amount:,.0f} MW"
    band = post.get("mw_band") or post.get("gpu_band") or post.get("size_band") or ""
    return _("{count} GPUs").format(count=f"{gpus:,}") if gpus is not None else band


def first_of(match: Shown, other: Shown) -> str:
    """The day, or from a teaser the quarter, on which the other side begins."""
    if other["post_type"] == PostType.REQUEST:
        steps = other.get("steps")
        day = min(step["need_on"] for step in steps) if steps else None
        return said(Site, "ready_on", day) or str(other["need_quarter"] or "")
    return said(Site, "ready_on", match["first_power_on"]) or str(other["ready_quarter"] or "")


def price_of_row(match: Shown) -> str:
    """The comparable price with its unit, else the band of the ask."""
    price, offer = match["comparable_price"], match["offer"]
    is_pool = offer["post_type"] == PostType.GPU_POOL
    if price is not None and price["total"] is not None:
        words = _("US$ {price}/GPU-hour") if is_pool else _("US$ {price}/kW-month")
        return words.format(price=usd(price["total"]))
    return said(GpuPool if is_pool else Site, "price_band", offer["price_band"])


# --- Where offers were lost --------------------------------------------------------------------


def funnels_of(summaries: Iterable[Shown]) -> list[Funnel]:
    """How many of the other side each gate left; and for each need of a request its near misses by the gates
    they fail, for an offer what would win it more."""
    return [
        Funnel(
            unit=_("GPUs") if one["unit"] == "gpu" else _("MW"),
            is_recounting=one["recounting"],
            groups=_groups(one.get("near_misses", ())),
            gates=_gates(one["funnel"]),
            wins=_wins(one.get("wins", ()), "GPUs" if one["unit"] == "gpu" else "MW"),
        )
        for one in summaries
    ]


def _groups(misses: Sequence[Shown]) -> list[Group]:
    in_order = sorted(misses, key=lambda miss: (len(miss["failed"]), miss["failed"], -miss["score"]))
    return [
        Group(listed_labels(failed).capitalize(), [_near(miss) for miss in found])
        for failed, found in groupby(in_order, key=lambda miss: miss["failed"])
    ]


def _near(miss: Shown) -> NearMiss:
    return NearMiss(
        title=title_of(miss["offer"]),
        url=url_of(miss["offer"]),
        about=about(miss["offer"]),
        changes=miss["changes"],
        score=miss["score"],
        other_changes=miss["other_changes"],
        other_score=miss["other_score"],
    )


def _gates(funnel: Sequence[Shown]) -> list[Remaining]:
    counts = [row["remaining"] for row in funnel]
    most = max((int(count) for count in counts if count.isdigit()), default=0) or 1
    return [
        Remaining(label_of(row["gate"]), row["remaining"], _width(row["remaining"], most)) for row in funnel
    ]


def _width(count: str, most: int) -> int:
    return _BAND_WIDTHS[count] if count in _BAND_WIDTHS else round(100 * int(count) / most)


# --- What would win an offer more ---------------------------------------------------------------


def _wins(wins: Sequence[Shown], unit: str) -> list[Win]:
    most = max((win["asked_at_least"] for win in wins), default=0) or 1
    return [_win(win, unit, round(100 * win["asked_at_least"] / most)) for win in wins]


def _win(win: Shown, unit: str, width: int) -> Win:
    return Win(
        change=capitalized(win["change"].removeprefix(f"{SIDES['offer']}: ")),
        requests=win["requests"],
        asked=_asked(win["asked_at_least"], win["asked_at_most"], unit),
        width=width,
        score=str(win["score"]) if win["exact"] else _("about {score}").format(score=win["score"]),
        won=[(title_of(request), url_of(request)) for request in win["won"]],
    )


def _asked(least: Decimal, most: Decimal | None, unit: str) -> str:
    """ "90 MW", "20–50 MW", "500+ MW"; "" where nobody may know."""
    if most is None:
        return f"{least:,f}+ {unit}" if least else ""
    return f"{least:,f} {unit}" if least == most else f"{least:,f}–{most:,f} {unit}"
