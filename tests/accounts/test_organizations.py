"""Founding an organization, and what being verified is worth."""

import pytest

from accounts import services
from accounts.models import Membership, Organization
from accounts.vocabulary import Kind, Role
from common.errors import InvalidInput, NotAllowed
from tests.cast import NOON, found


class TestFounding:
    def test_whoever_founds_it_owns_it(self, newcomer):
        organization = services.create_organization(user=newcomer.user, name="New Grid", kind=Kind.MINER)

        membership = Membership.objects.get(user=newcomer.user)
        assert (membership.organization, membership.role) == (organization, Role.OWNER)
        assert organization.verified_at is None

    def test_a_name_is_taken_whatever_its_case(self, newcomer, miner):
        with pytest.raises(InvalidInput) as refused:
            services.create_organization(user=newcomer.user, name="LONE  star mining", kind=Kind.MINER)

        assert "name" in refused.value.fields
        assert Organization.objects.count() == 1
        assert not newcomer.user.memberships.exists()

    @pytest.mark.parametrize("name", ["", "   ", "Evil\x1b[31m", "Reversed \u202e name", "Gone\x00"])
    def test_a_name_is_one_line_of_text(self, newcomer, name):
        with pytest.raises(InvalidInput):
            services.create_organization(user=newcomer.user, name=name, kind=Kind.MINER)

        assert not Organization.objects.exists()


class TestVerification:
    def test_a_broker_has_rights_only_once_verified(self, unverified_broker):
        before = unverified_broker.reader.is_broker
        services.verify_organization(organization=unverified_broker.organization, now=NOON)

        page = unverified_broker.client.get("/organization/")

        assert not before
        assert page.wsgi_request.reader.is_broker

    def test_a_new_name_has_to_be_verified_again(self, broker):
        services.update_organization(by=broker.reader, name="Somebody Famous")

        broker.organization.refresh_from_db()
        assert broker.organization.name == "Somebody Famous"
        assert broker.organization.verified_at is None

    def test_a_new_website_does_not(self, broker):
        services.update_organization(by=broker.reader, website="https://harbor.example.com")

        broker.organization.refresh_from_db()
        assert broker.organization.verified_at == NOON

    def test_a_member_changes_nothing(self, miner, miner_member):
        with pytest.raises(NotAllowed):
            services.update_organization(by=miner_member.reader, name="Mine Now")

        miner.organization.refresh_from_db()
        assert miner.organization.name == "Lone Star Mining"

    def test_an_operator_verifies_and_withdraws_in_the_admin(self, unverified_broker, admin_client):
        organization = unverified_broker.organization

        def choose(action):
            form = {"action": action, "_selected_action": [organization.pk]}
            admin_client.post("/operator/accounts/organization/", form)
            organization.refresh_from_db()
            return organization.verified_at is not None

        assert choose("verify")
        assert not choose("withdraw")

    def test_nobody_else_reaches_the_admin(self, broker):
        answer = broker.client.get("/operator/accounts/organization/", follow=True)

        assert answer.status_code == 403


class TestRoles:
    def test_an_owner_makes_another_owner(self, miner, miner_member):
        membership = Membership.objects.get(user=miner_member.user)

        services.change_role(by=miner.reader, membership=membership, role=Role.OWNER)

        assert Membership.objects.get(pk=membership.pk).role == Role.OWNER

    def test_a_member_cannot_lift_themselves(self, miner_member):
        membership = Membership.objects.get(user=miner_member.user)

        with pytest.raises(NotAllowed):
            services.change_role(by=miner_member.reader, membership=membership, role=Role.OWNER)

        assert Membership.objects.get(pk=membership.pk).role == Role.MEMBER

    def test_an_owner_elsewhere_has_no_say(self, miner_member, other_miner):
        membership = Membership.objects.get(user=miner_member.user)

        services.change_role(by=other_miner.reader, membership=membership, role=Role.OWNER)
        services.remove_member(by=other_miner.reader, membership=membership, now=NOON)

        assert Membership.objects.get(pk=membership.pk).role == Role.MEMBER

    def test_the_last_owner_stays_an_owner(self, miner, miner_member):
        membership = Membership.objects.get(user=miner.user)

        with pytest.raises(services.LastOwner):
            services.change_role(by=miner.reader, membership=membership, role=Role.MEMBER)

        assert Membership.objects.get(pk=membership.pk).role == Role.OWNER

    def test_the_last_owner_cannot_leave(self, miner, miner_member):
        with pytest.raises(services.LastOwner):
            services.remove_member(
                by=miner.reader, membership=Membership.objects.get(user=miner.user), now=NOON
            )

        assert Membership.objects.count() == 2

    def test_a_member_leaves_but_removes_nobody(self, miner, miner_member):
        with pytest.raises(NotAllowed):
            services.remove_member(
                by=miner_member.reader, membership=Membership.objects.get(user=miner.user), now=NOON
            )
        services.remove_member(
            by=miner_member.reader, membership=Membership.objects.get(user=miner_member.user), now=NOON
        )

        assert Membership.objects.get().user == miner.user

    def test_whoever_was_removed_is_out_with_the_next_request(self, miner, miner_member):
        services.remove_member(
            by=miner.reader, membership=Membership.objects.get(user=miner_member.user), now=NOON
        )

        assert miner_member.client.get("/organization/").headers["Location"] == "/organization/create/"
        assert miner_member.api.get("/api/v1/organization/").status_code == 401

    def test_keys_of_someone_who_left_stay_dead_when_they_return(self, miner, miner_member):
        services.remove_member(
            by=miner.reader, membership=Membership.objects.get(user=miner_member.user), now=NOON
        )
        Membership.objects.create(user=miner_member.user, organization=miner.organization)

        assert miner_member.api.get("/api/v1/organization/").status_code == 401


class TestReader:
    def test_the_chosen_organization_is_acted_for_until_one_leaves_it(self, miner, other_miner):
        visiting = Membership.objects.create(user=miner.user, organization=other_miner.organization)
        miner.client.post("/organization/switch/", {"organization": other_miner.organization.uid})
        chosen = miner.client.get("/organization/").wsgi_request.reader.organization
        visiting.delete()

        fallen_back = miner.client.get("/organization/").wsgi_request.reader.organization

        assert (chosen, fallen_back) == (other_miner.organization, miner.organization)

    def test_nobody_acts_for_an_organization_they_are_not_in(self, miner, other_miner):
        answer = miner.client.post("/organization/switch/", {"organization": other_miner.organization.uid})

        assert answer.status_code == 404
        assert miner.client.get("/organization/").wsgi_request.reader.organization == miner.organization

    @pytest.mark.parametrize("uid", ["", "nonsense", "\x00"])
    def test_nonsense_is_no_organization(self, miner, uid):
        assert miner.client.post("/organization/switch/", {"organization": uid}).status_code == 404

    @pytest.mark.parametrize("more", [1, 20])
    def test_knowing_the_reader_costs_one_query(self, miner, more, django_assert_num_queries):
        for number in range(more):
            elsewhere = found(f"Elsewhere {number}", Kind.MINER, verified=True)
            Membership.objects.create(user=miner.user, organization=elsewhere.organization)

        with django_assert_num_queries(3):  # session, user, reader
            miner.client.get("/organization/start/")
