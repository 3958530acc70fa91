"""Pages about oneself under /accounts/, beside those for signing in, and about one's organization."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("accounts/profile/", views.profile, name="profile"),
    path("accounts/sessions/", views.sessions, name="sessions"),
    path("organization/", views.organization, name="organization"),
    path("organization/start/", views.start, name="start"),
    path("organization/create/", views.create_organization, name="create_organization"),
    path("organization/switch/", views.switch, name="switch"),
    path("organization/members/", views.members, name="members"),
    path("organization/invite/", views.invite, name="invite"),
    path("organization/invitation/", views.accept_invitation, name="accept_invitation"),
    path("organization/invitation/<str:token>/", views.invitation, name="invitation"),
    path("organization/invitations/<uuid:uid>/revoke/", views.revoke_invitation, name="revoke_invitation"),
    path("organization/members/<uuid:uid>/role/", views.change_role, name="change_role"),
    path("organization/members/<uuid:uid>/remove/", views.remove_member, name="remove_member"),
    path("organization/keys/", views.keys, name="keys"),
    path("organization/keys/<uuid:uid>/revoke/", views.revoke_key, name="revoke_key"),
]
