"""How the site looks: a visitor's choice of colours, and the page of all components."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from common.tables import Cell, Column, Table

THEMES = ("light", "dark", "system")
A_YEAR_SECONDS = 365 * 24 * 3600

COLOURS = [
    *("paper", "surface", "sunken", "line", "line-strong", "ink-soft", "ink"),
    *("accent", "good", "warn", "bad", "power", "timeline", "terms"),
]
TABLE = Table(
    caption="Sites for Aurora Labs",
    columns=[Column("Site"), Column("MW free", is_number=True), Column("Ready"), Column("Score", True)],
    rows=[
        [Cell("Panther Creek", "/design/", "TX · ERCOT"), Cell("60", "", "", True), *rest]
        for rest in (
            [Cell("Mar 2027"), Cell("89", is_number=True)],
            [Cell("Jun 2027", is_assumed=True), Cell("68", is_number=True)],
        )
    ],
)


class Specimen(forms.Form):
    """One field of each kind, one of them wrong."""

    name = forms.CharField(help_text="Only you and your brokers see it.")
    gross_mw = forms.DecimalField(label="Gross power, MW", min_value=0)
    cooling = forms.MultipleChoiceField(
        choices=[("air", "Air"), ("liquid", "Direct to chip")], widget=forms.CheckboxSelectMultiple
    )
    grid = forms.ChoiceField(choices=[("ERCOT", "ERCOT (Texas)")])
    notes = forms.CharField(widget=forms.Textarea({"rows": 2}), required=False)


@csrf_exempt  # changes a colour and nothing else; pages need no token for it and stay the same for everybody
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the colours and go back to `next`; an address elsewhere leads to the front page."""
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, request.get_host(), require_https=request.is_secure())
    answer = redirect(back if is_ours else "home")
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        secure = request.is_secure()
        answer.set_cookie("theme", chosen, A_YEAR_SECONDS, secure=secure, httponly=True, samesite="Lax")
    return answer


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Every component, in both themes."""
    typed = {"name": "Amber Ridge", "gross_mw": "-5", "cooling": ["air"], "grid": "ERCOT"}
    both = {
        name: Specimen({f"{name}-{field}": value for field, value in typed.items()}, prefix=name)
        for name in THEMES[:2]
    }
    context = {"colours": COLOURS, "table": TABLE, **both}
    return render(request, "design/design.html", context)
