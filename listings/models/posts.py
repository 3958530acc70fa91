"""A post: whatever one organization puts before the other side."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Organization
from listings.models import triggers
from listings.models.fields import chosen, dates_in_century, flatten, known
from listings.querysets import DisclosureQuerySet, EvidenceQuerySet, PostQuerySet
from listings.vocabulary import (
    Claim,
    Confidence,
    DisclosureMode,
    EvidenceMethod,
    Face,
    Freshness,
    PostType,
    Status,
)


class Post(models.Model):
    """What sites, GPU pools and requests have in common.

    `version` rises once in each transaction that touches the post or anything that belongs to it, and
    `changed_xid` names that transaction; triggers keep both.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    post_type = chosen(PostType)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="posts")
    code_name = models.CharField(max_length=60, unique=True, editable=False)
    status = chosen(Status, default=Status.DRAFT)
    open_until = models.DateField()
    disclosure = chosen(DisclosureMode, default=DisclosureMode.BLIND)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_xid = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # A listing made from public sources is not an offer by the company, and says so wherever it is shown.
    is_reference = models.BooleanField(default=False, editable=False)
    source = models.TextField(blank=True, editable=False)
    source_confidence = models.CharField(max_length=10, choices=Confidence, blank=True, editable=False)
    # Fields that nobody stated: they come from the committed assumptions and are shown as assumed.
    assumed = ArrayField(models.CharField(max_length=40), default=list, blank=True, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        constraints = flatten(
            known("post", post_type=PostType, status=Status, disclosure=DisclosureMode),
            dates_in_century("post", "open_until"),
        )
        indexes = [
            models.Index(fields=["changed_xid"], name="post_changed"),
            models.Index(fields=["organization", "post_type"], name="post_of_organization"),
            models.Index(
                fields=["post_type", "open_until"], name="post_open", condition=Q(status=Status.OPEN)
            ),
        ]
        triggers = [*triggers.bump("post", "id", is_post=True), triggers.version_never_falls()]

    def __str__(self) -> str:
        return self.code_name


class Evidence(models.Model):
    """What backs one claim of a post, and how fresh it is."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="evidence")
    claim = chosen(Claim)
    method = chosen(EvidenceMethod)
    document = models.CharField(max_length=500, blank=True)
    verified_on = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    # Kept by the daily turn, because the passing of time is a change that scores depend on.
    freshness = chosen(Freshness, default=Freshness.FRESH)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        constraints = flatten(
            [models.UniqueConstraint(fields=["post", "claim"], name="evidence_once_per_claim")],
            known("evidence", claim=Claim, method=EvidenceMethod, freshness=Freshness),
            dates_in_century("evidence", "verified_on"),
            [
                models.CheckConstraint(
                    name="evidence_expires_later",
                    condition=Q(expires_on=None) | Q(expires_on__gte=F("verified_on")),
                    violation_error_message="expires_on must not be before verified_on.",
                )
            ],
        )
        triggers = triggers.bump("evidence", "post_id")

    def __str__(self) -> str:
        return f"{self.claim} of post {self.post_id}"


class Disclosure(models.Model):
    """A grant: this organization sees this post's full face. The only grant there is."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="disclosures")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="disclosures")
    level = chosen(Face, default=Face.FULL)
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = DisclosureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["post", "organization"], condition=Q(revoked_at=None), name="disclosure_one_live"
            ),
            models.CheckConstraint(name="disclosure_level_grantable", condition=Q(level=Face.FULL)),
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} to {self.organization_id}"
