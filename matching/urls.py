"""Pages of matches."""

from django.urls import path

from matching import views

app_name = "matching"
urlpatterns = [
    path("", views.matches, name="matches"),
    path("compare/", views.compare, name="compare"),
    path("of/<uuid:uid>/", views.of_post, name="of_post"),
    path("of/<uuid:uid>/what-if/", views.what_if, name="what_if"),
    path("<uuid:uid>/", views.match, name="match"),
]
