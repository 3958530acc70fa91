"""What we ask about matches."""

from __future__ import annotations

from datetime import date
from typing import Any, Self, TypeVar

from django.db.models import Count, Exists, F, Max, Model, OuterRef, Q, QuerySet

from accounts.readers import Reader
from engine import STANDARD
from listings.models import Change
from listings.vocabulary import Status

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

    def counted(self, side: str) -> QuerySet[Any, dict[str, Any]]:
        """How many matches each post of one side ("request" or "offer") has, and its best points."""
        return self.values(post=F(f"{side}_id")).annotate(matches=Count("pk"), best=Max("points"))


class RankingQuerySet(QuerySet[_M]):
    def floors(self, posts: list[int], unit: str) -> dict[int, int | None]:
        """The floor of each of these posts that has been ranked."""
        return dict(self.filter(post__in=posts, unit=unit).values_list("post_id", "floor"))


def _open(side: str, today: date) -> Q:
    return Q(**{f"{side}__status": Status.OPEN, f"{side}__open_until__gte": today})
