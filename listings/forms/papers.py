"""A post as it lies before its author: its own fields and its tables of rows, filled in together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from django import forms
from django.db import models
from django.http import QueryDict
from django.utils.text import capfirst

from accounts.models import Organization
from common.errors import DomainError
from listings.forms.base import FieldsForm, PostForm, Section
from listings.forms.demand import (
    GpuRequestForm,
    GpuStepForm,
    GpuWishForm,
    PowerRequestForm,
    PowerStepForm,
)
from listings.forms.supply import GpuPoolForm, PhaseForm, SiteForm
from listings.models import CapacityRequest, GpuPool, Post, Site
from listings.vocabulary import RequestKind, Status
from listings.words import said

ROWS_MAX = 24
ADD, COPY, PREVIEW, COUNT = "add", "copy", "preview", "count"
# Buttons that bring the form back as it was typed; nothing is judged or stored.
STAY = (ADD, COPY, PREVIEW, COUNT)
RAMP_HINT = "From each date on, the total in use. Totals rise."


class Table(NamedTuple):
    """A kind of row that belongs to a post; `name` is also the API's name for it."""

    name: str
    noun: str
    title: str
    hint: str
    form: type[FieldsForm]


class Line(NamedTuple):
    """A field on the page, with what is stored now where that differs from what was typed."""

    field: forms.BoundField
    stored: str | None = None
    is_assumed: bool = False


class Part(NamedTuple):
    title: str
    lines: list[Line]
    is_open: bool
    stated: int


class Row(NamedTuple):
    """One row of a table: its first fields, and the rest folded under `title`."""

    form: FieldsForm
    first: list[Line]
    title: str
    rest: list[Line]
    is_open: bool


class Grid(NamedTuple):
    """A table on the page, with the rows stored now where they differ from those typed."""

    table: Table
    stored: list[str] | None
    formset: Any
    errors: list[str]
    rows: list[Row]


class Problem(NamedTuple):
    """One line of the error summary; `name` is the field's or the table's in the form."""

    label: str
    text: str
    anchor: str
    name: str = ""


