"""What a member does with saved searches. What these find is said in `listings.searches`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404

from accounts.models import Membership
from accounts.readers import Reader
from common.errors import DomainError, InvalidInput, NotAllowed
from listings.models import SavedSearch, SearchDigest

MOST = 20  # searches a member
LOOK_EVERY = timedelta(hours=1)
MAIL_EVERY = timedelta(days=1)
_NAME = "Write one line of text, at most 80 characters."


class TooManySearches(DomainError):
    code = "too_many_searches"


@transaction.atomic
def create_saved_search(
    *,
    by: Reader,
    catalogue: str,
    name: str,
    query: Mapping[str, str],
    known: Sequence[int],
    now: datetime,
) -> SavedSearch:
    """Keep a search for the reader; `known` are the posts that it finds now, which are no news.

    Raises TooManySearches beyond `MOST`, InvalidInput for a name that is taken or none.
    """
    if by.user is None or by.organization is None or not by.may_write():
        raise NotAllowed("Join or create an organization first.")
    membership = get_object_or_404(Membership, user=by.user, organization=by.organization)
    first = {"due_at": now + LOOK_EVERY, "mail_at": now + MAIL_EVERY}
    SearchDigest.objects.get_or_create(membership=membership, defaults=first)
    digest = SearchDigest.objects.select_for_update().get(membership=membership)
    if digest.searches.count() >= MOST:
        raise TooManySearches(f"You have {MOST} saved searches, the most there can be. Delete one first.")
    search = SavedSearch(
        digest=digest,
        name=_one_line(name),
        catalogue=catalogue,
        query=dict(query),
        created_at=now,
        seen_at=now,
        looked_at=now,
        known=list(known),
    )
    _save_unless_taken(search)
    return search


def update_saved_search(
    *, search: SavedSearch, name: str | None = None, is_paused: bool | None = None
) -> SavedSearch:
    """Rename, pause or resume; only what is named changes."""
    if name is not None:
        search.name = _one_line(name)
    if is_paused is not None:
        search.is_paused = is_paused
    _save_unless_taken(search, "name", "is_paused")
    return search


def delete_saved_search(*, search: SavedSearch) -> None:
    SavedSearch.objects.filter(pk=search.pk).delete()


def see_saved_search(*, search: SavedSearch, now: datetime) -> None:
    """The member looks at it: nothing in it is new any more."""
    SavedSearch.objects.filter(pk=search.pk).update(fresh=[], unmailed=[], seen_at=now)


def switch_mail(*, digest: SearchDigest, on: bool) -> None:
    SearchDigest.objects.filter(pk=digest.pk).update(is_mailed=on)


def _save_unless_taken(search: SavedSearch, *fields: str) -> None:
    try:
        with transaction.atomic():
            search.save(update_fields=fields or None)
    except IntegrityError as error:
        if "saved_search_one_per_name" not in str(error):
            raise
        taken = {"name": "You have a search of this name."}
        raise InvalidInput("This name is taken.", fields=taken) from error


def _one_line(name: str) -> str:
    line = " ".join(name.split())
    if not line or len(line) > 80 or not line.isprintable():
        raise InvalidInput("A name is one line of text.", fields={"name": _NAME})
    return line
