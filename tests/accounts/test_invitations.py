"""How colleagues come in, and who does not."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from accounts import services
from accounts.models import Invitation, Membership, User
from accounts.vocabulary import Kind, Role
from common.errors import InvalidInput, NotAllowed
from tests.cast import NOON
from tests.texts import find


def invite(by, email="newcomer@example.com", role=Role.MEMBER, now=NOON):
    return services.invite_member(by=by.reader, email=email, role=role, now=now)


def token_in(mail) -> str:
    return find(r"https://switchyard.test/organization/invitation/(\S+)/", mail.body)


class TestInviting:
    def test_the_mail_has_the_only_copy_of_the_token(self, miner, mailoutbox):
        invitation = invite(miner)

        token = token_in(mailoutbox[0])
        assert mailoutbox[0].to == ["newcomer@example.com"]
        assert token not in str(Invitation.objects.values().get())
        assert services.find_invitation(token=token, now=NOON) == invitation

    def test_a_member_invites_nobody(self, miner_member, mailoutbox):
        with pytest.raises(NotAllowed):
            invite(miner_member)

        assert not Invitation.objects.exists()
        assert not mailoutbox

    def test_a_colleague_is_not_invited_again(self, miner, miner_member, mailoutbox):
        with pytest.raises(services.AlreadyMember):
            invite(miner, email="MEMBER@example.com")

        assert not mailoutbox

    def test_a_second_invitation_replaces_the_first(self, miner, mailoutbox):
        invite(miner)
        invite(miner)

        assert Invitation.objects.open(NOON).count() == 1
        with pytest.raises(services.InvitationInvalid):
            services.find_invitation(token=token_in(mailoutbox[0]), now=NOON)

    def test_an_organization_cannot_mail_the_whole_world(self, miner, mailoutbox):
        for number in range(services.OPEN_INVITATIONS_MAX):
            invite(miner, email=f"{number}@example.com")

        with pytest.raises(services.TooManyInvitations):
            invite(miner, email="one-more@example.com")

        assert len(mailoutbox) == services.OPEN_INVITATIONS_MAX

    @pytest.mark.parametrize("email", ["a@b.test\nBcc: all@world.test", "a@b.test\r\nX: y", "no address", ""])
    def test_an_address_smuggles_nothing_into_the_mail(self, miner, mailoutbox, email):
        with pytest.raises(InvalidInput):
            invite(miner, email=email)

        assert not mailoutbox

    def test_an_organization_s_name_smuggles_no_header(self, newcomer, mailoutbox):
        name = "Nice\r\nBcc: all@world.test"
        services.create_organization(user=newcomer.user, name=name, kind=Kind.MINER)
        newcomer.client.post("/organization/invite/", {"email": "a@b.test", "role": "member"})

        assert mailoutbox[0].subject == "Join Nice Bcc: all@world.test on Switchyard"
        assert mailoutbox[0].recipients() == ["a@b.test"]

    def test_a_mail_server_that_is_away_is_said_and_leaves_nothing_open(self, miner, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

        with pytest.raises(services.MailNotSent):
            invite(miner)

        assert not Invitation.objects.open(NOON).exists()


class TestAccepting:
    @pytest.fixture
    def token(self, miner, mailoutbox) -> str:
        invite(miner)
        return token_in(mailoutbox[0])

    def test_the_invited_person_joins_in_the_offered_role(self, miner, newcomer, token):
        membership = services.accept_invitation(user=newcomer.user, token=token, now=NOON)

        assert (membership.organization, membership.role) == (miner.organization, Role.MEMBER)

    def test_a_used_invitation_is_refused(self, newcomer, token):
        services.accept_invitation(user=newcomer.user, token=token, now=NOON)
        Membership.objects.filter(user=newcomer.user).delete()

        with pytest.raises(services.InvitationInvalid):
            services.accept_invitation(user=newcomer.user, token=token, now=NOON)

        assert not newcomer.user.memberships.exists()

    def test_somebody_else_cannot_use_it(self, tenant, token):
        with pytest.raises(services.InvitationForAnother):
            services.accept_invitation(user=tenant.user, token=token, now=NOON)

        assert tenant.user.memberships.count() == 1
        assert Invitation.objects.open(NOON).exists()

    def test_claiming_the_address_is_not_enough(self, token):
        impostor = User.objects.create_user("newcomer@example.com")
        EmailAddress.objects.create(user=impostor, email=impostor.email, verified=False, primary=True)

        with pytest.raises(services.InvitationForAnother):
            services.accept_invitation(user=impostor, token=token, now=NOON)

        assert not impostor.memberships.exists()

    def test_after_seven_days_it_is_dead(self, newcomer, token):
        with pytest.raises(services.InvitationInvalid):
            services.accept_invitation(user=newcomer.user, token=token, now=NOON + timedelta(days=7))

        assert not newcomer.user.memberships.exists()

    def test_a_revoked_one_is_dead(self, miner, newcomer, token):
        services.revoke_invitation(by=miner.reader, invitation=Invitation.objects.get(), now=NOON)

        with pytest.raises(services.InvitationInvalid):
            services.accept_invitation(user=newcomer.user, token=token, now=NOON)

    def test_it_lifts_nobody_who_is_a_member_already(self, miner, newcomer, mailoutbox):
        invite(miner, role=Role.OWNER)
        Membership.objects.create(user=newcomer.user, organization=miner.organization)

        services.accept_invitation(user=newcomer.user, token=token_in(mailoutbox[0]), now=NOON)

        assert Membership.objects.get(user=newcomer.user).role == Role.MEMBER


class TestPages:
    def test_from_the_mail_to_the_team(self, miner, newcomer, mailoutbox):
        miner.client.post("/organization/invite/", {"email": newcomer.user.email, "role": "member"})
        address = find(r"https://switchyard.test(/\S+)", mailoutbox[0].body)

        page = newcomer.client.get(address, follow=True)
        newcomer.client.post("/organization/invitation/")

        assert "Join Lone Star Mining?" in page.content.decode()
        assert page.request["PATH_INFO"] == "/organization/invitation/"  # the token is gone from the address
        assert Membership.objects.get(user=newcomer.user).organization == miner.organization

    def test_a_visitor_signs_in_first_and_is_led_back(self, miner, newcomer, mailoutbox):
        newcomer.user.set_password("correct horse battery")
        newcomer.user.save()
        newcomer.client.logout()
        miner.client.post("/organization/invite/", {"email": newcomer.user.email, "role": "member"})
        address = find(r"https://switchyard.test(/\S+)", mailoutbox[0].body)

        newcomer.client.get(address, follow=True)
        form = {"login": newcomer.user.email, "password": "correct horse battery"}
        page = newcomer.client.post("/accounts/login/", form, follow=True)

        assert "Join Lone Star Mining?" in page.content.decode()

    def test_the_log_holds_no_token_and_no_search(self, newcomer, caplog):
        with caplog.at_level("INFO"):
            newcomer.client.get("/organization/invitation/open-sesame/?for=private")
            newcomer.client.get("/accounts/confirm-email/open-sesame/")
            newcomer.client.get("/accounts/password/reset/key/1-open-sesame/")

        assert "/organization/invitation/…/" in caplog.text
        assert "sesame" not in caplog.text
        assert "private" not in caplog.text

    def test_a_dead_link_says_what_to_do(self, newcomer):
        page = newcomer.client.get("/organization/invitation/nonsense/", follow=True)

        assert page.status_code == 409
        assert "Ask for a new one" in page.content.decode()

    def test_another_organization_s_invitation_is_not_there_to_revoke(self, miner, other_miner):
        uid = invite(miner).uid

        answer = other_miner.client.post(f"/organization/invitations/{uid}/revoke/")

        assert answer.status_code == 404
        assert Invitation.objects.filter(revoked_at=None).exists()
