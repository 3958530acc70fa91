"""A form that is sent twice acts once, and one that is sent after the session ended is not lost.

Each form carries a mark: signed, and good for the principal who opened it. Nothing that was typed is kept
anywhere but in the server's session, and nobody but that principal gets it back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpResponse, QueryDict
from django.utils import timezone

from accounts import idempotency
from accounts.models import IdempotencyRecord
from accounts.readers import PageRequest, Reader

MARK = "mark"
_SALT = "form"
_SESSION_KEY = "kept_form"
_GOOD_FOR = idempotency.LIFE
_KEPT_FOR_SECONDS = 3_600
_KEPT_BYTES = 64 * 1024

View = Callable[..., HttpResponse]


def new_mark(reader: Reader) -> str:
    return signing.dumps([reader.principal, uuid4().hex], salt=_SALT)


def claim(request: PageRequest) -> IdempotencyRecord | None:
    """The record of the form that was sent, with its answer if it has been acted on before.

    Call inside a transaction. None for a form without a mark of this principal.
    """
    opened_by, key = _read(request.POST.get(MARK, ""))
    if opened_by != request.reader.principal:
        return None
    mark = idempotency.fingerprint_of("form", key)
    return idempotency.claim(principal=opened_by, key=f"form:{key}", fingerprint=mark, now=timezone.now())


def kept_through_sign_in(view: View) -> View:
    """Whoever is not signed in signs in first; what they sent is there when they come back."""
    signed_in = login_required(view)

    @wraps(view)
    def guarded(request: PageRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not request.reader.user:
            _keep(request)
        return signed_in(request, *args, **kwargs)

    return guarded


def restored(request: PageRequest) -> QueryDict | None:
    """What this person sent to this address before they had to sign in; handed out once."""
    kept = request.session.get(_SESSION_KEY)
    if request.method != "GET" or not kept or kept["address"] != request.get_full_path():
        return None
    del request.session[_SESSION_KEY]
    typed = QueryDict(kept["typed"])
    in_time = timezone.now().timestamp() - kept["at"] <= _KEPT_FOR_SECONDS
    return typed if in_time and _read(typed.get(MARK, ""))[0] == request.reader.principal else None


def _keep(request: PageRequest) -> None:
    typed = request.POST.urlencode()
    if _read(request.POST.get(MARK, ""))[0] and len(typed) <= _KEPT_BYTES:
        at = timezone.now().timestamp()
        request.session[_SESSION_KEY] = {"address": request.get_full_path(), "typed": typed, "at": at}


def _read(mark: Any) -> tuple[str, str]:
    """(who opened the form, its key); blanks for a mark that is not ours or too old."""
    try:
        opened_by, key = signing.loads(str(mark), salt=_SALT, max_age=_GOOD_FOR)
    except signing.BadSignature:
        return "", ""
    return opened_by, key
