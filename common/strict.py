"""Input that is not understood is refused, never guessed at."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from common.problems import QueryInvalid


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer for input that refuses unknown fields with a hint. Mix it in first."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise serializers.ValidationError({**error.detail, **unknown}) from error
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        known = [name for name, each in self.fields.items() if not each.read_only]
        return {name: [_hint("field", name, known)] for name in data if name not in known}


class StrictQuery(APIView):
    """A view that refuses unknown and repeated query parameters. Mix it in first.

    It knows the names of the view's filterset and paginator; `query_params` names any others. A parameter
    may be repeated only if `repeatable_params` has it.
    """

    query_params: ClassVar[Collection[str]] = ()
    repeatable_params: ClassVar[Collection[str]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        known = self._known_params(request)
        errors = {name: [text] for name, text in self._faults(request, known)}
        if errors:
            raise QueryInvalid(errors)

    def _faults(self, request: Request, known: list[str]) -> Iterator[tuple[str, str]]:
        for name, values in request.query_params.lists():
            if name not in known:
                yield name, _hint("parameter", name, known)
            elif len(values) > 1 and name not in self.repeatable_params:
                yield name, "Give this parameter once."
            elif any("\x00" in value for value in values):
                yield name, "NUL characters are not taken."

    def _known_params(self, request: Request) -> list[str]:
        """Lists take filters and pages; everything else takes only what `query_params` names."""
        known = [*self.query_params, *self.repeatable_params]
        if request.method in ("GET", "HEAD") and getattr(self, "action", None) == "list":
            filterset = getattr(self, "filterset_class", None)
            paginator = getattr(self, "paginator", None)
            known += list(filterset.base_filters) if filterset else []
            known += list(paginator.query_params) if paginator else []
        return known


def _hint(what: str, name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.7)
    if close:
        return f"Unknown {what}; did you mean {close[0]!r}?"
    return f"Unknown {what}; known are: {', '.join(sorted(known)) or 'none'}."
