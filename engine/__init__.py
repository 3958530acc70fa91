"""The rules of the market, pure: the same offers, needs and assumptions always give the same answer.

Read in this order: types, vocabulary, assumptions; supply and price; gates; scores; assessment,
ranking. docs/matching.md is the specification as built.
"""

from engine.assessment import Assessment, assess, examine
from engine.assumptions import STANDARD, Assumptions
from engine.explanation import Binding, Explanation, Line, explain
from engine.gates import Gate
from engine.near import Change, NearMiss, near_misses
from engine.needs import GpuFacts, hosting_need
from engine.price import Comparable
from engine.ranking import FunnelRow, funnel, order_key, rank
from engine.scores import Criterion
from engine.statements import Statement
from engine.supply import Curve, curves
from engine.types import (
    Evidence,
    Freshness,
    Need,
    Offer,
    Phase,
    State,
    Step,
    Unit,
    Weights,
)

__all__ = [
    "STANDARD",
    "Assessment",
    "Assumptions",
    "Binding",
    "Change",
    "Comparable",
    "Criterion",
    "Curve",
    "Evidence",
    "Explanation",
    "Freshness",
    "FunnelRow",
    "Gate",
    "GpuFacts",
    "Line",
    "NearMiss",
    "Need",
    "Offer",
    "Phase",
    "State",
    "Statement",
    "Step",
    "Unit",
    "Weights",
    "assess",
    "curves",
    "examine",
    "explain",
    "funnel",
    "hosting_need",
    "near_misses",
    "order_key",
    "rank",
]
