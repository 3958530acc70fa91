"""JSON by the letter.

REST framework loads this module before its own views: nothing here may import them.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import isfinite
from typing import IO, Any, NoReturn

from rest_framework import exceptions
from rest_framework.parsers import BaseParser

DEPTH_MAX = 20


class StrictJSONParser(BaseParser):
    """JSON by the letter of RFC 8259, plus what Postgres cannot store: NaN, Infinity, names given twice,
    numbers beyond a double, NUL characters and lone surrogates are all a 400."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            data = json.loads(
                stream.read().decode("utf-8"),
                parse_constant=_refuse_constant,
                parse_float=_number,
                object_pairs_hook=_object,
            )
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError(f"The body is not JSON that we take: {error}.") from error
        for path, text in _strings(data, []):
            if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
                raise exceptions.ParseError(f"A character in {'/'.join(path)!r} cannot be stored.")
        return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _number(text: str) -> Decimal:
    # Exact, so that 0.1 MW stays 0.1 MW.
    if not isfinite(float(text)):
        raise ValueError(f"{text[:20]} is too large")
    return Decimal(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise ValueError("a name is given twice in one object")
    return unique


def _strings(data: Any, path: list[str]) -> Iterator[tuple[list[str], str]]:
    if len(path) > DEPTH_MAX:
        raise exceptions.ParseError(f"The body is nested deeper than {DEPTH_MAX} levels.")
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for name, inner in data.items():
            yield path, name
            yield from _strings(inner, [*path, name])
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            yield from _strings(inner, [*path, str(index)])
