"""`/api/v1/requests/{uid}/plans/`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MarketView
from engine import Unit
from matching.api import MatchAnswer
from matching.plans import plans_for, readable


class StageAnswer(serializers.Serializer[Any]):
    from_on = serializers.DateField(help_text="From this day on.")
    quantity = serializers.DecimalField(12, 3, help_text="MW or GPUs delivered.")
    dependable = serializers.DecimalField(12, 3, help_text="How much of it can be depended on.")


class SiteOfPlan(serializers.Serializer[Any]):
    """One offer's part. Of a teaser no more is counted on than the low end of its band."""

    match = serializers.UUIDField(help_text="The uid of the match.")
    offer = serializers.SerializerMethodField()
    coarse = serializers.BooleanField(help_text="Reckoned from the offer's teaser.")
    quantity = serializers.DecimalField(12, 3, help_text="Its part in the end, MW or GPUs.")
    hosted_mw = serializers.DecimalField(
        12, 3, allow_null=True, help_text="What the GPUs draw that it hosts; null if they are its own."
    )
    price = serializers.DecimalField(
        12, 4, allow_null=True, help_text="Comparable, US$ per kW-month or GPU-hour."
    )
    cost_usd_month = serializers.DecimalField(18, 4, allow_null=True)
    stages = StageAnswer(many=True)

    get_offer = MatchAnswer.get_offer


class MomentAnswer(StageAnswer):
    needed = serializers.DecimalField(12, 3)
    cost_usd_month = serializers.DecimalField(18, 4, allow_null=True)


class PlanAnswer(serializers.Serializer[Any]):
    share = serializers.DecimalField(7, 6, help_text="Dependable and on time, of all that is needed.")
    dependable_months = serializers.DecimalField(14, 2, help_text="MW-months or GPU-months.")
    needed_months = serializers.DecimalField(14, 2)
    score = serializers.IntegerField(help_text="Of its offers, weighted by what each delivers in the end.")
    price = serializers.DecimalField(
        12, 4, allow_null=True, help_text="Weighted; null if a part's is not known or MW and GPUs mix."
    )
    cost_usd_month = serializers.DecimalField(18, 4, allow_null=True, help_text="Once it is complete.")
    sites = SiteOfPlan(many=True, help_text="The largest part first.")
    timeline = MomentAnswer(many=True, help_text="All parts together.")


class PlansAnswer(serializers.Serializer[Any]):
    splittable = serializers.BooleanField(help_text="false: the request has no plans.")
    max_sites = serializers.IntegerField()
    unit = serializers.ChoiceField([unit.value for unit in Unit], help_text="What quantities count.")
    refreshing = serializers.BooleanField(help_text="A post has changed; its match is being scored anew.")
    at_most = serializers.DecimalField(
        3, 2, allow_null=True, help_text="The share that no plan of these matches can exceed."
    )
    plans = PlanAnswer(many=True, help_text="At most five, best first.")


class PlansView(MarketView):
    """How a request could be split over its matches. For its owner and brokers."""

    @extend_schema(responses=PlansAnswer, summary="List a request's plans")
    def get(self, request: Request, uid: UUID) -> Response:
        today = timezone.now().date()
        known = readable(self.reader, today)
        return Response(plans_for(get_object_or_404(known, uid=uid), self.reader, today))
