"""Who is asking. Every read and every refusal starts from a Reader."""

from dataclasses import dataclass, field

from accounts.models import Organization, User
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
