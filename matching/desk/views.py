"""The pages of the desk."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.readers import PageRequest
from common.errors import DomainError, InvalidInput
from common.forms import refusals_told
from common.pages import page_of
from matching import services
from matching.desk.address import Asked
from matching.desk.board import NEED_ORDER, board_of, need_named, needs_for
from matching.models import Match, Review
from matching.vocabulary import Decision, Reason, ReviewState


@require_safe
@login_required
def desk(request: PageRequest) -> HttpResponse:
    """Needs by what introducing them may bring, and one of them with its matches."""
    return _page(request)


@require_POST
@login_required
def decide(request: PageRequest, uid: str) -> HttpResponse:
    """Approve, reject or note; what breaks a rule comes back with all that was typed."""
    services.require_broker(request.reader)
    known = Match.objects.visible_to(request.reader).select_related("request", "offer")
    match = known.filter(uid=uid).first()
    typed = {name: request.POST.get(name, "") for name in ("decision", "reason", "note")}
    if match is None:
        messages.error(request, _("This match is gone: the two posts were ranked anew."))
        return redirect(Asked.of(request).url(match=""))
    try:
        services.decide(
            by=request.reader, request=match.request, offer=match.offer, now=timezone.now(), **typed
        )
    except InvalidInput as refusal:
        return _page(request, typed | {"faults": refusal.fields}, status=400)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _done(typed["decision"]))
    return redirect(Asked.of(request).url())


@require_POST
@login_required
def undo(request: PageRequest, uid: str) -> HttpResponse:
    """Take back what was said last."""
    services.require_broker(request.reader)
    review = get_object_or_404(Review.objects.of(request.reader), uid=uid)
    with refusals_told(request):
        services.undo(by=request.reader, review=review, now=timezone.now())
        messages.success(request, _("Taken back."))
    return redirect(Asked.of(request).url())


def _page(request: PageRequest, typed: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    services.require_broker(request.reader)
    asked, today = Asked.of(request), timezone.localdate()
    needs = needs_for(asked, request.reader, today)
    page = page_of(request, needs, NEED_ORDER, beside=need_named(needs, asked))
    board = board_of(page["results"], page["also"], asked, request.reader, today)
    context = {
        "cards": board.cards,
        "pane": board.pane,
        "filters": _filters(asked),
        "is_narrow": asked.is_narrow,
        "page": {name: asked.page_url(page[name]) for name in ("previous", "next")},
        "reasons": Reason.choices,
        "typed": typed or {"faults": {}},
    }
    return render(request, "matching/desk.html", context, status=status)


def _filters(asked: Asked) -> list[dict[str, Any]]:
    """By state, and by who has decided: links that keep the other choice."""
    bare = Asked(state=asked.state, mine=asked.mine)
    states = [("", _("All")), *((state.value, state.label) for state in ReviewState)]
    found = [
        {"label": label, "url": bare.url(state=value), "is_current": asked.state == value}
        for value, label in states
    ]
    mine = {"label": _("Mine"), "url": bare.url(mine="" if asked.mine else "1"), "is_current": asked.mine}
    return [*found, mine]


def _done(decision: str) -> str:
    return {
        Decision.APPROVED: _("Approved for introduction."),
        Decision.REJECTED: _("Rejected."),
        Decision.NONE: _("Note saved."),
    }[Decision(decision)]
