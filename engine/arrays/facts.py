"""What the loose test and the bounds read of an offer: a few facts, as if all its free phases counted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from engine.arrays.columns import NONE, Rows
from engine.arrays.compiled import unchecked
from engine.arrays.money import ALL_FITTED_OUT, BY_LANDLORD, SHELL, by_factor
from engine.arrays.quantities import BUILT, GPU
from engine.arrays.ranking import View
from engine.price import KW_MONTHS_PER_MW_YEAR, MONEY

STEPS = 3  # of an offer's curve; the last stands for all that follow
LINES = 2
ANY = np.iinfo(np.int32).max
EVERY = ANY  # as a mask of words
SOME = 1 << 30  # a word that every offer has
TO_SUIT = 1 << 30  # among kinds of cooling: a hall can be built to suit

FACTS = np.dtype(
    [
        ("ready", "i4", (STEPS,)),  # the days on which the nominal curve rises,
        ("risen", "i4", (STEPS,)),  # and what it has risen to
        ("dependable", "f4"),  # Σ confidence × free
        ("confidence", "f4"),  # of the surest phase
        # The surest free phases first, what can be depended on grows more slowly the more is asked for: after
        # the first phase, and after the second, it stays below a line.
        ("base", "f4", (LINES,)),
        ("slope", "f4", (LINES,)),
        ("evidence", "f4"),  # criteria that depend on the offer alone, as expected
        ("firmness", "f4"),
        ("escalator", "f4"),
        ("rack_kw", "f4"),  # in thousandths, the most of any phase
        ("rack_blank", "f4"),  # what a blank scores for it, if there is one
        ("built", "f4"),  # what a hall scores that can be built to suit, if there is one
        ("cooling", "i4"),  # of any phase
        ("cooling_otherwise", "f4"),  # what it scores if the preferred cooling is not among them
        ("delivery", "i4"),
        ("delivery_otherwise", "f4"),
        ("deliverable", "i4"),  # what is not known may be anything
        ("compliance", "i4"),
        # Kinds of cooling, TO_SUIT among them, and the most kW of a rack in thousandths; of GPUs the kind of
        # fabric and its Gbit/s. What is not known may be anything.
        ("kinds", "i4"),
        ("strength", "i4"),
        ("credit", "i4"),
        ("per_security", "f4"),  # 1 over the months,
        ("security_least", "f4"),  # or what it scores if none are asked for or known
        ("term_min", "i4"),
        ("term_max", "i4"),
        ("term_known", "f4"),  # 1,
        ("term_blank", "f4"),  # or what it scores if it is not
        # Money, per critical kW and month.
        ("asks", "f4"),  # 1 if it is known
        ("ask", "f4"),  # the lowest of any phase, with the allowance
        ("lowest", "f4"),
        ("power", "f4"),
        ("capex", "f4"),  # the tenant's part of the conversion per MW
        ("priced", "i4"),  # the price is known where one of these types is delivered, and none of those
        ("unpriced", "i4"),
    ],
    align=True,
)


@njit(cache=True)
def facts_of(M: View) -> Rows:
    """The facts of all offers, row by row."""
    facts = np.zeros(len(M.offers), FACTS)
    for n in range(len(M.offers)):
        _fill(M, M.offers[n], facts[n])
    return facts


@unchecked
def _fill(M: View, offer: Any, fact: Any) -> None:
    _fill_curve(M, offer, fact)
    _fill_halls(M, offer, fact)
    unknown = M.constants.unknown
    fact.evidence = offer.evidence
    fact.firmness = unknown if offer.interruptible_hours == NONE else offer.firmness
    fact.escalator = unknown if np.isnan(offer.escalator_pct) else offer.escalator
    fact.compliance = EVERY if offer.compliance == NONE else offer.compliance & EVERY
    _fill_terms(M, offer, fact)
    _fill_money(M, offer, fact)


@unchecked
def _fill_curve(M: View, offer: Any, fact: Any) -> None:
    fact.ready[:], fact.risen[:], fact.base[:], fact.slope[:] = ANY, 0, 0.0, 1.0
    step, total, dependable, surest = -1, 0, 0.0, 0.0
    for p in range(offer.phases):
        phase = M.phases[offer.phase + M.phases[offer.phase + p].by_ready]
        if phase.free <= 0:
            continue
        total += phase.free
        dependable += phase.confidence / 1000 * phase.free
        surest = max(surest, phase.confidence / 1000)
        if step < STEPS - 1:
            step += 1
            fact.ready[step] = phase.ready_on
        limited = total if offer.max_block == NONE else min(total, offer.max_block)
        fact.risen[step] = min(limited, ANY)
    for n in range(step + 1, STEPS):
        fact.risen[n] = fact.risen[max(0, step)]
    if offer.max_block != NONE:
        dependable = min(dependable, surest * offer.max_block)
    fact.dependable, fact.confidence = dependable, surest
    _fill_lines(M, offer, fact)


@unchecked
def _fill_halls(M: View, offer: Any, fact: Any) -> None:
    c = M.constants
    fact.rack_kw = fact.rack_blank = fact.built = 0.0
    fact.kinds = fact.strength = 0
    fact.cooling, fact.delivery, fact.deliverable = 0, offer.delivered & EVERY, 0
    fact.cooling_otherwise = fact.delivery_otherwise = 0.0
    for p in range(offer.phases):
        phase = M.phases[offer.phase + p]
        if phase.free <= 0:
            continue
        if np.isnan(phase.max_rack_kw):
            fact.rack_blank, fact.strength = c.unknown, ANY
        else:
            fact.strength = max(fact.strength, min(ANY, int(np.ceil(phase.max_rack_kw))))
            fact.rack_kw = max(fact.rack_kw, phase.max_rack_kw)
        if phase.delivery == NONE or phase.delivery & BUILT:
            fact.kinds |= TO_SUIT
        fact.kinds |= (EVERY if phase.cooling == NONE else phase.cooling & EVERY) & ~TO_SUIT
        if phase.cooling == NONE:
            fact.cooling_otherwise = max(fact.cooling_otherwise, c.unknown)
        else:
            fact.cooling |= phase.cooling & EVERY
            fact.cooling_otherwise = c.not_preferred
        _fill_delivery(M, phase, fact)
    if offer.unit == GPU:
        fact.deliverable = EVERY
        fact.kinds = EVERY if offer.fabric == NONE else 1 << offer.fabric
        fact.strength = ANY if offer.fabric_gbps == NONE else min(offer.fabric_gbps, ANY)


@unchecked
def _fill_delivery(M: View, phase: Any, fact: Any) -> None:
    if phase.delivery == NONE:
        fact.delivery_otherwise = max(fact.delivery_otherwise, M.constants.unknown)
        fact.deliverable = EVERY
        return
    fact.deliverable |= phase.delivery & EVERY
    fact.delivery_otherwise = M.constants.not_preferred
    if phase.delivery & BUILT:
        fact.built = M.constants.buildable


@unchecked
def _fill_lines(M: View, offer: Any, fact: Any) -> None:
    line, total, dependable = -1, 0, 0.0
    for p in range(offer.phases):
        phase = M.phases[offer.phase + p]
        confidence = phase.confidence / 1000
        if phase.free > 0 and 0 <= line < LINES:
            fact.base[line], fact.slope[line] = dependable - confidence * total, confidence
        if phase.free > 0:
            line += 1
            total += phase.free
            dependable += confidence * phase.free


@unchecked
def _fill_terms(M: View, offer: Any, fact: Any) -> None:
    unknown, months = M.constants.unknown, offer.security_months
    fact.credit = ANY if offer.credit == NONE else offer.credit
    fact.per_security = fact.security_least = 0.0
    if months > 0:
        fact.per_security = 1 / months
    else:
        fact.security_least = unknown if np.isnan(months) else 1.0
    fact.term_min = offer.term_min
    fact.term_max = ANY if offer.term_max == NONE else offer.term_max
    fact.term_known, fact.term_blank = 1.0, 0.0
    if offer.term_min == NONE or offer.term_max == NONE:
        fact.term_known, fact.term_blank = 0.0, unknown


@unchecked
def _fill_money(M: View, offer: Any, fact: Any) -> None:
    fact.ask = fact.lowest = np.nan
    for p in range(offer.phases):
        phase = M.phases[offer.phase + p]
        if phase.free > 0 and offer.asks:
            ask = by_factor(phase.ask, offer.factor)
            fact.ask = ask if np.isnan(fact.ask) else min(fact.ask, ask)
        if phase.free > 0 and offer.lowest_asks:
            lowest = by_factor(phase.lowest_ask, offer.factor)
            fact.lowest = lowest if np.isnan(fact.lowest) else min(fact.lowest, lowest)
    # A unit to the good of the pair: here asks are those of one phase, there means of several, rounded.
    allowance = np.nan if offer.allowance == NONE else offer.allowance
    fact.ask, fact.lowest, fact.power = fact.ask + allowance, fact.lowest + allowance - 1, offer.power - 1
    fact.asks = 1.0
    if np.isnan(fact.ask):
        fact.asks = fact.ask = 0.0
    fact.capex, fact.priced, fact.unpriced = 0.0, SOME, 0
    if offer.power == NONE:
        fact.priced = 0
    elif offer.unit != GPU and offer.paid_by == NONE:
        fact.priced = ALL_FITTED_OUT if offer.delivered_known else 0
        fact.unpriced = EVERY & ~SOME & ~ALL_FITTED_OUT
    elif offer.unit != GPU and offer.paid_by != BY_LANDLORD:
        capex = offer.capex
        if np.isnan(capex):
            capex, fact.priced = M.constants.shell_capex, SHELL
        fact.capex = capex * offer.tenant_share * MONEY / KW_MONTHS_PER_MW_YEAR
