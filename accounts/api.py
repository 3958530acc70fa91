"""The ground that every endpoint of every app stands on, and the endpoint of one's organization."""

from contextlib import ExitStack
from typing import Any

from django.db import models, transaction
from django.http import HttpResponseBase
from django.http.request import HttpHeaders
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import idempotency, services
from accounts.authentication import (
    BEARER,
    ActsForOrganization,
    ApiKeyAuthentication,
    MayWrite,
    SessionReaderAuthentication,
    reader_of,
)
from accounts.models import IdempotencyRecord, Membership, Organization
from accounts.readers import Reader
from common.etags import etag_of_body, require_match
from common.strict import StrictQuery, StrictSerializer


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": BEARER, "description": "A key from the page “API keys”."}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = SessionReaderAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        about = "The signed-in browser. Writes also need the X-CSRFToken header."
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": about}


# --- The ground of every endpoint --------------------------------------------------------------


class Replayed(Exception):
    """This very request was answered before; the record has the answer."""

    def __init__(self, record: IdempotencyRecord) -> None:
        super().__init__()
        self.record = record


class MarketView(StrictQuery):
    """An endpoint: strict query, one transaction per write, Idempotency-Key honoured.

    A write and its stored answer commit together; every answer of 400 or more rolls the write back and is
    not stored, so that the client may mend the request and use the same key again.
    """

    http_method_names = ["get", "head", "post", "patch", "delete"]
    record: IdempotencyRecord | None = None
    writing = False

    @property
    def reader(self) -> Reader:
        return reader_of(self.request)

    @property
    def default_response_headers(self) -> dict[str, str]:
        headers = super().default_response_headers
        return {**headers, "Vary": "Accept, Authorization, Cookie", "Cache-Control": "private, no-cache"}

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self.effect:
            response = super().dispatch(request, *args, **kwargs)
            if self.writing and response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Read before anybody parses it, so that Django's limit on its size holds for JSON too.
        body = request.body
        super().initial(request, *args, **kwargs)
        if request.method in SAFE_METHODS:
            return
        self.effect.enter_context(transaction.atomic())
        self.writing = True
        if key := _idempotency_key(request.headers):
            self._claim(request, key, body)

    def _claim(self, request: Request, key: str, body: bytes) -> None:
        precondition = request.headers.get("If-Match", "")
        record = idempotency.claim(
            principal=self.reader.principal,
            key=key,
            fingerprint=idempotency.fingerprint_of(
                request.method or "", request.get_full_path(), precondition, body
            ),
            now=timezone.now(),
        )
        if record.status is not None:
            raise Replayed(record)
        self.record = record

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Replayed):
            return idempotency.replay(exc.record)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.record is not None and answer.status_code < 400:
            idempotency.keep(record=self.record, answer=answer.render())
        return answer


class MarketViewSet(MarketView, GenericViewSet[Any]):
    """A MarketView over a queryset. Set `ordering` for lists, `lookup_field = "uid"`, and serializers.

    Change an object only after `get_object_to_change()`, and answer with `answer(instance)`, which sets the
    ETag. Override `etag()` where a reader may know the version.
    """

    ordering: tuple[str, ...] = ("pk",)
    lookup_field = "uid"
    lookup_value_converter = "uuid"

    def etag(self, instance: Any) -> str:
        """By default a digest of what this reader sees, which tells nothing more than that."""
        return etag_of_body(self.get_serializer(instance).data)

    def answer(self, instance: Any, status: int = 200) -> Response:
        return Response(
            self.get_serializer(instance).data, status=status, headers={"ETag": self.etag(instance)}
        )

    def get_object_to_change(self) -> Any:
        """The object of the URL, locked until the end of the request, once If-Match names its state.

        404 when the reader does not see it, 428 without If-Match, 412 when it has changed since.
        """
        seen: models.Model = self.get_object()
        type(seen)._default_manager.select_for_update(no_key=True, of=("self",)).get(pk=seen.pk)
        current = self.get_object()
        require_match(self.request, self.etag(current))
        return current


def _idempotency_key(headers: HttpHeaders) -> str | None:
    key = headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise exceptions.ParseError("An Idempotency-Key has 1 to 255 printable ASCII characters.")
    return key


# --- The reader's own organization -------------------------------------------------------------


class MemberSerializer(serializers.ModelSerializer[Membership]):
    name = serializers.CharField(source="user.name")
    email = serializers.EmailField(source="user.email")

    class Meta:
        model = Membership
        fields = ["uid", "name", "email", "role"]


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    members = serializers.SerializerMethodField()

    class Meta:
        model = Organization
        fields = ["uid", "name", "kind", "website", "verified_at", "members"]

    @extend_schema_field(MemberSerializer(many=True))
    def get_members(self, organization: Organization) -> Any:
        return MemberSerializer(Membership.objects.for_team(organization), many=True).data


class OrganizationInput(StrictSerializer):
    name = serializers.CharField(max_length=120, required=False)
    website = serializers.URLField(max_length=200, allow_blank=True, required=False)


class OrganizationView(MarketView):
    """The organization that the key or the session acts for."""

    permission_classes = [ActsForOrganization, MayWrite]

    @extend_schema(responses=OrganizationSerializer)
    def get(self, request: Request) -> Response:
        return self._answer(self._organization())

    @extend_schema(request=OrganizationInput, responses=OrganizationSerializer)
    def patch(self, request: Request) -> Response:
        organization = self._organization(lock=True)
        require_match(request, self._etag(organization))
        asked = OrganizationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        return self._answer(services.update_organization(by=self.reader, **asked.validated_data))

    def _organization(self, *, lock: bool = False) -> Organization:
        """Read again, so that a change is measured against the state under the lock."""
        organizations = Organization.objects.all()
        if lock:
            organizations = organizations.select_for_update(no_key=True)
        own = self.reader.organization
        return get_object_or_404(organizations, pk=own.pk if own else None)

    def _etag(self, organization: Organization) -> str:
        return etag_of_body([organization.name, organization.website, organization.verified_at])

    def _answer(self, organization: Organization) -> Response:
        body = OrganizationSerializer(organization).data
        return Response(body, headers={"ETag": self._etag(organization)})
