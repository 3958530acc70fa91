"""`/api/v1/gpu-pools/` and `/api/v1/gpu-models/`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MarketViewSet
from accounts.authentication import reader_of
from listings import services
from listings.api.posts import (
    EVERY,
    FULL,
    Answer,
    BackedPostViewSet,
    EvidenceAnswer,
    OrganizationAnswer,
    PostInput,
    Word,
    described_as,
    face_field,
    faces_of,
)
from listings.api.words import DescribedSerializer, described
from listings.faces import POOL, POST
from listings.filters import GpuModelFilters, GpuPoolFilters
from listings.models import GpuModel, GpuPool, Post, Site
from listings.vocabulary import Face

_PLACE = ("country", "region", "grid")


@extend_schema_field(OpenApiTypes.UUID)
class GpuModelUid(serializers.SlugRelatedField[GpuModel]):
    """The uid of a GPU model."""

    def __init__(self, **extra: Any) -> None:
        super().__init__("uid", queryset=GpuModel.objects.all(), help_text="The uid of a GPU model.", **extra)


@extend_schema_field(OpenApiTypes.UUID)
class OwnSiteUid(serializers.SlugRelatedField[Site]):
    """The uid of a site of the reader's organization; any other is as good as none."""

    default_error_messages: ClassVar = {"does_not_exist": "There is no such site of yours."}

    def __init__(self, **extra: Any) -> None:
        super().__init__("uid", queryset=Site.objects.all(), help_text=described("at_site"), **extra)

    def get_queryset(self) -> Any:
        return Site.objects.of(reader_of(self.context["request"]))


class GpuPoolInput(PostInput):
    model = GpuModelUid()
    at_site = OwnSiteUid(allow_null=True, required=False)

    class Meta:
        model = GpuPool
        fields = (*POST, "status", "model", "at_site", *_PLACE, *POOL)


class GpuPoolTeaser(Answer):
    face = face_field(Face.TEASER)
    model = serializers.UUIDField(read_only=True, help_text="The uid of the GPU model.")
    model_name = Word()
    # Not the pool's own column, which is empty where the pool stands at a site.
    country = Word(help_text="ISO 3166-1 code.")
    gpu_band = Word(help_text="Free GPUs, such as “1,024–4,096 GPUs”.")
    ready_quarter = Word(help_text="Available from, such as “2027-Q1”.")
    price_band = Word(allow_null=True, help_text="Price, such as “US$ 2–3/GPU-hour”.")

    class Meta:
        model = GpuPool
        fields: tuple[str, ...] = (
            *EVERY,
            "model",
            "model_name",
            "country",
            "gpu_band",
            "ready_quarter",
            "price_band",
        )
        read_only_fields = fields


class GpuPoolFull(GpuPoolTeaser):
    face = face_field(Face.FULL)
    organization = OrganizationAnswer(read_only=True)
    at_site = serializers.UUIDField(read_only=True, allow_null=True, help_text="The uid of its site.")
    evidence = EvidenceAnswer(many=True, read_only=True)

    class Meta(GpuPoolTeaser.Meta):
        fields = (
            *GpuPoolTeaser.Meta.fields,
            *FULL,
            *POOL,
            "reserved_gpus",
            "region",
            "grid",
            "at_site",
            "evidence",
        )
        read_only_fields = fields


class GpuPoolOwn(GpuPoolFull):
    face = face_field(Face.RESERVE)


@described_as(faces_of("GpuPool", GpuPoolTeaser, GpuPoolFull, GpuPoolOwn), GpuPoolInput, "GPU pool")
class GpuPoolViewSet(BackedPostViewSet):
    """Blocks of identical GPUs for rent."""

    model = GpuPool
    queryset = GpuPool.objects.none()
    input_class = GpuPoolInput
    filterset_class = GpuPoolFilters
    orders: ClassVar = {
        "ready_quarter": ("ready_quarter", "uid"),
        "-ready_quarter": ("-ready_quarter", "uid"),
        "gpu_band": ("gpu_band", "uid"),
        "-gpu_band": ("-gpu_band", "uid"),
    }

    def post_new(self, asked: dict[str, Any]) -> Post:
        return services.create_gpu_pool(organization=self.own_organization, fields=asked, now=timezone.now())

    def change(self, post: GpuPool, asked: dict[str, Any]) -> Post:
        return services.update_gpu_pool(pool=post, fields=asked, now=timezone.now())


# --- Models ------------------------------------------------------------------------------------


class GpuModelAnswer(DescribedSerializer):
    class Meta:
        model = GpuModel
        fields = (
            "uid",
            "vendor",
            "name",
            "memory_gb",
            "tdp_w",
            "it_w_per_gpu",
            "rack_kw_low",
            "rack_kw_high",
            "liquid_cooling_required",
            "release_year",
            "source",
            "source_confidence",
        )
        read_only_fields = fields


@extend_schema_view(
    list=extend_schema(responses=GpuModelAnswer, summary="List GPU models"),
    retrieve=extend_schema(responses=GpuModelAnswer, summary="Read a GPU model"),
)
class GpuModelViewSet(MarketViewSet):
    """Data-centre GPUs: what one draws and how dense its racks are, with the source of the figures."""

    queryset = GpuModel.objects.all()
    serializer_class = GpuModelAnswer
    filter_backends = [DjangoFilterBackend]
    filterset_class = GpuModelFilters
    ordering = ("name",)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, uid: str) -> Response:
        return self.answer(self.get_object())
