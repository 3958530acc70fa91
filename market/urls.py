"""Pages under /market/."""

from django.urls import path

from market import views

app_name = "market"
urlpatterns = [
    path("", views.market, name="market"),
    path("median/", views.median, name="median"),
    path("backtest/", views.backtest, name="backtest"),
]
