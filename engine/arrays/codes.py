"""Words as numbers: models, certificates and places, the same for both sides of a market."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.arrays.columns import MASK_BITS, NONE
from engine.gates import location
from engine.types import Need, Offer


@dataclass
class Codes:
    """Words as numbers, the same for both sides; whether a wish for places accepts a place."""

    models: dict[str, int] = field(default_factory=dict)
    certificates: dict[str, int] = field(default_factory=dict)
    places: dict[tuple[Any, ...], int] = field(default_factory=dict)
    wishes: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _at: list[Offer] = field(default_factory=list)
    _wanting: list[Need] = field(default_factory=list)
    _verdicts: NDArray[np.int8] = field(default_factory=lambda: np.zeros((16, 16), np.int8))
    _judged: list[int] = field(default_factory=list)
    _all_judged: tuple[int, int] = (0, 0)

    def model(self, name: str | None) -> int:
        return NONE if name is None else self.models.setdefault(name, len(self.models))

    def compliance(self, names: Iterable[str]) -> int:
        """Raises ValueError where the market knows more certificates than a mask has bits."""
        bits = [self.certificates.setdefault(name, len(self.certificates)) for name in sorted(names)]
        if len(self.certificates) > MASK_BITS:
            raise ValueError(f"The market knows more than {MASK_BITS} different certificates.")
        return sum(1 << bit for bit in bits)

    def place(self, offer: Offer) -> int:
        key = (offer.country, offer.region, offer.grid)
        if key not in self.places:
            self.places[key] = len(self.places)
            self._at.append(offer)
        return self.places[key]

    def wish(self, need: Need) -> int:
        key = (need.countries, need.regions, need.grids, need.excluded_countries)
        if key not in self.wishes:
            self.wishes[key] = len(self.wishes)
            self._wanting.append(need)
            self._judged.append(0)
        return self.wishes[key]

    def verdicts(self, wish: int | None = None) -> NDArray[np.int8]:
        """The location gate of wishes (rows) for places (columns), judged by the reference form, once.

        Judged are at least the row of this wish; None = all rows.
        """
        grown = tuple(max(had, 2 * has) for had, has in zip(self._verdicts.shape, self._sizes(), strict=True))
        if self._sizes()[0] > self._verdicts.shape[0] or self._sizes()[1] > self._verdicts.shape[1]:
            larger = np.zeros(grown, np.int8)
            larger[: self._verdicts.shape[0], : self._verdicts.shape[1]] = self._verdicts
            self._verdicts = larger
        if wish is not None:
            self._judge(wish)
        elif self._all_judged != self._sizes():
            for each in range(len(self._wanting)):
                self._judge(each)
            self._all_judged = self._sizes()
        return self._verdicts

    def _judge(self, wish: int) -> None:
        for place in range(self._judged[wish], len(self._at)):
            self._verdicts[wish, place] = as_number(location(self._wanting[wish], self._at[place]))
        self._judged[wish] = len(self._at)

    def _sizes(self) -> tuple[int, int]:
        return len(self._wanting), len(self._at)


def as_number(verdict: bool | None) -> int:
    """1 passed, 0 not known, −1 failed: then `every` is the minimum and `some` the maximum."""
    return 0 if verdict is None else 1 if verdict else -1
