"""What a miner fills in."""

from typing import Any

from django import forms

from accounts.models import Organization
from listings.forms.base import FieldsForm, PostForm, Section, choose_among
from listings.models import GpuModel, GpuPool, Phase, Site

_WHO = ("disclosure", "open_until", "notes")


class SiteForm(PostForm):
    model = Site
    sections = (
        Section(
            "The site",
            (
                "name",
                "country",
                "grid",
                "gross_mw",
                "delivery_types",
                "max_rack_kw",
                "ask_usd_kw_month",
                "term_min_months",
                "term_max_months",
            ),
        ),
        Section("Place", ("region", "nearest_town", "latitude", "longitude", "site_control", "external_id")),
        Section(
            "Power",
            (
                "interconnection_stage",
                "power_price_usd_mwh",
                "interruptible_hours_per_year",
                "curtailment_notice_minutes",
                "pue_design",
                "pue_peak",
                "fleet_efficiency_j_th",
            ),
        ),
        Section("Hall", ("cooling", "power_redundancy", "carriers", "compliance")),
        Section(
            "Terms",
            (
                "lease_basis",
                "ask_on_gross",
                "escalator_pct",
                "min_block_mw",
                "max_block_mw",
                "required_credit",
                "required_security_months",
                "security_months_instead",
                "conversion_paid_by",
                "conversion_capex_usd_mw",
                "sale_considered",
            ),
        ),
        Section("Reserve and visibility", ("ask_floor_usd_kw_month", *_WHO)),
    )


class PhaseForm(FieldsForm):
    # Names the stored phase that the row changes; a row without it is a new phase.
    identity = ("uid",)
    uid = forms.UUIDField(required=False, widget=forms.HiddenInput)

    model = Phase
    row_fields = ("ready_on", "critical_mw", "stage")
    sections = (
        Section(
            "Where this phase differs from the site",
            ("cooling", "max_rack_kw", "power_redundancy", "delivery_types", "ask_usd_kw_month"),
        ),
    )


class GpuPoolForm(PostForm):
    model = GpuPool
    sections = (
        Section(
            "The pool",
            (
                "model",
                "gpus",
                "at_site",
                "country",
                "available_from",
                "price_usd_gpu_hour",
                "fabric",
                "commit_min_months",
                "commit_max_months",
            ),
        ),
        Section("Place", ("region", "grid")),
        Section("Cluster", ("gpus_per_node", "largest_cluster_gpus", "fabric_gbps")),
        Section("Terms", ("available_until", "min_order_gpus", "required_security_months")),
        Section("Visibility", _WHO),
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own_sites = Site.objects.filter(organization=organization).order_by("name", "pk")
        choose_among(self, "at_site", own_sites)
        choose_among(self, "model", GpuModel.objects.for_catalogue())
