"""A broker says what it makes of a pair, and takes it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Organization
from accounts.readers import Reader
from common.errors import DomainError, InvalidInput, NotAllowed
from listings.models import CapacityRequest, Post
from matching.models import Match, Review
from matching.vocabulary import Decision, Reason

NOTE_MAX = 2000


class NotABroker(NotAllowed):
    """The desk belongs to brokers whom an operator has verified."""

    code = "not_a_broker"


class NoMatch(DomainError):
    """The pair does not match at present: there is no score to decide on."""

    code = "no_match"


class NoLongerStands(DomainError):
    """It was taken back, or a later decision stands in its place."""

    code = "no_longer_stands"


def require_broker(reader: Reader) -> Organization:
    """The broker that the reader acts for; raises NotABroker."""
    if reader.organization is None or not reader.is_broker:
        raise NotABroker("The desk is for brokers whose organization an operator has verified.")
    return reader.organization


@transaction.atomic
def decide(
    *,
    by: Reader,
    request: CapacityRequest,
    offer: Post,
    decision: str,
    reason: str = "",
    note: str = "",
    now: datetime,
) -> Review:
    """Record what a broker makes of a pair, with the versions and the score that it is decided on.

    `none` only adds a note; any other decision stands in place of the one before, which is kept. To say the
    same of the same versions again changes nothing. Raises NotABroker, InvalidInput, NoMatch.
    """
    broker = _alone(require_broker(by))
    note = note.strip()
    _require_sense(decision, reason, note)
    match = _match(by, request, offer, now)
    before = _decision_of(broker, match)
    said = Review(
        broker=broker,
        request_id=match.request_id,
        offer_id=match.offer_id,
        decision=decision,
        reason=reason,
        note=note,
        by=by.user,
        at=now,
        score=match.score,
        points=match.points,
        request_version=match.request_version,
        offer_version=match.offer_version,
        assumptions_version=match.assumptions_version,
    )
    if before is not None and decision != Decision.NONE:
        if _says_the_same(before, said):
            return before
        before.stands = False
        before.save(update_fields=["stands"])
    said.save()
    return said


@transaction.atomic
def undo(*, by: Reader, review: Review, now: datetime) -> Review | None:
    """Take back what was said; the decision before it stands again and is returned, if there was one.

    Raises NotABroker, NotAllowed for another broker's, NoLongerStands.
    """
    broker = _alone(require_broker(by))
    if review.broker_id != broker.pk:
        raise NotAllowed("Another broker's reviews are its own.")
    taken_back = Review.objects.filter(pk=review.pk, stands=True).update(
        stands=False, undone_by=by.user, undone_at=now
    )
    if not taken_back:
        raise NoLongerStands("It stands no more: it was taken back, or decided anew since.")
    if review.decision == Decision.NONE:
        return None
    earlier = Review.objects.filter(broker=broker).of_pair(review.request_id, review.offer_id)
    restored = earlier.filter(undone_at=None).exclude(decision=Decision.NONE).order_by("pk").last()
    if restored is not None:
        restored.stands = True
        restored.save(update_fields=["stands"])
    return restored


def _alone(broker: Organization) -> Organization:
    """Let the people of one broker decide one after the other."""
    return Organization.objects.select_for_update(no_key=True).get(pk=broker.pk)


def _require_sense(decision: str, reason: str, note: str) -> None:
    faults = {}
    if decision not in Decision:
        faults["decision"] = f"Choose one of {', '.join(Decision.values)}."
    if decision == Decision.REJECTED and reason not in Reason:
        faults["reason"] = "Say why: choose a reason."
    if decision != Decision.REJECTED and reason:
        faults["reason"] = "Only a rejection has a reason."
    if not note and (decision == Decision.NONE or reason == Reason.OTHER):
        faults["note"] = "Write a note."
    if len(note) > NOTE_MAX:
        faults["note"] = f"At most {NOTE_MAX:,} characters."
    if "\x00" in note:
        faults["note"] = "NUL characters are not taken."
    if faults:
        raise InvalidInput("The review breaks a rule.", fields=faults)


def _match(by: Reader, request: CapacityRequest, offer: Post, now: datetime) -> Match:
    pair = Match.objects.visible_to(by).live(now.date()).filter(request=request.pk, offer=offer.pk)
    match = pair.first()
    if match is None:
        raise NoMatch("These two do not match at present, so there is no score to decide on.")
    return match


def _decision_of(broker: Organization, match: Match) -> Review | None:
    pair = Review.objects.filter(broker=broker).of_pair(match.request_id, match.offer_id)
    return pair.decided().first()


def _says_the_same(one: Review, other: Review) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _SAYING)


_SAYING = ("decision", "reason", "note", "request_version", "offer_version", "assumptions_version")
