"""Announced leases to compare an ask with."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q
from django_countries.fields import CountryField

from listings.vocabulary import Confidence
from market.querysets import ComparableQuerySet

_URL = re.compile(r"(https?://[^\s;,)]+)")


class SourcePart(NamedTuple):
    """A piece of a source: plain text, or an address named by its host."""

    text: str
    url: str = ""


def source_parts(source: str) -> list[SourcePart]:
    """A source with each address told apart: a host says who wrote it, a long address does not."""
    return [
        SourcePart(urlsplit(piece).netloc.removeprefix("www."), piece) if at % 2 else SourcePart(piece)
        for at, piece in enumerate(_URL.split(source))
        if piece
    ]


class Comparable(models.Model):
    """One announced hosting lease whose rate is known.

    Only single leases of critical MW without GPUs: a GPU cloud and a powered shell are other products, and an
    aggregate would count its parts twice.
    """

    external_id = models.CharField(max_length=20, unique=True)
    announced_on = models.DateField()
    landlord = models.CharField(max_length=120)
    tenant = models.CharField(max_length=120)
    site_name = models.CharField(max_length=160, blank=True)
    country = CountryField()
    region = models.CharField(max_length=40, blank=True)
    critical_mw = models.DecimalField(max_digits=12, decimal_places=3)
    term_months = models.PositiveIntegerField()
    # An average over the whole term: the first year's rent is lower where an escalator applies.
    rate_usd_kw_month = models.DecimalField(max_digits=12, decimal_places=4)
    structure = models.CharField(max_length=80, blank=True)
    power_cost = models.CharField("who pays the power", max_length=80, blank=True)
    source = models.TextField()
    source_confidence = models.CharField(max_length=10, choices=Confidence)
    notes = models.TextField(blank=True)

    objects = ComparableQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="comparable_has_source", condition=~Q(source="")),
            models.CheckConstraint(name="comparable_rate_positive", condition=Q(rate_usd_kw_month__gt=0)),
            models.CheckConstraint(
                name="comparable_confidence_known", condition=Q(source_confidence__in=Confidence.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.landlord} to {self.tenant}, {self.announced_on:%Y-%m}"

    @property
    def term_years(self) -> float:
        return self.term_months / 12

    @property
    def source_parts(self) -> list[SourcePart]:
        return source_parts(self.source)
