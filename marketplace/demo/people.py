"""Demo people for each role. Their password is public, so nobody but a developer's machine gets them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts import services
from accounts.models import Membership, Organization, User
from accounts.readers import reader_of_user
from accounts.vocabulary import Role, Scope
from marketplace.demo.files import book

KEY_LIFE = timedelta(days=30)

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Login:
    """Somebody who can sign in, and what for."""

    login: str
    email: str
    organization: str
    role: str


def password() -> str:
    return str(book("people")["password"])


def logins() -> list[Login]:
    """Everybody who can sign in to the demo market."""
    people = book("people")
    members = [
        Login(person["login"], person["email"], organization["name"], person["role"])
        for organization in people["organizations"]
        for person in organization["people"]
        if "login" in person
    ]
    staff = people["staff"]
    return [*members, Login(staff["login"], staff["email"], "Switchyard itself", "operator")]


def found(entry: Entry, now: datetime) -> Organization:
    """An organization with its people, the owner first."""
    owner, *members = entry["people"]
    organization = services.create_organization(user=enrol(owner), name=entry["name"], kind=entry["kind"])
    for member in members:
        Membership.objects.create(user=enrol(member), organization=organization, role=Role(member["role"]))
    if entry["verified"]:
        services.verify_organization(organization=organization, now=now)
    return organization


def enrol(person: Entry, **rights: bool) -> User:
    """A person with a verified address; without a login there is no password that would fit."""
    user = User.objects.create(
        email=person["email"],
        name=person["name"],
        password=_password_hash() if "login" in person else make_password(None),
        **rights,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@cache
def _password_hash() -> str:
    """One slow hash for all: the password is public, so their being equal gives nothing away."""
    return make_password(password())


def fresh_key(login: str, now: datetime) -> str:
    """A new API key of one of the logins, good for 30 days; raises LookupError for an unknown one."""
    email = next((person.email for person in logins() if person.login == login), None)
    user = User.objects.filter(email=email).first()
    if user is None:
        raise LookupError(login)
    reader = reader_of_user(user, None)
    scopes = [Scope.READ, Scope.WRITE]
    _, secret = services.create_api_key(
        by=reader, name="Demo key", scopes=scopes, now=now, expires_at=now + KEY_LIFE
    )
    return secret
