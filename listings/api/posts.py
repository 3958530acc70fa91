"""What the endpoints of sites, GPU pools and requests have in common."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db.models import Model
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MarketViewSet
from accounts.models import Organization
from common.errors import NotAllowed
from common.etags import etag, etag_of_body
from common.schema import IF_MATCH
from common.strict import StrictSerializer
from listings import services
from listings.api.words import DescribedInput, DescribedSerializer
from listings.faces import POST, show
from listings.models import CapacityRequest, Evidence, GpuPool, Post, Site
from listings.vocabulary import OWNERS_METHODS, Confidence, Face, PostType, Status

OPENINGS = [(status.value, status.label) for status in (Status.DRAFT, Status.OPEN)]
MOVES = [(status.value, status.label) for status in (Status.OPEN, Status.PAUSED, Status.WITHDRAWN)]
NEEDS_IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description=str(IF_MATCH["description"])
)

# --- Input -------------------------------------------------------------------------------------


class PostInput(DescribedInput):
    """What every post may say of itself. Its Meta adds the model's own fields to `POST`."""

    status = serializers.ChoiceField(
        OPENINGS, required=False, help_text="A new post is open unless it says draft; later, use `status/`."
    )

    def get_extra_kwargs(self) -> dict[str, Any]:
        return {**super().get_extra_kwargs(), "open_until": {"required": False}}

    def validate_status(self, status: str) -> str:
        if self.instance is not None:
            raise serializers.ValidationError("Move a post with PATCH …/status/.")
        return status


class MoveInput(StrictSerializer):
    status = serializers.ChoiceField(
        MOVES,
        help_text="open: on the market; paused: hidden at once; withdrawn: for good.",
    )


class EvidenceInput(DescribedInput):
    method = serializers.ChoiceField(
        [(method.value, method.label) for method in OWNERS_METHODS],
        help_text="A public source and a document are named in `document`.",
    )

    class Meta:
        model = Evidence
        fields = ("claim", "method", "document", "verified_on", "expires_on")
        # One row a claim: a second statement replaces the first.
        validators: ClassVar[list[Any]] = []


# --- Output, as the schema describes it; `faces.show` makes it ---------------------------------


@extend_schema_field(OpenApiTypes.STR)
class Word(serializers.ReadOnlyField):
    """A band or a quarter in words."""


class OrganizationAnswer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    name = serializers.CharField()


class EvidenceAnswer(DescribedSerializer):
    class Meta:
        model = Evidence
        fields = ("claim", "method", "document", "verified_on", "expires_on", "freshness")
        read_only_fields = fields


class Answer(DescribedSerializer):
    """What a reader sees of a post; `face` says how much that is."""

    uid = serializers.UUIDField(read_only=True)
    post_type = serializers.ChoiceField(PostType.choices, read_only=True)
    # Empty for whatever is no reference listing.
    source_confidence = serializers.ChoiceField(Confidence.choices, allow_blank=True, read_only=True)


EVERY = ("uid", "post_type", "code_name", "status", "face", "is_reference")
FULL = (*POST, "version", "created_at", "source", "source_confidence", "assumed", "organization")


def face_field(face: Face) -> Any:
    """The field that tells the three bodies apart."""
    return serializers.ChoiceField([(face.value, face.label)], read_only=True)


def faces_of(name: str, teaser: Any, full: Any, own: Any) -> PolymorphicProxySerializer:
    """One of three bodies, told apart by `face`."""
    return PolymorphicProxySerializer(
        component_name=name,
        serializers={Face.TEASER.value: teaser, Face.FULL.value: full, Face.RESERVE.value: own},
        resource_type_field_name="face",
    )


def described_as(answer: PolymorphicProxySerializer, given: Any, noun: str) -> Any:
    """The schema of the endpoints of one kind of post."""
    return extend_schema_view(
        list=extend_schema(responses=answer, summary=f"List {noun}s", description=_LIST),
        retrieve=extend_schema(responses=answer, summary=f"Read a {noun}"),
        create=extend_schema(request=given, responses={201: answer}, summary=f"Post a {noun}"),
        partial_update=extend_schema(
            request=given, responses=answer, summary=f"Change a {noun}", description=_PATCH
        ),
        status=extend_schema(
            request=MoveInput, responses=answer, summary=f"Open, pause or withdraw a {noun}"
        ),
        renew=extend_schema(
            request=None,
            responses=answer,
            parameters=[NEEDS_IF_MATCH],
            summary=f"Say that a {noun} is still true",
            description="It is open for another year, and evidence by statement counts as verified today.",
        ),
    )


