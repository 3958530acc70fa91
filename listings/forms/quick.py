"""A request in five answers; everything else has a default that can be changed later."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django_countries import countries

from common.errors import DomainError
from listings.models import GpuModel
from listings.vocabulary import RequestKind

# Whoever names one date can wait half a year longer; the full form says so and lets it be changed.
PATIENCE = timedelta(days=183)
_FIGURE = {"inputmode": "decimal", "class": "number"}
# Where the services name a field that this form asks for under another name.
_ASKED_AS = {
    "critical_mw": "size",
    "gpus": "size",
    "need_on": "need_on",
    "latest_on": "need_on",
    "countries": "country",
    "model": "model",
    "gpu_wishes": "model",
    "term_min_months": "term_months",
    "term_max_months": "term_months",
    "price_cap_usd_kw_month": "budget",
    "price_cap_usd_gpu_hour": "budget",
}


class QuickRequest(forms.Form):
    """`fields` and `rows` are what create_request takes; `refuse` brings back what it says."""

    size = forms.DecimalField(label="How much", min_value=Decimal("0.1"), widget=forms.TextInput(_FIGURE))
    model = forms.ModelChoiceField(
        GpuModel.objects.none(),
        label="Of what",
        required=False,
        empty_label="MW of critical IT load",
        help_text="Megawatts for servers of your own, or GPUs of one model to rent.",
    )
    need_on = forms.DateField(
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The first day that needs it. We assume that you can wait half a year longer.",
    )
    country = forms.ChoiceField(label="Where", required=False)
    term_months = forms.IntegerField(
        label="For how many months", min_value=1, max_value=480, widget=forms.TextInput(_FIGURE)
    )
    budget = forms.DecimalField(
        label="Budget, US$",
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(100_000),
        widget=forms.TextInput(_FIGURE),
        help_text="Per kW-month all in, or per GPU-hour. Only you see it.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        model, country = self.fields["model"], self.fields["country"]
        if isinstance(model, forms.ModelChoiceField):
            model.queryset = GpuModel.objects.for_catalogue()
        if isinstance(country, forms.ChoiceField):
            country.choices = [("", "Anywhere"), *countries]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        size = typed.get("size")
        if typed.get("model") and size is not None and size % 1:
            self.add_error("size", "GPUs come whole.")
        return typed

    def fields_typed(self) -> dict[str, Any]:
        """The request's own fields."""
        typed = self.cleaned_data
        months, is_gpu = typed["term_months"], bool(typed["model"])
        return {
            "kind": RequestKind.GPU if is_gpu else RequestKind.POWER,
            "title": title_for(typed["size"], typed["model"] or "MW", typed["need_on"]),
            "countries": [typed["country"]] if typed["country"] else [],
            "term_min_months": months,
            "term_max_months": months,
            "latest_on": typed["need_on"] + PATIENCE,
            **({} if is_gpu else {"price_cap_usd_kw_month": typed["budget"]}),
        }

    def rows_typed(self) -> dict[str, list[dict[str, Any]]]:
        """The one step of the ramp, and the model if there is one."""
        typed = self.cleaned_data
        if not typed["model"]:
            return {"steps": [{"need_on": typed["need_on"], "critical_mw": typed["size"]}]}
        return {
            "steps": [{"need_on": typed["need_on"], "gpus": int(typed["size"])}],
            "gpu_wishes": [{"model": typed["model"], "price_cap_usd_gpu_hour": typed["budget"]}],
        }

    def refuse(self, refusal: DomainError) -> None:
        """Show a service's refusal at the question that it is about."""
        for path, text in refusal.fields.items():
            named = _ASKED_AS.get(path.rpartition(".")[2])
            self.add_error(named, text if named else f"{path}: {text}")
        if not refusal.fields:
            self.add_error(None, refusal.message)


def title_for(size: Decimal, of: Any, day: date) -> str:
    """ "20 MW from June 2027", to be renamed at leisure."""
    return f"{size.normalize():,f} {of} from {day:%B} {day.year}"
