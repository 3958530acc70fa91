"""Supply and demand over JSON."""

from listings.api.gpu_pools import GpuModelViewSet, GpuPoolViewSet
from listings.api.requests import RequestViewSet
from listings.api.searches import SavedSearchViewSet
from listings.api.sites import PhaseViewSet, SiteViewSet

__all__ = [
    "GpuModelViewSet",
    "GpuPoolViewSet",
    "PhaseViewSet",
    "RequestViewSet",
    "SavedSearchViewSet",
    "SiteViewSet",
]
