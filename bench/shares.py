"""How often what occurs: counted in marketplace/demo/data unless a comment says that it is invented."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bench.dice import Shares
from engine import Evidence, Freshness, Weights


def some(*words: str) -> frozenset[str]:
    return frozenset(words)


POOL_AMONG_OFFERS = 14 / 106
GPU_AMONG_REQUESTS = 7 / 27

# ---- places: country, region, grid of the 92 sites; in eight of them one is not known
PLACES: Shares[tuple[str, str | None, str | None]] = Shares(
    {
        ("US", "US-TX", "ERCOT"): 27,
        ("US", "US-GA", "SOCO"): 5,
        ("US", "US-OH", "PJM"): 5,
        ("US", "US-PA", "PJM"): 5,
        ("US", "US-ND", "MISO"): 4,
        ("US", "US-NY", "NYISO"): 4,
        ("CA", "CA-BC", "BCH"): 3,
        ("US", "US-OK", "SPP"): 2,
        ("US", "US-AL", "SOCO"): 2,
        ("US", "US-KY", "MISO"): 2,
        ("US", None, None): 3,
        ("CA", "CA-AB", "AESO"): 2,
        ("CA", "CA-QC", "HQ"): 2,
        ("CA", "CA-ON", "IESO"): 2,
        ("SE", "SE-BD", "SE1"): 2,
        ("US", "US-WA", "WECC"): 2,
        ("US", "US-NC", "TVA"): 1,
        ("US", "US-NC", "DUKE"): 1,
        ("US", "US-KY", "TVA"): 1,
        ("US", "US-TX", "SPP"): 1,
        ("US", "US-TX", None): 1,
        ("US", "US-MD", "PJM"): 1,
        ("US", "US-MI", "PJM"): 1,
        ("US", "US-LA", "MISO"): 1,
        ("US", "US-NE", "SPP"): 1,
        ("US", "US-WY", "WECC"): 1,
        ("US", "US-TN", "TVA"): 1,
        ("CA", "CA-NB", "NBP"): 1,
        ("NO", "NO-50", "NO3"): 2,
        ("NO", "NO-15", "NO3"): 1,
        ("NO", "NO-46", None): 1,
        ("NO", "NO-18", "NO4"): 1,
        ("AE", "AE-AZ", "EWEC"): 1,
        ("BT", "BT-12", "BPC"): 1,
        ("PY", "PY-10", "ANDE"): 1,
    }
)
PRICED_COUNTRIES = some("US", "CA", "NO", "SE")
ASK = 112
ASK_BY_GRID = {"NYISO": 130, "MISO": 125}
POWER_PRICE_BY_GRID = {
    "ERCOT": 45, "PJM": 60, "MISO": 48, "SPP": 42, "NYISO": 48, "TVA": 55, "SOCO": 58, "DUKE": 60, "WECC": 45,
    "AESO": 60, "IESO": 70, "HQ": 45, "BCH": 50, "NBP": 65, "NO3": 45, "NO4": 35, "SE1": 35,
}  # fmt: skip


# ---- situations of sites, as marketplace/demo/data/assumptions.toml explains them


@dataclass(frozen=True)
class Situation:
    """What a site's status means for its first phase. Months are counted from today."""

    stage: str
    grid_stages: Shares[str]
    months: tuple[int, int]
    delivery: Shares[frozenset[str]]
    lease_basis: str
    paid_by: Shares[str]
    paid_by_known: float
    cooling_known: float
    redundancy_known: float = 0.0
    no_ask: bool = False
    is_hall: bool = False
    is_shell: bool = False