class Paper:
    """The form of one post, new or stored, blank or as typed.

    `fields` and `rows` are what the services take; `refuse` brings back what they say.
    """

    form_class: type[PostForm]
    tables: tuple[Table, ...] = ()
    # What the service must know beyond what is typed.
    given: dict[str, Any] = {}

    def __init__(
        self,
        *,
        organization: Organization,
        today: date,
        post: Post | None = None,
        data: QueryDict | None = None,
        was_kept: bool = False,
    ) -> None:
        self.organization, self.post, self.data = organization, post, data
        self.unjudged = was_kept or (data is not None and any(button in data for button in STAY))
        self.is_stale = False
        self.stored_now: dict[str, str] = {}
        self.stored_rows: dict[str, list[str]] = {}
        start = self.form_class.stored(post) if post else PostForm.fresh(today)
        self.form = self._form(data, start)
        self.rows = {table.name: self._rows_of(table) for table in self.tables}
        if self.unjudged:
            self._leave_unjudged()

    def is_valid(self) -> bool:
        # Everything is judged, so that one look shows every fault.
        return not self.unjudged and all(
            [self.form.is_valid(), *(rows.is_valid() for rows in self.rows.values())]
        )

    def judge(self, check: Callable[..., dict[str, str]], *, now: datetime) -> None:
        """Judge what there is so far: by the form's own rules, and by those across fields that `check`, the
        kind's service, knows. What is not there yet is at fault too; pages show the faults they ask for."""
        self.unjudged = False
        for form in self._forms():
            form.judged = True
            form.full_clean()
        whole = [name for name, rows in self.rows.items() if rows.is_valid()]
        rows = {name: [_without_uid(row) for row in self.rows_typed([name])[name]] for name in whole}
        fields = {"status": self.post.status} if self.post and self.post.status == Status.DRAFT else {}
        fields |= {name: value for name, value in self.form.cleaned_data.items() if name in self.form.names()}
        faults = check(organization=self.organization, fields=fields | self.given, now=now, **rows)
        for path, text in faults.items():
            self._place(path.split("."), text, once=True)

    def lines(self, names: Iterable[str]) -> list[Line]:
        """The fields with these names in the page's form, those of rows too; unknown ones are left out."""
        known = {field.html_name: field for form in self._forms() for field in form}
        return [self._line(known[name]) for name in names if name in known]

    def fields(self) -> dict[str, Any]:
        """The post's own fields as the services take them."""
        typed = {name: self.form.cleaned_data[name] for name in self.form.names()}
        status = {"status": self.form.cleaned_data["status"]} if self.form.cleaned_data["status"] else {}
        return {**typed, **(status if self.post is None else {}), **self.given}

    def rows_typed(self, names: Iterable[str] | None = None) -> dict[str, list[dict[str, Any]]]:
        """Each table's rows as the services take them: without the blank and the removed ones."""
        named = self.rows if names is None else names
        return {name: [_values(form) for form in _kept(self.rows[name])] for name in named}

    def refuse(self, refusal: DomainError) -> None:
        """Show a service's refusal where it belongs, so that nothing typed is lost."""
        for path, text in refusal.fields.items():
            self._place(path.split("."), text)
        if not refusal.fields:
            self.form.add_error(None, refusal.message)

    def problems(self) -> list[Problem]:
        """Every fault with the field that it stands at, in the order of the page."""
        if self.unjudged:
            return []
        found = list(_problems(self.form, ""))
        for table in self.tables:
            rows = self.rows[table.name]
            found += [Problem("", text, table.name, table.name) for text in rows.non_form_errors()]
            for number, form in enumerate(rows.forms, start=1):
                found += _problems(form, f"{capfirst(table.noun)} {number}: ")
        return found

    def version_typed(self) -> int | None:
        """Which version of the post was opened for editing."""
        version: int | None = self.form.cleaned_data["version"]
        return version

    def compare(self) -> None:
        """The post has changed since this form was opened: show what is stored beside what was typed.

        The next submission is meant for the stored version: whoever sends it has read both.
        """
        self.is_stale = True
        changed = [name for name in self.form.changed_data if name in self.form.names()]
        self.stored_now = {name: self._value_now(name) for name in changed}
        for table in self.tables:
            self._compare_rows(table)
        if self.data is not None and self.post is not None:
            self.form.data = self.data.copy()
            self.form.data["version"] = str(self.post.version)

    def parts(self) -> list[Part]:
        """The post's own sections for the page; all but the first are folded unless they hold something."""
        return [self._part(section, is_first=not at) for at, section in enumerate(self.form.sections)]

    def grids(self) -> list[Grid]:
        """The tables for the page."""
        return [
            Grid(
                table,
                self.stored_rows.get(table.name),
                self.rows[table.name],
                [] if self.unjudged else list(self.rows[table.name].non_form_errors()),
                [_row(form) for form in self.rows[table.name].forms],
            )
            for table in self.tables
        ]

    def _part(self, section: Section, *, is_first: bool) -> Part:
        lines = [self._line(self.form[name]) for name in section.names]
        wrong = any(line.field.errors or line.stored is not None for line in lines)
        stated = sum(_says_something(line.field) for line in lines)
        return Part(section.title, lines, is_open=is_first or wrong or stated > 0, stated=stated)

    def _line(self, field: forms.BoundField) -> Line:
        name = field.html_name
        return Line(field, self.stored_now.get(name), self._is_assumed(name))

    def _forms(self) -> list[FieldsForm]:
        return [self.form, *(form for rows in self.rows.values() for form in rows.forms)]

    def _value_now(self, name: str) -> str:
        stored = getattr(self.post, name)
        return said(self.form.model, name, stored) or "nothing"

    def _compare_rows(self, table: Table) -> None:
        stored = [
            _in_words(table, {name: getattr(row, name) for name in table.form.names()})
            for row in self._rows_now(table)
        ]
        if stored != [_in_words(table, _values(form)) for form in _kept(self.rows[table.name])]:
            self.stored_rows[table.name] = stored

    def _is_assumed(self, name: str) -> bool:
        return self.post is not None and name in self.post.assumed

    def _form(self, data: QueryDict | None, start: dict[str, Any]) -> PostForm:
        return self.form_class(data, initial=start)

    def _rows_of(self, table: Table) -> Any:
        kind = forms.formset_factory(
            table.form,
            extra=0 if self.post else 1,
            max_num=ROWS_MAX,
            absolute_max=ROWS_MAX * 2,
            validate_max=True,
            can_delete=True,
        )
        if self.data is not None:
            return kind(_with_one_more(self.data, table), prefix=table.name, error_messages=_said())
        return kind(initial=self._initial_rows(table), prefix=table.name)

    def _initial_rows(self, table: Table) -> list[dict[str, Any]]:
        return [table.form.stored(row) for row in self._rows_now(table)]

    def _rows_now(self, table: Table) -> list[models.Model]:
        """The post's rows of one kind, in the order of their first field."""
        if self.post is None:
            return []
        return list(getattr(self.post, table.name).order_by(table.form.row_fields[0], "pk"))

    def _leave_unjudged(self) -> None:
        for form in self._forms():
            form.judged = False
        button = self.data.get(ADD) or self.data.get(COPY) or "" if self.data is not None else ""
        asked = self.rows.get(button.partition("-")[0])
        if asked and asked.forms:
            newest = asked.forms[-1]
            newest.fields[newest.row_fields[0]].widget.attrs["autofocus"] = True

    def _place(self, path: list[str], text: str, *, once: bool = False) -> None:
        """Put a service's sentence at its field; `once` leaves alone a field that is at fault already."""
        form: forms.Form = self.form
        if path[0] in self.rows:
            rows = self.rows[path[0]]
            kept = _kept(rows)
            if len(path) < 2 or not path[1].isdigit() or int(path[1]) >= len(kept):
                rows.non_form_errors().append(text)
                return
            form, path = kept[int(path[1])], path[2:]
        name = path[0] if path and path[0] in form.fields else None
        if not (once and name in form.errors):
            form.add_error(name, text)


