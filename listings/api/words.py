"""Serializer fields described in the words of the pages, limits and words taken from the models."""

from typing import Any

from django.db import models
from django_countries import countries
from django_countries.fields import CountryField
from rest_framework import serializers

from common.strict import StrictSerializer
from listings.words import HINTS, LABELS

COUNTRIES = [(code, str(name)) for code, name in countries]


class DescribedSerializer(serializers.ModelSerializer[Any]):
    """A model's fields, each with its unit and its hint."""

    def build_field(
        self, field_name: str, info: Any, model_class: type[models.Model], nested_depth: int
    ) -> tuple[Any, dict[str, Any]]:
        kind, options = super().build_field(field_name, info, model_class, nested_depth)
        field = info.fields.get(field_name)
        if isinstance(field, CountryField):
            kind, options = _countries(field)
        if isinstance(field, models.UUIDField):
            options.pop("validators", None)
        return kind, {**options, "help_text": described(field_name)}


class DescribedInput(StrictSerializer, DescribedSerializer):
    """Input with a model's own limits; unknown fields are refused."""


def described(name: str) -> str:
    """ "Gross power, MW. Total draw at the meter." """
    label, hint = LABELS.get(name, name.replace("_", " ").capitalize()), HINTS.get(name)
    return f"{label}. {hint}" if hint else f"{label}."


def _countries(field: CountryField) -> tuple[Any, dict[str, Any]]:
    """ISO 3166-1 codes, one or a list."""
    if field.multiple:
        one = serializers.ChoiceField(COUNTRIES)
        return serializers.ListField, {"child": one, "required": False}
    return serializers.ChoiceField, {
        "choices": COUNTRIES,
        "required": not field.blank,
        "allow_blank": field.blank,
    }
