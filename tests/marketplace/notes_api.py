"""A small API of notes, on the same ground as the real one: for tests of the ground itself."""

from typing import Any

from django.db import models
from django.urls import include, path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.api import MarketViewSet
from accounts.models import Organization
from accounts.vocabulary import Kind
from common.errors import DomainError, InvalidInput, NotAllowed
from common.strict import StrictSerializer
from marketplace import urls as site

NOTES = "/api/v1/notes/"


class StepInput(StrictSerializer):
    need_on = serializers.DateField()


class NoteInput(StrictSerializer):
    name = serializers.CharField(max_length=120)
    price_usd = serializers.DecimalField(max_digits=8, decimal_places=2, required=False)
    steps = StepInput(many=True, required=False)


class NoteSerializer(serializers.ModelSerializer[Organization]):
    class Meta:
        model = Organization
        fields = ["uid", "name", "kind"]


class NoteViewSet(MarketViewSet):
    """Organizations, as if they were posts: the smallest object with a uid that is at hand."""

    serializer_class = NoteSerializer
    ordering = ("kind", "pk")
    query_params = ("colour",)

    def get_queryset(self) -> models.QuerySet[Organization]:
        return Organization.objects.all()

    def list(self, request: Any) -> Any:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Any, uid: str) -> Any:
        return self.answer(self.get_object())

    def create(self, request: Any) -> Any:
        asked = NoteInput(data=request.data)
        asked.is_valid(raise_exception=True)
        note = Organization.objects.create(name=asked.validated_data["name"], kind=Kind.TENANT)
        refuse(note.name)
        return self.answer(note, status=201)

    def partial_update(self, request: Any, uid: str) -> Any:
        note = self.get_object_to_change()
        asked = NoteInput(data=request.data)
        asked.is_valid(raise_exception=True)
        note.name = asked.validated_data["name"]
        note.save(update_fields=["name"])
        return self.answer(note)

    def destroy(self, request: Any, uid: str) -> Any:
        self.get_object_to_change().delete()
        return Response(status=204)


class Taken(DomainError):
    code = "taken"


def refuse(name: str) -> None:
    """A service that refuses after it has written."""
    if name == "taken":
        raise Taken("Somebody has it.")
    if name == "bad step":
        raise InvalidInput("A ramp falls.", fields={"steps.0.need_on": "Falls."})
    if name == "not yours":
        raise NotAllowed("Owners only.")


router = SimpleRouter()
router.register("notes", NoteViewSet, "note")
urlpatterns = [path("api/v1/", include(router.urls)), *site.urlpatterns]
handler404 = site.handler404


def problem(answer: Any, status: int) -> Any:
    """The problem, after checking that it is one."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert {"type", "title", "detail", "code"} <= body.keys()
    return body
