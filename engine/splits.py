"""Dividing a ramp among sources so that most of it is sure, and finding the few best sets of sources.

A source is a pile of levels, surest at the bottom; a level is worth so much to each step of the ramp. To
divide a ramp among given sources is then a transport problem, units of steps to units of levels. It is solved
exactly, step by step: each unit takes the path that gains most, moving earlier ones where that pays.

What a set of sources delivers is submodular: a source adds the less, the more others there are. So what it
adds to a few bounds what it adds to more, and a search that tries the most promising first can stop where no
bound reaches the plans it has. Least parts only lower what a set delivers, so bounds leave them aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import heapify, heappop, heappush, nsmallest
from itertools import pairwise
from typing import NamedTuple

from engine.scores import rounded

# Sets of several sources that are looked at for a ramp of one step before the search settles for what it has;
# with the steps the work for each grows. A longer ramp is searched with its steps taken together.
TRIED_SETS = 600
STEPS_MOST = 4
# An offer of so many phases that it has more levels is searched and divided with neighbours taken together.
LEVELS_MOST = 16
# So many of the best sources are first completed the quick way: good plans early make good bounds.
DIVES = 6
# More than anything can earn: least parts come first.
FIRST = 10**18

Shares = list[int]  # of each step's increment
Gain = tuple[int, int, bool]  # minus what a source adds, the source, whether this is exact or a bound


class Level(NamedTuple):
    """So many units of capacity, each worth this much to a unit of each step."""

    size: int
    worth: tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """An offer as the search sees it. A part of it is at least `least`."""

    id: int
    score: float
    least: int
    levels: tuple[Level, ...]

    @cached_property
    def least_first(self) -> tuple[Level, ...]:
        """The levels with those of the least part made worth more than anything else."""
        wanted, result = self.least, []
        for level in self.levels:
            must = min(wanted, level.size)
            wanted -= must
            if must:
                result.append(Level(must, tuple(FIRST + each for each in level.worth)))
            if must < level.size:
                result.append(Level(level.size - must, level.worth))
        return tuple(result)


class Split(NamedTuple):
    """What each source (by its id) delivers of each step's increment, and how much of that is sure."""

    shares: dict[int, Shares]
    delivered: int
    score: float


class Splits(NamedTuple):
    """The best splits; no other delivers more than `most`."""

    splits: list[Split]
    most: int
    complete: bool


def best_splits(sources: Sequence[Source], increments: Sequence[int], max_sites: int, limit: int) -> Splits:
    """The best `limit` sets of up to `max_sites` sources of which none can be left out, best first.

    `sources` come best score first: of sets that deliver the same, those of better scores are tried first.
    """
    coarse = [_coarse(source) for source in sources]
    search = _Search(*_thin(coarse, increments), max_sites, limit)
    search.run()
    if len(increments) <= STEPS_MOST and all(len(source.levels) <= LEVELS_MOST for source in sources):
        most = max([search.most, *(split.delivered for split in search.best)])
        return Splits(search.best, most, search.complete)
    by_id = {source.id: source for source in coarse}
    chosen = [[by_id[pk] for pk in split.shares] for split in search.best]
    splits = [split for each in chosen if (split := _split(each, increments)) is not None]
    return Splits(splits, _cap(sources, increments), complete=False)


