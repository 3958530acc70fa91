"""How many posts each choice of a filter would leave, worked out from one grouped query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from listings.vocabulary import Face, quarter_label

Groups = Mapping[tuple[Any, ...], int]
Holds = Callable[[tuple[Any, ...], str], bool]
Counts = Callable[[Groups, Iterable[str]], dict[str, int]]
# What is counted by that is no column. A pool lies where its site does, or has a place of its own.
_WORKED_OUT: dict[str, Any] = {
    "is_seen": ~Q(face=Face.TEASER),
    "is_anywhere": Q(countries="", regions=[], grids=[]),
    "place_country": Coalesce(NullIf(F("country"), Value("")), F("at_site__country")),
    "place_grid": Coalesce("grid", "at_site__grid"),
}


@dataclass(frozen=True)
class Grouping:
    """Columns by whose values posts are counted. One that only the full face tells needs `is_seen` beside it:
    whether the reader sees the post in full."""

    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facet(Grouping):
    """One filter's counts: `counts(groups, choices)` says how many posts each choice finds.

    It must agree with the filter of the same name in `listings.filters`. A sparse facet offers no choice that
    finds nothing.
    """

    counts: Counts
    sparse: bool = False


def grouped(found: QuerySet[Any], groupings: Mapping[str, Grouping]) -> dict[str, Groups]:
    """How many of the posts have which values, for all groupings in one query: one pass over the posts."""
    sets = {name: list(one.columns) for name, one in groupings.items()}
    names = sorted({each for columns in sets.values() for each in columns})
    worked_out = {name: _WORKED_OUT[name] for name in names if name in _WORKED_OUT}
    masks = {_mask(names, columns): name for name, columns in sets.items()}
    groups: dict[str, dict[tuple[Any, ...], int]] = {name: {} for name in groupings}
    for mask, count, *values in _rows(found.annotate(**worked_out), names, sets.values()):
        row, name = dict(zip(names, values, strict=True)), masks[mask]
        groups[name][tuple(_hashable(row[column]) for column in sets[name])] = count
    return dict(groups)


def _rows(found: QuerySet[Any], names: list[str], sets: Iterable[list[str]]) -> list[tuple[Any, ...]]:
    """The ORM knows no GROUPING SETS: its own query becomes the table that they read."""
    places = {name: f"c{index}" for index, name in enumerate(names)}
    every = ", ".join(places.values())
    each = ", ".join(f"({', '.join(places[name] for name in one)})" for one in sets)
    try:
        inner, values = found.order_by().values_list(*names).query.sql_with_params()
    except EmptyResultSet:
        return []
    with connections[found.db].cursor() as cursor:
        cursor.execute(
            f"SELECT grouping({every}), count(*), {every} FROM ({inner}) AS posts ({every})"  # noqa: S608 - names of ours
            f" GROUP BY GROUPING SETS ({each})",
            values,
        )
        return list(cursor.fetchall())


def _mask(names: list[str], columns: list[str]) -> int:
    """What grouping() says of rows that are grouped by these columns: a bit for each that is left out."""
    return sum(2 ** (len(names) - 1 - at) for at, name in enumerate(names) if name not in columns)


def each(holds: Holds) -> Counts:
    """Counts from a rule that says whether a choice finds stored values."""

    def counts(groups: Groups, choices: Iterable[str]) -> dict[str, int]:
        return {one: sum(count for stored, count in groups.items() if holds(stored, one)) for one in choices}

    return counts


@each
def equal(stored: tuple[Any], choice: str) -> bool:
    return bool(stored[0] == choice)


@each
def equal_if_seen(stored: tuple[Any, bool], choice: str) -> bool:
    value, is_seen = stored
    return is_seen and value == choice


@each
def by_quarter(stored: tuple[date], choice: str) -> bool:
    return quarter_label(stored[0]) <= choice


def at_least(edges: tuple[int, ...]) -> Counts:
    return each(lambda stored, choice: stored[0] is not None and stored[0] > edges.index(int(choice)))


def below(edges: tuple[int, ...]) -> Counts:
    return each(lambda stored, choice: stored[0] is not None and stored[0] <= edges.index(int(choice)))


def takers(groups: Groups, choices: Iterable[str]) -> dict[str, int]:
    """Requests that take each country: those that name it and those that name no place at all.

    In one pass over their countries, whether they take any, and those that they exclude: a large market has
    thousands of different ones.
    """
    anywhere, named = 0, Counter[str]()
    for (countries, is_anywhere, excluded), count in groups.items():
        takes, never = _codes(countries), _codes(excluded)
        if is_anywhere:
            anywhere += count
            named.subtract(dict.fromkeys(never, count))
        else:
            named.update(dict.fromkeys(takes - never, count))
    return {choice: anywhere + named[choice] for choice in choices}


def _codes(stored: Any) -> set[str]:
    """Several countries are stored as "NO,SE"."""
    return set(str(stored).split(",")) if stored else set()


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
