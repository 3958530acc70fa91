"""The site map."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from marketplace import look, views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("listings.urls")),
    path("", include("matching.urls")),
    path("market/", include("market.urls")),
    path("api/", include("marketplace.api")),
    # Operators sign in on the same page as everybody: one place with rate limits.
    path("operator/login/", secure_admin_login(admin.site.login)),
    path("operator/", admin.site.urls),
    # Browsers ask for it on pages that name no icon, the operators' among them.
    path("favicon.ico", views.favicon),
    path("robots.txt", views.robots),
    path("theme/", look.theme, name="theme"),
    path("design/", look.design, name="design"),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler429 = views.too_many_requests
handler500 = views.server_error
