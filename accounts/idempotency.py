"""One effect for one Idempotency-Key, however often the request comes.

The row is inserted first, inside the transaction of the effect. A second request with the same key waits in
its own INSERT until the first one has committed, then finds the answer; if the first was refused or died,
its row is gone with it and the second does the work.
"""

import hashlib
from datetime import datetime, timedelta

from django.http import HttpResponse

from accounts.models import IdempotencyRecord
from common.problems import KeyReused

LIFE = timedelta(hours=24)
KEPT_HEADERS = ("Content-Type", "ETag", "Location")


def fingerprint_of(*parts: str | bytes) -> str:
    """A digest of what makes two requests the same: method, address, precondition, body."""
    digest = hashlib.sha256()
    for part in parts:
        piece = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(piece)}:".encode() + piece)
    return digest.hexdigest()


def claim(*, principal: str, key: str, fingerprint: str, now: datetime) -> IdempotencyRecord:
    """The record of this key: new (`status` is None), or with the answer already given.

    Call inside a transaction. Waits for a request with the same key under way, at most as long as
    `lock_timeout`. Raises KeyReused if the key was used for another request.
    """
    mine = IdempotencyRecord.objects.filter(principal=principal, key=key)
    mine.expired(now).delete()
    record, _ = mine.get_or_create(
        principal=principal,
        key=key,
        defaults={"fingerprint": fingerprint, "created_at": now, "expires_at": now + LIFE},
    )
    if record.fingerprint != fingerprint:
        raise KeyReused
    return record


def keep(*, record: IdempotencyRecord, answer: HttpResponse) -> None:
    """Store the answer in the transaction of the effect."""
    record.status = answer.status_code
    record.headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
    record.body = answer.content.decode()
    record.save(update_fields=["status", "headers", "body"])


def replay(record: IdempotencyRecord) -> HttpResponse:
    """The stored answer, marked as one."""
    headers = {**record.headers, "Idempotent-Replayed": "true"}
    return HttpResponse(record.body, status=record.status, headers=headers)


def forget_expired(*, now: datetime) -> int:
    """Delete answers older than a day; returns how many."""
    return IdempotencyRecord.objects.expired(now).delete()[0]
