"""What every operation of the API description has in common."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from common.problems import MEDIA_TYPE
from common.strict import StrictSerializer

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details. `code` is stable; `detail` is a sentence for people.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body that was sent."},
                    "parameter": {"type": "string", "description": "Name of the query parameter."},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same request has one effect within 24 hours; "
    "the stored answer comes back with `Idempotent-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag that was read: 428 without it, 412 when somebody has changed the state since.",
    "schema": {"type": "string"},
}


class MarketSchema(AutoSchema):
    """Adds problems to every answer, Idempotency-Key to writes and If-Match to updates."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        component = ResolvedComponent("Problem", ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem")
        self.registry.register_on_missing(component)
        content = {MEDIA_TYPE: {"schema": component.ref}}
        operation["responses"]["4XX"] = {"description": "Refused; the problem says why.", "content": content}
        operation.setdefault("parameters", []).extend(self._headers())
        return operation

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer(serializer, direction, bypass_extensions)  # type: ignore[no-untyped-call]  # upstream has no types
        if isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _headers(self) -> list[dict[str, Any]]:
        if self.method in ("PUT", "PATCH", "DELETE"):
            return [IDEMPOTENCY_KEY, IF_MATCH]
        return [IDEMPOTENCY_KEY] if self.method == "POST" else []
