"""Where the open megawatts stand: circles on the prepared map, one for each state or country."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django_countries import countries

from market.figures import Lot

PLACES = Path(__file__).parent / "places.json"
LARGEST_RADIUS, SMALLEST_RADIUS = 38, 3.5


class Spot(NamedTuple):
    """MW in one place; `by_band` where they are estimated from teasers, which name the country only."""

    name: str
    country: str
    mw: Decimal
    by_band: bool


class Circle(NamedTuple):
    x: float
    y: float
    radius: float
    spot: Spot


class Map(NamedTuple):
    """All spots, the largest first; those off the drawn land have no circle."""

    spots: list[Spot]
    circles: list[Circle]
    elsewhere: list[Spot]


def map_of(lots: Iterable[Lot]) -> Map:
    """The map of these lots; a circle's area is in proportion to its MW."""
    places, totals = _places(), _totals(lots)
    most = max((spot.mw for _, spot in totals), default=Decimal(1))
    totals.sort(key=lambda each: (-each[1].mw, each[1].name))
    return Map(
        spots=[spot for _, spot in totals],
        circles=[_circle(places[code], spot, most) for code, spot in totals if code in places],
        elsewhere=[spot for code, spot in totals if code not in places],
    )


def _circle(place: dict[str, Any], spot: Spot, most: Decimal) -> Circle:
    radius = LARGEST_RADIUS * math.sqrt(spot.mw / most)
    return Circle(place["x"], place["y"], round(max(radius, SMALLEST_RADIUS), 1), spot)


def _totals(lots: Iterable[Lot]) -> list[tuple[str, Spot]]:
    found: dict[tuple[str, bool], Spot] = {}
    for lot in lots:
        code, by_band = _code(lot), lot.dependable is None
        before = found.get((code, by_band), Spot(_name(code), lot.country, Decimal(0), by_band))
        found[code, by_band] = before._replace(mw=before.mw + lot.mw)
    return [(code, spot) for (code, _), spot in found.items()]


def _code(lot: Lot) -> str:
    """The state where the map knows it, else the country."""
    return lot.region if lot.region in _places() else lot.country


def _name(code: str) -> str:
    return str(_places()[code]["name"] if code in _places() else countries.name(code))


@cache
def _places() -> dict[str, dict[str, Any]]:
    """From ISO 3166 codes to a name and a point of the drawing, as docs/map/prepare.mjs wrote them."""
    places: dict[str, dict[str, Any]] = json.loads(PLACES.read_text(encoding="utf-8"))
    return places
