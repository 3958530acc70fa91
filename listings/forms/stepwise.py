"""A request in six steps: one paper, of which each page shows a part.

What was typed is kept as a form would send it, under the names of the full form: so a step is judged by the
same rules, and the last one sends the same paper to the same service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from listings.forms.base import choose_among
from listings.forms.dated import dated
from listings.forms.papers import (
    PREVIEW,
    ROWS_MAX,
    STAY,
    GpuRequestPaper,
    Grid,
    Line,
    Paper,
    PowerRequestPaper,
    Problem,
)
from listings.forms.quick import title_for
from listings.models import GpuModel
from listings.vocabulary import RequestKind
from listings.words import said

KIND, REACHED = "kind", "reached"
_UNITS = {RequestKind.POWER: "critical_mw", RequestKind.GPU: "gpus"}
_FIGURE = {"inputmode": "decimal", "class": "number", "autocomplete": "off"}


class Step(NamedTuple):
    """One page: what it asks for MW, what for GPUs, and the tables it holds."""

    key: str
    title: Any
    lead: Any
    power: tuple[str, ...] = ()
    gpu: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


STEPS = (
    Step(
        "workload",
        _("Workload"),
        _("What runs there, and whose machines."),
        ("workload",),
        ("workload",),
    ),
    Step(
        "size",
        _("Size"),
        _("How much in the end. When it starts and how it grows comes next."),
        ("tolerance_pct", "splittable", "max_sites"),
        ("fabric_any_of", "accepts_hosting", "tolerance_pct", "splittable", "max_sites"),
        ("gpu_wishes",),
    ),
    Step(
        "ramp",
        _("Ramp"),
        _("When it starts and how it grows. One line is enough if all of it comes at once."),
        ("latest_on",),
        ("latest_on",),
        ("steps",),
    ),
    Step(
        "place",
        _("Place"),
        _("Countries, grids and regions add up. Name nothing, and anywhere will do."),
        ("countries", "grids", "regions", "excluded_countries"),
        ("countries", "grids", "regions", "excluded_countries"),
    ),
    Step(
        "terms",
        _("Terms"),
        _("For how long, at what price, and what you offer for it."),
        (
            "term_min_months",
            "term_max_months",
            "price_cap_usd_kw_month",
            "credit",
            "security_months",
            "min_rack_kw",
            "cooling_any_of",
            "delivery_types_any_of",
        ),
        ("term_min_months", "term_max_months", "credit", "security_months"),
    ),
    Step(
        "review",
        _("Review"),
        _("Read it once more. All of it can be changed later, and the full form has some fields more."),
        ("title", "disclosure"),
        ("title", "disclosure"),
    ),
)
KEYS = [step.key for step in STEPS]


class KindForm(forms.Form):
    """The question on which all others depend."""

    kind = forms.ChoiceField(
        label=_("What do you need?"),
        choices=[
            (RequestKind.POWER, _("Megawatts, for servers of our own")),
            (RequestKind.GPU, _("GPUs, to rent by the hour")),
        ],
        widget=forms.RadioSelect,
    )


class HelperForm(forms.Form):
    """GPUs to MW, or MW to GPUs."""

    helper_model = forms.ModelChoiceField(
        GpuModel.objects.none(), label=_("GPU model"), required=False, empty_label=_("Choose one")
    )
    helper_amount = forms.DecimalField(required=False, min_value=0, widget=forms.TextInput(_FIGURE))

    def __init__(self, data: QueryDict, *, kind: RequestKind) -> None:
        super().__init__(data)
        choose_among(self, "helper_model", GpuModel.objects.for_catalogue().exclude(it_w_per_gpu=None))
        self.fields["helper_amount"].label = "GPUs" if kind == RequestKind.POWER else "MW"

    def said(self) -> tuple[GpuModel | None, Decimal | None]:
        """The model and the amount, each as far as it can be read."""
        self.is_valid()
        amount = self.cleaned_data.get("helper_amount")
        in_reach = amount is not None and amount.is_finite() and 0 < amount <= 1_000_000
        return self.cleaned_data.get("helper_model"), amount if in_reach else None


class StepwiseRequest:
    """A request as far as its author has come with it.

    `take` brings in what a page sent; `typed` is what is to be kept; `paper` is all of it, to be judged.
    """

    def __init__(self, *, organization: Organization, today: date, typed: str = "") -> None:
        self.organization, self.today = organization, today
        self.typed = QueryDict(typed, mutable=True)
        self.pressed: dict[str, str] = {}
        self._paper: Paper | None = None

    # --- Where it stands -------------------------------------------------------------------------

    @property
    def kind(self) -> RequestKind:
        return RequestKind.GPU if self.typed.get(KIND) == RequestKind.GPU else RequestKind.POWER

    @property
    def reached(self) -> int:
        """The number of the furthest step that may be opened."""
        said = str(self.typed.get(REACHED, ""))
        return min(int(said), len(STEPS) - 1) if said.isascii() and said.isdecimal() else 0

    def has_done(self, step: Step) -> bool:
        return KEYS.index(step.key) < self.reached

    def go_beyond(self, step: Step) -> Step:
        """The step is done; returns the one after it."""
        following = KEYS.index(step.key) + 1
        self.typed[REACHED] = str(max(self.reached, following))
        return STEPS[following]

    # --- What was typed --------------------------------------------------------------------------

    def take(self, step: Step, sent: QueryDict) -> None:
        """Replace what the step's page held by what it sent; rows left blank or removed close up."""
        title = self.title()
        mine = [name for name in {*self.typed, *sent} if self._belongs(name, step)]
        for name in mine:
            self.typed.setlist(name, sent.getlist(name))
        if step.key == "review" and self.typed.get("title", "") in ("", title):
            self.typed.pop("title", None)  # a name that nobody chose follows the figures
        self.pressed = {name: str(sent[name]) for name in (*STAY, "status") if name in sent}
        if not self.pressed:
            self._settle(step)
        self._paper = None

    def leave_unjudged(self) -> None:
        """Show what was typed so far without a word about what is missing."""
        self.pressed, self._paper = self.pressed or {PREVIEW: "1"}, None

    def set_size(self, value: str) -> None:
        self.typed[self.size_name] = value
        self._paper = None

    @property
    def size_name(self) -> str:
        """Where the last total of the ramp stands: the size asked for in the second step."""
        return f"steps-{max(_count(self.typed, 'steps'), 1) - 1}-{_UNITS[self.kind]}"

    def first_model(self) -> GpuModel | None:
        """The GPU model wished for first, if it draws a known power."""
        pk = str(self.typed.get("gpu_wishes-0-model", ""))
        known = GpuModel.objects.exclude(it_w_per_gpu=None)
        return known.filter(pk=pk).first() if pk.isascii() and pk.isdecimal() else None

    def title(self) -> str:
        """A name from the figures: "20 MW from June 2027"; "" while there are none."""
        steps = dated(self._made({}).grids()[0].rows)
        return title_for(steps[-1].size, _unit(self.kind), steps[0].day) if steps else ""

    def _belongs(self, name: str, step: Step) -> bool:
        rows = any(name.startswith(f"{table}-") for table in step.tables)
        first = step.key == "workload" and name == KIND
        helper = step.key == "size" and (name == self.size_name or name.startswith("helper_"))
        return rows or first or helper or name in (*step.power, *step.gpu)

    def _settle(self, step: Step) -> None:
        """Close up the rows; whoever says "may be split" and no number means two sites."""
        for table in step.tables:
            self._close_up(table)
        if step.key == "size":
            several = self.typed.get("max_sites", "1").strip() not in ("", "1")
            if several != ("splittable" in self.typed):
                self.typed["max_sites"] = "1" if several else "2"

    def _close_up(self, table: str) -> None:
        """Number the rows anew without those that are blank or to be removed; one stays."""
        rows = [_row(self.typed, table, number) for number in range(_count(self.typed, table))]
        kept = [row for row in rows if any(any(values) for values in row.values()) and "DELETE" not in row]
        for name in [name for name in self.typed if name.startswith(f"{table}-")]:
            del self.typed[name]
        for number, row in enumerate(kept):
            for name, values in row.items():
                self.typed.setlist(f"{table}-{number}-{name}", values)
        self.typed[f"{table}-TOTAL_FORMS"] = str(max(len(kept), 1))

    # --- As a paper ------------------------------------------------------------------------------

    @property
    def paper(self) -> Paper:
        """All of it as the full form would hold it."""
        if self._paper is None:
            self._paper = self._made({"title": self.typed.get("title") or self.title()})
        return self._paper

    def judge(self, check: Callable[..., dict[str, str]], now: datetime) -> None:
        self.paper.judge(check, now=now)
        size = self._size()
        if size is not None and not size.value() and not size.errors:
            size.form.add_error(_UNITS[self.kind], _("This field is required."))

    def lines(self, step: Step) -> list[Line]:
        """The step's fields."""
        size = [self.size_name] if step.key == "size" else []
        return self.paper.lines([*size, *self._names(step)])

    def grids(self, step: Step) -> list[Grid]:
        """The step's tables."""
        return [grid for grid in self.paper.grids() if grid.table.name in step.tables]

    def problems(self, step: Step) -> list[Problem]:
        """What a judged request has wrong on the step's page; whatever no page shows stands on the last."""
        if step.key == "review":
            elsewhere = {name for other in STEPS[:-1] for name in self._on_page(other)}
            return [one for one in self.paper.problems() if one.name not in elsewhere]
        here = self._on_page(step)
        return [one for one in self.paper.problems() if one.name in here]

    def facts(self, step: Step) -> Iterator[tuple[str, str]]:
        """What a judged request says in this step: (label, text)."""
        form = self.paper.form
        steps = dated(self.paper.grids()[0].rows)
        if step.key == "size" and steps:
            yield str(_("In the end")), f"{steps[-1].size.normalize():,f} {_unit(self.kind)}"
        for name in self._names(step):
            value = form.cleaned_data.get(name)
            is_default = value is False or (name == "max_sites" and value == 1)
            if not is_default and (text := said(form.model, name, value)):
                yield str(form.fields[name].label), text
        for grid in self.grids(step):
            yield from _rows_told(grid)

    def _names(self, step: Step) -> tuple[str, ...]:
        return step.gpu if self.kind == RequestKind.GPU else step.power

    def _on_page(self, step: Step) -> set[str]:
        rows = {field.html_name for grid in self.grids(step) for row in grid.rows for field in row.form}
        size = {self.size_name} if step.key == "size" else set()
        return {*self._names(step), *step.tables, *rows, *size}

    def _size(self) -> Any:
        found = self.paper.lines([self.size_name])
        return found[0].field if found else None

    def _made(self, extra: dict[str, str]) -> Paper:
        kind = GpuRequestPaper if self.kind == RequestKind.GPU else PowerRequestPaper
        data = _blank(kind(organization=self.organization, today=self.today))
        for name, values in self.typed.lists():
            data.setlist(name, values)
        for name, value in (self.pressed | extra).items():
            data[name] = value
        return kind(organization=self.organization, today=self.today, data=data)


