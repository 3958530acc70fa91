"""What we ask about matches."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from accounts.readers import Reader
from engine import STANDARD
from listings.models import Change, Post
from listings.vocabulary import Status
from matching.vocabulary import SHOWN_PER_NEED

_NEVER = Value(date.max)
_DEAREST = Decimal("99999999")

_M = TypeVar("_M", bound=Model, covariant=True)


class MatchQuerySet(QuerySet[_M]):
    def visible_to(self, reader: Reader) -> Self:
        """A match is known to the owners of its two posts and to brokers."""
        if reader.is_broker:
            return self
        if reader.organization is None:
            return self.none()
        own = reader.organization
        return self.filter(Q(request__organization=own) | Q(offer__organization=own))

    def live(self, today: date) -> Self:
        """Matches that may be shown: both posts open, and scored at the versions that stand.

        While one of the posts awaits matching, its earlier score stays visible with `refreshing` set.
        """
        return self.with_refreshing().filter(
            _open("request", today),
            _open("offer", today),
            Q(refreshing=True)
            | Q(
                request_version=F("request__version"),
                offer_version=F("offer__version"),
                assumptions_version=STANDARD.version,
            ),
        )

    def with_refreshing(self) -> Self:
        waiting = Change.objects.filter(Q(post=OuterRef("request_id")) | Q(post=OuterRef("offer_id")))
        return self.annotate(refreshing=Exists(waiting))

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
        teasers = Post.objects.teasers_to(reader)
        either = teasers.filter(Q(pk=OuterRef("request_id")) | Q(pk=OuterRef("offer_id")))
        return self.annotate(coarse=Exists(either))

    def counted(self, side: str) -> QuerySet[Any, dict[str, Any]]:
        """Of `for_list`: matches of each post of one side ("request" or "offer"), and the best score
        as its reader may see it."""
        return self.values(post=F(f"{side}_id")).annotate(matches=Count("pk"), best=Max("shown"))

    def counts_of(self, posts: Collection[int], side: str) -> dict[int, tuple[int, int]]:
        """Of `for_list`: {post: (how many matches, the best score as its reader may see it)}, one query."""
        found = self.filter(**{f"{side}__in": posts}).counted(side)
        return {row["post"]: (row["matches"], row["best"]) for row in found}


def _unless_coarse(value: Any, otherwise: Any) -> Case:
    return Case(When(coarse=True, then=Value(otherwise)), default=value)


# The order of the rules, as far as the reader may know it. No column is null, so pages can resume anywhere.
LIST_ORDER = ("-shown", "list_conditional", "-list_utilization", "list_first_power", "list_price", "uid")
_LIST_COLUMNS = {
    "shown": Case(
        When(coarse=True, then=(F("points") + 2) / 5 * 5), default=F("points"), output_field=IntegerField()
    ),
    "list_conditional": _unless_coarse(F("conditional"), True),
    "list_utilization": _unless_coarse(F("utilization"), Decimal(0)),
    "list_first_power": _unless_coarse(Coalesce("first_power_on", _NEVER), date.max),
    "list_price": _unless_coarse(Coalesce("comparable_price", _DEAREST), _DEAREST),
}


class RankingQuerySet(QuerySet[_M]):
    def floors(self, posts: list[int], unit: str) -> dict[int, int | None]:
        """The floor of each of these posts that has been ranked."""
        return dict(self.filter(post__in=posts, unit=unit).values_list("post_id", "floor"))


def _open(side: str, today: date) -> Q:
    return Q(**{f"{side}__status": Status.OPEN, f"{side}__open_until__gte": today})
