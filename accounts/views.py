"""Pages about oneself, one's organization, its people and its keys."""

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import forms, services
from accounts.devices import devices_of
from accounts.middleware import ACTING_FOR
from accounts.models import ApiKey, Invitation, Membership, Organization, User
from accounts.readers import PageRequest
from accounts.vocabulary import Role
from common.forms import refusals_shown_by, refusals_told, status_of

INVITED_WITH = "invitation"
AN_EXAMPLE = "api:organization"  # a call to try a new key with
form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_GET
@login_required
def start(request: PageRequest) -> HttpResponse:
    """Where signing in leads: on with an invitation, or to one's first organization, or home."""
    if INVITED_WITH in request.session:
        return redirect("accounts:accept_invitation")
    return redirect("home" if request.reader.organization else "accounts:create_organization")


@form_page
@login_required
def profile(request: PageRequest) -> HttpResponse:
    person = _person(request)
    form = forms.ProfileForm(request.POST or None, initial={"name": person.name})
    if form.is_valid():
        with refusals_shown_by(form):
            services.rename_person(user=person, **form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect("accounts:profile")
    addresses = EmailAddress.objects.filter(user=person).order_by("-primary", "email")
    context = {"form": form, "addresses": addresses}
    return render(request, "accounts/profile.html", context, status=status_of(form))


@form_page
@login_required
def sessions(request: PageRequest) -> HttpResponse:
    """Where one is signed in; posting signs out everywhere else."""
    person, this = _person(request), request.session.session_key
    if request.method == "POST":
        services.end_sessions(user=person, but=this)
        messages.success(request, "You are signed out everywhere else.")
        return redirect("accounts:sessions")
    devices = devices_of(user=person, this=this, now=timezone.now())
    return render(request, "accounts/sessions.html", {"devices": devices})


@form_page
@login_required
def create_organization(request: PageRequest) -> HttpResponse:
    form = forms.NewOrganizationForm(request.POST or None)
    if form.is_valid():
        with refusals_shown_by(form):
            organization = services.create_organization(user=_person(request), **form.cleaned_data)
            return _act_for(request, organization, "home")
    return render(request, "accounts/create_organization.html", {"form": form}, status=status_of(form))


@form_page
@login_required
def organization(request: PageRequest) -> HttpResponse:
    own = request.reader.organization
    if own is None:
        return redirect("accounts:create_organization")
    initial = {"name": own.name, "website": own.website}
    form = forms.OrganizationForm(request.POST or None, initial=initial)
    if form.is_valid():
        with refusals_shown_by(form):
            services.update_organization(by=request.reader, **form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect("accounts:organization")
    context = {"organization": own, "form": form}
    return render(request, "accounts/organization.html", context, status=status_of(form))


@require_GET
@login_required
def members(request: PageRequest) -> HttpResponse:
    return _members_page(request)


@require_POST
@login_required
def invite(request: PageRequest) -> HttpResponse:
    form = forms.InvitationForm(request.POST)
    if form.is_valid():
        with refusals_shown_by(form):
            invitation = services.invite_member(by=request.reader, now=timezone.now(), **form.cleaned_data)
            messages.success(request, f"An invitation is on its way to {invitation.email}.")
            return redirect("accounts:members")
    return _members_page(request, form)


@require_POST
@login_required
def revoke_invitation(request: PageRequest, uid: str) -> HttpResponse:
    invitation = get_object_or_404(Invitation, uid=uid, organization=request.reader.organization)
    with refusals_told(request):
        services.revoke_invitation(by=request.reader, invitation=invitation, now=timezone.now())
        messages.success(request, f"The invitation to {invitation.email} is revoked.")
    return redirect("accounts:members")


@require_POST
@login_required
def change_role(request: PageRequest, uid: str) -> HttpResponse:
    membership = get_object_or_404(Membership, uid=uid, organization=request.reader.organization)
    form = forms.RoleForm(request.POST)
    if form.is_valid():
        with refusals_told(request):
            services.change_role(by=request.reader, membership=membership, role=form.cleaned_data["role"])
            messages.success(request, f"{membership.user} is now: {membership.get_role_display()}.")
    return redirect("accounts:members")


@form_page
@login_required
def remove_member(request: PageRequest, uid: str) -> HttpResponse:
    """Asks first, then removes."""
    team = Membership.objects.select_related("user", "organization")
    membership = get_object_or_404(team, uid=uid, organization=request.reader.organization)
    if request.method == "POST":
        with refusals_told(request):
            services.remove_member(by=request.reader, membership=membership, now=timezone.now())
            messages.success(request, f"{membership.user} has left {membership.organization}.")
        return redirect("accounts:members")
    return render(request, "accounts/remove_member.html", {"membership": membership})


@require_GET
def invitation(request: PageRequest, token: str) -> HttpResponse:
    """The link in the mail. The token moves to the session, so no later page or referrer carries it."""
    request.session[INVITED_WITH] = token
    return redirect("accounts:accept_invitation")


@form_page
@login_required
def accept_invitation(request: PageRequest) -> HttpResponse:
    token, now = request.session.get(INVITED_WITH, ""), timezone.now()
    found = services.find_invitation(token=token, now=now)
    if request.method == "POST":
        membership = services.accept_invitation(user=_person(request), token=token, now=now)
        del request.session[INVITED_WITH]
        messages.success(request, f"Welcome to {membership.organization}.")
        return _act_for(request, membership.organization, "home")
    return render(request, "accounts/invitation.html", {"invitation": found})


@form_page
@login_required
def switch(request: PageRequest) -> HttpResponse:
    """One's organizations, to act for another of them."""
    if request.method != "POST":
        return render(request, "accounts/switch.html", {"mine": Membership.objects.of(_person(request))})
    form = forms.SwitchForm(request.POST)
    form.is_valid()
    mine = Organization.objects.filter(memberships__user=_person(request))
    chosen = get_object_or_404(mine, uid=form.cleaned_data.get("organization"))
    messages.success(request, f"You now act for {chosen}.")
    return _act_for(request, chosen, _safe_next(request, form.cleaned_data.get("next", "")))


@form_page
@never_cache
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator] # allauth has no types
def keys(request: PageRequest) -> HttpResponse:
    """The keys, and a new one, whose secret stands on the answer to its creation and nowhere else."""
    own, now = request.reader.organization, timezone.now()
    if own is None:
        return redirect("accounts:create_organization")
    form = forms.ApiKeyForm(request.POST or None)
    if form.is_valid():
        with refusals_shown_by(form):
            key, secret = services.create_api_key(
                by=request.reader,
                name=form.cleaned_data["name"],
                scopes=form.scopes(),
                now=now,
                expires_at=form.expires_at(now),
            )
            context = {
                "key": key,
                "secret": secret,
                "example": request.build_absolute_uri(reverse(AN_EXAMPLE)),
            }
            return render(request, "accounts/key_created.html", context)
    context = {"form": form, "keys": ApiKey.objects.for_team(own), "now": now}
    return render(request, "accounts/keys.html", context, status=status_of(form))


@require_POST
@login_required
def revoke_key(request: PageRequest, uid: str) -> HttpResponse:
    key = get_object_or_404(ApiKey, uid=uid, organization=request.reader.organization)
    with refusals_told(request):
        services.revoke_api_key(by=request.reader, key=key, now=timezone.now())
        messages.success(request, f"“{key.name}” is revoked and works no more.")
    return redirect("accounts:keys")


def _members_page(request: PageRequest, form: forms.InvitationForm | None = None) -> HttpResponse:
    own = request.reader.organization
    if own is None:
        return redirect("accounts:create_organization")
    context = {
        "organization": own,
        "form": form or forms.InvitationForm(),
        "roles": Role.choices,
        "team": Membership.objects.for_team(own),
        "invitations": Invitation.objects.for_team(own, timezone.now()),
    }
    return render(request, "accounts/members.html", context, status=status_of(form) if form else 200)


def _act_for(request: PageRequest, chosen: Organization, to: str) -> HttpResponseRedirect:
    request.session[ACTING_FOR] = str(chosen.uid)
    return redirect(to)


def _safe_next(request: PageRequest, asked: str) -> str:
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if safe else resolve_url("home")


def _person(request: PageRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("This page is for signed-in people.")
    return request.user
