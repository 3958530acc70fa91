"""What happens to organizations, their people and their keys."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts import mail
from accounts.models import ApiKey, Invitation, Membership, Organization, User
from accounts.readers import Reader
from accounts.vocabulary import Role, Scope
from common.errors import DomainError, InvalidInput, NotAllowed

INVITATION_LIFE = timedelta(days=7)
# Enough for a large team, too few to send the world mail with.
OPEN_INVITATIONS_MAX = 50
LAST_USED_GRAIN = timedelta(minutes=1)
KEY_MARK = "swy_"
MAIL_NOT_SENT = "The mail could not be sent. Please try again in a few minutes."


class LastOwner(DomainError):
    code = "last_owner"


class InvitationInvalid(DomainError):
    code = "invitation_invalid"


class InvitationForAnother(NotAllowed):
    code = "invitation_for_another"


class AlreadyMember(DomainError):
    code = "already_member"


class TooManyInvitations(DomainError):
    code = "too_many_invitations"


class MailNotSent(DomainError):
    code = "mail_not_sent"


# --- Organizations -----------------------------------------------------------------------------


@transaction.atomic
def create_organization(*, user: User, name: str, kind: str, website: str = "") -> Organization:
    """Found an organization; whoever does so is its first owner."""
    organization = Organization(name=_one_line(name), kind=kind, website=website)
    _save_unless_taken(organization)
    Membership.objects.create(user=user, organization=organization, role=Role.OWNER)
    return organization


@transaction.atomic
def update_organization(*, by: Reader, name: str | None = None, website: str | None = None) -> Organization:
    """Rename the reader's own organization or change its site; None leaves as is. Owners only.

    An operator vouched for the old name, so a new one has to be verified again.
    """
    organization = Organization.objects.select_for_update().get(pk=_owned(by)[1].pk)
    if name is not None and _one_line(name) != organization.name:
        organization.name, organization.verified_at = _one_line(name), None
    if website is not None:
        organization.website = website
    _save_unless_taken(organization)
    return organization


def verify_organization(*, organization: Organization, now: datetime) -> Organization:
    """An operator vouches for who they are; a second time changes nothing."""
    Organization.objects.filter(pk=organization.pk, verified_at=None).update(verified_at=now)
    organization.refresh_from_db(fields=["verified_at"])
    return organization


def withdraw_verification(*, organization: Organization) -> Organization:
    """An operator no longer vouches: broker rights end with the next request."""
    Organization.objects.filter(pk=organization.pk).update(verified_at=None)
    organization.verified_at = None
    return organization


# --- Members -----------------------------------------------------------------------------------


def invite_member(*, by: Reader, email: str, role: str, now: datetime) -> Invitation:
    """Mail somebody a way into the reader's organization, good for seven days.

    An earlier invitation of the same person is replaced. Raises InvalidInput, AlreadyMember,
    TooManyInvitations, MailNotSent; owners only.
    """
    organization = _owned(by)[1]
    token = secrets.token_urlsafe(32)
    invitation = _record_invitation(by=by, email=_address(email), role=role, token=token, now=now)
    letter = mail.letter_from(
        "emails/invitation.txt",
        subject=f"Join {organization.name} on Switchyard",
        context={"invitation": invitation, "token": token},
        to=[invitation.email],
    )
    try:
        letter.send()
    except (SMTPException, OSError) as error:
        revoke_invitation(by=by, invitation=invitation, now=now)
        raise MailNotSent(MAIL_NOT_SENT) from error
    return invitation


@transaction.atomic
def _record_invitation(*, by: Reader, email: str, role: str, token: str, now: datetime) -> Invitation:
    inviter, organization = _owned(by)
    # The lock keeps two owners who invite at once from passing the limit together.
    Organization.objects.select_for_update().get(pk=organization.pk)
    if Membership.objects.filter(organization=organization, user__email__iexact=email).exists():
        raise AlreadyMember("This person is already a member.", fields={"email": "Already a member."})
    waiting = Invitation.objects.open(now).filter(organization=organization)
    waiting.filter(email__iexact=email).update(revoked_at=now)
    if waiting.count() >= OPEN_INVITATIONS_MAX:
        raise TooManyInvitations(f"{OPEN_INVITATIONS_MAX} invitations are open. Revoke one first.")
    return Invitation.objects.create(
        organization=organization,
        email=email,
        role=role,
        invited_by=inviter,
        token_hash=_hash(token),
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )


def find_invitation(*, token: str, now: datetime) -> Invitation:
    """The open invitation behind a token, with its organization."""
    open_ones = Invitation.objects.open(now).select_related("organization", "invited_by")
    invitation = open_ones.filter(token_hash=_hash(token)).first()
    if invitation is None:
        raise InvitationInvalid("This invitation was used, revoked or has expired. Ask for a new one.")
    return invitation


@transaction.atomic
def accept_invitation(*, user: User, token: str, now: datetime) -> Membership:
    """Join, once, and only as the person whose verified address was invited."""
    invitation = find_invitation(token=token, now=now)
    verified = EmailAddress.objects.filter(user=user, verified=True, email__iexact=invitation.email)
    if not verified.exists():
        raise InvitationForAnother("This invitation was sent to another address than yours.")
    if not Invitation.objects.open(now).filter(pk=invitation.pk).update(accepted_at=now):
        raise InvitationInvalid("This invitation was used, revoked or has expired. Ask for a new one.")
    # Whoever is a member already keeps their role: an invitation lifts nobody.
    return Membership.objects.get_or_create(
        user=user, organization=invitation.organization, defaults={"role": invitation.role}
    )[0]


def revoke_invitation(*, by: Reader, invitation: Invitation, now: datetime) -> None:
    """Withdraw an invitation that nobody has accepted yet; owners only."""
    waiting = Invitation.objects.open(now).filter(pk=invitation.pk, organization=_owned(by)[1])
    if not waiting.update(revoked_at=now):
        raise InvitationInvalid("This invitation was used, revoked or has expired.")


@transaction.atomic
def change_role(*, by: Reader, membership: Membership, role: str) -> Membership:
    """Make somebody an owner or a member; the last owner stays one. Owners only."""
    _, organization = _owned(by)
    owners = _lock_owners(organization)
    if role != Role.OWNER and owners == {membership.pk}:
        raise LastOwner("An organization needs an owner. Make somebody else an owner first.")
    Membership.objects.filter(pk=membership.pk, organization=organization).update(role=role)
    membership.refresh_from_db()
    return membership


@transaction.atomic
def remove_member(*, by: Reader, membership: Membership, now: datetime) -> None:
    """Take somebody out, or leave oneself; the keys that they made here end with it.

    An owner removes anybody, a member only themselves; the last owner cannot go.
    """
    person, organization = _party(by)
    if membership.user_id != person.pk:
        _owned(by)
    if _lock_owners(organization) == {membership.pk}:
        raise LastOwner("The last owner cannot leave. Make somebody else an owner first.")
    if Membership.objects.filter(pk=membership.pk, organization=organization).delete()[0]:
        theirs = ApiKey.objects.filter(organization=organization, created_by=membership.user_id)
        theirs.filter(revoked_at=None).update(revoked_at=now)


def _lock_owners(organization: Organization) -> set[int]:
    """The owners' memberships, locked with all others so that two owners cannot both leave at once."""
    team = Membership.objects.select_for_update().filter(organization=organization).order_by("pk")
    return {membership.pk for membership in team if membership.role == Role.OWNER}


