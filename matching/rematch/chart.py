"""How far scores have moved, as bars to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matching.rematch.words import step_label
from matching.vocabulary import MOVE_STEP_POINTS

WIDTH, HEIGHT = 800, 240
TOP, BOTTOM = 24, 44
GAP = 6


class Bar(NamedTuple):
    """One step of score changes; `kind` is up, down or little."""

    label: str
    matches: int
    kind: str
    x: float
    middle: float
    y: float
    width: float
    height: float


class Chart(NamedTuple):
    width: int
    height: int
    base: int
    bars: list[Bar]


def chart_of(steps: Sequence[Mapping[str, int]]) -> Chart | None:
    """Bars of the matches whose score has changed, falls on the left; None where none has."""
    moved = [one for one in steps if one["most"] or one["least"]]
    most = max((one["matches"] for one in moved), default=0)
    if not most:
        return None
    slot = WIDTH / len(moved)
    room = HEIGHT - TOP - BOTTOM
    bars = [
        Bar(
            label=step_label(one),
            matches=one["matches"],
            kind=_kind(one),
            x=round(slot * place + GAP / 2, 1),
            middle=round(slot * (place + 0.5), 1),
            y=round(HEIGHT - BOTTOM - room * one["matches"] / most, 1),
            width=round(slot - GAP, 1),
            height=round(room * one["matches"] / most, 1),
        )
        for place, one in enumerate(moved)
    ]
    return Chart(WIDTH, HEIGHT, HEIGHT - BOTTOM, bars)


def _kind(step: Mapping[str, int]) -> str:
    if step["least"] >= MOVE_STEP_POINTS:
        return "up"
    return "down" if step["most"] <= -MOVE_STEP_POINTS else "little"
