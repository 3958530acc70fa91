"""The rules of the market, pure: the same offers, needs and assumptions always give the same answer.

Read in this order: types, vocabulary, assumptions; supply and price; gates; scores; assessment,
ranking. docs/matching.md is the specification as built.
"""

from engine.assessment import Assessment, assess, examine
from engine.assumptions import STANDARD, Assumptions
from engine.gates import Gate
from engine.needs import GpuFacts, hosting_need
from engine.price import Comparable
from engine.ranking import FunnelRow, funnel, order_key, rank
from engine.scores import Criterion
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
    "Comparable",
    "Criterion",
    "Curve",
    "Evidence",
    "Freshness",
    "FunnelRow",
    "Gate",
    "GpuFacts",
    "Need",
    "Offer",
    "Phase",
    "State",
    "Step",
    "Unit",
    "Weights",
    "assess",
    "curves",
    "examine",
    "funnel",
    "hosting_need",
    "order_key",
    "rank",
]
