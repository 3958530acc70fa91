"""The map of the API. What all endpoints share stands in `accounts.api` and `common`."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from accounts.api import OrganizationView
from listings.api import (
    GpuModelViewSet,
    GpuPoolViewSet,
    PhaseViewSet,
    RequestViewSet,
    SavedSearchViewSet,
    SiteViewSet,
)
from matching.api import MatchViewSet, NearMissesView, PoolWinsView, ReviewViewSet, WinsView
from matching.plans_api import PlansView
from matching.rematch.api import RunViewSet

router = DefaultRouter()
router.include_format_suffixes = False
router.register("sites", SiteViewSet, basename="site")
router.register("sites/(?P<site_uid>[^/.]+)/phases", PhaseViewSet, basename="phase")
router.register("gpu-pools", GpuPoolViewSet, basename="gpu-pool")
router.register("gpu-models", GpuModelViewSet, basename="gpu-model")
router.register("requests", RequestViewSet, basename="request")
router.register("saved-searches", SavedSearchViewSet, basename="saved-search")
router.register("matches", MatchViewSet, basename="match")
router.register("reviews", ReviewViewSet, basename="review")
router.register("rematch-runs", RunViewSet, basename="rematch-run")

app_name = "api"
urlpatterns = [
    path("v1/organization/", OrganizationView.as_view(), name="organization"),
    path("v1/requests/<uuid:uid>/near-misses/", NearMissesView.as_view(), name="near-misses"),
    path("v1/sites/<uuid:uid>/wins/", WinsView.as_view(), name="site-wins"),
    path("v1/gpu-pools/<uuid:uid>/wins/", PoolWinsView.as_view(), name="gpu-pool-wins"),
    path("v1/requests/<uuid:uid>/plans/", PlansView.as_view(), name="plans"),
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
