"""Pages of matches, and the broker's desk."""

from django.urls import path

from matching import plan_views, views
from matching.desk import views as desk
from matching.rematch import views as rematch

app_name = "matching"
urlpatterns = [
    path("matches/", views.matches, name="matches"),
    path("matches/compare/", views.compare, name="compare"),
    path("matches/of/<uuid:uid>/", views.of_post, name="of_post"),
    path("matches/of/<uuid:uid>/what-if/", views.what_if, name="what_if"),
    path("matches/of/<uuid:uid>/plans/", plan_views.plans, name="plans"),
    path("matches/<uuid:uid>/", views.match, name="match"),
    path("desk/", desk.desk, name="desk"),
    path("desk/<uuid:uid>/decide/", desk.decide, name="decide"),
    path("desk/reviews/<uuid:uid>/undo/", desk.undo, name="undo_review"),
    path("rematch/", rematch.runs, name="runs"),
    path("rematch/<uuid:uid>/", rematch.run, name="run"),
    path("rematch/<uuid:uid>/cancel/", rematch.cancel, name="cancel_run"),
]
