"""Keys: shown once, kept as a hash, never more than their maker."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts import services
from accounts.models import ApiKey, Membership
from accounts.vocabulary import Role, Scope
from common.errors import InvalidInput, NotAllowed
from tests.cast import NOON
from tests.texts import find

OWN = "/api/v1/organization/"


def with_key(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def make(actor, scopes=(Scope.READ,), **more) -> tuple[ApiKey, str]:
    return services.create_api_key(by=actor.reader, name="feed", scopes=scopes, now=datetime.now(UTC), **more)


class TestCreating:
    def test_only_its_hash_and_first_letters_are_kept(self, miner):
        key, secret = make(miner)

        assert re.fullmatch(r"swy_[\w-]{43}", secret)
        assert secret.startswith(key.prefix)
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(k)::text FROM accounts_apikey k WHERE id = %s", [key.pk])
            assert secret not in cursor.fetchone()[0]

    def test_it_is_shown_once(self, miner):
        page = miner.client.post("/organization/keys/", {"name": "feed", "scope": "write", "days": "90"})
        secret = find(r"(swy_[\w-]{43})", page.content.decode())

        assert "no-store" in page.headers["Cache-Control"]
        assert secret not in miner.client.get("/organization/keys/").content.decode()
        assert with_key(secret).get(OWN).status_code == 200

    @pytest.mark.parametrize("scopes", [[], ["admin"], ["read", "everything"]])
    def test_scopes_are_read_and_write(self, miner, scopes):
        before = ApiKey.objects.count()

        with pytest.raises(InvalidInput):
            make(miner, scopes)

        assert ApiKey.objects.count() == before

    def test_a_key_cannot_make_keys(self, miner):
        assert miner.api.post("/organization/keys/", {"name": "x", "scope": "read"}).status_code in (
            302,
            403,
            415,
        )
        assert ApiKey.objects.count() == 1


class TestUsing:
    def test_it_acts_for_its_organization(self, miner):
        assert miner.api.get(OWN).json()["name"] == "Lone Star Mining"

    def test_a_reading_key_changes_nothing(self, miner):
        client = with_key(make(miner)[1])
        tag = client.get(OWN)["ETag"]

        answer = client.patch(OWN, {"name": "New"}, HTTP_IF_MATCH=tag)

        assert answer.status_code == 403
        miner.organization.refresh_from_db()
        assert miner.organization.name == "Lone Star Mining"

    def test_it_is_never_more_than_its_maker_is_today(self, miner, miner_member):
        Membership.objects.filter(user=miner_member.user).update(role=Role.OWNER)
        tag = miner_member.api.get(OWN)["ETag"]
        Membership.objects.filter(user=miner_member.user).update(role=Role.MEMBER)

        assert miner_member.api.patch(OWN, {"name": "New"}, HTTP_IF_MATCH=tag).status_code == 403

    @pytest.mark.parametrize(
        "header",
        [
            "Bearer",
            "Bearer ",
            "Bearer swy_nonsense",
            "bearer swy_" + "A" * 43,
            "Bearer \xff\xfe",
            "Bearer a b c",
        ],
    )
    def test_an_unknown_key_is_a_401_that_says_how(self, db, header):
        answer = APIClient().get(OWN, HTTP_AUTHORIZATION=header)

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
        assert answer["Content-Type"] == "application/problem+json"

    def test_it_dies_at_its_hour(self, miner):
        key, secret = make(miner, expires_at=datetime.now(UTC) + timedelta(hours=1))
        alive = with_key(secret).get(OWN).status_code
        ApiKey.objects.filter(pk=key.pk).update(expires_at=datetime.now(UTC))

        assert (alive, with_key(secret).get(OWN).status_code) == (200, 401)

    def test_it_dies_with_its_maker_s_account(self, miner):
        miner.user.is_active = False
        miner.user.save()

        assert miner.api.get(OWN).status_code == 401

    def test_last_use_is_noted_at_most_once_a_minute(self, miner):
        key, secret = make(miner)

        def noted(now):
            services.authenticate_key(secret=secret, now=now)
            return ApiKey.objects.get(pk=key.pk).last_used_at

        assert noted(NOON) == NOON
        assert noted(NOON + timedelta(seconds=59)) == NOON
        assert noted(NOON + timedelta(seconds=60)) == NOON + timedelta(seconds=60)

    def test_asking_costs_the_same_each_time(self, miner, django_assert_num_queries):
        miner.api.get(OWN)

        with django_assert_num_queries(4):  # key, role, organization, team
            miner.api.get(OWN)


class TestRevoking:
    def test_it_ends_the_key_at_once(self, miner):
        key, secret = make(miner)

        miner.client.post(f"/organization/keys/{key.uid}/revoke/")

        assert with_key(secret).get(OWN).status_code == 401

    def test_an_owner_revokes_a_member_s_key(self, miner, miner_member):
        key = ApiKey.objects.get(created_by=miner_member.user)

        services.revoke_api_key(by=miner.reader, key=key, now=NOON)

        assert miner_member.api.get(OWN).status_code == 401

    def test_a_member_does_not_revoke_an_owner_s(self, miner, miner_member):
        with pytest.raises(NotAllowed):
            services.revoke_api_key(
                by=miner_member.reader, key=ApiKey.objects.get(created_by=miner.user), now=NOON
            )

        assert miner.api.get(OWN).status_code == 200

    def test_another_organization_s_key_is_not_there(self, miner, other_miner):
        key = ApiKey.objects.get(created_by=miner.user)

        assert other_miner.client.post(f"/organization/keys/{key.uid}/revoke/").status_code == 404
        assert miner.api.get(OWN).status_code == 200
