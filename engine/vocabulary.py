"""The ordered vocabularies of the market, weakest first where an order exists."""

from __future__ import annotations

BUILD_STAGES = ("planned", "study", "contracted", "construction", "ready_for_service")
READY_FOR_SERVICE = "ready_for_service"

# By rising confidence; equal confidences stand in the order in which a project passes them.
GRID_STAGES = (
    "withdrawn",
    "not_submitted",
    "requested",
    "study",
    "delayed",
    "facility_study",
    "agreement_pending",
    "agreement_executed",
    "in_service",
)

REDUNDANCY = ("n", "n_plus_1", "2n")

UNRATED = "unrated"
CREDIT = (UNRATED, "speculative_grade", "investment_grade")

DIRECT_TO_CHIP = "direct_to_chip"
COOLING = ("air", "rear_door", DIRECT_TO_CHIP, "immersion")

POWERED_SHELL = "powered_shell"
BUILD_TO_SUIT = "build_to_suit"
DELIVERY_TYPES = ("powered_land", POWERED_SHELL, "turnkey", BUILD_TO_SUIT, "hosting")
# Delivery in which the landlord fits the hall out unless the offer says otherwise.
FITTED_OUT = frozenset({"turnkey", BUILD_TO_SUIT, "hosting"})

NNN = "nnn"
MODIFIED_GROSS = "modified_gross"
GROSS = "gross"
LEASE_BASES = (NNN, MODIFIED_GROSS, GROSS)

FABRICS = ("infiniband", "roce", "ethernet")

LANDLORD = "landlord"
TENANT = "tenant"
SHARED = "shared"
PAID_BY = (LANDLORD, TENANT, SHARED)
