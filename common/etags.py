"""Nobody's change is lost: a state that was read has a name, and a change names the state it changes."""

import hashlib
import json
import re
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from rest_framework.request import Request

from common.problems import PreconditionFailed, PreconditionRequired

_TAG = re.compile(r'(?:W/)?"[^"]*"')
_TAGS = re.compile(rf"{_TAG.pattern}(?:\s*,\s*{_TAG.pattern})*")


def etag(state: object) -> str:
    """A strong entity tag for a version number or any other short name of a state: 7 → `"7"`."""
    return f'"{state}"'


def etag_of_body(body: Any) -> str:
    """An entity tag that says no more than the body itself: for teasers, whose version is hidden."""
    text = json.dumps(body, sort_keys=True, cls=DjangoJSONEncoder)
    return etag(hashlib.sha256(text.encode()).hexdigest()[:32])


def require_match(request: Request, current: str) -> None:
    """Refuse a change of anything but the `current` state: 428 without If-Match, 412 with another tag.

    The row must be locked before, or two clients with the same tag could both pass.
    """
    sent = request.headers.get("If-Match")
    if sent is None:
        raise PreconditionRequired
    # Strong comparison (RFC 9110, 13.1.1): a weak tag never matches.
    tags = _TAG.findall(sent) if _TAGS.fullmatch(sent.strip()) else []
    if sent.strip() != "*" and current not in tags:
        raise PreconditionFailed(current)