_IN_SERVICE = Shares({"in_service": 1})
_EXECUTED = Shares({"agreement_executed": 19, "agreement_pending": 2, "in_service": 1})
_EARLY = Shares({"study": 3, "facility_study": 1, "requested": 1, "not_submitted": 1})
_LANDLORD = Shares({"landlord": 9, "tenant": 1})
_BUILT = Shares({some("build_to_suit"): 1})
_EITHER = Shares({"landlord": 1, "tenant": 1})
_TURNKEY = Shares({some("turnkey"): 1})
_HOSTING_TOO = Shares({some("turnkey", "hosting"): 1})
_TO_SUIT_TOO = Shares({some("turnkey", "build_to_suit"): 1})
_SHELL_TOO = Shares({some("build_to_suit", "powered_shell"): 1})
_LAND_TOO = Shares({some("build_to_suit", "powered_land"): 1})
_BROKEN = Shares({"delayed": 3, "withdrawn": 1})

MINE = Situation("planned", _IN_SERVICE, (18, 30), _BUILT, "nnn", _LANDLORD, 1, 0)
PROSPECT = Situation("study", _IN_SERVICE, (12, 24), _BUILT, "nnn", _LANDLORD, 1, 0)
DEVELOPMENT = Situation("study", _EXECUTED, (12, 30), _SHELL_TOO, "nnn", _EITHER, 0, 0.4, is_shell=True)
CONVERTING = Situation(
    "construction", _IN_SERVICE, (2, 15), _HOSTING_TOO, "modified_gross", _LANDLORD, 1, 0.8, 1
)
CONSTRUCTION = Situation(
    "construction", _EXECUTED, (4, 18), _TO_SUIT_TOO, "modified_gross", _LANDLORD, 1, 0.8, 1
)
RUNNING = Situation(
    "ready_for_service", _IN_SERVICE, (0, 6), _HOSTING_TOO, "gross", _LANDLORD, 0, 1, 1, is_hall=True
)
PIPELINE = Situation("planned", _EARLY, (30, 54), _LAND_TOO, "nnn", _LANDLORD, 0, 0.5, no_ask=True)
LET = Situation(
    "planned", _IN_SERVICE, (110, 200), _TURNKEY, "modified_gross", _LANDLORD, 0, 0.6, no_ask=True
)
CLOSED = Situation("planned", _BROKEN, (24, 36), _BUILT, "nnn", _LANDLORD, 1, 0)
SITUATIONS = Shares(
    [
        (MINE, 29),
        (PROSPECT, 12),
        (DEVELOPMENT, 19),
        (CONVERTING, 7),
        (CONSTRUCTION, 3),
        (RUNNING, 2),
        (PIPELINE, 3),
        (LET, 16),
        (CLOSED, 1),
    ]
)
# Reference listings have one phase, or two where a source splits the site; owners post more. Invented.
PHASES = Shares({1: 60, 2: 25, 3: 10, 4: 5})
LATER_STAGES = Shares({"planned": 56, "study": 32, "construction": 8, "contracted": 4})
COOLED = Shares(
    {
        (some("direct_to_chip"), Decimal(130)): 24,
        (some("air"), Decimal(40)): 4,
        (some("direct_to_chip", "air"), Decimal(130)): 1,
        (some("direct_to_chip", "rear_door"), Decimal(135)): 1,
        (some("direct_to_chip"), Decimal(150)): 2,
        (some("immersion"), Decimal(100)): 1,
    }
)
REDUNDANCY = Shares({"n_plus_1": 12, "n": 2, "2n": 1})
SMALLEST_BLOCKS = ((300_000, 50_000), (100_000, 20_000), (20_000, 5_000), (0, 0))
INTERRUPTIBLE_HOURS = Shares({0: 12, 24: 3, 50: 3, 88: 2, 175: 2, 350: 1, 6_132: 1})
ESCALATOR_PCT = Shares({Decimal(3): 7, Decimal("2.5"): 1, Decimal(2): 1, Decimal(4): 1})
SHORTEST_TERM = Shares({120: 75, 84: 10, 60: 15})
LONGEST_TERM = Shares({240: 80, 180: 15, 300: 5})
_SPECULATIVE, _INVESTMENT = "speculative_grade", "investment_grade"
CREDIT_OF_LARGE = (_INVESTMENT, Decimal(0), Decimal(36))
CREDIT_OF_OTHERS = (_SPECULATIVE, Decimal(6), Decimal(12))
_FRESH, _STALE, _NONE = Freshness.FRESH, Freshness.STALE, Freshness.NONE
# The public sources are stale by now; that an eighth of the owners keep theirs fresh is invented.
EVIDENCE = Shares(
    {
        Evidence(): 60,
        Evidence(_STALE, _STALE): 19,
        Evidence(_STALE, _STALE, _STALE): 6,
        Evidence(_FRESH, _FRESH, _FRESH): 8,
        Evidence(_FRESH, _FRESH, _FRESH, _FRESH): 5,
        Evidence(_FRESH, _STALE, _NONE, _STALE): 2,
    }
)
COMPLIANCE_OFFERED = Shares(
    {some("soc2"): 4, some("soc2", "iso_27001"): 3, some("soc2", "tier_iii"): 2, some("iso_27001"): 1}
)

