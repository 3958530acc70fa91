"""What backs a post, and who may see all of it."""

from datetime import date, datetime

from django.db import transaction

from accounts.models import Organization
from common.bell import ring_on_commit
from common.errors import NotAllowed
from listings.models import Disclosure, Evidence, Post
from listings.services.filling import Faults, fill, require
from listings.services.posts import WrongSide, locked
from listings.vocabulary import Face, PostType


class OwnPost(NotAllowed):
    """Owners see their own posts anyway."""

    code = "own_post"


@transaction.atomic
def record_evidence(
    *,
    post: Post,
    claim: str,
    method: str,
    document: str = "",
    verified_on: date,
    expires_on: date | None = None,
    now: datetime,
) -> Evidence:
    """State what backs one claim of a site or pool; a second statement replaces the first.

    Raises InvalidInput, Withdrawn, WrongSide for a request.
    """
    if post.post_type == PostType.REQUEST:
        raise WrongSide("Evidence backs what is offered; a request has none.")
    locked(post)  # so that two statements of the same claim come one after the other
    evidence = Evidence.objects.filter(post=post, claim=claim).first() or Evidence(post=post)
    faults = Faults()
    fields = {
        "claim": claim,
        "method": method,
        "document": document,
        "verified_on": verified_on,
        "expires_on": expires_on,
    }
    fill(evidence, fields, faults)
    require(evidence, fields, faults)
    if not faults.fields:
        _judge_dates(evidence, now.date(), faults)
    faults.raise_if_any()
    evidence.save()
    Evidence.objects.filter(post=post).age(now.date())
    evidence.refresh_from_db()
    ring_on_commit()
    return evidence


def _judge_dates(evidence: Evidence, today: date, faults: Faults) -> None:
    if evidence.verified_on > today:
        faults.add("verified_on", "Must not be in the future.")
    if evidence.expires_on and evidence.expires_on < evidence.verified_on:
        faults.add("expires_on", f"Must not be before the day of verification, {evidence.verified_on}.")


@transaction.atomic
def grant_disclosure(*, post: Post, organization: Organization, now: datetime) -> Disclosure:
    """Let an organization see the full face; a second grant changes nothing."""
    if post.organization_id == organization.pk:
        raise OwnPost("The post is your own.")
    grant, _ = Disclosure.objects.live().get_or_create(
        post_id=post.pk, organization=organization, defaults={"level": Face.FULL, "granted_at": now}
    )
    return grant


def revoke_disclosure(*, post: Post, organization: Organization, now: datetime) -> bool:
    """Show the teaser again; False when there was no grant."""
    live = Disclosure.objects.live().filter(post_id=post.pk, organization=organization)
    return bool(live.update(revoked_at=now))
