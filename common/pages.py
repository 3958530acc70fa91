"""Lists, a page at a time."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.core import signing
from django.core.exceptions import BadRequest
from django.db.models import Q, Value
from django.http import HttpRequest
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from common.problems import QueryInvalid

CURSOR = "cursor"
PAGE_SIZE = "page_size"


class Cursor(NamedTuple):
    """Where a page begins: after (or, backwards, before) the row with these values."""

    backwards: bool
    values: list[str]


class Pages(BasePagination):
    """Cursor pages: `{"next": …, "previous": …, "results": […]}`, 50 a page, at most 200.

    The order is the view's `ordering`: a tuple of names on the row, none of them ever null, the last one
    unique. Rows that come or go between two pages never shift the others. Order only by what the reader may
    see: a cursor is signed, so nobody can forge one, but the values in it can be read.
    """

    page_size = 50
    max_page_size = 200
    query_params = (CURSOR, PAGE_SIZE)
    beside: Any = None
    also: Sequence[Any] = ()

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.ordering: tuple[str, ...] = tuple(view.ordering)
        size, cursor = self._size(), self._cursor()
        backwards = cursor is not None and cursor.backwards
        order = [_turned(name) for name in self.ordering] if backwards else list(self.ordering)
        found = queryset.order_by(*order)
        if cursor is not None:
            found = found.filter(_after(order, cursor.values))
        rows = self._read(found, order, size + 1)
        more, self.rows = len(rows) > size, rows[:size]
        if backwards:
            self.rows.reverse()
        self.has_next = backwards or more
        self.has_previous = more if backwards else cursor is not None
        return self.rows

    def get_paginated_response(self, data: Any) -> Response:
        following = self._link(self.rows[-1], backwards=False) if self.rows and self.has_next else None
        previous = self._link(self.rows[0], backwards=True) if self.rows and self.has_previous else None
        return Response({"next": following, "previous": previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        about = "Taken from `next` or `previous` of an earlier page."
        return [
            {"name": CURSOR, "in": "query", "description": about, "schema": {"type": "string"}},
            {"name": PAGE_SIZE, "in": "query", "description": "Rows a page.", "schema": size},
        ]

    def _read(self, found: Any, order: Sequence[str], most: int) -> list[Any]:
        """The first of these rows; into `also`, by the same query, those that are wanted beside the list."""
        if self.beside is None:
            return list(found[:most])
        beside = self.beside.annotate(is_beside=Value(True))
        both = found.annotate(is_beside=Value(False))[:most].union(beside, all=True).order_by(*order)
        self.also = [row for row in both if row.is_beside]
        return [row for row in both if not row.is_beside]

    def _size(self) -> int:
        asked = self.request.query_params.get(PAGE_SIZE, str(self.page_size))
        if asked.isascii() and asked.isdigit() and len(asked) < 5 and 1 <= int(asked) <= self.max_page_size:
            return int(asked)
        raise QueryInvalid({PAGE_SIZE: [f"Give a whole number from 1 to {self.max_page_size}."]})

    def _cursor(self) -> Cursor | None:
        signed = self.request.query_params.get(CURSOR)
        if signed is None:
            return None
        try:
            return Cursor(*self._signer().unsign_object(signed))
        except (signing.BadSignature, ValueError) as error:
            detail = "Take the cursor from `next` or `previous` of this list, unchanged."
            raise QueryInvalid({CURSOR: [detail]}) from error

    def _link(self, row: Any, *, backwards: bool) -> str:
        values = [str(getattr(row, name.lstrip("-"))) for name in self.ordering]
        signed = self._signer().sign_object((backwards, values))
        return replace_query_param(self.request.build_absolute_uri(), CURSOR, signed)

    def _signer(self) -> signing.Signer:
        # A cursor holds for one list in one order.
        return signing.Signer(salt=f"{self.request.path}:{','.join(self.ordering)}")


def page_of(
    request: HttpRequest, queryset: Any, ordering: Sequence[str], beside: Any = None
) -> dict[str, Any]:
    """The same for a page in a browser: {"next", "previous", "results"}; a link that was changed is a 400.

    `beside`: rows that come along as "also", wherever they stand in the list; with the same columns.
    """
    pages = Pages()
    pages.beside = beside
    try:
        rows = pages.paginate_queryset(queryset, Request(request), SimpleNamespace(ordering=ordering))
    except QueryInvalid as error:
        raise BadRequest("The page link was changed on its way.") from error
    page: dict[str, Any] = pages.get_paginated_response(rows).data
    return page | {"also": pages.also}


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(order: Sequence[str], values: Sequence[str]) -> Q:
    """Rows beyond `values` in this order: beyond in the first column, or equal and beyond in the rest."""
    name, value = order[0].lstrip("-"), values[0]
    side = "lt" if order[0].startswith("-") else "gt"
    beyond = Q(**{f"{name}__{side}": value})
    if len(order) == 1:
        return beyond
    # The first bound says nothing new; it is what an index can use.
    return Q(**{f"{name}__{side}e": value}) & (beyond | Q(**{name: value}) & _after(order[1:], values[1:]))
