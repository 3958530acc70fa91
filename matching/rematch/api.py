"""`/api/v1/rematch-runs/`: the whole market ranked anew."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MarketViewSet
from common.etags import etag_of_body
from common.strict import StrictSerializer
from matching import services
from matching.models import Run
from matching.rematch.shown import shown
from matching.vocabulary import Stage, Why


class RunInput(StrictSerializer):
    """Nothing to choose: it is always the whole market."""


class ScoreChangeAnswer(serializers.Serializer[Any]):
    least = serializers.IntegerField(help_text="Change in whole points, from …")
    most = serializers.IntegerField(help_text="… to.")
    matches = serializers.IntegerField()


class ReportAnswer(serializers.Serializer[Any]):
    """What differs between the start and the end, whatever caused it: the run, or edits meanwhile."""

    requests = serializers.IntegerField(help_text="Requests compared: those that were there at the start.")
    matches_before = serializers.IntegerField()
    matches_after = serializers.IntegerField()
    matches_new = serializers.IntegerField()
    matches_gone = serializers.IntegerField()
    turned_conditional = serializers.IntegerField(help_text="A gate is no longer known to pass.")
    turned_fit = serializers.IntegerField()
    needs = serializers.IntegerField(help_text="Needs with a match before or after.")
    best_changed = serializers.IntegerField(help_text="Needs whose best match is another one.")
    scores_up = serializers.IntegerField(help_text="By five points or more.")
    scores_down = serializers.IntegerField(help_text="By five points or more.")
    score_changes = ScoreChangeAnswer(many=True, help_text="Matches that stayed, by change of score.")


class RunAnswer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    why = serializers.ChoiceField(Why.choices)
    assumptions_version = serializers.IntegerField()
    stage = serializers.ChoiceField(Stage.choices)
    started_at = serializers.DateTimeField()
    started_by = serializers.CharField(allow_null=True, help_text="Shown to operators.")
    posts = serializers.IntegerField(allow_null=True, help_text="Posts marked; null while preparing.")
    remaining = serializers.IntegerField(
        allow_null=True, help_text="Still to be ranked; after the end those that were not."
    )
    posts_per_second = serializers.FloatField(allow_null=True, help_text="Measured since marking.")
    seconds_left = serializers.IntegerField(allow_null=True, help_text="If it goes on like this.")
    marked_at = serializers.DateTimeField(allow_null=True)
    drained_at = serializers.DateTimeField(allow_null=True, help_text="Since then nothing of it waits.")
    cancelled_at = serializers.DateTimeField(allow_null=True)
    cancelled_by = serializers.CharField(allow_null=True, help_text="Shown to operators.")
    ended_at = serializers.DateTimeField(allow_null=True)
    report = ReportAnswer(allow_null=True, help_text="null until it has ended.")


@extend_schema_view(
    list=extend_schema(summary="List whole-market runs, latest first"),
    retrieve=extend_schema(summary="Read a whole-market run"),
)
class RunViewSet(MarketViewSet):
    """Runs that rank every post anew. Operators start and cancel them, verified brokers may watch."""

    queryset = Run.objects.none()
    serializer_class = RunAnswer
    # An operator need not act for an organization: the services say who may.
    permission_classes = []
    ordering = ("-started_at", "uid")

    def get_queryset(self) -> Any:
        return Run.objects.for_list()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        services.require_watcher(self.reader)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([self._body(run) for run in page])

    def retrieve(self, request: Request, uid: str) -> Response:
        return self.answer(self.get_object())

    @extend_schema(request=RunInput, responses={201: RunAnswer}, summary="Rank the whole market anew")
    def create(self, request: Request) -> Response:
        RunInput(data=request.data).is_valid(raise_exception=True)
        return self.answer(services.start_run(by=self.reader, now=timezone.now()), 201)

    @extend_schema(request=None, responses=RunAnswer, summary="Cancel a whole-market run")
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, uid: str) -> Response:
        run = self.get_object()
        return self.answer(services.cancel_run(by=self.reader, run=run, now=timezone.now()))

    def answer(self, instance: Run, status: int = 200) -> Response:
        body = self._body(instance)
        return Response(body, status=status, headers={"ETag": etag_of_body(body)})

    def _body(self, run: Run) -> Any:
        return RunAnswer(shown(run, timezone.now(), self.reader)).data
