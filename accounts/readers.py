"""Who is asking. Every read and every refusal starts from a Reader."""

from dataclasses import dataclass, field

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import ApiKey, Membership, Organization, User
from accounts.vocabulary import Kind, Role, Scope


@dataclass(frozen=True)
class Reader:
    """One principal for one request: a person or a key, acting for one organization or for none.

    A visitor has neither user nor organization. Rights are read from the database on each request.
    """

    user: User | None = None
    organization: Organization | None = None
    role: str | None = None
    scopes: frozenset[str] = field(default_factory=lambda: frozenset(Scope.values))
    # Names the principal in idempotency records: "user:5/org:3" or "key:9".
    principal: str = "visitor"

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

    @property
    def is_verified(self) -> bool:
        return self.organization is not None and self.organization.verified_at is not None

    @property
    def is_broker(self) -> bool:
        """A broker has broker rights only once an operator has verified the organization."""
        return self.is_verified and self._acts_as(Kind.BROKER)

    @property
    def is_miner(self) -> bool:
        return self._acts_as(Kind.MINER)

    @property
    def is_tenant(self) -> bool:
        return self._acts_as(Kind.TENANT)

    def may_write(self) -> bool:
        return self.organization is not None and Scope.WRITE in self.scopes

    def _acts_as(self, kind: Kind) -> bool:
        return self.organization is not None and self.organization.kind == kind


VISITOR = Reader()


class PageRequest(HttpRequest):
    """A request that has passed HtmxMiddleware and ReaderMiddleware."""

    reader: Reader
    htmx: HtmxDetails


def reader_of_user(user: User, acting_for: str | None) -> Reader:
    """The reader for a signed-in person; one query.

    `acting_for` is the uid of the organization chosen in the session. The oldest membership stands in when
    none was chosen or the person has left it since.
    """
    memberships = list(Membership.objects.of(user))
    chosen = [m for m in memberships if str(m.organization.uid) == acting_for] or memberships
    if not chosen:
        return Reader(user=user, principal=f"user:{user.pk}")
    return Reader(
        user=user,
        organization=chosen[0].organization,
        role=chosen[0].role,
        principal=f"user:{user.pk}/org:{chosen[0].organization_id}",
    )


def reader_of_key(key: ApiKey) -> Reader | None:
    """The reader for an API key, with the role its maker has today; None if they have left. One query."""
    role = key.organization.memberships.filter(user=key.created_by).values_list("role", flat=True).first()
    if role is None:
        return None
    return Reader(
        user=key.created_by,
        organization=key.organization,
        role=role,
        scopes=frozenset(key.scopes),
        principal=f"key:{key.pk}",
    )
