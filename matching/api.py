"""`/api/v1/matches/` and a broker's `/api/v1/reviews/`."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from django_filters import BooleanFilter, ChoiceFilter, FilterSet, NumberFilter, UUIDFilter
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import (
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import MarketView, MarketViewSet
from common.errors import InvalidInput
from common.etags import etag_of_body
from common.strict import StrictSerializer
from engine import Unit
from listings.api.gpu_pools import GpuPoolFull, GpuPoolOwn, GpuPoolTeaser
from listings.api.requests import RequestFull, RequestOwn, RequestTeaser
from listings.api.sites import SiteFull, SiteOwn, SiteTeaser
from listings.models import CapacityRequest, GpuPool, Post, Site
from matching import services
from matching.models import Match, Review
from matching.querysets import LIST_ORDER
from matching.release import COARSE_STEP, offers_of, release, release_one, requests_of
from matching.summary import near_offers, rankings_of, summaries
from matching.vocabulary import REOPENED_AT_POINTS, Decision, Reason
from matching.winning import winnable, wins_of


class MatchFilters(FilterSet):
    request = UUIDFilter("request__uid", method="by_post", help_text="The best 50 of this request.")
    site = UUIDFilter("offer__uid", method="by_post", help_text="The best of this site.")
    gpu_pool = UUIDFilter("offer__uid", method="by_post", help_text="The best of this GPU pool.")
    # A finer grain would let a reader close in on what a coarse score hides.
    min_score = NumberFilter(
        method="by_score",
        min_value=0,
        max_value=100,
        step_size=COARSE_STEP,
        help_text="At least this score; a multiple of five.",
    )

    class Meta:
        model = Match
        fields: list[str] = []

    def by_post(self, found: Any, name: str, uid: Any) -> Any:
        return found.best_of_request(uid) if name == "request__uid" else found.filter(offer__uid=uid)

    def by_score(self, found: Any, name: str, least: Any) -> Any:
        return found.filter(shown__gte=int(least))


# --- Output, as the schema describes it; `matching.release` makes it ---------------------------


class LineAnswer(serializers.Serializer[Any]):
    key = serializers.CharField()
    dimension = serializers.CharField(allow_null=True, help_text="power, timeline or terms; null for a gate.")
    outcome = serializers.ChoiceField(["met", "partly", "not", "unknown"])
    passed = serializers.BooleanField(allow_null=True, help_text="null: not known.")
    score = serializers.DecimalField(7, 6, allow_null=True, help_text="0 to 1; null: not known or not shown.")
    weight = serializers.DecimalField(7, 6, allow_null=True, help_text="Share of its dimension.")
    offered = serializers.CharField(allow_null=True)
    needed = serializers.CharField(allow_null=True)
    sentence = serializers.CharField(allow_null=True)


class BindingAnswer(serializers.Serializer[Any]):
    key = serializers.CharField()
    sentence = serializers.CharField(allow_null=True)
    score = serializers.IntegerField(allow_null=True, help_text="The score without this constraint.")


class StatementAnswer(serializers.Serializer[Any]):
    field = serializers.CharField()
    low_before = serializers.IntegerField()
    low_after = serializers.IntegerField()
    sentence = serializers.CharField()


class PriceAnswer(serializers.Serializer[Any]):
    """US$ per critical kW-month, or per GPU-hour."""

    ask = serializers.DecimalField(12, 4, allow_null=True)
    power = serializers.DecimalField(12, 4, allow_null=True)
    operating_allowance = serializers.DecimalField(12, 4, allow_null=True)
    fit_out = serializers.DecimalField(12, 4, allow_null=True)
    total = serializers.DecimalField(12, 4, allow_null=True)
    term_months = serializers.IntegerField()
    assumed = serializers.ListField(child=serializers.CharField(), help_text="Fields a default stands for.")
    missing = serializers.ListField(child=serializers.CharField())


class MonthAnswer(serializers.Serializer[Any]):
    """Means of one month, in MW or GPUs."""

    month = serializers.DateField(help_text="Its first day.")
    needed = serializers.DecimalField(12, 3)
    nominal = serializers.DecimalField(12, 3)
    dependable = serializers.DecimalField(12, 3)


class WeightsAnswer(serializers.Serializer[Any]):
    """Shares of the three dimensions in the score; together 1."""

    power = serializers.DecimalField(3, 2)
    timeline = serializers.DecimalField(3, 2)
    terms = serializers.DecimalField(3, 2)


class MatchAnswer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    refreshing = serializers.BooleanField(help_text="A post has changed; this is its score from before.")
    coarse = serializers.BooleanField(
        help_text="You see one of the posts as a teaser: scores are rounded to five and reasons cut down."
    )
    request = serializers.SerializerMethodField()
    offer = serializers.SerializerMethodField()
    score = serializers.DecimalField(9, 6, help_text="0 to 100. Exact to the owner of the request.")
    low = serializers.DecimalField(9, 6, allow_null=True, help_text="With every unknown at its worst.")
    high = serializers.DecimalField(9, 6, allow_null=True, help_text="With every unknown at its best.")
    word = serializers.ChoiceField(["strong", "workable", "needs work", "long shot"])
    state = serializers.ChoiceField(
        ["fit", "conditional"], allow_null=True, help_text="conditional: a gate is not known."
    )
    power = serializers.DecimalField(7, 6, allow_null=True)
    timeline = serializers.DecimalField(7, 6, allow_null=True)
    terms = serializers.DecimalField(7, 6, allow_null=True)
    weights = WeightsAnswer(allow_null=True, help_text="To the request's owner, who sets them.")
    landlord_score = serializers.DecimalField(9, 6, allow_null=True, help_text="The other side's view.")
    first_power_on = serializers.DateField(allow_null=True)
    assumptions_version = serializers.IntegerField(allow_null=True)
    gates = LineAnswer(many=True)
    criteria = LineAnswer(many=True)
    binding = BindingAnswer(allow_null=True)
    statements = StatementAnswer(many=True, help_text="To the offer's owner: what is worth stating.")
    comparable_price = PriceAnswer(allow_null=True)

    @extend_schema_field(
        PolymorphicProxySerializer("RequestFace", [RequestTeaser, RequestFull, RequestOwn], None)
    )
    def get_request(self, match: Any) -> Any: ...

    @extend_schema_field(
        PolymorphicProxySerializer(
            "OfferFace", [SiteTeaser, SiteFull, SiteOwn, GpuPoolTeaser, GpuPoolFull, GpuPoolOwn], None
        )
    )
    def get_offer(self, match: Any) -> Any: ...


class MatchDetail(MatchAnswer):
    curve = MonthAnswer(many=True, help_text="What is needed, ready and dependable, month by month.")


class FunnelAnswer(serializers.Serializer[Any]):
    gate = serializers.CharField()
    remaining = serializers.CharField(help_text="Offers left: 0, 1–4, 5–19, 20+; exact for a broker.")


class NearMissAnswer(serializers.Serializer[Any]):
    """An offer that fails one or two gates, and what would make it fit."""

    offer = serializers.SerializerMethodField()
    failed = serializers.ListField(child=serializers.CharField(), help_text="The gates that fail.")
    score = serializers.IntegerField(help_text="The score that it would then have.")
    changes = serializers.ListField(child=serializers.CharField(), help_text="Empty where not disclosed.")
    other_score = serializers.IntegerField(allow_null=True)
    other_changes = serializers.ListField(child=serializers.CharField(), help_text="From the request's side.")

    get_offer = MatchAnswer.get_offer


class SummaryAnswer(serializers.Serializer[Any]):
    """One need of a request; a request that takes GPUs or hosting has two."""

    unit = serializers.ChoiceField([unit.value for unit in Unit])
    recounting = serializers.BooleanField(
        help_text="true: a whole-market run made the matches; what follows is of before it, or still empty."
    )
    funnel = FunnelAnswer(many=True, help_text="How many offers remain after each gate, in this order.")
    near_misses = NearMissAnswer(many=True)


@extend_schema_view(
    list=extend_schema(responses=MatchAnswer(many=True), summary="List matches, best first"),
    retrieve=extend_schema(responses=MatchDetail, summary="Read a match"),
)
class MatchViewSet(MarketViewSet):
    """Matches of your posts, or of all posts for a broker, with their reasons."""

    queryset = Match.objects.none()
    serializer_class = MatchAnswer
    filter_backends = [DjangoFilterBackend]
    filterset_class = MatchFilters
    ordering = LIST_ORDER

    def get_queryset(self) -> Any:
        return Match.objects.for_list(self.reader, self._today)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(release(page or [], self.reader, self._today))

    def retrieve(self, request: Request, uid: str) -> Response:
        shown = release_one(self.get_object(), self.reader, self._today)
        if shown is None:
            raise NotFound
        return Response(shown, headers={"ETag": etag_of_body(shown)})

    @property
    def _today(self) -> date:
        return timezone.now().date()


class NearMissesView(MarketView):
    """Where the offers for a request were lost, and which nearly fit. For its owner and brokers."""

    @extend_schema(responses=SummaryAnswer(many=True), summary="List a request's near misses")
    def get(self, request: Request, uid: UUID) -> Response:
        today = timezone.now().date()
        seen = CapacityRequest.objects.for_page(self.reader, today)
        known = seen if self.reader.is_broker else seen.of(self.reader)
        post = get_object_or_404(known, uid=uid)
        rankings = rankings_of(post)
        offers = offers_of(near_offers(rankings), self.reader, today)
        return Response(summaries(post, rankings, offers, self.reader))


class WinAnswer(serializers.Serializer[Any]):
    """A change of the offer and the open requests that would then fit."""

    gate = serializers.CharField()
    change = serializers.CharField()
    exact = serializers.BooleanField(help_text="false: how far, or at which figure, is not disclosed.")
    requests = serializers.CharField(help_text="How many; 1–4, 5–19, 20+ where they are teasers to you.")
    asked_at_least = serializers.DecimalField(12, 3, help_text="MW or GPUs that they ask in all.")
    asked_at_most = serializers.DecimalField(12, 3, allow_null=True, help_text="null: not disclosed.")
    score = serializers.IntegerField(help_text="The best of their scores; rounded to five if not exact.")
    won = RequestFull(many=True, help_text="The requests; empty where they are teasers to you.")


class WinsAnswer(serializers.Serializer[Any]):
    unit = serializers.ChoiceField([unit.value for unit in Unit])
    recounting = serializers.BooleanField(
        help_text="true: a whole-market run made the matches; what follows is of before it, or still empty."
    )
    funnel = FunnelAnswer(many=True, help_text="How many requests remain after each gate, in this order.")
    wins = WinAnswer(many=True, help_text="Those that win most first, at most five.")


class WinsView(MarketView):
    """Where requests for an offer were lost, and what would win it more. For its owner and brokers."""

    model: Any = Site

    @extend_schema(responses=WinsAnswer(many=True), summary="List what would win an offer more")
    def get(self, request: Request, uid: UUID) -> Response:
        today = timezone.now().date()
        seen = self.model.objects.for_page(self.reader, today)
        known = seen if self.reader.is_broker else seen.of(self.reader)
        post = get_object_or_404(known, uid=uid)
        rankings = rankings_of(post)
        requests = requests_of(winnable(rankings), self.reader, today)
        return Response(wins_of(post, rankings, requests, self.reader))


class PoolWinsView(WinsView):
    model = GpuPool


# --- What a broker makes of a pair -------------------------------------------------------------


class ReviewFilters(FilterSet):
    request = UUIDFilter("request__uid", help_text="Reviews of this request's pairs.")
    offer = UUIDFilter("offer__uid", help_text="Reviews of this site's or GPU pool's pairs.")
    decision = ChoiceFilter(choices=Decision.choices)
    stands = BooleanFilter(help_text="true: what stands today; false: what was taken back or decided anew.")

    class Meta:
        model = Review
        fields: list[str] = []


class ReviewInput(StrictSerializer):
    request = serializers.UUIDField()
    offer = serializers.UUIDField(help_text="A site or a GPU pool that matches the request at present.")
    decision = serializers.ChoiceField(Decision.choices, help_text="none: leaves a note, decides nothing.")
    reason = serializers.ChoiceField(
        Reason.choices, required=False, default="", help_text="Required for a rejection, refused otherwise."
    )
    note = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=2000,
        help_text="Required for none and for the reason other.",
    )


class ReviewAnswer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    request = serializers.UUIDField(source="request.uid")
    offer = serializers.UUIDField(source="offer.uid")
    decision = serializers.ChoiceField(Decision.choices)
    reason = serializers.ChoiceField(Reason.choices, allow_blank=True)
    note = serializers.CharField()
    by = serializers.CharField(allow_null=True, help_text="Who decided; null once they have left for good.")
    at = serializers.DateTimeField()
    score = serializers.IntegerField(source="points", help_text="The score decided on, in whole points.")
    score_now = serializers.IntegerField(
        source="points_now", allow_null=True, help_text="null while the two do not match."
    )
    reopened = serializers.SerializerMethodField(
        help_text=f"It stands, but the score has moved by {REOPENED_AT_POINTS} points or more since."
    )
    request_version = serializers.IntegerField(help_text="The version of the request decided on.")
    offer_version = serializers.IntegerField(help_text="The version of the offer decided on.")
    assumptions_version = serializers.IntegerField()
    stands = serializers.BooleanField()
    undone_at = serializers.DateTimeField(allow_null=True)

    def get_reopened(self, review: Any) -> bool:
        is_decided = review.stands and review.decision != Decision.NONE
        moved = 0 if review.points_now is None else abs(review.points_now - review.points)
        return is_decided and moved >= REOPENED_AT_POINTS


@extend_schema_view(
    list=extend_schema(summary="List your reviews, latest first"),
    retrieve=extend_schema(summary="Read a review"),
)
class ReviewViewSet(MarketViewSet):
    """What your broker organization makes of requests and offers that match. Nobody else sees it."""

    queryset = Review.objects.none()
    serializer_class = ReviewAnswer
    filter_backends = [DjangoFilterBackend]
    filterset_class = ReviewFilters
    ordering = ("-at", "uid")

    def get_queryset(self) -> Any:
        return Review.objects.for_list(self.reader)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        services.require_broker(self.reader)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(ReviewAnswer(page, many=True).data)

    def retrieve(self, request: Request, uid: str) -> Response:
        return self.answer(self.get_object())

    @extend_schema(request=ReviewInput, responses={201: ReviewAnswer}, summary="Review a match")
    def create(self, request: Request) -> Response:
        asked = ReviewInput(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        review = services.decide(
            by=self.reader,
            request=self._post(CapacityRequest, "request", said),
            offer=self._post(Post, "offer", said),
            decision=said["decision"],
            reason=said["reason"],
            note=said["note"],
            now=timezone.now(),
        )
        return self.answer(self.get_queryset().get(pk=review.pk), 201)

    @extend_schema(request=None, responses=ReviewAnswer, summary="Take a review back")
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, uid: str) -> Response:
        review = self.get_object()
        services.undo(by=self.reader, review=review, now=timezone.now())
        return self.answer(self.get_object())

    def _post(self, model: Any, name: str, said: Any) -> Any:
        seen = model.objects.visible_to(self.reader, timezone.now().date())
        post = seen.filter(uid=said[name]).first()
        if post is None:
            raise InvalidInput("The review breaks a rule.", fields={name: "There is no such post."})
        return post
