"""What we ask about people, organizations and keys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from accounts.models import ApiKey, Invitation, Membership, User


class MembershipQuerySet(QuerySet["Membership"]):
    def of(self, user: User) -> MembershipQuerySet:
        """The user's memberships with their organizations, oldest first."""
        return self.filter(user=user).select_related("organization").order_by("pk")


class InvitationQuerySet(QuerySet["Invitation"]):
    def open(self, now: datetime) -> InvitationQuerySet:
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)


class ApiKeyQuerySet(QuerySet["ApiKey"]):
    def live(self, now: datetime) -> ApiKeyQuerySet:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)
