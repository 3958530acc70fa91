"""Loads the demo market through the services that everybody uses, in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Organization
from common import bell
from listings import reference
from listings import services as listings
from listings.models import GpuModel, GpuPool
from listings.vocabulary import Claim, EvidenceMethod
from market import services as market
from marketplace.demo import invented, people
from marketplace.demo.files import book, table
from marketplace.demo.progress import Progress
from marketplace.demo.sites import Reading, ReferenceSite

Organizations = Mapping[str, Organization]


def is_empty() -> bool:
    """Nobody has begun to use this database: nothing can be posted without an organization."""
    return not Organization.objects.exists()


@transaction.atomic
def load_demo_market(*, now: datetime, progress: Progress) -> None:
    """All of it or nothing. The bell rings once, when everything is there."""
    with bell.held():
        listings.load_gpu_models(reference.gpu_models())
        market.load_comparables(rows=table("deals"))
        organizations = _found_organizations(now, progress)
        _list_sites(organizations, now, progress)
        _offer_pools(organizations, now, progress)
        _post_requests(organizations, now, progress)


def _found_organizations(now: datetime, progress: Progress) -> Organizations:
    entries = book("people")
    people.enrol(entries["staff"], is_staff=True, is_superuser=True)
    return {
        entry["name"]: people.found(entry, now) for entry in progress.over("People", entries["organizations"])
    }


def _list_sites(organizations: Organizations, now: datetime, progress: Progress) -> None:
    keepers = {
        operator: organizations[entry["name"]]
        for entry in book("people")["organizations"]
        for operator in entry.get("operators", [])
    }
    assumptions = book("assumptions")
    for row in progress.over("Reference sites", table("sites")):
        listing = Reading(row, assumptions, now.date()).listing()
        _list_site(keepers[listing.operator], listing, now)


def _list_site(keeper: Organization, listing: ReferenceSite, now: datetime) -> None:
    site = listings.create_site(organization=keeper, fields=listing.fields, phases=listing.phases, now=now)
    for evidence in listing.evidence:
        listings.record_evidence(post=site, **evidence, now=now)


def _offer_pools(organizations: Organizations, now: datetime, progress: Progress) -> None:
    models = _models()
    for entry in progress.over("Invented GPU pools", book("gpu_pools")["pools"]):
        fields = invented.pool_fields(entry, models, now.date())
        pool = listings.create_gpu_pool(
            organization=organizations[entry["organization"]], fields=fields, now=now
        )
        _state_evidence(pool, now)


def _state_evidence(pool: GpuPool, now: datetime) -> None:
    """The owner of a pool states that it is there."""
    for claim in (Claim.POWER, Claim.CAPACITY, Claim.DATE):
        listings.record_evidence(
            post=pool, claim=claim, method=EvidenceMethod.STATEMENT, verified_on=now.date(), now=now
        )


def _post_requests(organizations: Organizations, now: datetime, progress: Progress) -> None:
    models, today = _models(), now.date()
    for entry in progress.over("Invented requests", book("requests")["requests"]):
        listings.create_request(
            organization=organizations[entry["organization"]],
            fields=invented.request_fields(entry, today),
            steps=invented.request_steps(entry, today),
            gpu_wishes=invented.gpu_wishes(entry, models),
            now=now,
        )


def _models() -> dict[str, Any]:
    return {model.name: model for model in GpuModel.objects.all()}
