"""Demand: capacity requests with the steps of their ramp."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django_countries.fields import CountryField

from listings.models import triggers
from listings.models.fields import (
    chosen,
    chosen_set,
    dates_in_century,
    flatten,
    known,
    limited,
    ordered,
    price,
    region,
    subset,
    whole,
    within,
)
from listings.models.posts import Post
from listings.models.supply import GpuModel
from listings.querysets import CapacityRequestQuerySet
from listings.vocabulary import (
    NO_QUARTER,
    Compliance,
    Cooling,
    Credit,
    Delivery,
    Fabric,
    Grid,
    LeaseBasis,
    Redundancy,
    RequestKind,
    Workload,
)

# Pairs of fields of which the first is at most the second: a CHECK each, and a message of the services.
REQUEST_ORDER = (
    ("term_min_months", "term_max_months"),
    ("term_min_months", "term_preferred_months"),
    ("term_preferred_months", "term_max_months"),
)
# Percent of the score: each 10 to 80, together 100.
WEIGHTS = ("power_weight_pct", "timeline_weight_pct", "terms_weight_pct")


class CapacityRequest(Post):
    """What one tenant needs, when, where and on which terms. Null and empty mean no wish."""

    kind = chosen(RequestKind)
    workload = chosen(Workload, default=Workload.MIXED)
    title = models.CharField(max_length=120)
    tolerance_pct = limited("pct", default=5)
    splittable = models.BooleanField(default=False)
    max_sites = models.PositiveSmallIntegerField(default=1)
    min_block_mw = limited("mw", null=True)

    countries = CountryField(multiple=True, blank=True)
    regions = ArrayField(region(), default=list, blank=True)
    grids = chosen_set(Grid, null=False)
    excluded_countries = CountryField(multiple=True, blank=True)

    min_rack_kw = limited("rack_kw", null=True)
    cooling_any_of = chosen_set(Cooling, null=False)
    min_redundancy = chosen(Redundancy, null=True)
    max_interruptible_hours = whole("hours_per_year", null=True)
    compliance_all_of = chosen_set(Compliance, null=False)
    delivery_types_any_of = chosen_set(Delivery, null=False)
    lease_basis_any_of = chosen_set(LeaseBasis, null=False)
    term_min_months = whole("months")
    term_max_months = whole("months")
    max_escalator_pct = limited("pct", null=True)

    preferred_rack_kw = limited("rack_kw", null=True)
    preferred_cooling = chosen(Cooling, null=True)
    term_preferred_months = whole("months", null=True)
    preferred_delivery_type = chosen(Delivery, null=True)

    credit = chosen(Credit, default=Credit.UNRATED)
    guarantor_credit = chosen(Credit, null=True)
    guarantee_months = whole("guarantee_months", default=0)
    security_months = limited("security_months", default=0)

    latest_on = models.DateField()
    price_cap_usd_kw_month = price(null=True)

    # How much each dimension counts in the score.
    power_weight_pct = whole("weight_pct", default=40)
    timeline_weight_pct = whole("weight_pct", default=35)
    terms_weight_pct = whole("weight_pct", default=25)

    fabric_any_of = chosen_set(Fabric, null=False)
    min_fabric_gbps = whole("gbps", null=True)
    accepts_hosting = models.BooleanField(default=False)
    notes = models.TextField(max_length=4000, blank=True)

    size_band = models.PositiveSmallIntegerField(default=0, editable=False)
    need_quarter = models.DateField(default=NO_QUARTER, editable=False)
    term_band = models.PositiveSmallIntegerField(default=0, editable=False)
    security_band = models.PositiveSmallIntegerField(default=0, editable=False)

    objects: ClassVar = CapacityRequestQuerySet.as_manager()

    class Meta:
        constraints = flatten(
            known(
                "request",
                kind=RequestKind,
                workload=Workload,
                min_redundancy=Redundancy,
                preferred_cooling=Cooling,
                preferred_delivery_type=Delivery,
                credit=Credit,
                guarantor_credit=Credit,
            ),
            subset(
                "request",
                grids=Grid,
                cooling_any_of=Cooling,
                compliance_all_of=Compliance,
                delivery_types_any_of=Delivery,
                lease_basis_any_of=LeaseBasis,
                fabric_any_of=Fabric,
            ),
            within("request", "pct", "tolerance_pct", "max_escalator_pct"),
            within("request", "months", "term_min_months", "term_max_months"),
            within("request", "mw", "min_block_mw"),
            within("request", "price", "price_cap_usd_kw_month"),
            within("request", "rack_kw", "min_rack_kw", "preferred_rack_kw"),
            dates_in_century("request", "latest_on"),
            within("request", "hours_per_year", "max_interruptible_hours"),
            within("request", "security_months", "security_months"),
            within("request", "guarantee_months", "guarantee_months"),
            within("request", "gbps", "min_fabric_gbps"),
            within("request", "weight_pct", *WEIGHTS),
            ordered("request", *REQUEST_ORDER),
            [
                models.CheckConstraint(
                    name="request_max_sites_range",
                    condition=Q(splittable=False, max_sites=1) | Q(splittable=True, max_sites__range=(2, 5)),
                    violation_error_message="max_sites is 1, or 2 to 5 if the request is splittable.",
                ),
                models.CheckConstraint(
                    name="request_hosting_needs_gpus",
                    condition=Q(kind=RequestKind.GPU) | Q(accepts_hosting=False),
                    violation_error_message="accepts_hosting belongs to a GPU request.",
                ),
                models.CheckConstraint(
                    name="request_weights_make_100",
                    condition=Q(power_weight_pct=100 - F("timeline_weight_pct") - F("terms_weight_pct")),
                    violation_error_message="The three weights make 100.",
                ),
            ],
        )
        indexes = [
            models.Index(fields=["need_quarter"], name="request_by_quarter"),
            models.Index(fields=["size_band"], name="request_by_size"),
            models.Index(fields=["kind", "size_band"], name="request_by_kind_and_size"),
        ]
        triggers = [
            *triggers.bump("request", "post_ptr_id", is_post=True),
            triggers.ramp_holds("request_ramp_holds", "post_ptr_id"),
        ]

    def __str__(self) -> str:
        return self.title


class Step(models.Model):
    """From this date on, the request uses this much in total."""

    request = models.ForeignKey(CapacityRequest, models.CASCADE, related_name="steps")
    need_on = models.DateField()
    critical_mw = limited("mw", null=True)
    gpus = whole("gpus", null=True)

    class Meta:
        constraints = flatten(
            [models.UniqueConstraint(fields=["request", "need_on"], name="step_one_per_date")],
            within("step", "mw", "critical_mw"),
            within("step", "gpus", "gpus"),
            dates_in_century("step", "need_on"),
            [
                models.CheckConstraint(
                    name="step_one_unit",
                    condition=Q(critical_mw=None, gpus__isnull=False)
                    | Q(critical_mw__isnull=False, gpus=None),
                    violation_error_message="A step counts either critical_mw or gpus.",
                )
            ],
        )
        triggers = [
            *triggers.bump("step", "request_id"),
            triggers.ramp_holds("step_ramp_holds", "request_id"),
        ]

    def __str__(self) -> str:
        return f"{self.critical_mw or self.gpus} from {self.need_on}"


class GpuWish(models.Model):
    """A GPU model that a request would take, and the most it would pay for it."""

    request = models.ForeignKey(CapacityRequest, models.CASCADE, related_name="gpu_wishes")
    model = models.ForeignKey(GpuModel, models.PROTECT, related_name="+")
    price_cap_usd_gpu_hour = price(null=True)

    class Meta:
        constraints = flatten(
            [models.UniqueConstraint(fields=["request", "model"], name="gpu_wish_once")],
            within("gpu_wish", "price", "price_cap_usd_gpu_hour"),
        )
        triggers = triggers.bump("gpu_wish", "request_id")

    def __str__(self) -> str:
        return f"{self.model}"
