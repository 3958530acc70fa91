"""How many posts each choice of a filter would leave, worked out from one grouped query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet

from listings.vocabulary import quarter_label

Groups = Mapping[tuple[Any, ...], int]
Holds = Callable[[tuple[Any, ...], str], bool]


@dataclass(frozen=True)
class Facet:
    """One filter's count: the columns that it looks at, and which stored values each choice finds.

    `holds(stored, choice)` must agree with the filter of the same name in `listings.filters`. A facet on what
    only the full face tells counts only posts that the reader sees in full. A sparse one offers no choice
    that would find nothing.
    """

    columns: tuple[str, ...]
    holds: Holds
    in_full: bool = False
    sparse: bool = False

    def groups(self, found: QuerySet[Any]) -> Groups:
        """How many of the posts have which values; one query."""
        rows = found.order_by().values_list(*self.columns).annotate(posts=Count("pk"))
        return {tuple(map(_hashable, stored)): count for *stored, count in rows}

    def count(self, groups: Groups, choice: str) -> int:
        return sum(count for stored, count in groups.items() if self.holds(stored, choice))


def equal(stored: tuple[Any, ...], choice: str) -> bool:
    """The first of the values that the columns have (a pool's own country or that of its site)."""
    return next((str(value) for value in stored if value), "") == choice


def by_quarter(stored: tuple[date], choice: str) -> bool:
    return quarter_label(stored[0]) <= choice


def at_least(edges: tuple[int, ...]) -> Holds:
    return lambda stored, choice: stored[0] is not None and stored[0] > edges.index(int(choice))


def below(edges: tuple[int, ...]) -> Holds:
    return lambda stored, choice: stored[0] is not None and stored[0] <= edges.index(int(choice))


def takes_country(stored: tuple[Any, ...], choice: str) -> bool:
    """Of a request's countries, regions, grids and excluded countries: it takes what it names or anything."""
    countries, regions, grids, excluded = stored
    anywhere = not (countries or regions or grids)
    return (anywhere or choice in _codes(countries)) and choice not in _codes(excluded)


def _codes(stored: Any) -> list[str]:
    """Several countries are stored as "NO,SE"."""
    return str(stored).split(",")


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
