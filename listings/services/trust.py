"""What backs a post, and who may see all of it."""

from datetime import date, datetime

from django.db import transaction

from accounts.models import Organization
from common.bell import ring_on_commit
from common.counters import counted
from common.errors import DomainError, InvalidInput, NotAllowed
from listings.models import Disclosure, Evidence, Post
from listings.services.filling import Faults, fill, require
from listings.services.posts import WrongSide, locked
from listings.vocabulary import DOCUMENTED_METHODS, EvidenceMethod, Face, PostType

NAMES_PER_MINUTE = 20
UNKNOWN_NAME = "No verified organization has exactly this name. Ask them how it is written on their own page."


class TooManyNames(DomainError):
    """Trying names one after the other would find out who is here."""

    code = "too_many_names"


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
    """State, as its owner, what backs one claim of a site or pool; a second statement replaces the first.

    Raises InvalidInput, also for a method that is not the owner's to claim; Withdrawn; WrongSide for a
    request.
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
    _judge_method(evidence, faults)
    if not faults.fields:
        _judge_dates(evidence, now.date(), faults)
    faults.raise_if_any()
    evidence.save()
    Evidence.objects.filter(post=post).age(now.date())
    evidence.refresh_from_db()
    ring_on_commit()
    return evidence


def _judge_method(evidence: Evidence, faults: Faults) -> None:
    if evidence.method == EvidenceMethod.VISIT:
        faults.add("method", "A visit is for those to record who came to see. State what you have on paper.")
    if evidence.method in DOCUMENTED_METHODS and not evidence.document:
        faults.add("document", "Name the document, or where the source can be read.")


def _judge_dates(evidence: Evidence, today: date, faults: Faults) -> None:
    if evidence.verified_on > today:
        faults.add("verified_on", "Must not be in the future.")
    if evidence.expires_on and evidence.expires_on < evidence.verified_on:
        faults.add("expires_on", f"Must not be before the day of verification, {evidence.verified_on}.")


def grant_by_name(*, post: Post, name: str, now: datetime) -> Disclosure:
    """Let the verified organization of exactly this name see the full face.

    Raises InvalidInput, with the same words for a name that nobody has and one that is not verified; OwnPost;
    TooManyNames for an owner who tries many in a minute.
    """
    if counted(f"grant:{post.organization_id}") > NAMES_PER_MINUTE:
        raise TooManyNames("That was a lot of names. Wait a minute, then go on.")
    organization = Organization.objects.filter(name__iexact=name.strip(), verified_at__isnull=False).first()
    if organization is None:
        raise InvalidInput("Nobody was given access.", fields={"name": UNKNOWN_NAME})
    return grant_disclosure(post=post, organization=organization, now=now)


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
