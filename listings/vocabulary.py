"""The industry's words as the database knows them, and the bands that teasers show."""

from datetime import date
from decimal import Decimal

from django.db.models import TextChoices


class PostType(TextChoices):
    SITE = "site", "Site"
    GPU_POOL = "gpu_pool", "GPU pool"
    REQUEST = "request", "Capacity request"


class Status(TextChoices):
    DRAFT = "draft", "Draft"
    OPEN = "open", "Open"
    PAUSED = "paused", "Paused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


# From each status, where its owner may take a post. Time alone moves a post to expired.
MOVES: dict[str, frozenset[str]] = {
    Status.DRAFT: frozenset({Status.OPEN, Status.WITHDRAWN}),
    Status.OPEN: frozenset({Status.PAUSED, Status.WITHDRAWN}),
    Status.PAUSED: frozenset({Status.OPEN, Status.WITHDRAWN}),
    Status.EXPIRED: frozenset({Status.OPEN, Status.WITHDRAWN}),
    Status.WITHDRAWN: frozenset(),
}


class Face(TextChoices):
    """How much of a post its reader sees; each shows all that the one before it shows."""

    TEASER = "teaser", "Teaser"
    FULL = "full", "Full"
    RESERVE = "reserve", "Owner's"


class DisclosureMode(TextChoices):
    OPEN = "open", "Open to verified organizations of the other side"
    BLIND = "blind", "Blind until the owner grants access"


class Confidence(TextChoices):
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class Grid(TextChoices):
    """Grid regions and, in the Nordics, price zones."""

    ERCOT = "ERCOT", "ERCOT (Texas)"
    PJM = "PJM", "PJM (Mid-Atlantic, Ohio)"
    MISO = "MISO", "MISO (Midwest, Louisiana)"
    SPP = "SPP", "SPP (Plains)"
    NYISO = "NYISO", "NYISO (New York)"
    ISO_NE = "ISO-NE", "ISO-NE (New England)"
    CAISO = "CAISO", "CAISO (California)"
    WECC = "WECC", "WECC (other West)"
    TVA = "TVA", "TVA (Tennessee Valley)"
    SOCO = "SOCO", "Southern Company"
    DUKE = "DUKE", "Duke Energy Carolinas"
    AESO = "AESO", "AESO (Alberta)"
    IESO = "IESO", "IESO (Ontario)"
    HQ = "HQ", "Hydro-Québec"
    BCH = "BCH", "BC Hydro"
    NBP = "NBP", "NB Power"
    NO1 = "NO1", "Norway 1 (east)"
    NO2 = "NO2", "Norway 2 (south)"
    NO3 = "NO3", "Norway 3 (middle)"
    NO4 = "NO4", "Norway 4 (north)"
    NO5 = "NO5", "Norway 5 (west)"
    SE1 = "SE1", "Sweden 1 (north)"
    SE2 = "SE2", "Sweden 2"
    SE3 = "SE3", "Sweden 3"
    SE4 = "SE4", "Sweden 4 (south)"
    FI = "FI", "Finland"
    IS = "IS", "Iceland"
    EWEC = "EWEC", "EWEC (Abu Dhabi)"
    ANDE = "ANDE", "ANDE (Paraguay)"
    BPC = "BPC", "BPC (Bhutan)"
    OTHER = "OTHER", "Another grid"


class SiteControl(TextChoices):
    OWN = "own", "Owned"
    LEASE = "lease", "Leased"
    OPTION = "option", "Option"


class GridStage(TextChoices):
    """How far a site's interconnection is."""

    NOT_SUBMITTED = "not_submitted", "Not submitted"
    REQUESTED = "requested", "Requested"
    STUDY = "study", "Study"
    FACILITY_STUDY = "facility_study", "Facility study"
    AGREEMENT_PENDING = "agreement_pending", "Agreement pending"
    AGREEMENT_EXECUTED = "agreement_executed", "Agreement executed"
    IN_SERVICE = "in_service", "In service"
    DELAYED = "delayed", "Delayed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class BuildStage(TextChoices):
    """How far a phase's hall is."""

    PLANNED = "planned", "Planned"
    STUDY = "study", "Study"
    CONTRACTED = "contracted", "Contracted"
    CONSTRUCTION = "construction", "Construction"
    READY_FOR_SERVICE = "ready_for_service", "Ready for service"


class Cooling(TextChoices):
    AIR = "air", "Air"
    REAR_DOOR = "rear_door", "Rear door"
    DIRECT_TO_CHIP = "direct_to_chip", "Direct to chip"
    IMMERSION = "immersion", "Immersion"


class Redundancy(TextChoices):
    N = "n", "N"
    N_PLUS_1 = "n_plus_1", "N+1"
    TWO_N = "2n", "2N"


class Compliance(TextChoices):
    SOC2 = "soc2", "SOC 2"
    ISO_27001 = "iso_27001", "ISO 27001"
    HIPAA = "hipaa", "HIPAA"
    PCI_DSS = "pci_dss", "PCI DSS"
    FEDRAMP = "fedramp", "FedRAMP"
    TIER_III = "tier_iii", "Uptime Tier III"
    TIER_IV = "tier_iv", "Uptime Tier IV"


