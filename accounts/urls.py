"""Pages under /organization/."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.organization, name="organization"),
    path("start/", views.start, name="start"),
    path("create/", views.create_organization, name="create_organization"),
    path("switch/", views.switch, name="switch"),
    path("invite/", views.invite, name="invite"),
    path("invitation/", views.accept_invitation, name="accept_invitation"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("invitations/<uuid:uid>/revoke/", views.revoke_invitation, name="revoke_invitation"),
    path("members/<uuid:uid>/role/", views.change_role, name="change_role"),
    path("members/<uuid:uid>/remove/", views.remove_member, name="remove_member"),
    path("keys/", views.keys, name="keys"),
    path("keys/<uuid:uid>/revoke/", views.revoke_key, name="revoke_key"),
]
