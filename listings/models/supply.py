"""Supply: sites with their phases, GPU models and pools."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
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
    region_in_country,
    subset,
    whole,
    within,
)
from listings.models.posts import Post
from listings.querysets import PRICE_RANK, GpuModelQuerySet, GpuPoolQuerySet, SiteQuerySet
from listings.vocabulary import (
    NO_QUARTER,
    BuildStage,
    Compliance,
    Cooling,
    Credit,
    Delivery,
    Fabric,
    Grid,
    GridStage,
    LeaseBasis,
    PaidBy,
    Redundancy,
    SiteControl,
    Vendor,
)

# Pairs of fields of which the first is at most the second: a CHECK each, and a message of the services.
SITE_ORDER = (
    ("term_min_months", "term_max_months"),
    ("min_block_mw", "max_block_mw"),
    ("ask_floor_usd_kw_month", "ask_usd_kw_month"),
    ("pue_design", "pue_peak"),
)
GPU_POOL_ORDER = (
    ("commit_min_months", "commit_max_months"),
    ("available_from", "available_until"),
    ("largest_cluster_gpus", "gpus"),
    ("min_order_gpus", "gpus"),
)


class Hall(models.Model):
    """Facts about a hall: a site states the default, a phase only where it differs. Null is unknown."""

    cooling = chosen_set(Cooling, null=True)
    max_rack_kw = limited("rack_kw", null=True)
    power_redundancy = chosen(Redundancy, null=True)
    delivery_types = chosen_set(Delivery, null=True)
    ask_usd_kw_month = price(null=True)

    class Meta:
        abstract = True


def hall_rules(table: str) -> list[models.CheckConstraint]:
    return flatten(
        subset(table, cooling=Cooling, delivery_types=Delivery),
        known(table, power_redundancy=Redundancy),
        within(table, "rack_kw", "max_rack_kw"),
        within(table, "price", "ask_usd_kw_month"),
        [
            models.CheckConstraint(
                name=f"{table}_{name}_not_empty",
                condition=Q(**{name: None}) | Q(**{f"{name}__len__gte": 1}),
                violation_error_message=f"{name}: name at least one, or leave it unknown.",
            )
            for name in ("cooling", "delivery_types")
        ],
    )


class Site(Post, Hall):
    """An energized place whose power can be converted, phase by phase."""

    name = models.CharField(max_length=120)
    external_id = models.CharField(max_length=60, blank=True)
    country = CountryField()
    region = region(blank=True)
    grid = chosen(Grid, null=True)
    nearest_town = models.CharField(max_length=120, blank=True)
    latitude = models.DecimalField(
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    site_control = chosen(SiteControl, null=True)

    gross_mw = limited("mw")
    interconnection_stage = chosen(GridStage, null=True)
    power_price_usd_mwh = price(null=True)
    interruptible_hours_per_year = whole("hours_per_year", null=True)
    curtailment_notice_minutes = whole("minutes", null=True)
    pue_design = limited("pue", null=True)
    pue_peak = limited("pue", null=True)

    carriers = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    compliance = chosen_set(Compliance, null=True)

    lease_basis = chosen(LeaseBasis, null=True)
    # True where the ask is per gross kW, as some powered shells are quoted.
    ask_on_gross = models.BooleanField(default=False)
    ask_floor_usd_kw_month = price(null=True)
    escalator_pct = limited("pct", null=True)
    term_min_months = whole("months", null=True)
    term_max_months = whole("months", null=True)
    min_block_mw = limited("mw", null=True)
    max_block_mw = limited("mw", null=True)
    required_credit = chosen(Credit, null=True)
    required_security_months = limited("security_months", null=True)
    security_months_instead = limited("security_months", null=True)
    conversion_paid_by = chosen(PaidBy, null=True)
    conversion_capex_usd_mw = whole("usd_mw", null=True)
    sale_considered = models.BooleanField(default=False)
    fleet_efficiency_j_th = models.DecimalField(
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
    )
    notes = models.TextField(max_length=4000, blank=True)

    # Teaser bands, stored by the services with the facts that they come from.
    mw_band = models.PositiveSmallIntegerField(default=0, editable=False)
    ready_quarter = models.DateField(default=NO_QUARTER, editable=False)
    rack_band = models.PositiveSmallIntegerField(null=True, editable=False)
    price_band = models.PositiveSmallIntegerField(null=True, editable=False)

    objects: ClassVar = SiteQuerySet.as_manager()

    class Meta:
        constraints = flatten(
            hall_rules("site"),
            known(
                "site",
                grid=Grid,
                site_control=SiteControl,
                interconnection_stage=GridStage,
                lease_basis=LeaseBasis,
                required_credit=Credit,
                conversion_paid_by=PaidBy,
            ),
            subset("site", compliance=Compliance),
            within("site", "mw", "gross_mw", "min_block_mw", "max_block_mw"),
            within("site", "price", "power_price_usd_mwh", "ask_floor_usd_kw_month"),
            within("site", "pue", "pue_design", "pue_peak"),
            within("site", "months", "term_min_months", "term_max_months"),
            within("site", "hours_per_year", "interruptible_hours_per_year"),
            within("site", "minutes", "curtailment_notice_minutes"),
            within("site", "pct", "escalator_pct"),
            within("site", "security_months", "required_security_months", "security_months_instead"),
            within("site", "usd_mw", "conversion_capex_usd_mw"),
            ordered("site", *SITE_ORDER),
            [
                region_in_country("site"),
                models.CheckConstraint(
                    name="site_latitude_with_longitude",
                    condition=Q(latitude=None, longitude=None)
                    | Q(latitude__isnull=False, longitude__isnull=False),
                    violation_error_message="latitude and longitude go together.",
                ),
            ],
        )
        # Lists are read in these orders.
        indexes = [
            models.Index(fields=["ready_quarter"], name="site_by_quarter"),
            models.Index(fields=["mw_band"], name="site_by_size"),
            models.Index(PRICE_RANK, name="site_by_price"),
        ]
        triggers = [
            *triggers.bump("site", "post_ptr_id", is_post=True),
            triggers.site_moves_its_pools(),
            triggers.phases_fit("site_phases_within_gross", "post_ptr_id"),
        ]

    def __str__(self) -> str:
        return self.name


class Phase(Hall):
    """A dated block of a site's critical power."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey(Site, models.CASCADE, related_name="phases")
    ready_on = models.DateField()
    critical_mw = limited("mw")
    stage = chosen(BuildStage)
    # Only deals move this, by one conditional update; the CHECK is what makes double leasing impossible.
    reserved_mw = models.DecimalField(max_digits=12, decimal_places=3, default=0, editable=False)
    assumed = ArrayField(models.CharField(max_length=40), default=list, blank=True, editable=False)

    class Meta:
        constraints = flatten(
            hall_rules("phase"),
            known("phase", stage=BuildStage),
            within("phase", "mw", "critical_mw"),
            dates_in_century("phase", "ready_on"),
            [
                models.CheckConstraint(
                    name="phase_never_oversold",
                    condition=Q(reserved_mw__gte=0, reserved_mw__lte=F("critical_mw")),
                    violation_error_message="critical_mw must not fall below what is reserved.",
                )
            ],
        )
        triggers = [
            *triggers.bump("phase", "site_id"),
            triggers.phases_fit("phase_within_site", "site_id"),
        ]

    def __str__(self) -> str:
        return f"{self.critical_mw} MW on {self.ready_on}"


