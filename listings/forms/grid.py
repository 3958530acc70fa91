"""Many sites in one table, a row each: the columns that owners keep in their own spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django_countries import countries

from common.errors import DomainError
from listings.forms.base import FieldsForm
from listings.models import Site
from listings.vocabulary import Grid
from listings.words import said

PREFIX = "sites"
ROWS_MAX = 100
BLANK_ROWS = 3


class CodeField(forms.CharField):
    """A word of a vocabulary, typed or pasted as its code or as its name."""

    def __init__(self, words: Mapping[str, Any], **extra: Any) -> None:
        super().__init__(**extra)
        self.codes = {str(name).casefold(): code for code, name in words.items()}
        self.codes |= {code.casefold(): code for code in words}

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if typed and typed.casefold() not in self.codes:
            raise ValidationError(f"“{typed}” is not known.")
        return self.codes.get(typed.casefold()) if typed else None


class GridRow(FieldsForm):
    """One site, or a new one while it has no uid."""

    identity = ("uid", "version")
    uid = forms.UUIDField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    model = Site
    row_fields = (
        "name",
        "country",
        "grid",
        "gross_mw",
        "ask_usd_kw_month",
        "term_min_months",
        "term_max_months",
        "max_rack_kw",
        "power_price_usd_mwh",
        "pue_design",
        "external_id",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"] = _coded("country", dict(countries), self.fields["country"])
        self.fields["grid"] = _coded("grid", dict(Grid.choices), self.fields["grid"])
        for name in self.row_fields:
            field = self.fields[name]
            field.help_text = ""
            field.widget.attrs |= {"aria-label": str(field.label), "autocomplete": "off"}

    def typed(self) -> dict[str, Any]:
        """What differs from what is stored, as the services take it."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.row_fields}

    def refuse(self, refusal: DomainError) -> None:
        """Show a service's refusal in its cell; what has no cell stands above the row."""
        for path, text in refusal.fields.items():
            known = path in self.fields
            self.add_error(path if known else None, text if known else f"{path}: {text}")
        if not refusal.fields:
            self.add_error(None, refusal.message)

    def compare(self, site: Site) -> None:
        """The site has changed since the table was opened: say what is stored now, and ask once more."""
        for name in self.typed():
            stored = said(Site, name, getattr(site, name)) or "nothing"
            self.add_error(name, f"Changed meanwhile. Stored now: {stored}. Save again to replace it.")
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data[self.add_prefix("version")] = str(site.version)


def grid_of(sites: Sequence[Site], data: QueryDict | None = None) -> Any:
    """The table: the rows as stored or as typed, and a few blank ones.

    As typed, each row is compared with the site that it names, whatever order the sites have now.
    """
    made = forms.formset_factory(
        GridRow, extra=0 if data else BLANK_ROWS, max_num=ROWS_MAX, absolute_max=ROWS_MAX, validate_max=True
    )
    if data is None:
        return made(initial=[GridRow.stored(site) for site in sites], prefix=PREFIX)
    known = {str(site.uid): GridRow.stored(site) for site in sites}
    initial = [known.get(uid, {}) for uid in uids_in(data)]
    return made(data, initial=initial, prefix=PREFIX)


def uids_in(data: QueryDict) -> list[str]:
    """The uid of each row that was sent, blank for a new one."""
    total = data.get(f"{PREFIX}-TOTAL_FORMS", "")
    rows = min(int(total), ROWS_MAX) if total.isascii() and total.isdecimal() and len(total) < 5 else 0
    return [data.get(f"{PREFIX}-{row}-uid", "") for row in range(rows)]


def _coded(name: str, words: Mapping[str, Any], field: forms.Field) -> CodeField:
    widget = forms.TextInput({"list": f"known-{name}", "size": "8"})
    return CodeField(words, label=field.label, required=field.required, widget=widget)
