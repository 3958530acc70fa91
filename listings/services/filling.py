"""How what was asked is written into a row: cleaned field by field, with one sentence for each fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from common.errors import InvalidInput

# What only the loader of reference listings may set, beside what the owner sets.
LOADED = frozenset({"is_reference", "source", "source_confidence", "assumed"})
# Set by services of their own, never by naming them.
KEPT = frozenset({"organization", "post_type", "status", "site", "request", "post", "post_ptr"})
NOT_BEFORE, NOT_AFTER = date(2000, 1, 1), date(2100, 12, 31)


class Faults:
    """What is wrong with the input: one sentence for each field, the first one found."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def add(self, path: str, sentence: str) -> None:
        self.fields.setdefault(path, sentence)

    def under(self, path: str) -> bool:
        """Whether something below this path is at fault."""
        return any(each.startswith(path) for each in self.fields)

    def raise_if_any(self) -> None:
        """Raises InvalidInput with all of them."""
        if self.fields:
            count = "One field needs" if len(self.fields) == 1 else f"{len(self.fields)} fields need"
            raise InvalidInput(f"{count} another value; nothing was stored.", fields=self.fields)


def fill(row: models.Model, fields: Mapping[str, Any], faults: Faults, *, at: str = "") -> None:
    """Write the named fields into the row, each cleaned by its own rules; `at` leads the paths of faults."""
    known = _writable(type(row))
    for name, value in fields.items():
        if name not in known:
            faults.add(at + name, "Unknown field.")
            continue
        try:
            setattr(row, name, _clean(known[name], value, row))
        except ValidationError as error:
            faults.add(at + name, " ".join(error.messages))


def require(row: models.Model, given: Iterable[str], faults: Faults, *, at: str = "") -> None:
    """A new row needs every field that has no default and may not be empty."""
    for name, field in _writable(type(row)).items():
        optional = field.null or field.blank or field.has_default()
        if not optional and name not in given:
            faults.add(at + name, "This field is required.")


def in_order(row: models.Model, pairs: Iterable[tuple[str, str]], faults: Faults, *, at: str = "") -> None:
    """The first field of a pair is at most the second; unknown on either side passes."""
    for low, high in pairs:
        first, second = getattr(row, low), getattr(row, high)
        if (
            not faults.fields.keys() & {at + low, at + high}
            and None not in (first, second)
            and first > second
        ):
            faults.add(at + low, f"Must not be above {_spoken(high)}, {_plain(second)}.")
            faults.add(at + high, f"Must not be below {_spoken(low)}, {_plain(first)}.")


def snapshot(row: models.Model) -> dict[str, Any]:
    """Every column as it would be stored, to tell later what changed."""
    return {
        field.name: field.get_prep_value(getattr(row, field.attname)) for field in row._meta.concrete_fields
    }


def changed_since(row: models.Model, before: Mapping[str, Any]) -> list[str]:
    return [name for name, value in snapshot(row).items() if before[name] != value]


def save_changes(row: models.Model, before: Mapping[str, Any]) -> bool:
    """Store what differs and nothing else; False when nothing does."""
    changed = changed_since(row, before)
    if changed:
        row.save(update_fields=changed)
    return bool(changed)


def drop_marks(row: Any, before: Mapping[str, Any]) -> None:
    """A value that its owner has changed is no longer assumed."""
    changed = changed_since(row, before)
    if "assumed" not in changed:
        row.assumed = [name for name in row.assumed if name not in changed]


@cache
def _writable(model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
    return {
        field.name: field
        for field in model._meta.concrete_fields
        if (field.editable or field.name in LOADED) and not field.primary_key and field.name not in KEPT
    }


def _clean(field: models.Field[Any, Any], value: Any, row: models.Model) -> Any:
    if isinstance(field, models.ForeignKey):
        return _related(field, value)
    if value is None and field.null:
        return None  # an ArrayField would walk through it
    if any(
        isinstance(text, str) and "\x00" in text for text in (value if isinstance(value, list) else [value])
    ):
        raise ValidationError("Null characters are not taken.")
    cleaned = field.clean(_tidy(field, value), row)
    if isinstance(cleaned, date) and not NOT_BEFORE <= cleaned <= NOT_AFTER:
        raise ValidationError("Must lie between 2000 and 2100.")
    if isinstance(cleaned, str) and isinstance(field, models.CharField) and not cleaned.isprintable():
        raise ValidationError("Write one line of text.")
    return cleaned


def _related(field: models.ForeignKey[Any, Any], value: Any) -> Any:
    if value is None and not field.null:
        raise ValidationError("This field cannot be null.")
    if value is not None and not isinstance(value, field.remote_field.model):
        raise ValidationError("There is no such thing.")
    return value


def _tidy(field: models.Field[Any, Any], value: Any) -> Any:
    """Text without outer blanks, names on one line, sets without doubles in the order of their vocabulary,
    floats as the decimal that was written."""
    if isinstance(value, float):
        return str(value)
    if value == "" and field.null:
        return None
    if isinstance(value, str):
        return " ".join(value.split()) if isinstance(field, models.CharField) else value.strip()
    if isinstance(field, ArrayField) and isinstance(value, Iterable):
        words = list(dict.fromkeys(value))
        order = [word for word, _ in field.base_field.choices or ()]
        return sorted(words, key=order.index) if set(words) <= set(order) else words
    return value


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: Any) -> str:
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
