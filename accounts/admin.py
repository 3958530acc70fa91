"""The operators' view: who is here, and whom we vouch for."""

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import services
from accounts.models import Membership, Organization, User

if TYPE_CHECKING:  # generic for the type checker only
    MembershipTable = admin.TabularInline[Membership, Organization]
    OrganizationPages = admin.ModelAdmin[Organization]
    UserPages = admin.ModelAdmin[User]
    AuthenticatorPages = admin.ModelAdmin[Authenticator]
else:
    MembershipTable = admin.TabularInline
    OrganizationPages = UserPages = AuthenticatorPages = admin.ModelAdmin


class MembershipInline(MembershipTable):
    model = Membership
    fields = ["user", "role"]
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Organization)
class OrganizationAdmin(OrganizationPages):
    list_display = ["name", "kind", "website", "verified_at", "created_at"]
    list_filter = ["kind", ("verified_at", admin.EmptyFieldListFilter)]
    search_fields = ["name"]
    readonly_fields = ["uid", "verified_at", "created_at"]
    inlines = [MembershipInline]
    actions = ["verify", "withdraw"]

    @admin.action(description="Verify: we have checked who they are", permissions=["change"])
    def verify(self, request: HttpRequest, organizations: QuerySet[Organization]) -> None:
        for organization in organizations:
            services.verify_organization(organization=organization, now=timezone.now())

    @admin.action(description="Withdraw the verification", permissions=["change"])
    def withdraw(self, request: HttpRequest, organizations: QuerySet[Organization]) -> None:
        for organization in organizations:
            services.withdraw_verification(organization=organization)


@admin.register(User)
class UserAdmin(UserPages):
    list_display = ["email", "name", "is_active", "is_staff", "date_joined", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "name"]
    fields = ["email", "name", "is_active", "is_staff", "groups", "date_joined", "last_login"]
    readonly_fields = ["email", "date_joined", "last_login"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People sign up by themselves."""
        return False


# Where people are signed in is their own affair; allauth's pages would also show second factors' secrets.
admin.site.unregister([UserSession, Authenticator])


@admin.register(Authenticator)
class AuthenticatorAdmin(AuthenticatorPages):
    """For whoever lost phone and recovery codes: an operator who has made sure deletes what they had."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    fields = ["user", "type", "created_at", "last_used_at"]
    readonly_fields = ["user", "type", "created_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
