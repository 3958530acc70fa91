"""What we ask about matches, rankings and reviews."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self, TypeVar
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, Least, Power

from accounts.readers import Reader
from engine import STANDARD, Unit
from listings.models import Change, GpuWish, Post, Step
from listings.vocabulary import PostType, Status
from matching.vocabulary import NOTHING_SEEN, REOPENED_AT_POINTS, SHOWN_PER_NEED, Decision, ReviewState

_NEVER = Value(date.max)
_DEAREST = Decimal("99999999")

_M = TypeVar("_M", bound=Model, covariant=True)


_CURRENT = Q(
    request_version=F("request__version"),
    offer_version=F("offer__version"),
    assumptions_version=STANDARD.version,
)


class MatchQuerySet(QuerySet[_M]):
    def visible_to(self, reader: Reader) -> Self:
        """A match is known to the owners of its two posts and to brokers."""
        return self.filter(_known_to(reader))

    def live(self, today: date) -> Self:
        """Matches that may be shown: both posts open, and scored at the versions that stand.

        While one of the posts awaits matching, its earlier score stays visible with `refreshing` set.
        """
        return self.with_refreshing().filter(
            _open("request", today),
            _open("offer", today),
            Q(refreshing=True) | _CURRENT,
        )

    def with_refreshing(self) -> Self:
        waiting = Change.objects.filter(Q(post=OuterRef("request_id")) | Q(post=OuterRef("offer_id")))
        made_anew = Exists(waiting.filter(rest_only=False)) | Exists(waiting) & ~_CURRENT
        return self.annotate(refreshing=ExpressionWrapper(made_anew, output_field=BooleanField()))

    def in_order(self) -> Self:
        """Best first, as the rules order them."""
        return self.order_by(
            "-points",
            "conditional",
            "-utilization",
            F("first_power_on").asc(nulls_last=True),
            F("comparable_price").asc(nulls_last=True),
            "offer_id",
            "request_id",
        )

    def for_list(self, reader: Reader, today: date) -> Self:
        """Matches as a reader may list them, with the columns of `LIST_ORDER`.

        A coarse match (a post of it is only a teaser to the reader) shows and sorts by its score rounded to
        five, and among equals by its random uid, so that the order tells nothing more.
        """
        return self.visible_to(reader).live(today).with_coarse(reader).annotate(**_LIST_COLUMNS)

    def best_of_request(self, uid: UUID) -> Self:
        """The matches of one request that are shown: its best fifty, whoever reads."""
        best = self.filter(request__uid=uid).in_order().values("pk")[:SHOWN_PER_NEED]
        return self.filter(pk__in=best)

    def with_coarse(self, reader: Reader) -> Self:
        """Annotate `coarse`: one of the two posts is only a teaser to the reader."""
        return self.annotate(coarse=_coarse(reader))

    def new_since(self, instant: datetime) -> Self:
        """Those that did not stand at this instant, so none that only went and came back."""
        pair = _rows("Loss").filter(request=OuterRef("request_id"), offer=OuterRef("offer_id"))
        return self.filter(created_at__gt=instant).exclude(Exists(pair.at(instant)))

    def counted(self, side: str) -> QuerySet[Any, dict[str, Any]]:
        """Of `for_list`: matches of each post of one side ("request" or "offer"), and the best score
        as its reader may see it."""
        return self.values(post=F(f"{side}_id")).annotate(matches=Count("pk"), best=Max("shown"))

    def counts_of(self, posts: Collection[int], side: str) -> dict[int, tuple[int, int]]:
        """Of `for_list`: {post: (how many matches, the best score as its reader may see it)}, one query."""
        found = self.filter(**{f"{side}__in": posts}).counted(side)
        return {row["post"]: (row["matches"], row["best"]) for row in found}

    def for_desk(self, reader: Reader, today: date) -> Self:
        """Matches as a broker's desk lists them: with its own reviews and the fee each may bring."""
        found = self.visible_to(reader).live(today).with_review(reader)
        return found.annotate(unit=_unit(), fee=expected_fee())

    def with_review(self, reader: Reader) -> Self:
        """Annotate what the reader's organization decided, at how many points, and `review_state`."""
        standing = _rows("Review").of(reader).decided().of_pair(OuterRef("request_id"), OuterRef("offer_id"))
        return self.annotate(
            reviewed=Subquery(standing.values("decision")[:1]),
            reviewed_points=Subquery(standing.values("points")[:1]),
        ).annotate(review_state=_review_state())

    def reviewed_by(self, reader: Reader) -> Self:
        """Those on which the reader in person has said something that stands."""
        own = _rows("Review").of(reader).filter(by=reader.user, stands=True)
        return self.filter(Exists(own.of_pair(OuterRef("request_id"), OuterRef("offer_id"))))


def _rows(model: str) -> Any:
    """All rows of a model that itself imports this module."""
    return apps.get_model("matching", model)._default_manager.all()