# --- Keys --------------------------------------------------------------------------------------


def create_api_key(
    *, by: Reader, name: str, scopes: Collection[str], now: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A new key for the reader's organization, and its secret, which nobody can read again.

    A key has the rights its maker has at the time of each request, narrowed to its scopes.
    """
    maker, organization = _party(by)
    if not scopes or not set(scopes) <= set(Scope.values):
        raise InvalidInput("Choose what the key may do.", fields={"scopes": "Choose read or write."})
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("The key would be dead.", fields={"expires_at": "Choose a time to come."})
    secret = KEY_MARK + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        organization=organization,
        created_by=maker,
        name=_one_line(name),
        prefix=secret[: len(KEY_MARK) + 4],
        key_hash=_hash(secret),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    return key, secret


def revoke_api_key(*, by: Reader, key: ApiKey, now: datetime) -> None:
    """End a key for good: its maker and every owner may."""
    person, organization = _party(by)
    if key.created_by_id != person.pk:
        _owned(by)
    ApiKey.objects.filter(pk=key.pk, organization=organization, revoked_at=None).update(revoked_at=now)


def authenticate_key(*, secret: str, now: datetime) -> ApiKey | None:
    """The live key with this secret, or None.

    One query; a second at most once a minute, to note that the key was used.
    """
    keys = ApiKey.objects.live(now).select_related("organization", "created_by")
    key = keys.filter(key_hash=_hash(secret), created_by__is_active=True).first()
    if key is not None and (key.last_used_at is None or key.last_used_at <= now - LAST_USED_GRAIN):
        unseen = Q(last_used_at=None) | Q(last_used_at__lte=now - LAST_USED_GRAIN)
        ApiKey.objects.filter(unseen, pk=key.pk).update(last_used_at=now)
    return key


# --- People and their sessions -----------------------------------------------------------------


def rename_person(*, user: User, name: str) -> User:
    """How colleagues see this person; empty shows the address instead."""
    user.name = _one_line(name) if name.strip() else ""
    user.save(update_fields=["name"])
    return user


@transaction.atomic
def end_sessions(*, user: User, but: str | None = None) -> int:
    """Sign the person out everywhere, except in the session `but`; how many ended."""
    others = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    keys = list(others.values_list("session_key", flat=True))
    others.delete()
    return Session.objects.filter(session_key__in=keys).delete()[0]


def note_session_seen(*, session_key: str | None, now: datetime) -> None:
    UserSession.objects.filter(session_key=session_key).update(last_seen_at=now)


# --- Helpers -----------------------------------------------------------------------------------


def _party(by: Reader) -> tuple[User, Organization]:
    if by.user is None or by.organization is None or not by.may_write():
        raise NotAllowed("Join or create an organization first.")
    return by.user, by.organization


def _owned(by: Reader) -> tuple[User, Organization]:
    if not by.is_owner:
        raise NotAllowed("Only an owner of the organization may do this.")
    return _party(by)


def _save_unless_taken(organization: Organization) -> None:
    try:
        with transaction.atomic():
            organization.save()
    except IntegrityError as error:
        if "organization_one_per_name" not in str(error):
            raise
        taken = {"name": "This name is taken. If it is your company, ask a colleague to invite you."}
        raise InvalidInput("This name is taken.", fields=taken) from error


def _one_line(name: str) -> str:
    """Names stand in mail headers and in tables: one line, no control characters."""
    line = " ".join(name.split())
    if not line or not line.isprintable():
        raise InvalidInput("A name is one line of text.", fields={"name": "Write one line of text."})
    return line


def _address(email: str) -> str:
    try:
        validate_email(email.strip())
    except ValidationError as error:
        fields = {"email": "Write an address like ana@example.com."}
        raise InvalidInput("That is not a mail address.", fields=fields) from error
    return email.strip().lower()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
