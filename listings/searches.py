"""Saved searches at work: what one finds, what is new in it, and the daily mail that says so.

A search finds what its member would see on the list today, by the filters of that list. A post is news once,
when it first fits: because it was posted, opened or changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import QuerySet
from django.forms import MultipleChoiceField
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.mail import letter_from
from accounts.readers import Reader, reader_of_user
from common.errors import InvalidInput
from listings.faces import show
from listings.forms.filters import GpuPoolFilter, ListFilter, RequestFilter, SiteFilter
from listings.models import CapacityRequest, GpuPool, SavedSearch, SearchDigest, Site
from listings.services.saved_searches import LOOK_EVERY, MAIL_EVERY, create_saved_search
from listings.vocabulary import PostType
from listings.words import said

log = structlog.get_logger(__name__)
KEPT = 10_000  # posts that a search remembers, the newest
ROWS = 10  # posts of one search in a mail
RETRY_AFTER = timedelta(minutes=15)
SALT = "saved searches: no more mail"

_FORMS: dict[str, type[ListFilter]] = {
    PostType.SITE: SiteFilter,
    PostType.GPU_POOL: GpuPoolFilter,
    PostType.REQUEST: RequestFilter,
}
_MODELS: dict[str, Any] = {
    PostType.SITE: Site,
    PostType.GPU_POOL: GpuPool,
    PostType.REQUEST: CapacityRequest,
}
# What a line of a mail tells of a post: words of its teaser.
_TOLD = {
    PostType.SITE: ("mw_band", "country", "ready_quarter", "price_band"),
    PostType.GPU_POOL: ("model_name", "gpu_band", "country", "ready_quarter", "price_band"),
    PostType.REQUEST: ("size_band", "need_quarter", "term_band"),
}


class News(NamedTuple):
    """One search's part of a mail."""

    name: str
    total: int
    lines: list[str]
    more: int
    uid: UUID


# --- What a search finds -------------------------------------------------------------------------


def data_of(catalogue: str, query: Mapping[str, str]) -> QueryDict:
    """A saved query as the list's address has it: the words of a set one by one, not with commas."""
    fields, data = _FORMS[catalogue].base_fields, QueryDict(mutable=True)
    for name, value in query.items():
        is_set = isinstance(fields.get(name), MultipleChoiceField)
        data.setlist(name, value.split(",") if is_set else [value])
    return data


def form_of(catalogue: str, query: Mapping[str, str], today: date) -> ListFilter:
    """The list's form, filled with a saved query."""
    return _FORMS[catalogue](data_of(catalogue, query), today=today)


def query_of(catalogue: str, given: Mapping[str, str], today: date) -> dict[str, str]:
    """The filters that the list knows, without those left open; InvalidInput names the others."""
    form = form_of(catalogue, given, today)
    known = ("q", *form.bar, *form.more)
    unknown = {name: f"Unknown filter; known are: {', '.join(known)}." for name in given if name not in known}
    faults = unknown | {name: str(errors[0]) for name, errors in form.errors.items()}
    if faults:
        fields = {f"query.{name}": text for name, text in faults.items()}
        raise InvalidInput("One of the filters is not among the choices of the list.", fields=fields)
    return {name: value for name, value in given.items() if value}


def fitting(catalogue: str, query: Mapping[str, str], reader: Reader, today: date) -> QuerySet[Any]:
    """The open posts of others that the reader would find."""
    posts = _MODELS[catalogue].objects.visible_to(reader, today).open(today)
    others = posts.exclude(organization=reader.organization)
    return form_of(catalogue, query, today).narrowed(others)


def save_search(
    *, by: Reader, catalogue: str, name: str, query: Mapping[str, str], now: datetime
) -> SavedSearch:
    """Keep a search; what it finds at this moment is no news."""
    kept = query_of(catalogue, query, now.date())
    return create_saved_search(
        by=by,
        catalogue=catalogue,
        name=name,
        query=kept,
        known=_ids(fitting(catalogue, kept, by, now.date())),
        now=now,
    )


def _ids(posts: QuerySet[Any]) -> list[int]:
    return list(posts.order_by("-pk").values_list("pk", flat=True)[:KEPT])


# --- What is new in it ---------------------------------------------------------------------------


