"""Pages of posts: a list, a page, a form to post and one to change for each kind."""

from django.urls import path

from listings import views
from listings.views import searches

app_name = "listings"
urlpatterns = [
    path("sites/", views.site_list, name="sites"),
    path("sites/new/", views.site_new, name="site_new"),
    path("sites/grid/", views.site_grid, name="site_grid"),
    path("sites/<uuid:uid>/", views.site_page, name="site"),
    path("sites/<uuid:uid>/edit/", views.site_edit, name="site_edit"),
    path("gpu-pools/", views.gpu_pool_list, name="gpu_pools"),
    path("gpu-pools/new/", views.gpu_pool_new, name="gpu_pool_new"),
    path("gpu-pools/<uuid:uid>/", views.gpu_pool_page, name="gpu_pool"),
    path("gpu-pools/<uuid:uid>/edit/", views.gpu_pool_edit, name="gpu_pool_edit"),
    path("requests/", views.request_list, name="requests"),
    path("requests/new/", views.request_new, name="request_new"),
    path("requests/quick/", views.request_quick, name="request_quick"),
    path("requests/steps/", views.request_steps, name="request_steps"),
    path("requests/<uuid:uid>/", views.request_page, name="request"),
    path("requests/<uuid:uid>/edit/", views.request_edit, name="request_edit"),
    path("searches/", searches.saved_searches, name="saved_searches"),
    path("searches/new/", searches.saved_search_new, name="saved_search_new"),
    path("searches/<uuid:uid>/", searches.saved_search, name="saved_search"),
    path("searches/<uuid:uid>/change/", searches.saved_search_change, name="saved_search_change"),
    path("searches/<uuid:uid>/delete/", searches.saved_search_delete, name="saved_search_delete"),
    path("searches/stop/<str:token>/", searches.stop_mail, name="stop_mail"),
    path("posts/renew/", views.renew_all, name="renew_all"),
    path("posts/<uuid:uid>/evidence/", views.evidence, name="evidence"),
    path("posts/<uuid:uid>/grants/", views.grants, name="grants"),
    path("posts/<uuid:uid>/move/", views.move, name="move"),
    path("posts/<uuid:uid>/renew/", views.renew, name="renew"),
]
