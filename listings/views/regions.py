"""The map of the catalogue: a tile for each grid region and country, drawn about where it lies.

The borders of grids run through states and overlap, so a map of land would draw lines that nobody can vouch
for. A post counts by its teaser, with the middle of its band of MW or GPUs; in its grid only where the reader
may know it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from django_countries import countries

from listings.forms.facets import Groups, takers
from listings.vocabulary import GPU_EDGES, MW_EDGES, Grid, PostType, RequestKind, band_middle

CELL, STRIP, GAP = (98, 60), 44, 6
LEVELS = 5
MANY = 10_000  # MW or GPUs, from where on a tile has no room for them
_THOUSANDS = {"MW": " GW", "GPUs": "k GPUs"}

# Each grid's column, row, width and height in cells, and each country's strip: the row of cells that it
# stands above, its column and width.
_Box = tuple[int, int, int, int]
_AMERICA: dict[str, _Box] = {
    "BCH": (0, 0, 1, 1),
    "AESO": (1, 0, 1, 1),
    "IESO": (3, 0, 2, 1),
    "HQ": (5, 0, 1, 1),
    "NBP": (6, 0, 1, 1),
    "CAISO": (0, 1, 1, 2),
    "WECC": (1, 1, 1, 2),
    "SPP": (2, 1, 1, 2),
    "MISO": (3, 1, 1, 2),
    "PJM": (4, 1, 1, 2),
    "NYISO": (5, 1, 1, 1),
    "ISO-NE": (6, 1, 1, 1),
    "DUKE": (5, 2, 1, 1),
    "ERCOT": (1, 3, 2, 1),
    "TVA": (3, 3, 1, 1),
    "SOCO": (4, 3, 2, 1),
}
_NORDICS: dict[str, _Box] = {
    "NO4": (1, 0, 1, 1),
    "NO3": (1, 1, 1, 1),
    "NO5": (0, 2, 1, 1),
    "NO1": (1, 2, 1, 1),
    "NO2": (0, 3, 2, 1),
    "SE1": (2, 0, 1, 1),
    "SE2": (2, 1, 1, 1),
    "SE3": (2, 2, 1, 1),
    "SE4": (2, 3, 1, 1),
    "FI": (3, 0, 1, 4),
    "IS": (4, 0, 1, 4),
}
_Strips = dict[str, tuple[int, int, int]]
_DRAWN: tuple[tuple[dict[str, _Box], _Strips], ...] = (
    (_AMERICA, {"CA": (0, 0, 7), "US": (1, 0, 7)}),
    (_NORDICS, {"NO": (0, 0, 2), "SE": (0, 2, 1), "FI": (0, 3, 1), "IS": (0, 4, 1)}),
)


class Amount(NamedTuple):
    """Posts, and the critical MW or GPUs that their bands are about."""

    posts: int
    size: Decimal


class Place(NamedTuple):
    """A grid or a country: what is there, and where the list leads that holds it."""

    parameter: str
    code: str
    label: str
    amount: Amount
    unit: str
    level: int  # 0: nothing, 1 to LEVELS: its share of the largest, square-rooted
    url: str
    is_chosen: bool

    @property
    def short(self) -> str:
        """Without what stands in brackets or after a comma."""
        return self.label.partition(",")[0].partition(" (")[0]

    @property
    def size(self) -> str:
        size = self.amount.size
        return f"{size / 1000:,.1f}{_THOUSANDS[self.unit]}" if size >= MANY else f"{size:,.0f} {self.unit}"


class Tile(NamedTuple):
    place: Place
    x: int
    y: int
    width: int
    height: int
    is_strip: bool

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def text_top(self) -> int:
        """The first of up to three lines that stand in the middle."""
        return self.y + self.height // 2 - (10 if self.place.amount.posts else -4)


class Region(NamedTuple):
    """One drawing."""

    width: int
    height: int
    tiles: list[Tile]


class RegionMap(NamedTuple):
    regions: list[Region]
    elsewhere: list[Place]  # countries that are not drawn
    places: list[Place]  # all where there is something, the largest first
    unit: str


Link = Callable[[str, str], tuple[str, bool]]


def map_of(post_type: str, groups: Mapping[str, Groups], link: Link) -> RegionMap:
    """The map of these groups; `link(parameter, code)` gives a place's address and whether it is chosen."""
    lands_of, grids_of, edges, unit = _COUNTED[post_type]
    lands, grids = lands_of(groups["country"], edges), grids_of(groups["grid"], edges)
    grid_places = _places("grid", dict(Grid.choices), grids, unit, link)
    land_names = {code: str(countries.name(code)) for code in {*lands, *_strips()}}
    land_places = _places("country", land_names, lands, unit, link)
    drawn = [_region(boxes, strips, grid_places, land_places) for boxes, strips in _DRAWN]
    full = [one for one in (*land_places.values(), *grid_places.values()) if one.amount.posts]
    full.sort(key=lambda one: (-one.amount.size, -one.amount.posts, one.label))
    elsewhere = [one for one in full if one.parameter == "country" and one.code not in _strips()]
    return RegionMap(drawn, elsewhere, full, unit)


