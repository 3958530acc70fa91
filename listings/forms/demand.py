"""What a tenant fills in: megawatts or GPUs, each with its own first questions."""

from listings.forms.base import FieldsForm, PostForm, Section
from listings.models import CapacityRequest, GpuWish, Step
from listings.models.demand import WEIGHTS

_PLACE = Section("Place", ("regions", "grids", "excluded_countries"))
_SPLIT = Section("Size", ("tolerance_pct", "splittable", "max_sites", "min_block_mw"))
_HALL = (
    "cooling_any_of",
    "min_redundancy",
    "max_interruptible_hours",
    "compliance_all_of",
    "delivery_types_any_of",
)
_WISHES = Section(
    "Preferences",
    ("preferred_rack_kw", "preferred_cooling", "term_preferred_months", "preferred_delivery_type"),
)
_WEIGHTS = Section("What matters most", WEIGHTS)
_WHO = Section("Visibility", ("disclosure", "open_until", "notes"))


class PowerRequestForm(PostForm):
    model = CapacityRequest
    sections = (
        Section(
            "The request",
            (
                "title",
                "workload",
                "countries",
                "latest_on",
                "term_min_months",
                "term_max_months",
                "min_rack_kw",
                "price_cap_usd_kw_month",
                "credit",
            ),
        ),
        _PLACE,
        _SPLIT,
        Section("Hall", _HALL),
        Section("Terms", ("lease_basis_any_of", "max_escalator_pct")),
        _WISHES,
        _WEIGHTS,
        Section("What you offer", ("guarantor_credit", "guarantee_months", "security_months")),
        _WHO,
    )


class GpuRequestForm(PostForm):
    model = CapacityRequest
    sections = (
        Section(
            "The request",
            (
                "title",
                "workload",
                "countries",
                "latest_on",
                "term_min_months",
                "term_max_months",
                "fabric_any_of",
                "accepts_hosting",
                "credit",
            ),
        ),
        _PLACE,
        _SPLIT,
        Section("Cluster", ("min_fabric_gbps",)),
        Section(
            "Hall, if hosting is welcome",
            ("min_rack_kw", *_HALL, "lease_basis_any_of", "max_escalator_pct", "price_cap_usd_kw_month"),
        ),
        _WISHES,
        _WEIGHTS,
        Section("What you offer", ("guarantor_credit", "guarantee_months", "security_months")),
        _WHO,
    )


class PowerStepForm(FieldsForm):
    model = Step
    row_fields = ("need_on", "critical_mw")


class GpuStepForm(FieldsForm):
    model = Step
    row_fields = ("need_on", "gpus")


class GpuWishForm(FieldsForm):
    model = GpuWish
    row_fields = ("model", "price_cap_usd_gpu_hour")
