"""Operators read the comparables here; they change with the data that is loaded."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from market.models import Comparable

if TYPE_CHECKING:  # generic for the type checker only
    ComparablePages = admin.ModelAdmin[Comparable]
else:
    ComparablePages = admin.ModelAdmin


@admin.register(Comparable)
class ComparableAdmin(ComparablePages):
    list_display = ["announced_on", "landlord", "tenant", "critical_mw", "rate_usd_kw_month"]
    list_filter = ["source_confidence", "country"]
    search_fields = ["landlord", "tenant", "site_name"]
    ordering = ["-announced_on", "pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Comparable | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Comparable | None = None) -> bool:
        return False