class GpuModel(models.Model):
    """A data-centre GPU, with what one of them draws and how dense its racks are."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    vendor = chosen(Vendor)
    name = models.CharField(max_length=60, unique=True)
    memory_gb = models.PositiveIntegerField()
    tdp_w = models.PositiveIntegerField()
    # Share of the server's or rack's IT power; null where no source gives it.
    it_w_per_gpu = models.PositiveIntegerField(null=True, blank=True)
    rack_kw_low = limited("rack_kw")
    rack_kw_high = limited("rack_kw")
    liquid_cooling_required = models.BooleanField()
    release_year = models.PositiveSmallIntegerField()
    source = models.TextField(blank=True)
    source_confidence = models.CharField(max_length=10, blank=True)

    objects = GpuModelQuerySet.as_manager()

    class Meta:
        constraints = flatten(
            known("gpu_model", vendor=Vendor), ordered("gpu_model", ("rack_kw_low", "rack_kw_high"))
        )

    def __str__(self) -> str:
        return f"{self.vendor} {self.name}"


class GpuPool(Post):
    """A block of identical GPUs that a miner rents out; at a site of its own or somewhere else."""

    model = models.ForeignKey(GpuModel, models.PROTECT, related_name="pools")
    gpus = whole("gpus")
    gpus_per_node = whole("gpus_per_node", null=True)
    largest_cluster_gpus = whole("gpus", null=True)
    fabric = chosen(Fabric, null=True)
    fabric_gbps = whole("gbps", null=True)
    # Its site, or a place of its own: one of the two.
    at_site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="gpu_pools")
    country = CountryField(blank=True)
    region = region(blank=True)
    grid = chosen(Grid, null=True)
    available_from = models.DateField()
    available_until = models.DateField(null=True, blank=True)
    price_usd_gpu_hour = price(null=True)
    commit_min_months = whole("months", null=True)
    commit_max_months = whole("months", null=True)
    min_order_gpus = whole("gpus", null=True)
    required_security_months = limited("security_months", null=True)
    reserved_gpus = models.PositiveIntegerField(default=0, editable=False)
    notes = models.TextField(max_length=4000, blank=True)

    gpu_band = models.PositiveSmallIntegerField(default=0, editable=False)
    ready_quarter = models.DateField(default=NO_QUARTER, editable=False)
    price_band = models.PositiveSmallIntegerField(null=True, editable=False)

    objects: ClassVar = GpuPoolQuerySet.as_manager()

    class Meta:
        constraints = flatten(
            known("gpu_pool", fabric=Fabric, grid=Grid),
            within("gpu_pool", "gpus", "gpus", "largest_cluster_gpus", "min_order_gpus"),
            within("gpu_pool", "months", "commit_min_months", "commit_max_months"),
            within("gpu_pool", "price", "price_usd_gpu_hour"),
            dates_in_century("gpu_pool", "available_from", "available_until"),
            within("gpu_pool", "security_months", "required_security_months"),
            within("gpu_pool", "gbps", "fabric_gbps"),
            within("gpu_pool", "gpus_per_node", "gpus_per_node"),
            ordered("gpu_pool", *GPU_POOL_ORDER),
            [
                models.CheckConstraint(
                    name="gpu_pool_never_oversold",
                    condition=Q(reserved_gpus__lte=F("gpus")),
                    violation_error_message="gpus must not fall below what is reserved.",
                ),
                models.CheckConstraint(
                    name="gpu_pool_has_one_place",
                    condition=(Q(at_site=None) & ~Q(country=""))
                    | Q(at_site__isnull=False, country="", region="", grid=None),
                    violation_error_message="Name the pool's site or its own country, not both.",
                ),
                region_in_country("gpu_pool"),
            ],
        )
        indexes = [
            models.Index(fields=["ready_quarter"], name="gpu_pool_by_quarter"),
            models.Index(fields=["gpu_band"], name="gpu_pool_by_size"),
            models.Index(PRICE_RANK, name="gpu_pool_by_price"),
        ]
        triggers = triggers.bump("gpu_pool", "post_ptr_id", is_post=True)

    def __str__(self) -> str:
        return f"{self.gpus} × {self.model}"

    @property
    def place(self) -> "Site | GpuPool":
        """Whatever says where the GPUs stand: their site, or the pool itself."""
        return self.at_site or self
