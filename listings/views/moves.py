"""What an owner does with a post besides editing it: open, pause, withdraw, confirm."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.readers import PageRequest
from common.errors import DomainError
from common.forms import refusals_told
from listings import forms, services
from listings.models import Post
from listings.views.shelves import SHELVES
from listings.vocabulary import PostType, Status
from listings.words import LABELS

MOVED = {
    Status.OPEN: "It is open. Its matches follow in a moment.",
    Status.PAUSED: "It is paused: nobody else sees it, and it has no matches until you open it again.",
    Status.WITHDRAWN: "It is withdrawn for good.",
}


@require_POST
@login_required
def move(request: PageRequest, uid: str) -> HttpResponse:
    """Open, pause or withdraw; a withdrawal is for good, so it asks first."""
    post, to = _own(request, uid), request.POST.get("to", "")
    if to == Status.WITHDRAWN and "sure" not in request.POST:
        return render(request, "listings/withdraw.html", {"post": post, "url": _url(post)})
    if to in MOVED:
        try:
            services.move_post(post=post, to=Status(to), now=timezone.now())
            messages.success(request, MOVED[Status(to)])
        except DomainError as refusal:
            messages.error(request, " ".join([refusal.message, *_faults(refusal)]))
    return redirect("home" if "from_home" in request.POST else _url(post))


@require_POST
@login_required
def renew(request: PageRequest, uid: str) -> HttpResponse:
    """The owner says "still true" and so keeps the post for another year."""
    post = _own(request, uid)
    with refusals_told(request):
        services.renew_post(post=post, now=timezone.now())
        messages.success(request, "Thank you. It stays open for another year.")
    return redirect("home" if "from_home" in request.POST else _url(post))


@require_POST
@login_required
def renew_all(request: PageRequest) -> HttpResponse:
    """The owner says "still true" of all the posts that the page named."""
    organization = request.reader.organization
    if organization is None:
        return redirect("accounts:create_organization")
    named = forms.ManyPosts(request.POST)
    if not named.is_valid():
        raise BadRequest("The list of posts was changed on its way.")
    count = services.renew_posts(
        organization=organization, uids=named.cleaned_data["posts"], now=timezone.now()
    )
    told = "post stays" if count == 1 else "posts stay"
    messages.success(request, f"Thank you. {count} {told} open for another year.")
    return redirect("home")


def _faults(refusal: DomainError) -> list[str]:
    """An incomplete draft's faults, each with the field that it stands at."""
    return [
        f"{LABELS.get(path.rpartition('.')[2], path.capitalize())}: {text}"
        for path, text in refusal.fields.items()
    ]


def _own(request: PageRequest, uid: str) -> Any:
    return get_object_or_404(Post.objects.of(request.reader), uid=uid)


def _url(post: Post) -> str:
    return SHELVES[PostType(post.post_type)].url(post.uid)