def tell_next(*, now: datetime) -> bool:
    """Look at the searches of the next member whose turn it is, and mail what is new; False if there is none.

    The member's row is claimed, so workers beside each other take different members, and it is written before
    the mail goes out: a worker that dies in between loses a mail, whose news stay on the page, and none is
    sent twice. A mail that cannot be handed over is tried again.
    """
    with transaction.atomic():
        digest = SearchDigest.objects.claim(now)
        if digest is None:
            return False
        reader = reader_of_user(digest.membership.user, str(digest.membership.organization.uid))
        searches = list(digest.searches.filter(is_paused=False).order_by("pk"))
        for search in searches:
            look(search=search, reader=reader, now=now)
        letter, told = _letter(digest, searches, reader, now)
        digest.due_at = now + LOOK_EVERY
        digest.mail_at = now + MAIL_EVERY if letter else digest.mail_at
        digest.save(update_fields=["due_at", "mail_at"])
        SavedSearch.objects.filter(pk__in=told).update(unmailed=[])
    if letter:
        _send(letter, digest, told, now)
    return True


def look(*, search: SavedSearch, reader: Reader, now: datetime) -> None:
    """Note what fits that did not at the last look. Call with the digest's row locked."""
    fit = _ids(fitting(search.catalogue, search.query, reader, now.date()))
    known, now_fit = set(search.known), set(fit)
    # Of a search that finds more than is kept, older posts may come into what is kept: they are no news.
    floor = min(known) if len(known) >= KEPT else 0
    new = [post for post in fit if post not in known and post > floor]
    search.fresh = [*new, *(post for post in search.fresh if post in now_fit)]
    search.unmailed = [*new, *(post for post in search.unmailed if post in now_fit)]
    search.known, search.looked_at = fit, now
    search.save(update_fields=["fresh", "unmailed", "known", "looked_at"])


# --- The mail ------------------------------------------------------------------------------------


def stop_token(digest: SearchDigest) -> str:
    """What the mail's link carries: whoever holds it may stop the mails and nothing else."""
    return signing.dumps(str(digest.uid), salt=SALT)


def digest_of_token(token: str) -> SearchDigest | None:
    try:
        uid = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return SearchDigest.objects.filter(uid=uid).first()


def _letter(
    digest: SearchDigest, searches: list[SavedSearch], reader: Reader, now: datetime
) -> tuple[EmailMultiAlternatives | None, dict[int, list[int]]]:
    """The mail, if one is due and there is something to tell, and which posts of which search it tells."""
    told = {search.pk: search.unmailed for search in searches if search.unmailed}
    user = digest.membership.user
    if not told or not digest.is_mailed or not user.is_active or now < digest.mail_at:
        return None, {}
    news = [_news(search, reader, now.date()) for search in searches if search.pk in told]
    count = sum(each.total for each in news)
    stop = settings.PUBLIC_URL + reverse("listings:stop_mail", args=[stop_token(digest)])
    letter = letter_from(
        "emails/saved_searches.txt",
        subject=ngettext(
            "{count} new post in your saved searches", "{count} new posts in your saved searches", count
        ).format(count=count),
        context={"news": news, "stop_url": stop},
        to=[user.email],
    )
    letter.extra_headers = {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return letter, told


def _news(search: SavedSearch, reader: Reader, today: date) -> News:
    posts = _MODELS[search.catalogue].objects.for_catalogue(reader, today)
    shown = [show(post) for post in posts.filter(pk__in=search.unmailed[:ROWS]).order_by("-pk")]
    return News(
        name=search.name,
        total=len(search.unmailed),
        lines=[_line(search.catalogue, each) for each in shown],
        more=len(search.unmailed) - len(shown),
        uid=search.uid,
    )


def _line(catalogue: str, shown: Mapping[str, Any]) -> str:
    title = str(shown.get("name") or shown.get("title") or shown["code_name"])
    facts = [said(_MODELS[catalogue], name, shown[name]) for name in _TOLD[PostType(catalogue)]]
    return f"{title}: {', '.join(fact for fact in facts if fact) or _('nothing stated')}"


def _send(
    letter: EmailMultiAlternatives, digest: SearchDigest, told: Mapping[int, list[int]], now: datetime
) -> None:
    try:
        letter.send()
    except OSError as error:
        log.warning("saved_searches.mail_failed", digest=digest.pk, error=type(error).__name__)
        _take_back(digest, told, now)


@transaction.atomic
def _take_back(digest: SearchDigest, told: Mapping[int, list[int]], now: datetime) -> None:
    """The mail did not go out: what it told is still to be told."""
    SearchDigest.objects.select_for_update().filter(pk=digest.pk).update(
        due_at=now + RETRY_AFTER, mail_at=now + RETRY_AFTER
    )
    for search in SavedSearch.objects.filter(pk__in=told):
        search.unmailed = list(dict.fromkeys([*search.unmailed, *told[search.pk]]))
        search.save(update_fields=["unmailed"])
