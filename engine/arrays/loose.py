"""Which offers a need may fit: a test on a few whole numbers, many offers at a time.

Offers stand in groups of one unit, model and place, large ones first: a group whose place does not suit is
passed over, and so are the offers that are too small. Whoever fits passes the test; most who pass do not fit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.arrays.columns import NONE, Rows
from engine.arrays.compiled import pairwise
from engine.arrays.facts import ANY, EVERY, TO_SUIT, facts_of
from engine.arrays.quantities import BUILT, GPU
from engine.arrays.ranking import View

WORD = 8  # answers looked at together


class Loose(NamedTuple):
    """Offers, group by group, as columns for the test, and as facts for bounds."""

    rows: NDArray[np.int32]
    starts: NDArray[np.int32]  # of each group, and the end of the last
    size: NDArray[np.int64]
    order: NDArray[np.int32]
    term_min: NDArray[np.int32]
    term_max: NDArray[np.int32]
    credit: NDArray[np.int32]
    instead: NDArray[np.int32]
    hours: NDArray[np.int32]
    basis: NDArray[np.int32]
    escalator: NDArray[np.int32]
    compliance: NDArray[np.int32]
    deliverable: NDArray[np.int32]
    kinds: NDArray[np.int32]  # of cooling or fabric,
    strength: NDArray[np.int32]  # and of racks or fabric, as `facts` has them
    ready: NDArray[np.int32]  # the days on which what there is rises, a row each,
    risen: NDArray[np.int32]  # and what it has risen to
    facts: Rows


def loosened(view: View) -> Loose:
    """The living offers in groups of one unit, model and place, the largest of each group first."""
    offers = view.offers
    facts = facts_of(view)
    size = facts["risen"][:, -1].astype(np.int64)
    clustered = (offers["unit"] == GPU) & (offers["largest_cluster"] != NONE)
    size = np.where(clustered, np.minimum(size, offers["largest_cluster"]), size)
    alive = np.flatnonzero(offers["alive"])
    unit, model, place = (offers[name][alive].astype(np.int64) for name in ("unit", "model", "place"))
    # One number for the three: there are fewer models and places than that has room for.
    group = unit << 60 | model + 1 << 30 | place + 1
    order = np.lexsort((-size[alive], group))
    rows, group = alive[order], group[order]
    changes = np.flatnonzero(group[1:] != group[:-1]) + 1
    basis = offers["basis"].astype(np.int64)

    def column(values: NDArray[Any]) -> NDArray[np.int32]:
        return np.minimum(values[rows].astype(np.int64), ANY).astype(np.int32)

    return Loose(
        rows=rows.astype(np.int32),
        starts=np.unique([0, *changes, len(rows)]).astype(np.int32),
        size=size[rows],
        order=column(offers["smallest_order"]),
        term_min=column(offers["term_min"]),
        term_max=column(np.where(offers["term_max"] == NONE, ANY, offers["term_max"])),
        credit=column(offers["credit"]),
        instead=column(np.nan_to_num(offers["security_instead"], nan=ANY)),
        hours=column(offers["interruptible_hours"]),
        basis=column(np.where(basis == NONE, ANY, 1 << np.maximum(basis, 0))),
        escalator=column(np.nan_to_num(offers["escalator_pct"], nan=NONE)),
        compliance=column(facts["compliance"]),
        deliverable=column(facts["deliverable"]),
        kinds=column(facts["kinds"]),
        strength=column(facts["strength"]),
        ready=np.ascontiguousarray(facts["ready"][rows].T),
        risen=np.ascontiguousarray(facts["risen"][rows].T),
        facts=facts.take(rows),  # by an index they would be copied field by field
    )


def only(loose: Loose, wanted: NDArray[np.bool_]) -> Loose:
    """Some of the offers, in their groups."""
    before = np.concatenate([[0], np.cumsum(wanted)])
    starts = np.unique(before[loose.starts]).astype(np.int32)
    columns = {
        name: np.ascontiguousarray(getattr(loose, name)[..., wanted])
        for name in Loose._fields
        if name != "starts"
    }
    return Loose(starts=starts, **columns)


@pairwise
def first_least(need: Any, M: View) -> int:
    """The least that a need can do with at its first step."""
    first = M.steps[need.step]
    return min(first.quantity, need.smallest_block) if need.splittable else first.least


@pairwise
def least_size(need: Any, M: View) -> int:
    """The least that a need can do with."""
    first = M.steps[need.step]
    if need.splittable:
        return min(first.quantity, need.smallest_block)
    return M.steps[need.step + need.steps - 1].least


@pairwise
def large_enough(L: Loose, start: int, end: int, least: int) -> int:
    """Where in a group those end that are large enough."""
    while start < end:
        middle = (start + end) >> 1
        if L.size[middle] >= least:
            start = middle + 1
        else:
            end = middle
    return start


@pairwise
def passing(need: Any, M: View, L: Loose, start: int, end: int, room: Any, count: int) -> int:
    """Append the offers of a stretch that pass; return how many `room.maybe` holds then."""
    _test(need, M, L, start, end, room.fits)
    for word in range((end - start + WORD - 1) // WORD):
        if room.words[word]:
            for n in range(word * WORD, word * WORD + WORD):
                room.maybe[count] = start + n
                count += room.fits[n]
    return count


@pairwise
def _test(need: Any, M: View, L: Loose, start: int, end: int, fits: NDArray[np.uint8]) -> None:
    """Whole numbers and no branch."""
    is_gpu = need.unit == GPU
    total, shortest, longest = (
        np.int32(min(need.total, ANY)),
        np.int32(need.term_min),
        np.int32(need.term_max),
    )
    credit = np.int32(ANY if is_gpu else need.credit)
    months = np.int32(need.security_months)
    hours = np.int32(ANY if is_gpu or need.interruptible_hours == NONE else need.interruptible_hours)
    basis = np.int32(ANY if is_gpu or need.basis == 0 else need.basis)
    escalator = np.int32(ANY if is_gpu or np.isnan(need.max_escalator_pct) else need.max_escalator_pct)
    words, types = np.int32(need.compliance & EVERY), np.int32(need.delivery & EVERY or EVERY)
    kinds, strength, built = _hall_or_fabric(need)
    first, last = M.steps[need.step], M.steps[need.step + need.judged - 1]
    soon, by = np.int32(first.on + need.slack), np.int32(last.on + need.slack)
    some, wanted = np.int32(min(first_least(need, M), ANY)), np.int32(min(least_size(need, M), ANY))
    # Counted from 0 over slices: only so is it plain that no place is negative, and many are done at a time.
    count = end - start
    order, from_months, to_months = L.order[start:end], L.term_min[start:end], L.term_max[start:end]
    classes, instead, hourly = L.credit[start:end], L.instead[start:end], L.hours[start:end]
    bases, rises = L.basis[start:end], L.escalator[start:end]
    had, deliverable = L.compliance[start:end], L.deliverable[start:end]
    has, strong = L.kinds[start:end], L.strength[start:end]
    ready, then, later = L.ready[0, start:end], L.ready[1, start:end], L.ready[2, start:end]
    risen, rises_then, rises_later = L.risen[0, start:end], L.risen[1, start:end], L.risen[2, start:end]
    # In two loops: with more columns in one of them it is not checked that they lie apart, and none is fast.
    for n in range(count):
        ok = (order[n] <= total) & (from_months[n] <= longest) & (to_months[n] >= shortest)
        ok &= (classes[n] <= credit) | (instead[n] <= months)
        ok &= (hourly[n] <= hours) & ((bases[n] & basis) != 0) & (rises[n] <= escalator)
        fits[n] = ok & (words & ~had[n] == 0) & (deliverable[n] & types != 0)
    for n in range(count):
        ok = (
            ((ready[n] <= soon) & (risen[n] >= some))
            | ((then[n] <= soon) & (rises_then[n] >= some))
            | ((later[n] <= soon) & (rises_later[n] >= some))
        )
        ok &= (
            ((ready[n] <= by) & (risen[n] >= wanted))
            | ((then[n] <= by) & (rises_then[n] >= wanted))
            | ((later[n] <= by) & (rises_later[n] >= wanted))
        )
        fits[n] &= ok & (has[n] & kinds != 0) & ((strong[n] >= strength) | (has[n] & built != 0))
    for n in range(count, (count + WORD - 1) // WORD * WORD):
        fits[n] = 0


@pairwise
def _hall_or_fabric(need: Any) -> tuple[np.int32, np.int32, np.int32]:
    """What an offer's `kinds` and `strength` are compared with; the kind that makes up for strength."""
    if need.unit == GPU:
        return np.int32(need.fabrics & EVERY or EVERY), np.int32(need.min_fabric_gbps), np.int32(0)
    built = TO_SUIT if need.delivery == 0 or need.delivery & BUILT else 0
    kinds = need.cooling & ~TO_SUIT & EVERY or EVERY
    rack_kw = 0 if np.isnan(need.min_rack_kw) else int(min(need.min_rack_kw, ANY))
    return np.int32(kinds | built), np.int32(rack_kw), np.int32(built)
