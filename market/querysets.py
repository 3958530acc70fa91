"""What we ask about announced leases."""

from decimal import Decimal
from statistics import median
from typing import Self, TypeVar

from django.db.models import F, Model, QuerySet

_P = TypeVar("_P", bound=Model, covariant=True)


class ComparableQuerySet(QuerySet[_P]):
    def for_page(self) -> Self:
        """What the market page shows, the newest lease first, in one query."""
        return self.order_by(F("announced_on").desc(), "pk")

    def rates(self) -> list[Decimal]:
        """US$ per critical kW-month of all priced leases."""
        return list(self.values_list("rate_usd_kw_month", flat=True))

    def median_usd_kw_month(self) -> Decimal | None:
        """The middle rate of all priced leases; None if there is none."""
        rates = self.rates()
        return median(rates) if rates else None
