"""Pages under /market/."""

from django.urls import path

from market import views

app_name = "market"
urlpatterns = [
    path("", views.market, name="market"),
    path("backtest/", views.backtest, name="backtest"),
]
