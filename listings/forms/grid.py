"""Many sites in one table, a row each: the columns that owners keep in their own spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django_countries import countries

from common.errors import DomainError
from listings.forms.base import FieldsForm, plain
from listings.forms.supply import PhaseForm
from listings.models import Phase, Site
from listings.vocabulary import BuildStage, Grid
from listings.words import said

PREFIX = "sites"
# The cells of a site's only phase.
PHASE = PhaseForm.row_fields
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


class DayField(forms.DateField):
    """A day as spreadsheets write it, as far as it can only be one day; a month is its first day."""

    default_error_messages = {"invalid": "Write the day as 2027-03-01; 3/4/2027 could be two days."}

    def __init__(self, **extra: Any) -> None:
        written = ("%Y-%m-%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %Y", "%B %Y", "%Y-%m")
        super().__init__(input_formats=written, **extra)


class GridRow(FieldsForm):
    """One site with its only phase, or a new one while it has no uid. Several phases are edited elsewhere."""

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
    columns = (*row_fields[:4], *PHASE, *row_fields[4:])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= _phase_fields()
        self.fields["country"] = _coded("country", dict(countries), self.fields["country"])
        self.fields["grid"] = _coded("grid", dict(Grid.choices), self.fields["grid"])
        self.order_fields([*self.identity, *self.columns])
        several = self.initial.get("phases", 0) > 1
        for name in self.columns:
            field = self.fields[name]
            field.help_text = ""
            field.widget.attrs |= {"aria-label": str(field.label), "autocomplete": "off"}
            if several and name in PHASE:
                field.widget.attrs |= {
                    "readonly": True,
                    "title": f"{self.initial['phases']} phases: see the site",
                }

    @classmethod
    def stored(cls, row: Any) -> dict[str, Any]:
        """A site and its first phase as the row's initial values; its phases must be loaded."""
        phases = sorted(row.phases.all(), key=lambda phase: (phase.ready_on, phase.pk))
        first = PhaseForm.stored(phases[0]) if phases else {}
        kept = {name: first.get(name) for name in PHASE} | {"phase_uid": first.get("uid")}
        kept["stage"] = dict(BuildStage.choices).get(str(kept["stage"]), "")
        if len(phases) > 1:
            kept |= {"critical_mw": plain(sum(phase.critical_mw for phase in phases)), "stage": ""}
        return {**super().stored(row), **kept, "phases": len(phases), "status": row.status}

    def typed(self) -> dict[str, Any]:
        """What differs from what is stored, as the services take it."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.row_fields}

    def phases_typed(self) -> list[dict[str, Any]] | None:
        """The only phase as the services take it; None where it is as stored, or one of several."""
        changed = [name for name in self.changed_data if name in PHASE]
        if not changed or self.initial.get("phases", 0) > 1:
            return None
        uid = self.initial.get("phase_uid")
        names = changed if uid else [name for name in PHASE if self.cleaned_data[name] is not None]
        return [{name: self.cleaned_data[name] for name in names} | ({"uid": str(uid)} if uid else {})]

    def says_something(self) -> bool:
        return bool(self.typed()) or self.phases_typed() is not None

    def refuse(self, refusal: DomainError) -> None:
        """Show a service's refusal in its cell; what has no cell stands above the row."""
        for path, text in refusal.fields.items():
            name = PHASE[0] if path == "phases" else path.removeprefix("phases.0.")
            known = name in self.columns
            self.add_error(name if known else None, text if known else f"{path}: {text}")
        if not refusal.fields:
            self.add_error(None, refusal.message)

    def compare(self, site: Site) -> None:
        """The site has changed since the table was opened: say what is stored now, and ask once more."""
        now = self.stored(site)
        for name in [name for name in self.changed_data if name in self.columns]:
            stored = said(Phase if name in PHASE else Site, name, now[name]) or "nothing"
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


def _phase_fields() -> dict[str, forms.Field]:
    """The phase's own fields, to be typed as text and left blank."""
    fields = PhaseForm().fields
    day = DayField(label=fields["ready_on"].label, widget=forms.DateInput({"size": "10"}, format="%Y-%m-%d"))
    stage = _coded("stage", dict(BuildStage.choices), fields["stage"])
    made = {"ready_on": day, "critical_mw": fields["critical_mw"], "stage": stage}
    for field in made.values():
        field.required = False
    return made


def _coded(name: str, words: Mapping[str, Any], field: forms.Field) -> CodeField:
    widget = forms.TextInput({"list": f"known-{name}", "size": "8"})
    return CodeField(words, label=field.label, required=field.required, widget=widget)
