"""What an operator looks up. Posts are changed by their owners, so nothing can be edited here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from listings.models import CapacityRequest, GpuModel, GpuPool, Site

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ReadOnly(_ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Site, GpuPool, CapacityRequest)
class PostAdmin(ReadOnly):
    list_display = ("code_name", "organization", "status", "open_until", "version")
    list_filter = ("status", "is_reference")
    list_select_related = ("organization",)
    search_fields = ("code_name", "organization__name")


@admin.register(GpuModel)
class GpuModelAdmin(ReadOnly):
    list_display = ("name", "vendor", "release_year", "source_confidence")
