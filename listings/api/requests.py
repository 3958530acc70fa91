"""`/api/v1/requests/`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers

from listings import services
from listings.api.gpu_pools import GpuModelUid
from listings.api.posts import (
    EVERY,
    FULL,
    Answer,
    OrganizationAnswer,
    PostInput,
    PostViewSet,
    Word,
    described_as,
    face_field,
    faces_of,
)
from listings.api.words import DescribedInput, DescribedSerializer
from listings.faces import PLACES, POST, REQUEST
from listings.filters import RequestFilters
from listings.models import CapacityRequest, GpuWish, Post, Step
from listings.models.demand import WEIGHTS
from listings.vocabulary import Face

_RESERVE = ("latest_on", "price_cap_usd_kw_month", *WEIGHTS)


class StepInput(DescribedInput):
    class Meta:
        model = Step
        fields = ("need_on", "critical_mw", "gpus")


class GpuWishInput(DescribedInput):
    model = GpuModelUid()

    class Meta:
        model = GpuWish
        fields = ("model", "price_cap_usd_gpu_hour")


class RequestInput(PostInput):
    steps = StepInput(
        many=True, required=False, help_text="1 to 24 rising totals in use, each from its date on."
    )
    gpu_wishes = GpuWishInput(many=True, required=False, help_text="The models that a GPU request takes.")

    class Meta:
        model = CapacityRequest
        fields = (*POST, "status", "kind", *PLACES, *REQUEST, *_RESERVE, "steps", "gpu_wishes")


class StepAnswer(DescribedSerializer):
    class Meta:
        model = Step
        fields = ("need_on", "critical_mw", "gpus")
        read_only_fields = fields


class GpuWishAnswer(serializers.Serializer[Any]):
    model = serializers.UUIDField(help_text="The uid of the GPU model.")
    model_name = serializers.CharField()


class OwnGpuWishAnswer(GpuWishAnswer):
    price_cap_usd_gpu_hour = serializers.DecimalField(12, 4, allow_null=True)


class RequestTeaser(Answer):
    face = face_field(Face.TEASER)
    size_band = Word(help_text="The last total, such as “20–50 MW”.")
    need_quarter = Word(allow_null=True, help_text="First needed, such as “2027-Q2”.")
    term_band = Word(help_text="The term wished for, such as “84–120 months”.")
    security_band = Word(help_text="Security offered, such as “3–6 months”.")

    class Meta:
        model = CapacityRequest
        fields: tuple[str, ...] = (
            *EVERY,
            "kind",
            "size_band",
            "need_quarter",
            *PLACES,
            "term_band",
            "security_band",
        )
        read_only_fields = fields


class RequestFull(RequestTeaser):
    face = face_field(Face.FULL)
    organization = OrganizationAnswer(read_only=True)
    steps = StepAnswer(many=True, read_only=True)
    gpu_wishes: Any = GpuWishAnswer(many=True, read_only=True)

    class Meta(RequestTeaser.Meta):
        fields = (*RequestTeaser.Meta.fields, *FULL, *REQUEST, "steps", "gpu_wishes")
        read_only_fields = fields


class RequestOwn(RequestFull):
    face = face_field(Face.RESERVE)
    gpu_wishes = OwnGpuWishAnswer(many=True, read_only=True)

    class Meta(RequestFull.Meta):
        fields = (*RequestFull.Meta.fields, *_RESERVE)
        read_only_fields = fields


@described_as(faces_of("Request", RequestTeaser, RequestFull, RequestOwn), RequestInput, "request")
class RequestViewSet(PostViewSet):
    """What tenants need: a ramp of critical MW or GPUs."""

    model = CapacityRequest
    queryset = CapacityRequest.objects.none()
    input_class = RequestInput
    filterset_class = RequestFilters
    orders: ClassVar = {
        "need_quarter": ("need_quarter", "uid"),
        "-need_quarter": ("-need_quarter", "uid"),
        "size_band": ("size_band", "uid"),
        "-size_band": ("-size_band", "uid"),
    }

    def post_new(self, asked: dict[str, Any]) -> Post:
        steps, wishes = asked.pop("steps", []), asked.pop("gpu_wishes", [])
        return services.create_request(
            organization=self.own_organization,
            fields=asked,
            steps=steps,
            gpu_wishes=wishes,
            now=timezone.now(),
        )

    def change(self, post: CapacityRequest, asked: dict[str, Any]) -> Post:
        steps, wishes = asked.pop("steps", None), asked.pop("gpu_wishes", None)
        return services.update_request(
            request=post, fields=asked, steps=steps, gpu_wishes=wishes, now=timezone.now()
        )