# ---- GPU pools: model with its usual price in US$ per GPU-hour
POOL_MODELS = Shares(
    {
        ("H100 SXM5 80GB", 2.15): 6,
        ("H200 SXM5 141GB", 3.00): 3,
        ("B200 SXM 180GB", 4.75): 2,
        ("GB200 NVL72 (per GPU)", 4.54): 1,
        ("GB300 NVL72 (per GPU)", 5.70): 1,
        ("MI300X", 2.20): 1,
        ("MI325X", 2.60): 1,
        ("A100 80GB SXM4", 1.05): 1,
        ("A100 40GB SXM4", 0.85): 1,
        ("L40S", 0.95): 1,
    }
)
FABRICS: Shares[tuple[str | None, int | None]] = Shares(
    {
        ("infiniband", 400): 5,
        ("infiniband", 800): 1,
        ("infiniband", 200): 1,
        ("roce", 400): 3,
        ("roce", 800): 1,
        ("ethernet", 100): 2,
        ("ethernet", 200): 1,
        (None, None): 1,
    }
)
POOL_EVIDENCE = Shares({Evidence(_FRESH, _FRESH, _FRESH): 3, Evidence(_STALE, _STALE, _STALE): 1})
SHORTEST_COMMITMENT = Shares({1: 4, 3: 2, 6: 2, 12: 3, 24: 1, 36: 1})
LONGEST_COMMITMENT = Shares({12: 2, 18: 1, 24: 3, 36: 4, 60: 4})
POOL_SECURITY = Shares({None: 3, Decimal(1): 4, Decimal(2): 2, Decimal(3): 2, Decimal(6): 3})
SMALLEST_ORDER = Shares({None: 4, 8: 2, 32: 1, 64: 2, 128: 2, 256: 2})

