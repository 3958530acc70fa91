"""How the site looks: a visitor's choice of colours, and the page of all components."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

THEMES = ("light", "dark", "system")
A_YEAR_SECONDS = 365 * 24 * 3600


@csrf_exempt  # changes a colour and nothing else; pages need no token for it and stay the same for everybody
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the colours and go back to `next`; an address elsewhere leads to the front page."""
    back = request.POST.get("next", "")
    answer = redirect(back if url_has_allowed_host_and_scheme(back, None) else "home")
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        secure = request.is_secure()
        answer.set_cookie("theme", chosen, A_YEAR_SECONDS, secure=secure, httponly=True, samesite="Lax")
    return answer


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Every component, in both themes."""
    return render(request, "design/design.html", {})
