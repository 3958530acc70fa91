"""A request in five answers."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.idempotency import keep, replay
from accounts.readers import PageRequest
from common.errors import DomainError
from common.forms import status_of
from listings import services
from listings.forms import COUNT, Line, QuickRequest
from listings.models import Post
from listings.views import once
from listings.views.editing import form_page, told
from listings.views.fit import quick_fit
from listings.views.live import live, quick_parts
from listings.views.once import kept_through_sign_in
from listings.views.shelves import REQUESTS
from listings.vocabulary import Status

DETAILS = "details"


@form_page
@kept_through_sign_in
def request_quick(request: PageRequest) -> HttpResponse:
    """Post at once, or keep a draft and go on to the full form."""
    if request.reader.organization is None:
        return redirect("accounts:create_organization")
    REQUESTS.require_side(request.reader)
    kept = once.restored(request)
    counts = COUNT in request.POST
    form = QuickRequest(request.POST or None, initial=kept.dict() if kept else None)
    if counts and request.htmx:
        return live(request, lambda: quick_parts(request, form))
    answer = _post_once(request, form) if not counts and form.is_valid() else None
    mark = request.POST.get(once.MARK) or once.new_mark(request.reader)
    context = {
        "form": form,
        "lines": [Line(field) for field in form],
        "mark": mark,
        "was_kept": bool(kept),
        "shelf": REQUESTS,
        "fit": quick_fit(form, timezone.localdate()) if counts else "",
    }
    return answer or render(request, "listings/quick.html", context, status=status_of(form))


@transaction.atomic
def _post_once(request: PageRequest, form: QuickRequest) -> HttpResponse | None:
    sent = once.claim(request)
    if sent and sent.status:
        return replay(sent)
    post = _create(request, form)
    if post is None:
        if sent:
            sent.delete()
        return None
    messages.success(request, told(post))
    goes_on = post.status == Status.DRAFT
    answer = redirect("listings:request_edit" if goes_on else "listings:request", uid=post.uid)
    if sent:
        keep(record=sent, answer=answer)
    return answer


def _create(request: PageRequest, form: QuickRequest) -> Post | None:
    status = Status.DRAFT if DETAILS in request.POST else Status.OPEN
    organization = request.reader.organization
    if organization is None:
        return None
    try:
        return services.create_request(
            organization=organization,
            fields={**form.fields_typed(), "status": status},
            now=timezone.now(),
            **form.rows_typed(),
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return None