def _places(
    parameter: str, labels: Mapping[str, Any], amounts: Mapping[str, Amount], unit: str, link: Link
) -> dict[str, Place]:
    most = max((amount.size for amount in amounts.values()), default=Decimal(0))
    nothing = Amount(0, Decimal(0))
    return {
        code: Place(
            parameter,
            code,
            str(label),
            amount := amounts.get(code, nothing),
            unit,
            _level(amount, most),
            *link(parameter, code),
        )
        for code, label in labels.items()
    }


def _level(amount: Amount, most: Decimal) -> int:
    if not amount.posts:
        return 0
    return 1 + int((LEVELS - 1) * (amount.size / most).sqrt()) if most else 1


def _strips() -> set[str]:
    return {code for _boxes, strips in _DRAWN for code in strips}


def _region(
    boxes: Mapping[str, _Box], strips: _Strips, grids: Mapping[str, Place], lands: Mapping[str, Place]
) -> Region:
    rows = sorted({row for row, _column, _width in strips.values()})
    tiles = [_strip(lands[code], *where, rows) for code, where in strips.items()]
    tiles += [_tile(grids[code], *where, rows) for code, where in boxes.items()]
    tiles.sort(key=lambda tile: (tile.y, tile.x))  # the order in which the keyboard walks
    return Region(
        max(tile.x + tile.width for tile in tiles), max(tile.y + tile.height for tile in tiles), tiles
    )


def _top(row: int, strips: Iterable[int]) -> int:
    """Where a row of cells begins: below all rows before it and the strips above it."""
    return row * (CELL[1] + GAP) + sum(STRIP + GAP for strip in strips if strip <= row)


def _tile(place: Place, column: int, row: int, width: int, height: int, strips: list[int]) -> Tile:
    wide, high = width * (CELL[0] + GAP) - GAP, height * (CELL[1] + GAP) - GAP
    return Tile(place, column * (CELL[0] + GAP), _top(row, strips), wide, high, is_strip=False)


def _strip(place: Place, row: int, column: int, width: int, strips: list[int]) -> Tile:
    wide = width * (CELL[0] + GAP) - GAP
    return Tile(place, column * (CELL[0] + GAP), _top(row, strips) - STRIP - GAP, wide, STRIP, is_strip=True)


# --- What the groups of `ListFilter.places` say --------------------------------------------------

_Amounts = dict[str, Amount]
_Edges = tuple[int, ...]
_middle = cache(band_middle)


def _lands_of_supply(groups: Groups, edges: _Edges) -> _Amounts:
    """By country and band."""
    return _added((country, count, _middle(band, edges)) for (country, band), count in groups.items())


def _grids_of_supply(groups: Groups, edges: _Edges) -> _Amounts:
    """By grid, whether it may be known, and band."""
    seen = ((grid, band, count) for (grid, is_seen, band), count in groups.items() if grid and is_seen)
    return _added((grid, count, _middle(band, edges)) for grid, band, count in seen)


def _lands_of_requests(groups: Groups, edges: _Edges) -> _Amounts:
    """By countries that are taken or excluded, kind and size band. A request counts wherever it would go."""
    posts: dict[tuple[Any, ...], int] = {}
    sizes: dict[tuple[Any, ...], Any] = {}
    for (*where, kind, band), count in groups.items():
        posts[tuple(where)] = posts.get(tuple(where), 0) + count
        sizes[tuple(where)] = sizes.get(tuple(where), 0) + count * _wanted(kind, band, edges)
    named = {code for codes, *_rest in posts for code in codes.split(",") if code} | _strips()
    taken, wanted = takers(posts, named), takers(sizes, named)
    return {code: Amount(taken[code], Decimal(wanted[code])) for code in named}


def _grids_of_requests(groups: Groups, edges: _Edges) -> _Amounts:
    """By the grids that are named, kind and size band."""
    return _added(
        (grid, count, _wanted(kind, band, edges))
        for (grids, kind, band), count in groups.items()
        for grid in grids
    )


def _wanted(kind: str, band: int, edges: _Edges) -> Decimal:
    """What a request counts with: one for GPUs has no MW."""
    return _middle(band, edges) if kind == RequestKind.POWER else Decimal(0)


def _added(rows: Iterable[tuple[str, int, Decimal]]) -> _Amounts:
    amounts: _Amounts = {}
    for code, posts, each in rows:
        before = amounts.get(code, Amount(0, Decimal(0)))
        amounts[code] = Amount(before.posts + posts, before.size + posts * each)
    return amounts


_Count = Callable[[Groups, _Edges], _Amounts]
# How each kind of post is counted: by country, by grid, with its bands of which unit.
_COUNTED: dict[str, tuple[_Count, _Count, _Edges, str]] = {
    PostType.SITE: (_lands_of_supply, _grids_of_supply, MW_EDGES, "MW"),
    PostType.GPU_POOL: (_lands_of_supply, _grids_of_supply, GPU_EDGES, "GPUs"),
    PostType.REQUEST: (_lands_of_requests, _grids_of_requests, MW_EDGES, "MW"),
}
