"""Forms built from the models' own fields, so that a limit or a word is written once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.forms.models import fields_for_model, model_to_dict
from django.forms.utils import ErrorDict

from listings.vocabulary import Status
from listings.words import HINTS, LABELS

OPEN_FOR = timedelta(days=365)


class Section(NamedTuple):
    title: str
    names: tuple[str, ...]


class SetField(forms.MultipleChoiceField):
    """A set of words as checkboxes. Nothing ticked is None where the model knows "unknown"."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, empty: list[str] | None, **extra: Any) -> None:
        super().__init__(required=False, **extra)
        self.empty = empty

    def clean(self, value: Any) -> Any:
        return super().clean(value) or self.empty


class FieldsForm(forms.Form):
    """The fields of one model, in the order of its sections."""

    model: type[models.Model]
    sections: tuple[Section, ...] = ()
    row_fields: tuple[str, ...] = ()
    # Hidden fields that say which row, and which version of it, the form was opened with.
    identity: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.judged = True
        self.fields.update(_fields(self.model, self.names()))

    @classmethod
    def names(cls) -> list[str]:
        return [*cls.row_fields, *(name for section in cls.sections for name in section.names)]

    @classmethod
    def stored(cls, row: models.Model) -> dict[str, Any]:
        """A row as the form's initial values."""
        values = {**model_to_dict(row, cls.names()), **{name: getattr(row, name) for name in cls.identity}}
        return {name: plain(value) for name, value in values.items()}

    def full_clean(self) -> None:
        """While rows are still being added, what was typed is kept and nothing is judged."""
        if self.judged:
            super().full_clean()
        else:
            self._errors, self.cleaned_data = ErrorDict(), {}


class PostForm(FieldsForm):
    """A post's own fields; `status` is what the pressed button said."""

    status = forms.ChoiceField(
        choices=[(Status.OPEN, "open"), (Status.DRAFT, "draft")], required=False, widget=forms.HiddenInput
    )
    identity = ("version",)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @staticmethod
    def fresh(today: date) -> dict[str, Any]:
        """What a new post's form opens with."""
        return {"open_until": today + OPEN_FOR}


def choose_among(form: forms.Form, name: str, rows: models.QuerySet[Any]) -> None:
    """Offer these rows and no others."""
    field = form.fields[name]
    if not isinstance(field, forms.ModelChoiceField):
        raise TypeError(f"{name} does not choose among rows.")
    field.queryset = rows


def _fields(model: type[models.Model], names: Iterable[str]) -> dict[str, forms.Field]:
    names = list(names)
    return fields_for_model(model, names, labels=LABELS, help_texts=HINTS, formfield_callback=_form_field)


def plain(value: Any) -> Any:
    """100.000 MW is typed and read as 100."""
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value


def _form_field(field: models.Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    if isinstance(field, ArrayField) and field.base_field.choices:
        words = {"label": kwargs["label"], "help_text": kwargs.get("help_text", "")}
        return SetField(choices=field.base_field.choices, empty=None if field.null else [], **words)
    if isinstance(field, models.DecimalField | models.IntegerField):
        # Text, not number: a browser's number input throws away what it does not understand.
        mode = "decimal" if isinstance(field, models.DecimalField) else "numeric"
        kwargs["widget"] = forms.TextInput(attrs={"inputmode": mode, "class": "number"})
        kwargs |= _limits(field)
    if isinstance(field, models.DateField):
        kwargs["widget"] = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    if isinstance(field, models.TextField):
        kwargs["widget"] = forms.Textarea(attrs={"rows": 4})
    made = field.formfield(**kwargs)
    if isinstance(made, forms.ChoiceField) and not made.widget.allow_multiple_selected:
        _name_the_blank(made)
    return made


def _name_the_blank(field: forms.ChoiceField) -> None:
    """A dash says nothing to a reader who hears the page."""
    said = "Choose one" if field.required else "Not stated"
    if isinstance(field, forms.ModelChoiceField):
        field.empty_label = said  # its choices stay a query: which rows they are is decided later
        return
    options: Any = field.choices
    field.choices = [("", said), *((value, text) for value, text in options if value)]


def _limits(field: models.Field[Any, Any]) -> dict[str, Any]:
    limits = {}
    for rule in field.validators:
        if isinstance(rule, MinValueValidator):
            limits["min_value"] = rule.limit_value
        elif isinstance(rule, MaxValueValidator):
            limits["max_value"] = min(rule.limit_value, limits.get("max_value", rule.limit_value))
    return limits
