"""The page of a request's plans."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.readers import PageRequest
from listings.faces import show
from listings.views.lines import title_of
from listings.vocabulary import Face
from matching.plan_sheets import percent, sheets_of
from matching.plans import plans_for, readable


@require_safe
@login_required
def plans(request: PageRequest, uid: str) -> HttpResponse:
    """How a request could be split over its matches, stage by stage; to htmx the best plan, for the request's
    own page. For its owner and brokers."""
    reader, today = request.reader, timezone.localdate()
    wanted = get_object_or_404(readable(reader, today), uid=uid)
    found, shown = plans_for(wanted, reader, today), show(wanted)
    context = {
        "title": title_of(shown),
        "found": found,
        "plans": sheets_of(found),
        "at_most": percent(found["at_most"]) if found["at_most"] is not None else "",
        "url": reverse("matching:plans", args=[wanted.uid]),
        "matches_url": reverse("matching:of_post", args=[wanted.uid]),
        "edit_url": reverse("listings:request_edit", args=[wanted.uid])
        if shown["face"] == Face.RESERVE
        else "",
    }
    is_part = request.htmx and not request.htmx.history_restore_request
    answer = render(request, "matching/plans.html#best" if is_part else "matching/plans.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer
