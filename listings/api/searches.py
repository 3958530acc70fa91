"""`/api/v1/saved-searches/`."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MarketViewSet
from accounts.authentication import ActsForOrganization, MayWrite
from common.etags import etag_of_body
from common.strict import StrictSerializer
from listings.models import SavedSearch
from listings.searches import save_search
from listings.services.saved_searches import MOST, delete_saved_search, update_saved_search
from listings.vocabulary import PostType


class SavedSearchInput(StrictSerializer):
    name = serializers.CharField(max_length=80)
    catalogue = serializers.ChoiceField(PostType.choices)
    query = serializers.DictField(
        child=serializers.CharField(max_length=200, allow_blank=True),
        required=False,
        default=dict,
        help_text="Filters of the page of the catalogue by their names there; words of a set with commas.",
    )


class SavedSearchChange(StrictSerializer):
    name = serializers.CharField(max_length=80, required=False)
    is_paused = serializers.BooleanField(required=False)


class SavedSearchAnswer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    name = serializers.CharField()
    catalogue = serializers.ChoiceField(PostType.choices)
    query = serializers.DictField(child=serializers.CharField())
    is_paused = serializers.BooleanField(help_text="true: nobody looks, and no mail tells of it.")
    new = serializers.IntegerField(help_text="Posts that first fitted since you last opened it on its page.")
    seen_at = serializers.DateTimeField()
    looked_at = serializers.DateTimeField(help_text="When the catalogue was last looked at; every hour.")
    created_at = serializers.DateTimeField()


@extend_schema_view(
    list=extend_schema(summary="List your saved searches"),
    retrieve=extend_schema(summary="Read a saved search"),
    destroy=extend_schema(responses={204: None}, summary="Delete a saved search"),
)
class SavedSearchViewSet(MarketViewSet):
    """Searches of a catalogue that you keep. A mail a day tells what is new in them."""

    queryset = SavedSearch.objects.none()
    serializer_class = SavedSearchAnswer
    permission_classes = [ActsForOrganization, MayWrite]
    ordering = ("name", "uid")

    def get_queryset(self) -> Any:
        return SavedSearch.objects.for_lists(self.reader)

    def etag(self, instance: Any) -> str:
        """By what a change may change: news come while one edits."""
        return etag_of_body([instance.name, instance.is_paused])

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(SavedSearchAnswer(page, many=True).data)

    def retrieve(self, request: Request, uid: str) -> Response:
        return self.answer(self.get_object())

    @extend_schema(
        request=SavedSearchInput,
        responses={201: SavedSearchAnswer},
        summary="Save a search",
        description=f"At most {MOST} a member.",
    )
    def create(self, request: Request) -> Response:
        asked = SavedSearchInput(data=request.data)
        asked.is_valid(raise_exception=True)
        search = save_search(by=self.reader, now=timezone.now(), **asked.validated_data)
        answer = self.answer(self.get_queryset().get(pk=search.pk), 201)
        answer["Location"] = f"{request.build_absolute_uri(request.path)}{search.uid}/"
        return answer

    @extend_schema(request=SavedSearchChange, responses=SavedSearchAnswer, summary="Rename, pause or resume")
    def partial_update(self, request: Request, uid: str) -> Response:
        search = self.get_object_to_change()
        asked = SavedSearchChange(data=request.data)
        asked.is_valid(raise_exception=True)
        update_saved_search(search=search, **asked.validated_data)
        return self.answer(self.get_object())

    def destroy(self, request: Request, uid: str) -> Response:
        delete_saved_search(search=self.get_object_to_change())
        return Response(status=204)
