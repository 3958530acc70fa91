"""Posting and changing a post. Nothing that was typed is ever lost."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.idempotency import keep, replay
from accounts.models import Organization
from accounts.readers import PageRequest
from common.errors import DomainError
from listings.forms import COUNT, STAY, Paper
from listings.models import Post
from listings.views import once
from listings.views.fit import fit_of
from listings.views.live import charted, live, parts_of
from listings.views.once import kept_through_sign_in
from listings.views.shelves import GPU_POOLS, REQUESTS, SITES, Shelf, paper_of
from listings.vocabulary import RequestKind, Status

form_page = require_http_methods(["GET", "HEAD", "POST"])


@form_page
@kept_through_sign_in
def site_new(request: PageRequest) -> HttpResponse:
    return _new(request, SITES)


@form_page
@kept_through_sign_in
def site_edit(request: PageRequest, uid: str) -> HttpResponse:
    return _edit(request, SITES, uid)


@form_page
@kept_through_sign_in
def gpu_pool_new(request: PageRequest) -> HttpResponse:
    return _new(request, GPU_POOLS)


@form_page
@kept_through_sign_in
def gpu_pool_edit(request: PageRequest, uid: str) -> HttpResponse:
    return _edit(request, GPU_POOLS, uid)


@form_page
@kept_through_sign_in
def request_new(request: PageRequest) -> HttpResponse:
    return _new(request, REQUESTS)


@form_page
@kept_through_sign_in
def request_edit(request: PageRequest, uid: str) -> HttpResponse:
    return _edit(request, REQUESTS, uid)


def _new(request: PageRequest, shelf: Shelf) -> HttpResponse:
    organization = request.reader.organization
    if organization is None:
        return redirect("accounts:create_organization")
    shelf.require_side(request.reader)
    kind = request.GET.get("kind", "")
    kept = once.restored(request)
    paper = paper_of(shelf, kind)(
        organization=organization,
        today=timezone.localdate(),
        data=kept or request.POST or None,
        was_kept=bool(kept),
    )
    answer = post_once(request, shelf, paper) if request.POST and not paper.unjudged else None
    return answer or _page(request, shelf, paper, kind=kind, was_kept=bool(kept))


@transaction.atomic
def post_once(request: PageRequest, shelf: Shelf, paper: Paper) -> HttpResponse | None:
    """Make the post and lead to it, None for a paper with faults. A form that was sent twice leads to the
    same post twice."""
    sent = once.claim(request)
    if sent and sent.status:
        return replay(sent)
    post = _create(shelf, paper, paper.organization) if paper.is_valid() else None
    if post is None:
        if sent:
            sent.delete()
        return None
    messages.success(request, told(post))
    answer = redirect(shelf.url(post.uid))
    if sent:
        keep(record=sent, answer=answer)
    return answer


def _create(shelf: Shelf, paper: Paper, organization: Organization) -> Post | None:
    try:
        return shelf.create(
            organization=organization, fields=paper.fields(), now=timezone.now(), **paper.rows_typed()
        )
    except DomainError as refusal:
        paper.refuse(refusal)
        return None


def _edit(request: PageRequest, shelf: Shelf, uid: str) -> HttpResponse:
    kept = once.restored(request)
    post, paper, is_stored = _changed(request, shelf, uid, kept)
    if is_stored:
        messages.success(request, "Saved. Its matches follow in a moment.")
        return redirect(shelf.url(post.uid))
    return _page(request, shelf, paper, post=post, was_kept=bool(kept))


@transaction.atomic
def _changed(request: PageRequest, shelf: Shelf, uid: str, kept: QueryDict | None) -> tuple[Any, Paper, bool]:
    """The post with its form, and whether it was stored. The lock ends here: nobody waits for a page."""
    post = _own(request, shelf, uid)
    paper = paper_of(shelf, getattr(post, "kind", ""))(
        organization=post.organization,
        today=timezone.localdate(),
        post=post,
        data=kept or request.POST or None,
        was_kept=bool(kept),
    )
    return post, paper, paper.is_valid() and _update(shelf, paper, post)


def _own(request: PageRequest, shelf: Shelf, uid: str) -> Any:
    """The reader's own post; locked as it is read for writing, so that its version stands."""
    own = shelf.model.objects.of(request.reader)
    stores = request.POST and not any(button in request.POST for button in STAY)
    return get_object_or_404(own.select_for_update(no_key=True) if stores else own, uid=uid)


def _update(shelf: Shelf, paper: Paper, post: Post) -> bool:
    """Store what was typed, unless the post has changed since the form was opened."""
    if paper.version_typed() != post.version:
        paper.compare()
        return False
    try:
        shelf.update(
            **{shelf.argument: post}, fields=paper.fields(), now=timezone.now(), **paper.rows_typed()
        )
    except DomainError as refusal:
        paper.refuse(refusal)
        return False
    return True


def _page(
    request: PageRequest,
    shelf: Shelf,
    paper: Paper,
    *,
    post: Any = None,
    kind: str = "",
    was_kept: bool = False,
) -> HttpResponse:
    if request.htmx and COUNT in request.POST:
        return live(request, lambda: parts_of(request, shelf, paper))
    problems = paper.problems()
    context = {
        "grids": charted(paper.grids()),
        "mark": request.POST.get(once.MARK) or once.new_mark(request.reader),
        "was_kept": was_kept,
        "fit": fit_of(shelf, paper, timezone.localdate()) if COUNT in request.POST else "",
        "shelf": shelf,
        "paper": paper,
        "post": post,
        "url": shelf.url(post.uid) if post else "",
        "problems": problems,
        "choices": _choices(kind) if shelf is REQUESTS and not post else [],
    }
    return render(request, "listings/edit.html", context, status=_status(paper, bool(problems)))


def _choices(kind: str) -> list[dict[str, Any]]:
    """A request needs megawatts or GPUs; each has its own form."""
    current = RequestKind.GPU if kind == RequestKind.GPU else RequestKind.POWER
    words = {RequestKind.POWER: "I need megawatts", RequestKind.GPU: "I need GPUs"}
    return [{"kind": one, "label": text, "is_current": one == current} for one, text in words.items()]


def _status(paper: Paper, has_problems: bool) -> int:
    if paper.is_stale:
        return 409
    return 400 if has_problems else 200


def told(post: Post) -> str:
    if post.status == Status.DRAFT:
        return f"Kept as a draft under the code name {post.code_name}. Only you see it."
    return f"Posted under the code name {post.code_name}. Its matches follow in a moment."
