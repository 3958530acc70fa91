"""The cast: people with fixed rights, the same in every test.

    miner, miner_member      owner and member of a verified miner
    tenant                   owner of a verified tenant
    broker                   owner of a verified broker
    unverified_broker        a broker without broker rights
    other_miner, other_tenant   verified, but no party to anything
    stranger                 owner of a tenant that nobody has verified
    newcomer                 signed in, without an organization
    operator                 Django staff, without an organization
    visitor                  not signed in

Each has `.user`, `.organization`, `.reader`, `.client` (a browser's session) and `.api` (JSON, with a key).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from rest_framework.test import APIClient

from accounts import services
from accounts.models import Membership, Organization, User
from accounts.readers import VISITOR, Reader, reader_of_user
from accounts.vocabulary import Kind, Role, Scope

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Actor:
    """Somebody who signed up, and the ways they reach the site."""

    user: User
    organization: Organization
    reader: Reader
    client: Client
    api: APIClient
    secret: str  # of the key that `api` sends


@dataclass
class Loner:
    """Somebody without an organization, signed in or not."""

    user: User | None
    reader: Reader
    client: Client
    api: APIClient


def sign_up(email: str) -> User:
    """A person with a verified address."""
    user = User.objects.create_user(email, name=email.partition("@")[0].title())
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def act(user: User, organization: Organization) -> Actor:
    """The person at their browser, and with a key that may write."""
    reader = reader_of_user(user, str(organization.uid))
    client = Client()
    client.force_login(user)
    _, secret = services.create_api_key(
        by=reader, name="test", scopes=[Scope.READ, Scope.WRITE], now=datetime.now(UTC)
    )
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return Actor(user, organization, reader, client, api, secret)


def found(name: str, kind: Kind, *, verified: bool) -> Actor:
    """An organization of this kind and its owner."""
    user = sign_up(f"{name.lower().replace(' ', '.')}@example.com")
    organization = services.create_organization(user=user, name=name, kind=kind)
    if verified:
        services.verify_organization(organization=organization, now=NOON)
    return act(user, organization)


@pytest.fixture(autouse=True)
def no_limits(settings):
    """Tests may ask as often as they like; the test of the limits sets its own."""
    settings.API_REQUESTS_PER_MINUTE = {"principal": 1_000_000, "visitor": 1_000_000}


@pytest.fixture
def miner(db) -> Actor:
    return found("Lone Star Mining", Kind.MINER, verified=True)


@pytest.fixture
def miner_member(miner) -> Actor:
    user = sign_up("member@example.com")
    Membership.objects.create(user=user, organization=miner.organization, role=Role.MEMBER)
    return act(user, miner.organization)


@pytest.fixture
def tenant(db) -> Actor:
    return found("Northwind AI", Kind.TENANT, verified=True)


@pytest.fixture
def broker(db) -> Actor:
    return found("Harbor Brokers", Kind.BROKER, verified=True)


@pytest.fixture
def unverified_broker(db) -> Actor:
    return found("Shady Brokers", Kind.BROKER, verified=False)


@pytest.fixture
def other_miner(db) -> Actor:
    return found("Prairie Hash", Kind.MINER, verified=True)


@pytest.fixture
def other_tenant(db) -> Actor:
    return found("Tidewater Models", Kind.TENANT, verified=True)


@pytest.fixture
def stranger(db) -> Actor:
    return found("Nobody Knows", Kind.TENANT, verified=False)


@pytest.fixture
def newcomer(db) -> Loner:
    user = sign_up("newcomer@example.com")
    client, api = Client(), APIClient()
    client.force_login(user)
    api.force_login(user)
    return Loner(user, reader_of_user(user, None), client, api)


@pytest.fixture
def operator(db) -> Loner:
    user = sign_up("operator@example.com")
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    client, api = Client(), APIClient()
    client.force_login(user)
    api.force_login(user)
    return Loner(user, reader_of_user(user, None), client, api)


@pytest.fixture
def visitor(db) -> Loner:
    return Loner(None, VISITOR, Client(), APIClient())
