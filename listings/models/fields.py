"""Field types that several tables share: quantities, prices and sets with their limits.

Every limit stands twice: as a validator, so that a form can point at the field, and as a named CHECK.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q, TextChoices

LIMITS: dict[str, tuple[Decimal | int, Decimal | int]] = {
    "mw": (Decimal("0.1"), 10_000),
    "gpus": (1, 1_000_000),
    "months": (1, 480),
    "price": (Decimal("0.01"), 100_000),
    "pue": (1, 3),
    "pct": (0, 100),
    "weight_pct": (10, 80),
    "rack_kw": (1, 2_000),
    "hours_per_year": (0, 8_760),
    "minutes": (0, 525_600),
    "security_months": (0, 120),
    "guarantee_months": (0, 480),
    "usd_mw": (0, 100_000_000),
    "gbps": (1, 100_000),
    "gpus_per_node": (1, 1_024),
}


def limited(kind: str, *, null: bool = False, **extra: Any) -> models.DecimalField[Any, Any]:
    """A decimal with three places inside the limits of its kind; null means unknown."""
    return models.DecimalField(
        max_digits=12, decimal_places=3, validators=_validators(kind), null=null, blank=null, **extra
    )


def price(*, null: bool = False) -> models.DecimalField[Any, Any]:
    """US$ with four places: the engine counts whole 1/10,000 US$."""
    return models.DecimalField(
        max_digits=12, decimal_places=4, validators=_validators("price"), null=null, blank=null
    )


def whole(kind: str, *, null: bool = False, **extra: Any) -> models.PositiveIntegerField[Any, Any]:
    """A whole number inside the limits of its kind; null means unknown."""
    return models.PositiveIntegerField(validators=_validators(kind), null=null, blank=null, **extra)


def chosen(
    choices: type[TextChoices], *, null: bool = False, default: Any = models.NOT_PROVIDED
) -> models.CharField[Any, Any]:
    """One word of a vocabulary; null means unknown."""
    return models.CharField(max_length=24, choices=choices, null=null, blank=null, default=default)


def chosen_set(choices: type[TextChoices], *, null: bool) -> ArrayField[Any, Any]:
    """A set of words; null means unknown, and only sets that may be unknown are nullable."""
    inner = models.CharField(max_length=24, choices=choices)
    return ArrayField(inner, null=null, blank=True, default=None if null else list)


def region(*, blank: bool = False) -> models.CharField[Any, Any]:
    """A subdivision's code; that it belongs to the country is a rule of its table."""
    code = RegexValidator(r"^[A-Z]{2}-[A-Z0-9]{1,3}\Z", "Write an ISO 3166-2 code, such as US-TX.")
    return models.CharField(
        max_length=6, blank=blank, validators=[code], help_text="ISO 3166-2, such as US-TX"
    )


def within(table: str, kind: str, *names: str) -> list[models.CheckConstraint]:
    """One named CHECK a field: a stored value lies inside its kind's limits."""
    low, high = LIMITS[kind]
    return [
        models.CheckConstraint(name=f"{table}_{name}_range", condition=Q(**{f"{name}__range": (low, high)}))
        for name in names
    ]


def known(table: str, **fields: type[TextChoices]) -> list[models.CheckConstraint]:
    """One named CHECK a field: the stored word belongs to its vocabulary."""
    return [
        models.CheckConstraint(name=f"{table}_{name}_known", condition=Q(**{f"{name}__in": words.values}))
        for name, words in fields.items()
    ]


def subset(table: str, **fields: type[TextChoices]) -> list[models.CheckConstraint]:
    """One named CHECK a field: every word of the stored set belongs to its vocabulary."""
    return [
        models.CheckConstraint(
            name=f"{table}_{name}_known", condition=Q(**{f"{name}__contained_by": words.values})
        )
        for name, words in fields.items()
    ]


def ordered(table: str, *pairs: tuple[str, str]) -> list[models.CheckConstraint]:
    """One named CHECK a pair: the first value is at most the second. Unknown on either side passes."""
    return [
        models.CheckConstraint(
            name=f"{table}_{low}_upto_{high}"[:60],
            condition=Q(**{f"{low}__lte": models.F(high)}) | Q(**{low: None}) | Q(**{high: None}),
            violation_error_message=f"{low} must not be above {high}.",
        )
        for low, high in pairs
    ]


def region_in_country(table: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"{table}_region_in_country",
        condition=Q(region="")
        | Q(region__regex=r"^[A-Z]{2}-[A-Z0-9]{1,3}$", region__startswith=models.F("country")),
        violation_error_message="region must belong to the country, such as US-TX in US.",
    )


def dates_in_century(table: str, *names: str) -> list[models.CheckConstraint]:
    """One named CHECK a date: 2000 to 2100, so that a mistyped year is an error and not a century's wait."""
    return [
        models.CheckConstraint(
            name=f"{table}_{name}_in_century",
            condition=Q(**{f"{name}__range": ("2000-01-01", "2100-12-31")}),
            violation_error_message=f"{name} must lie between 2000 and 2100.",
        )
        for name in names
    ]


def flatten(*groups: Iterable[Any]) -> list[Any]:
    return [one for group in groups for one in group]


def _validators(kind: str) -> list[Any]:
    low, high = LIMITS[kind]
    return [MinValueValidator(low), MaxValueValidator(high)]
