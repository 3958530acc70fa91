"""What the address of the desk asks for, and the addresses that lead on from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from accounts.readers import Reader
from common.pages import CURSOR
from engine import Unit
from matching.vocabulary import ReviewState


@dataclass(frozen=True)
class Asked:
    """A filter, a page of needs, one need and one of its matches; what is not understood is left out."""

    state: str = ""
    mine: str = ""
    cursor: str = ""
    need: str = ""
    unit: str = ""
    match: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        sent = request.GET
        return cls(
            state=_one_of(list(ReviewState), sent.get("state")),
            mine="1" if sent.get("mine") else "",
            cursor=sent.get(CURSOR, ""),
            need=_uuid(sent.get("need")),
            unit=_one_of([unit.value for unit in Unit], sent.get("unit")),
            match=_uuid(sent.get("match")),
        )

    @property
    def is_narrow(self) -> bool:
        return bool(self.state or self.mine)

    def narrow(self, matches: Any, reader: Reader) -> Any:
        """Of the matches of a desk, those that the filter leaves."""
        found = matches.filter(review_state=self.state) if self.state else matches
        return found.reviewed_by(reader) if self.mine else found

    def url(self, **other: Any) -> str:
        return f"{reverse('matching:desk')}?{self.query(**other)}"

    def query(self, **other: Any) -> str:
        return urlencode({name: value for name, value in asdict(replace(self, **other)).items() if value})

    def page_url(self, link: str | None) -> str:
        """Another page of needs: of the link that the pages give only the cursor, and no need chosen."""
        if not link:
            return ""
        [cursor] = parse_qs(urlsplit(link).query)[CURSOR]
        return self.url(cursor=cursor, need="", unit="", match="")


def _one_of(known: list[Any], sent: str | None) -> str:
    return sent if sent and sent in known else ""


def _uuid(sent: str | None) -> str:
    try:
        return str(UUID(sent or ""))
    except ValueError:
        return ""
