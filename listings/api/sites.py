"""`/api/v1/sites/` and `/api/v1/sites/{uid}/phases/`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MarketViewSet
from common.etags import etag, require_match
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
    require_own,
)
from listings.api.words import DescribedInput, DescribedSerializer
from listings.faces import PHASE, POST, SITE, show_phase
from listings.filters import SiteFilters
from listings.models import Phase, Post, Site
from listings.vocabulary import Face, Freshness


class PhaseInput(DescribedInput):
    class Meta:
        model = Phase
        fields: tuple[str, ...] = PHASE


class SitePhaseInput(PhaseInput):
    """A phase in the list of its site."""

    uid = serializers.UUIDField(required=False, help_text="Names the phase to change; without it, a new one.")

    class Meta(PhaseInput.Meta):
        fields = ("uid", *PHASE)

    def get_fields(self) -> Any:
        fields = super().get_fields()
        # A phase that is named needs nothing else; the service misses what a new one lacks.
        for field in fields.values():
            field.required = False
        return fields


class SiteInput(PostInput):
    phases = SitePhaseInput(many=True, required=False, help_text="1 to 24 dated blocks of critical MW.")

    class Meta:
        model = Site
        fields = (*POST, "status", *SITE, "ask_floor_usd_kw_month", "phases")


class PhaseAnswer(DescribedSerializer):
    class Meta:
        model = Phase
        fields = ("uid", *PHASE, "reserved_mw", "assumed")
        read_only_fields = fields


class SiteTeaser(Answer):
    face = face_field(Face.TEASER)
    mw_band = Word(help_text="Free critical power, such as “50–100 MW”.")
    ready_quarter = Word(allow_null=True, help_text="First phase ready for service, such as “2027-Q1”.")
    rack_band = Word(allow_null=True, help_text="Densest rack, such as “80–130 kW”.")
    price_band = Word(allow_null=True, help_text="Ask, such as “US$ 125–150/kW-month”.")
    evidence_age = serializers.DictField(
        child=serializers.ChoiceField(Freshness.choices),
        read_only=True,
        help_text="For each claim: fresh to 90 days, stale to 365, then none.",
    )

    class Meta:
        model = Site
        fields: tuple[str, ...] = (
            *EVERY,
            "country",
            "mw_band",
            "ready_quarter",
            "delivery_types",
            "cooling",
            "rack_band",
            "price_band",
            "evidence_age",
        )
        read_only_fields = fields


class SiteFull(SiteTeaser):
    face = face_field(Face.FULL)
    organization = OrganizationAnswer(read_only=True)
    phases = PhaseAnswer(many=True, read_only=True)
    evidence = EvidenceAnswer(many=True, read_only=True)

    class Meta(SiteTeaser.Meta):
        fields = (*dict.fromkeys((*SiteTeaser.Meta.fields, *FULL, *SITE)), "phases", "evidence")
        read_only_fields = fields


class SiteOwn(SiteFull):
    face = face_field(Face.RESERVE)

    class Meta(SiteFull.Meta):
        fields = (*SiteFull.Meta.fields, "ask_floor_usd_kw_month")
        read_only_fields = fields


@described_as(faces_of("Site", SiteTeaser, SiteFull, SiteOwn), SiteInput, "site")
class SiteViewSet(BackedPostViewSet):
    """Sites with their phases of convertible critical MW."""

    model = Site
    queryset = Site.objects.none()
    input_class = SiteInput
    filterset_class = SiteFilters
    orders: ClassVar = {
        "ready_quarter": ("ready_quarter", "uid"),
        "-ready_quarter": ("-ready_quarter", "uid"),
        "mw_band": ("mw_band", "uid"),
        "-mw_band": ("-mw_band", "uid"),
    }

    def post_new(self, asked: dict[str, Any]) -> Post:
        organization, phases = self.own_organization, asked.pop("phases", [])
        return services.create_site(
            organization=organization, fields=asked, phases=phases, now=timezone.now()
        )

    def change(self, post: Site, asked: dict[str, Any]) -> Post:
        phases = asked.pop("phases", None)
        return services.update_site(site=post, fields=asked, phases=phases, now=timezone.now())


# --- Phases ------------------------------------------------------------------------------------

_IN_SITE = OpenApiParameter("site_uid", OpenApiTypes.UUID, OpenApiParameter.PATH)


@extend_schema(parameters=[_IN_SITE])
@extend_schema_view(
    list=extend_schema(responses=PhaseAnswer, summary="List a site's phases"),
    retrieve=extend_schema(responses=PhaseAnswer, summary="Read a phase"),
    create=extend_schema(request=PhaseInput, responses={201: PhaseAnswer}, summary="Add a phase"),
    partial_update=extend_schema(request=PhaseInput, responses=PhaseAnswer, summary="Change a phase"),
    destroy=extend_schema(summary="Remove a phase"),
)
class PhaseViewSet(MarketViewSet):
    """The phases of a site that the reader sees in full. The ETag is the site's: they change together."""

    queryset = Phase.objects.none()
    serializer_class = PhaseAnswer
    ordering = ("ready_on", "uid")

    def get_queryset(self) -> Any:
        return Phase.objects.filter(site=self._site())

    def list(self, request: Request, site_uid: str) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response([show_phase(phase) for phase in page or ()])

    def retrieve(self, request: Request, site_uid: str, uid: str) -> Response:
        return self._answer(self.get_object())

    def create(self, request: Request, site_uid: str) -> Response:
        site = self._site()
        require_own(site, self.reader.organization)
        fields = self._asked(partial=False)
        return self._answer(services.add_phase(site=site, fields=fields, now=timezone.now()), status=201)

    def partial_update(self, request: Request, site_uid: str, uid: str) -> Response:
        phase = self._phase_to_change()
        fields = self._asked(partial=True)
        return self._answer(services.update_phase(phase=phase, fields=fields, now=timezone.now()))

    def destroy(self, request: Request, site_uid: str, uid: str) -> Response:
        services.remove_phase(phase=self._phase_to_change(), now=timezone.now())
        return Response(status=204)

    def _site(self) -> Site:
        visible = Site.objects.visible_to(self.reader, timezone.now().date()).seen_in_full()
        return get_object_or_404(visible, uid=self.kwargs["site_uid"])

    def _phase_to_change(self) -> Phase:
        """Like `get_object_to_change`, under the site's lock and with the site's ETag."""
        site = self._site()
        require_own(site, self.reader.organization)
        locked = Site.objects.select_for_update(no_key=True, of=("self",)).get(pk=site.pk)
        require_match(self.request, etag(locked.version))
        phase: Phase = self.get_object()
        return phase

    def _asked(self, *, partial: bool) -> dict[str, Any]:
        given = PhaseInput(data=self.request.data, partial=partial)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def _answer(self, phase: Phase, status: int = 200) -> Response:
        version = Site.objects.values_list("version", flat=True).get(pk=phase.site_id)
        return Response(show_phase(phase), status=status, headers={"ETag": etag(version)})
