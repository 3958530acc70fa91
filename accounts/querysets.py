"""What we ask about people, organizations and keys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from accounts.models import ApiKey, IdempotencyRecord, Invitation, Membership, Organization, User


class MembershipQuerySet(QuerySet["Membership"]):
    def of(self, user: User) -> MembershipQuerySet:
        """The user's memberships with their organizations, oldest first."""
        return self.filter(user=user).select_related("organization").order_by("pk")

    def for_team(self, organization: Organization) -> MembershipQuerySet:
        """The people of one organization, in the order they joined."""
        return self.filter(organization=organization).select_related("user").order_by("pk")


class InvitationQuerySet(QuerySet["Invitation"]):
    def open(self, now: datetime) -> InvitationQuerySet:
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)

    def for_team(self, organization: Organization, now: datetime) -> InvitationQuerySet:
        return self.open(now).filter(organization=organization).select_related("invited_by").order_by("pk")


class ApiKeyQuerySet(QuerySet["ApiKey"]):
    def live(self, now: datetime) -> ApiKeyQuerySet:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def for_team(self, organization: Organization) -> ApiKeyQuerySet:
        """The keys that were not revoked, newest first, with their makers."""
        keys = self.filter(organization=organization, revoked_at=None)
        return keys.select_related("created_by").order_by("-pk")


class IdempotencyRecordQuerySet(QuerySet["IdempotencyRecord"]):
    def expired(self, now: datetime) -> IdempotencyRecordQuerySet:
        return self.filter(expires_at__lte=now)
