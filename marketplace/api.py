"""The map of the API. What all endpoints share stands in `accounts.api` and `common`."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from accounts.api import OrganizationView

router = DefaultRouter()
router.include_format_suffixes = False

app_name = "api"
urlpatterns = [
    path("v1/organization/", OrganizationView.as_view(), name="organization"),
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