def _review_state() -> Case:
    return Case(
        When(reviewed=None, then=Value(ReviewState.OPEN)),
        When(Q(reviewed_points__lte=F("points") - REOPENED_AT_POINTS), then=Value(ReviewState.REOPENED)),
        When(Q(reviewed_points__gte=F("points") + REOPENED_AT_POINTS), then=Value(ReviewState.REOPENED)),
        default=F("reviewed"),
        output_field=CharField(),
    )


def _unit() -> Case:
    """The unit of the need that a match serves."""
    return Case(
        When(offer__post_type=PostType.GPU_POOL, then=Value(Unit.GPU.value)),
        default=Value(Unit.MW.value),
        output_field=CharField(),
    )


FEE_SHARE = Decimal("0.008")
HOURS_PER_MONTH = 730
KW_PER_MW = 1000


def expected_fee() -> Cast:
    """What introducing a match may bring its broker, in whole US$; null while no price is known.

    MW × 1,000 kW × rent × months × 0.8 % × (score / 100)⁴; of GPUs: GPUs × price × 730 h × months × 0.8 % ×
    (score / 100)⁴. MW and GPUs are the last total of the ramp. Rent is the comparable all-in price, else the
    ask; months are the term preferred, within what both accept, else the shortest that both accept. The
    fourth power stands for how much rarer a middling match is signed than a strong one (docs/desk.md).
    """
    likely = Power(F("points") * Value(Decimal("0.01")), Value(4), output_field=_AMOUNT)
    rent = Coalesce("comparable_price", "offer__site__ask_usd_kw_month", "offer__gpupool__price_usd_gpu_hour")
    fee = _quantity() * rent * _months() * Value(FEE_SHARE) * likely
    return Cast(ExpressionWrapper(fee, output_field=_AMOUNT), BigIntegerField())


_AMOUNT = DecimalField(max_digits=40, decimal_places=12)


def _quantity() -> Case:
    """kW, or GPU-hours a month; GPUs that are to be hosted count with what the hungriest of them draws."""
    mw, gpus = _most(Step, "critical_mw"), _most(Step, "gpus")
    watts = _most(GpuWish, "model__it_w_per_gpu")
    hosted = gpus * watts * Value(STANDARD.network_and_storage / 1000)
    return Case(
        When(offer__post_type=PostType.GPU_POOL, then=gpus * Value(HOURS_PER_MONTH)),
        default=Coalesce(mw * Value(KW_PER_MW), hosted, output_field=_AMOUNT),
        output_field=_AMOUNT,
    )


def _most(rows: type[Model], field: str) -> Subquery:
    """The largest value among what belongs to the match's request: totals of a ramp rise."""
    found = rows._default_manager.filter(request=OuterRef("request_id")).order_by().values("request")
    return Subquery(found.annotate(most=Max(field)).values("most"), output_field=_AMOUNT)


def _months() -> Case:
    # Postgres leaves nulls out of both: a blank sets no bound.
    offered = ("offer__site__term_min_months", "offer__gpupool__commit_min_months")
    shortest = Greatest("request__term_min_months", *offered)
    offered = ("offer__site__term_max_months", "offer__gpupool__commit_max_months")
    longest = Least("request__term_max_months", *offered)
    preferred = Greatest(shortest, Least(longest, "request__term_preferred_months"))
    return Case(When(request__term_preferred_months=None, then=shortest), default=preferred)


def _known_to(reader: Reader) -> Q:
    """Pairs that the reader may know of: brokers all, everybody else those of their own posts."""
    if reader.is_broker:
        return Q()
    own = reader.organization.pk if reader.organization else None
    return Q(request__organization=own) | Q(offer__organization=own)


def _coarse(reader: Reader) -> Exists:
    """One of the two posts is only a teaser to the reader."""
    teasers = Post.objects.teasers_to(reader)
    return Exists(teasers.filter(Q(pk=OuterRef("request_id")) | Q(pk=OuterRef("offer_id"))))


def _shown() -> Case:
    """The score as its reader may see it."""
    rounded = (F("points") + 2) / 5 * 5
    return Case(When(coarse=True, then=rounded), default=F("points"), output_field=IntegerField())


def _unless_coarse(value: Any, otherwise: Any) -> Case:
    return Case(When(coarse=True, then=Value(otherwise)), default=value)


# The order of the rules, as far as the reader may know it. No column is null, so pages can resume anywhere.
LIST_ORDER = ("-shown", "list_conditional", "-list_utilization", "list_first_power", "list_price", "uid")
_LIST_COLUMNS = {
    "shown": _shown(),
    "list_conditional": _unless_coarse(F("conditional"), True),
    "list_utilization": _unless_coarse(F("utilization"), Decimal(0)),
    "list_first_power": _unless_coarse(Coalesce("first_power_on", _NEVER), date.max),
    "list_price": _unless_coarse(Coalesce("comparable_price", _DEAREST), _DEAREST),
}