def _coarse(source: Source) -> Source:
    """The source with at most `LEVELS_MOST` levels, neighbours taken together at their mean worth."""
    if len(source.levels) <= LEVELS_MOST:
        return source
    levels = []
    for group in _groups(len(source.levels), LEVELS_MOST):
        part = source.levels[group]
        size = sum(level.size for level in part)
        earned = zip(*([level.size * worth for worth in level.worth] for level in part), strict=True)
        levels.append(Level(size, tuple(sum(each) // size for each in earned)))
    return replace(source, levels=tuple(levels))


def _thin(sources: Sequence[Source], increments: Sequence[int]) -> tuple[Sequence[Source], Sequence[int]]:
    """The same with at most `STEPS_MOST` steps, neighbours taken together at their mean worth."""
    if len(increments) <= STEPS_MOST:
        return sources, increments
    groups = _groups(len(increments), STEPS_MOST)
    sizes = [sum(increments[group]) for group in groups]

    def mean(worth: tuple[int, ...]) -> tuple[int, ...]:
        earned = list(map(int.__mul__, increments, worth))
        return tuple(sum(earned[group]) // size for group, size in zip(groups, sizes, strict=True))

    thin = [replace(s, levels=tuple(Level(n, mean(worth)) for n, worth in s.levels)) for s in sources]
    return thin, sizes


def _groups(count: int, most: int) -> list[slice]:
    """So many neighbours in as many groups of about the same length."""
    return [slice(*pair) for pair in pairwise(round(count * at / most) for at in range(most + 1))]


def _cap(sources: Sequence[Source], increments: Sequence[int]) -> int:
    """What nobody can exceed: every step on its best level."""
    worths = [level.worth for source in sources for level in source.levels]
    best = (max(each) for each in zip(*worths, strict=True))
    return sum(map(int.__mul__, increments, best)) if worths else 0


@dataclass
class _Search:
    """Depth first, the source that adds most first, bounded by what sources added before."""

    sources: Sequence[Source]
    increments: Sequence[int]
    max_sites: int
    limit: int
    best: list[Split] = field(default_factory=list)
    most: int = 0
    complete: bool = True
    worth: dict[frozenset[int], int] = field(default_factory=dict)
    splits: dict[frozenset[int], Split | None] = field(default_factory=dict)
    recorded: set[frozenset[int]] = field(default_factory=set)

    def run(self) -> None:
        alone = [(-self.delivers(frozenset({one})), one, True) for one in range(len(self.sources))]
        alone.sort()
        for _, one, _ in alone:
            self.record(frozenset({one}))
        for _, one, _ in alone[:DIVES]:
            others = [(gain, other, False) for gain, other, _ in alone if other != one]
            self.visit(frozenset({one}), others, is_dive=True)
        self.visit(frozenset(), alone)

    def visit(self, chosen: frozenset[int], others: list[Gain], *, is_dive: bool = False) -> None:
        """Look at all supersets with these others, at each turn the one that may add most; in a dive only at
        what that one leads to.

        A gain known from fewer sources is only a bound; it is worked out when its turn has come.
        """
        room, base = self.max_sites - len(chosen), self.delivers(chosen)
        heap = list(others)
        heapify(heap)
        while room and heap:
            bound = min(self.cap, base - sum(gain for gain, _, _ in nsmallest(room, heap)))
            if bound <= self.floor:
                return
            _, other, is_exact = heappop(heap)
            if is_exact:
                rest = [(gain, one, False) for gain, one, _ in heap]
                self.visit(chosen | {other}, rest, is_dive=is_dive)
                if is_dive:
                    return
            elif self.is_spent(bound):
                return
            elif (now := self.delivers(chosen | {other})) > base:
                self.record(chosen | {other})
                heappush(heap, (base - now, other, True))

    @cached_property
    def cap(self) -> int:
        return _cap(self.sources, self.increments)

    @property
    def floor(self) -> int:
        """What a set must exceed to be among the best."""
        return self.best[-1].delivered if len(self.best) == self.limit else 0

    def is_spent(self, bound: int) -> bool:
        """Whether no more sets may be looked at; what they might deliver stays on record."""
        if len(self.worth) <= len(self.sources) + TRIED_SETS // len(self.increments):
            return False
        self.complete, self.most = False, max(self.most, bound)
        return True

    def delivers(self, chosen: frozenset[int]) -> int:
        """What the chosen deliver together, least parts left aside."""
        if chosen not in self.worth:
            piles = [self.sources[one].levels for one in sorted(chosen)]
            self.worth[chosen] = _earned(piles, divide(piles, self.increments))
        return self.worth[chosen]

    def record(self, chosen: frozenset[int]) -> None:
        """Keep the set if it is among the best and no source of it could be left out."""
        if chosen in self.recorded or self.delivers(chosen) <= self.floor:
            return
        self.recorded.add(chosen)
        split = self.split(chosen)
        if split is None or not split.delivered or split.delivered <= self.floor:
            return
        fewer = [self.split(chosen - {one}) for one in chosen] if len(chosen) > 1 else []
        if all(one is None or one.delivered < split.delivered for one in fewer):
            self.best = sorted([*self.best, split], key=_rank)[: self.limit]

    def split(self, chosen: frozenset[int]) -> Split | None:
        """The best division in which each has its least part; None if there is none."""
        if chosen not in self.splits:
            self.splits[chosen] = _split([self.sources[one] for one in sorted(chosen)], self.increments)
        return self.splits[chosen]


def _rank(split: Split) -> tuple[int, float, int, list[int]]:
    return -split.delivered, -split.score, len(split.shares), sorted(split.shares)


def _split(sources: Sequence[Source], increments: Sequence[int]) -> Split | None:
    """First as if there were no least parts; where one comes out too small, with these served first."""
    for piles in ([each.levels for each in sources], [each.least_first for each in sources]):
        taken = divide(piles, increments)
        shares = [[sum(step) for step in zip(*part, strict=True)] for part in taken]
        parts = [sum(share) for share in shares]
        if all(part >= source.least for part, source in zip(parts, sources, strict=True)):
            score = sum(source.score * part for source, part in zip(sources, parts, strict=True)) / sum(parts)
            by_id = {source.id: share for source, share in zip(sources, shares, strict=True)}
            return Split(by_id, _earned(piles, taken) % FIRST, rounded(score))
    return None


# ---- the transport problem

Piles = Sequence[Sequence[Level]]


def divide(piles: Piles, increments: Sequence[int]) -> list[list[Shares]]:
    """How many units of each step's increment go to each level of each pile, so that most is earned."""
    levels = [level for pile in piles for level in pile]
    flow = _Flow([level.worth for level in levels], [level.size for level in levels], len(increments))
    for step, wanted in enumerate(increments):
        flow.place(step, wanted)
    taken = iter(flow.taken)
    return [[next(taken) for _ in pile] for pile in piles]


def _earned(piles: Piles, shares: list[list[Shares]]) -> int:
    return sum(
        worth * units
        for pile, part in zip(piles, shares, strict=True)
        for level, taken in zip(pile, part, strict=True)
        for worth, units in zip(level.worth, taken, strict=True)
    )


class _Flow:
    """Units of steps on levels, at every time in the best way."""

    def __init__(self, worth: list[tuple[int, ...]], sizes: list[int], steps: int) -> None:
        self.worth, self.left = worth, sizes
        self.taken = [[0] * steps for _ in worth]
        # For each step the levels that are worth something to it, the best last.
        levels = range(len(worth))
        self.free = [
            sorted((at for at in levels if worth[at][step]), key=lambda at: (worth[at][step], -at))
            for step in range(steps)
        ]

    def place(self, step: int, wanted: int) -> None:
        """Place the units of one step; those that earn nothing stay out."""
        while wanted:
            gains, came_by = self._reach(step)
            ends = [(gains[one] + self.worth[at][one], -one, -at) for one in gains for at in self._best(one)]
            gain, last, level = max(ends, default=(0, 0, 0))
            if gain <= 0:
                return
            wanted -= self._push(step, -last, -level, wanted, came_by)

    def _best(self, step: int) -> list[int]:
        """The level with room that is worth most to the step, if there is one."""
        free = self.free[step]
        while free and not self.left[free[-1]]:
            free.pop()
        return free[-1:]

    def _reach(self, step: int) -> tuple[dict[int, int], dict[int, tuple[int, int]]]:
        """What is gained so far if a unit of an earlier step gives way and has to find another level; and by
        which (step, level) it gave way."""
        gains, came_by = {step: 0}, {}
        moves = self._moves(step) if step else []
        moved = True
        while moved:
            moved = False
            for gain, taker, leaver, at in moves:
                if taker in gains and gains[taker] + gain > gains.get(leaver, -FIRST * FIRST):
                    gains[leaver], came_by[leaver], moved = gains[taker] + gain, (taker, at), True
        return gains, came_by

    def _moves(self, step: int) -> list[tuple[int, int, int, int]]:
        """(gain, taker, leaver, level): the best level that one step can take from an earlier one."""
        moves = []
        for leaver in range(step):
            held = [at for at, taken in enumerate(self.taken) if taken[leaver]]
            for taker in range(step + 1):
                if taker != leaver and held:
                    gain, at = max((self.worth[at][taker] - self.worth[at][leaver], -at) for at in held)
                    moves.append((gain, taker, leaver, -at))
        return moves

    def _push(
        self, step: int, last: int, level: int, wanted: int, came_by: dict[int, tuple[int, int]]
    ) -> int:
        """Move as many units as the whole path lets through: `last` takes the level, and each step before it
        on the path the level that the one after it leaves."""
        moves, one = [], last  # (step that takes, step that leaves, level)
        while one != step:
            taker, at = came_by[one]
            moves.append((taker, one, at))
            one = taker
        units = min([wanted, self.left[level], *(self.taken[at][leaver] for _, leaver, at in moves)])
        self.left[level] -= units
        self.taken[level][last] += units
        for taker, leaver, at in moves:
            self.taken[at][leaver] -= units
            self.taken[at][taker] += units
        return units
