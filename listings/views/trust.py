"""What backs an owner's post and how long it counts; who sees all of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organization
from accounts.readers import PageRequest
from common.forms import refusals_shown_by, status_of
from listings import services
from listings.faces import show, show_grant
from listings.forms.trust import EvidenceForm, GrantForm, RevokeForm
from listings.models import Disclosure, Evidence, Post
from listings.querysets import FRESH_FOR, STALE_FOR
from listings.views.editing import form_page
from listings.views.lines import title_of
from listings.views.once import kept_through_sign_in
from listings.views.shelves import SHELVES
from listings.vocabulary import Claim, DisclosureMode, Freshness, PostType
from listings.words import said

TONES = {Freshness.FRESH: "chip-good", Freshness.STALE: "chip-open", Freshness.NONE: "chip-unknown"}
_DAY = timedelta(days=1)


class Backing(NamedTuple):
    """A claim with what backs it: the word for its freshness, its chip, and what time will do to it."""

    claim: Claim
    word: str
    tone: str
    facts: list[str]
    turn: str


@form_page
@kept_through_sign_in
def evidence(request: PageRequest, uid: str) -> HttpResponse:
    """The four claims of an offer; one form backs one of them, or backs it anew."""
    post, shown = _own(request, uid)
    if post.post_type == PostType.REQUEST:
        raise Http404
    form = EvidenceForm(request.POST or None, initial=_start(request, shown))
    if form.is_valid():
        with refusals_shown_by(form):
            services.record_evidence(post=post, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Recorded. Its matches follow in a moment."))
            return redirect("listings:evidence", uid=post.uid)
    by_claim = {row["claim"]: row for row in shown["evidence"]}
    backings = [_backing(claim, by_claim.get(claim), timezone.localdate()) for claim in Claim]
    context = {**_about(post, shown), "form": form, "backings": backings}
    return render(request, "listings/evidence.html", context, status=status_of(form))


@form_page
@kept_through_sign_in
def grants(request: PageRequest, uid: str) -> HttpResponse:
    """Who has been given the full face of a post; the owner gives and takes back."""
    post, shown = _own(request, uid)
    if "revoke" in request.POST:
        return _revoke(request, post)
    form = GrantForm(request.POST or None)
    if form.is_valid():
        with refusals_shown_by(form):
            grant = services.grant_by_name(post=post, now=timezone.now(), **form.cleaned_data)
            name = show_grant(grant)["organization"]["name"]
            messages.success(request, _("{name} sees the details now.").format(name=name))
            return redirect("listings:grants", uid=post.uid)
    known = [show_grant(grant) for grant in Disclosure.objects.for_owner(post.pk)]
    context = {
        **_about(post, shown),
        "form": form,
        "is_blind": shown["disclosure"] == DisclosureMode.BLIND,
        "standing": [grant for grant in known if not grant["revoked_at"]],
        "past": [grant for grant in known if grant["revoked_at"]],
    }
    return render(request, "listings/grants.html", context, status=status_of(form))


def _revoke(request: PageRequest, post: Post) -> HttpResponse:
    form = RevokeForm(request.POST)
    if form.is_valid():
        granted = Organization.objects.filter(disclosures__post=post.pk, uid=form.cleaned_data["revoke"])
        organization = get_object_or_404(granted.distinct())
        services.revoke_disclosure(post=post, organization=organization, now=timezone.now())
        told = _("{name} sees the teaser again.").format(name=organization.name)
        messages.success(request, told)
    return redirect("listings:grants", uid=post.uid)


def _own(request: PageRequest, uid: str) -> tuple[Any, dict[str, Any]]:
    """The reader's own post and its face; 404 for everybody else."""
    kind = get_object_or_404(Post.objects.of(request.reader), uid=uid).post_type
    model = SHELVES[PostType(kind)].model
    post = get_object_or_404(model.objects.for_page(request.reader, timezone.localdate()), uid=uid)
    return post, show(post)


def _about(post: Post, shown: Mapping[str, Any]) -> dict[str, Any]:
    shelf = SHELVES[PostType(post.post_type)]
    return {"shelf": shelf, "title": title_of(shown), "url": shelf.url(post.uid)}


def _start(request: PageRequest, shown: Mapping[str, Any]) -> dict[str, Any]:
    """The claim that the address names, with what backs it now."""
    claim = request.GET.get("claim", "")
    stored = next((row for row in shown["evidence"] if row["claim"] == claim), {"claim": claim})
    kept = {name: stored.get(name) for name in ("claim", "method", "document")}
    return {**kept, "verified_on": timezone.localdate()}


def _backing(claim: Claim, row: Mapping[str, Any] | None, today: date) -> Backing:
    if row is None:
        return Backing(claim, _("Nothing yet"), TONES[Freshness.NONE], [], "")
    freshness = Freshness(row["freshness"])
    facts = [said(Evidence, name, row[name]) for name in ("method", "document")]
    facts.append(_("verified on {day}").format(day=said(Evidence, "verified_on", row["verified_on"])))
    word = _("Counts no more") if freshness == Freshness.NONE else str(freshness.label)
    return Backing(claim, word, TONES[freshness], [fact for fact in facts if fact], _turn(row, today))


def _turn(row: Mapping[str, Any], today: date) -> str:
    """What comes next, and when: it turns stale, or it counts no more."""
    ends_on = min(row["verified_on"] + STALE_FOR, row["expires_on"] or date.max) + _DAY
    stale_on = row["verified_on"] + FRESH_FOR + _DAY
    if ends_on <= today:
        return ""
    if today < stale_on < ends_on:
        return _("turns stale on {day}").format(day=said(Evidence, "verified_on", stale_on))
    return _("counts no more from {day} on").format(day=said(Evidence, "verified_on", ends_on))