# ---- requests
STEPS = Shares({1: 5, 2: 10, 3: 4, 4: 1})
PLACE_NAMED = Shares({"countries": 11, "grids": 6, "regions": 3})
PLACES_NAMED = {
    "countries": Shares({1: 8, 2: 2, 3: 1}),
    "grids": Shares({1: 1, 2: 3, 3: 2}),
    "regions": Shares({1: 2, 2: 2, 4: 1}),
}
HALL_WISHES: Shares[dict[str, Any]] = Shares(
    [
        ({}, 6),
        ({"min_rack_kw": Decimal(120), "cooling_any_of": some("direct_to_chip")}, 4),
        ({"min_rack_kw": Decimal(120)}, 3),
        ({"min_rack_kw": Decimal(80), "preferred_cooling": "direct_to_chip"}, 2),
        ({"min_rack_kw": Decimal(120), "preferred_rack_kw": Decimal(132)}, 2),
        ({"min_rack_kw": Decimal(30)}, 2),
        ({"cooling_any_of": some("direct_to_chip", "rear_door")}, 2),
        ({"cooling_any_of": some("air"), "min_redundancy": "n_plus_1"}, 1),
        ({"min_redundancy": "n_plus_1"}, 1),
    ]
)
MOST_INTERRUPTED = Shares({None: 10, 10: 1, 24: 1, 50: 4, 100: 2, 200: 2})
COMPLIANCE_ASKED = Shares({some(): 17, some("soc2", "tier_iii"): 1, some("iso_27001"): 1, some("soc2"): 1})
DELIVERY_ASKED = Shares(
    {some(): 15, some("build_to_suit"): 1, some("build_to_suit", "turnkey"): 2, some("turnkey"): 2}
)
DELIVERY_PREFERRED = Shares({None: 16, "turnkey": 2, "build_to_suit": 2})
BASIS_ASKED = Shares({some(): 18, some("gross"): 1, some("nnn", "modified_gross"): 1})
MOST_ESCALATOR_PCT = Shares({None: 18, Decimal(3): 1, Decimal("2.5"): 1})
CAP = 182
POWER_TERMS = Shares(
    {
        (120, 180, 180): 7,
        (180, 180, 180): 1,
        (120, 240, 180): 1,
        (120, 180, 144): 3,
        (120, 144, 144): 1,
        (120, 180, 120): 2,
        (60, 180, 120): 1,
        (84, 144, 120): 1,
        (60, 144, 120): 1,
        (36, 84, 60): 1,
        (36, 60, 48): 1,
        (24, 60, 36): 1,
        (6, 18, 12): 1,
    }
)
# Class, guarantor's class, months of guarantee
TENANTS: Shares[tuple[str, str | None, int]] = Shares(
    {
        (_INVESTMENT, None, 0): 7,
        (_SPECULATIVE, None, 0): 6,
        ("unrated", _INVESTMENT, 120): 3,
        ("unrated", _INVESTMENT, 24): 1,
        ("unrated", None, 0): 4,
    }
)
SECURITY_OFFERED = {
    _INVESTMENT: Shares({Decimal(0): 8, Decimal(3): 1, Decimal(6): 1}),
    _SPECULATIVE: Shares({Decimal(3): 1, Decimal(6): 5, Decimal(9): 3, Decimal(12): 1}),
    "unrated": Shares({Decimal(1): 2, Decimal(2): 2, Decimal(3): 2, Decimal(6): 3, Decimal(12): 2}),
}
WISHED_MODELS = Shares(
    {
        (("H100 SXM5 80GB", 2.70), ("H200 SXM5 141GB", 3.50)): 2,
        (("H100 SXM5 80GB", 2.60),): 1,
        (("H200 SXM5 141GB", 3.50),): 1,
        (("B200 SXM 180GB", 5.20), ("B300 SXM 288GB", 6.00)): 1,
        (("GB200 NVL72 (per GPU)", 5.00), ("GB300 NVL72 (per GPU)", 6.20)): 1,
        (("MI300X", 3.00), ("MI325X", 3.40)): 1,
        (("A100 80GB SXM4", 1.30), ("A100 40GB SXM4", 1.00), ("L40S", 0.95)): 1,
        (("MI355X", 2.00),): 1,
    }
)
FABRICS_ASKED: Shares[tuple[frozenset[str], int | None]] = Shares(
    {
        (some(), None): 4,
        (some("infiniband", "roce"), 400): 1,
        (some("infiniband"), 400): 1,
        (some("infiniband"), None): 1,
    }
)
GPU_TERMS = Shares(
    {(6, 24, 12): 2, (24, 120, 60): 1, (36, 180, 120): 1, (3, 12, 6): 1, (3, 24, 12): 1, (12, 36, 24): 1}
)
# Nearly everybody leaves the weights as they are. Invented.
WEIGHTS = Shares(
    {
        Weights(): 9,
        Weights(Decimal("0.30"), Decimal("0.50"), Decimal("0.20")): 1,
    }
)