def _blank(paper: Paper) -> QueryDict:
    """What a new form opens with, as a browser would send it."""
    data = QueryDict(mutable=True)
    for field in paper.form:
        value = field.value()
        if value not in (None, "", []) and value is not False:
            many = value if isinstance(value, list) else [value]
            data.setlist(field.html_name, [str(one) for one in many])
    for table in paper.tables:
        data[f"{table.name}-TOTAL_FORMS"], data[f"{table.name}-INITIAL_FORMS"] = "1", "0"
    return data


def _count(typed: QueryDict, table: str) -> int:
    said = str(typed.get(f"{table}-TOTAL_FORMS", ""))
    return min(int(said), ROWS_MAX) if said.isascii() and said.isdecimal() and len(said) < 4 else 0


def _row(typed: QueryDict, table: str, number: int) -> dict[str, list[Any]]:
    start = f"{table}-{number}-"
    return {name.removeprefix(start): typed.getlist(name) for name in typed if name.startswith(start)}


def _unit(kind: RequestKind) -> str:
    return "MW" if kind == RequestKind.POWER else "GPUs"


def _rows_told(grid: Grid) -> Iterator[tuple[str, str]]:
    for number, row in enumerate(grid.rows, start=1):
        values = getattr(row.form, "cleaned_data", {})
        told = [said(row.form.model, name, values.get(name)) for name in row.form.row_fields]
        if any(told):
            yield f"{capfirst(grid.table.noun)} {number}", " · ".join(text for text in told if text)