_LIST = (
    "Everything that is open, your own posts in any state. How much of each you see is its `face`: teaser, "
    "full, or reserve (your own). Filters on bands and countries work on every face; the others find only "
    "posts that you see in full."
)
_PATCH = "Only the fields that you send change; a list that you send replaces the one before."

# --- The endpoints -----------------------------------------------------------------------------


class PostViewSet(MarketViewSet):
    """Posts by face; writes go to the services."""

    model: type[Site] | type[GpuPool] | type[CapacityRequest]
    input_class: type[PostInput]
    filter_backends = [DjangoFilterBackend]
    orders: ClassVar[dict[str, tuple[str, ...]]]

    @property
    def ordering(self) -> tuple[str, ...]:  # type: ignore[override]  # chosen by the client
        chosen = self.request.query_params.get("sort") or next(iter(self.orders))
        return self.orders[chosen]

    @property
    def own_organization(self) -> Organization:
        """The organization that posts; MayWrite has made sure that there is one."""
        if self.reader.organization is None:
            raise NotAllowed("Create or join an organization first.")
        return self.reader.organization

    def get_queryset(self) -> Any:
        return self.model.objects.for_catalogue(self.reader, self.today)

    @property
    def today(self) -> date:
        return timezone.now().date()

    def etag(self, instance: Any) -> str:
        """The version, or for a teaser a digest that tells nothing more than the teaser."""
        if instance.face == Face.TEASER:
            return etag_of_body(show(instance))
        return etag(instance.version)

    def answer(self, instance: Any, status: int = 200) -> Response:
        return Response(show(instance), status=status, headers={"ETag": self.etag(instance)})

    def get_object_to_change(self) -> Any:
        require_own(self.get_object(), self.reader.organization)
        return super().get_object_to_change()

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([show(post) for post in page or ()])

    def retrieve(self, request: Request, uid: str) -> Response:
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        post = self.post_new(self._asked())
        answer = self.answer(self._as_seen(post), status=201)
        answer["Location"] = f"{request.build_absolute_uri(request.path)}{post.uid}/"
        return answer

    def partial_update(self, request: Request, uid: str) -> Response:
        post = self.get_object_to_change()
        return self.answer(self._as_seen(self.change(post, self._asked(post))))

    @action(detail=True, methods=["patch"])
    def status(self, request: Request, uid: str) -> Response:
        post = self.get_object_to_change()
        asked = MoveInput(data=request.data)
        asked.is_valid(raise_exception=True)
        to = asked.validated_data["status"]
        return self.answer(self._as_seen(services.move_post(post=post, to=to, now=timezone.now())))

    @action(detail=True, methods=["post"])
    def renew(self, request: Request, uid: str) -> Response:
        post = self.get_object_to_change()
        return self.answer(self._as_seen(services.renew_post(post=post, now=timezone.now())))

    def post_new(self, asked: dict[str, Any]) -> Post:
        raise NotImplementedError

    def change(self, post: Any, asked: dict[str, Any]) -> Post:
        raise NotImplementedError

    def _asked(self, post: Model | None = None) -> dict[str, Any]:
        given = self.input_class(
            post, data=self.request.data, partial=post is not None, context=self.get_serializer_context()
        )
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def _as_seen(self, post: Post) -> Any:
        return self.get_queryset().get(pk=post.pk)


class BackedPostViewSet(PostViewSet):
    """A post whose claims can be backed."""

    @extend_schema(request=EvidenceInput, responses={201: EvidenceAnswer}, summary="Back a claim")
    @action(detail=True, methods=["post"])
    def evidence(self, request: Request, uid: str) -> Response:
        post = self.get_object()
        require_own(post, self.reader.organization)
        asked = EvidenceInput(data=request.data)
        asked.is_valid(raise_exception=True)
        evidence = services.record_evidence(post=post, now=timezone.now(), **asked.validated_data)
        return Response(EvidenceAnswer(evidence).data, status=201)


def require_own(post: Post, organization: Any) -> None:
    if organization is None or post.organization_id != organization.pk:
        raise NotAllowed("This post belongs to another organization.")