class LossQuerySet(QuerySet[_M]):
    def unexplained(self) -> Self:
        """Those whose posts may still say which gate they fail."""
        return self.filter(gates=None)

    def at(self, instant: datetime) -> Self:
        """Matches that stood at this instant and have gone since."""
        return self.filter(seen_at__lte=instant, lost_at__gt=instant)

    def for_home(self, reader: Reader, since: datetime, today: date, side: str) -> Self:
        """What posts of one side that are still open had at their reader's last visit and have no more, with
        the score as its reader may see it (`shown`), best first."""
        matched = _rows("Match").filter(request=OuterRef("request_id"), offer=OuterRef("offer_id"))
        found = self.at(since).filter(_open(side, today)).exclude(Exists(matched))
        shown = found.filter(_known_to(reader)).annotate(coarse=_coarse(reader)).annotate(shown=_shown())
        return shown.order_by("-shown", "pk")


_REACHED = """
SELECT post_id, floor FROM matching_ranking JOIN unnest(%s::bigint[], %s::int[]) AS pair(post, points)
ON post_id = post AND (floor IS NULL OR points >= floor[1]) WHERE unit = %s
"""


class RankingQuerySet(QuerySet[_M]):
    def recounting(self) -> Self:
        """Those whose list a whole-market run has made, and whose counts are still to follow."""
        return self.filter(seen_xid=NOTHING_SEEN)

    def reached(self, posts: list[int], points: list[int], unit: str) -> dict[int, list[int] | None]:
        """Of those posts that have been ranked and may keep a newcomer with so many points: their floors.

        Both lists may be as long as the market: they travel as arrays, and few floors come back.
        """
        with connection.cursor() as cursor:
            cursor.execute(_REACHED, [posts, points, unit])
            return dict(cursor.fetchall())

    def with_rows(self, side: str) -> Self:
        """Annotate `rows`: matches that rankings of this side ("request" or "offer") count as their own."""
        own = {"request": {"for_need": True}, "offer": {"for_offer": True}}[side]
        found = _rows("Match").filter(**{side: OuterRef("post_id")}, **own).annotate(in_unit=_unit())
        found = found.filter(in_unit=OuterRef("unit")).order_by().values(side)
        return self.annotate(rows=_counted(found, Count("pk")))

    def for_desk(self, reader: Reader, today: date, matches: QuerySet[Any]) -> Self:
        """The open needs that a broker may work on, one row a need, with what these matches of it promise.

        Annotates `matches`, `best` (points) and `fee` (whole US$): the largest that one of them may bring.
        """
        if not reader.is_broker:
            return self.none()
        of_need = matches.filter(request=OuterRef("post_id"), unit=OuterRef("unit"))
        found = of_need.order_by().values("request")
        return self.filter(_open("post", today), post__post_type=PostType.REQUEST).annotate(
            matches=_counted(found, Count("pk")),
            best=_counted(found, Max("points")),
            fee=_counted(found, Max("fee")),
            request_uid=F("post__uid"),
        )


def _counted(found: QuerySet[Any, dict[str, Any]], what: Any) -> Coalesce:
    counted = found.annotate(counted=what).values("counted")
    return Coalesce(Subquery(counted, output_field=BigIntegerField()), 0)


class ReviewQuerySet(QuerySet[_M]):
    def of(self, reader: Reader) -> Self:
        """The reader's own organization's, as long as it has broker rights; other brokers' are theirs."""
        return self.filter(broker=reader.organization) if reader.is_broker else self.none()

    def of_pair(self, request: Any, offer: Any) -> Self:
        return self.filter(request=request, offer=offer)

    def decided(self) -> Self:
        """The decisions that stand, notes left out."""
        return self.filter(stands=True).exclude(decision=Decision.NONE)

    def for_list(self, reader: Reader) -> Self:
        """The reader's own organization's, with the pair's points today (`points_now`, null where the two do
        not match at present). Order by `-at`, `uid`."""
        pair = _rows("Match").filter(request=OuterRef("request_id"), offer=OuterRef("offer_id"))
        found = self.of(reader).annotate(points_now=Subquery(pair.values("points")[:1]))
        return found.select_related("by", "request", "offer")

    def for_need(self, reader: Reader, request: Any, offer_type: str) -> Self:
        """All that was ever said of one need's pairs, latest first, in one query."""
        found = self.of(reader).filter(request=request, offer__post_type=offer_type)
        return found.select_related("by", "undone_by").order_by("-pk")


def _open(side: str, today: date) -> Q:
    return Q(**{f"{side}__status": Status.OPEN, f"{side}__open_until__gte": today})


class RunQuerySet(QuerySet[_M]):
    def under_way(self) -> Self:
        """The run that has not ended; there is at most one."""
        return self.filter(ended_at=None)

    def for_list(self) -> Self:
        """With the people who started and cancelled them. Order by `-started_at`, `uid`."""
        return self.select_related("started_by", "cancelled_by")