class SitePaper(Paper):
    form_class = SiteForm
    tables = (
        Table(
            "phases",
            "phase",
            "Phases",
            "Dated blocks of critical power. Together, times the PUE, they stay within the gross power.",
            PhaseForm,
        ),
    )
    post: Site | None


class GpuPoolPaper(Paper):
    form_class = GpuPoolForm
    post: GpuPool | None

    def _form(self, data: QueryDict | None, start: dict[str, Any]) -> PostForm:
        return GpuPoolForm(data, initial=start, organization=self.organization)


class PowerRequestPaper(Paper):
    form_class = PowerRequestForm
    tables = (Table("steps", "step", "Ramp", RAMP_HINT, PowerStepForm),)
    given = {"kind": RequestKind.POWER}
    post: CapacityRequest | None


class GpuRequestPaper(Paper):
    form_class = GpuRequestForm
    tables = (
        Table("steps", "step", "Ramp", RAMP_HINT, GpuStepForm),
        Table(
            "gpu_wishes",
            "GPU model",
            "GPU models",
            "Name every model that would do. The cap is yours alone to see.",
            GpuWishForm,
        ),
    )
    given = {"kind": RequestKind.GPU}
    post: CapacityRequest | None


def _with_one_more(data: QueryDict, table: Table) -> QueryDict:
    """The data with a row more, blank or a copy of another, if one of this table's buttons was pressed."""
    total, (copied, _, row) = f"{table.name}-TOTAL_FORMS", data.get(COPY, "").partition("-")
    rows = str(data.get(total, ""))
    if table.name not in (data.get(ADD), copied) or not rows.isdecimal() or int(rows) >= ROWS_MAX:
        return data
    more = data.copy()
    more[total] = str(int(rows) + 1)
    if copied:
        for name in table.form.names():
            more.setlist(f"{table.name}-{rows}-{name}", data.getlist(f"{table.name}-{row}-{name}"))
    return more


def _says_something(field: forms.BoundField) -> bool:
    """Whether a field holds more than what every new form opens with."""
    value = field.value()
    return value not in (None, "", [], False) and field.name != "open_until" and value != field.field.initial


def _said() -> dict[str, str]:
    return {
        "too_many_forms": f"Give at most {ROWS_MAX} rows.",
        "missing_management_form": "The form arrived incomplete. Please send it again.",
    }


def _kept(rows: Any) -> list[Any]:
    """The forms of a valid formset that say something and are not to be removed."""
    return [form for form in rows.forms if form.has_changed() and not form.cleaned_data.get("DELETE")]


def _problems(form: forms.Form, before: str) -> Iterator[Problem]:
    for text in form.non_field_errors():
        yield Problem(before.removesuffix(": "), str(text), "form")
    for field in form:
        for text in field.errors:
            # A group of checkboxes has no id of its own: point at its first box.
            anchor = field.id_for_label or f"{field.auto_id}_0"
            yield Problem(f"{before}{field.label}", str(text), anchor, field.html_name)


def _values(form: FieldsForm) -> dict[str, Any]:
    row = {name: form.cleaned_data[name] for name in form.names()}
    return {"uid": form.cleaned_data["uid"], **row} if form.cleaned_data.get("uid") else row


def _without_uid(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "uid"}


def _row(form: FieldsForm) -> Row:
    first = [Line(form[name]) for name in form.row_fields]
    rest = [Line(form[name]) for section in form.sections for name in section.names]
    typed = any(line.field.errors or line.field.value() for line in rest)
    return Row(form, first, form.sections[0].title if rest else "", rest, is_open=typed)


def _in_words(table: Table, row: dict[str, Any]) -> str:
    return " · ".join(said(table.form.model, name, row[name]) for name in table.form.names() if row[name])