class Delivery(TextChoices):
    POWERED_LAND = "powered_land", "Powered land"
    POWERED_SHELL = "powered_shell", "Powered shell"
    TURNKEY = "turnkey", "Turnkey"
    BUILD_TO_SUIT = "build_to_suit", "Build to suit"
    HOSTING = "hosting", "Hosting of the tenant's GPUs"


class LeaseBasis(TextChoices):
    NNN = "nnn", "Triple net"
    MODIFIED_GROSS = "modified_gross", "Modified gross"
    GROSS = "gross", "Gross, all in"


class Credit(TextChoices):
    UNRATED = "unrated", "Unrated"
    SPECULATIVE = "speculative_grade", "Speculative grade"
    INVESTMENT = "investment_grade", "Investment grade"


class PaidBy(TextChoices):
    LANDLORD = "landlord", "Landlord"
    TENANT = "tenant", "Tenant"


class Claim(TextChoices):
    POWER = "power", "Power"
    CAPACITY = "capacity", "Capacity"
    DATE = "date", "Date"
    SITE_CONTROL = "site_control", "Site control"


class EvidenceMethod(TextChoices):
    STATEMENT = "statement", "Owner's statement"
    PUBLIC_SOURCE = "public_source", "Public source"
    DOCUMENT = "document", "Document"
    # Somebody else came to see: no owner can claim that.
    VISIT = "visit", "Visit"


# What an owner may back a claim with, and which of it counts only with the paper or the place to look it up.
OWNERS_METHODS = (EvidenceMethod.STATEMENT, EvidenceMethod.PUBLIC_SOURCE, EvidenceMethod.DOCUMENT)
DOCUMENTED_METHODS = (EvidenceMethod.PUBLIC_SOURCE, EvidenceMethod.DOCUMENT)
# What an owner can repeat by saying so; documents and visits age until there is a new one.
REPEATABLE_METHODS = (EvidenceMethod.STATEMENT, EvidenceMethod.PUBLIC_SOURCE)


class Freshness(TextChoices):
    FRESH = "fresh", "Fresh"
    STALE = "stale", "Stale"
    NONE = "none", "None"


class Fabric(TextChoices):
    INFINIBAND = "infiniband", "InfiniBand"
    ROCE = "roce", "RoCE"
    ETHERNET = "ethernet", "Ethernet"


class Vendor(TextChoices):
    NVIDIA = "NVIDIA", "NVIDIA"
    AMD = "AMD", "AMD"
    INTEL = "Intel", "Intel"


class RequestKind(TextChoices):
    POWER = "power", "Power"
    GPU = "gpu", "GPUs"


class Workload(TextChoices):
    TRAINING = "training", "Training"
    INFERENCE = "inference", "Inference"
    MIXED = "mixed", "Mixed"


# --- Bands -------------------------------------------------------------------------------------
# A band is stored as the number of edges at or below the value: 0 for the lowest.

MW_EDGES = (5, 20, 50, 100, 200, 500)
GPU_EDGES = (64, 256, 1_024, 4_096, 16_384)
RACK_KW_EDGES = (20, 40, 80, 130)
PRICE_EDGES_USD_KW_MONTH = (100, 125, 150, 175, 200, 250)
PRICE_EDGES_USD_GPU_HOUR = (1, 2, 3, 4, 6)
TERM_EDGES_MONTHS = (36, 84, 120, 180)
SECURITY_EDGES_MONTHS = (1, 3, 6, 12)


def band(value: Decimal | int, edges: tuple[int, ...]) -> int:
    """Return which band a value falls into: band(4.9, MW_EDGES) is 0, band(5, MW_EDGES) is 1."""
    return sum(edge <= value for edge in edges)


def band_label(index: int, edges: tuple[int, ...]) -> str:
    """Return a band in words: "<5", "5–20", "500+"."""
    if index == 0:
        return f"<{edges[0]:,}"
    if index == len(edges):
        return f"{edges[-1]:,}+"
    return f"{edges[index - 1]:,}–{edges[index]:,}"


def band_middle(index: int, edges: tuple[int, ...]) -> Decimal:
    """The middle of a band; of the highest, which has none, its lower edge."""
    if index == len(edges):
        return Decimal(edges[-1])
    return Decimal((edges[index - 1] if index else 0) + edges[index]) / 2


# Stored for a draft that names no date yet: later than any date that a post may name, so it sorts last.
NO_QUARTER = date(2101, 1, 1)


def quarter_of(day: date) -> date:
    """The first day of the quarter that a day falls into."""
    return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)


def next_quarter(quarter: date) -> date:
    """The first day of the quarter after the one that begins on this day."""
    return date(quarter.year + quarter.month // 10, (quarter.month + 2) % 12 + 1, 1)


def quarter_label(day: date) -> str:
    """A quarter in words: 2027-02-14 is "2027-Q1"."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


_COUNTS = ((0, "0"), (4, "1–4"), (19, "5–19"))


def count_label(count: int) -> str:
    """A count of posts, blind ones among them, as anybody may read it: 0, 1–4, 5–19, 20+."""
    return next((words for most, words in _COUNTS if count <= most), "20+")
