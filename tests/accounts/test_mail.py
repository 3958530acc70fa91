"""Mail: text and HTML say the same, and nobody writes more into it than their name."""

import re

import pytest
from django.test import Client

from accounts import mail, services
from accounts.vocabulary import Kind, Role
from tests.accounts.signing_in import PASSWORD, at_another_browser
from tests.cast import NOON
from tests.texts import find


def html_of(letter) -> str:
    [(html, kind)] = letter.alternatives
    assert kind == "text/html"
    return str(html)


def test_an_invitation_has_a_button_and_a_plain_address(miner, mailoutbox):
    services.invite_member(by=miner.reader, email="a@b.test", role=Role.MEMBER, now=NOON)

    [letter] = mailoutbox
    link = find(r"\n(https://switchyard.test/organization/invitation/\S+)\n", letter.body)
    assert f'<a href="{link}"' in html_of(letter)
    assert "Join Lone Star Mining</a>" in html_of(letter)
    assert letter.message().get_content_type() == "multipart/alternative"


def test_confirming_an_address_and_resetting_a_password_are_letters_too(db, mailoutbox):
    client = Client()
    client.post("/accounts/signup/", {"email": "ana@example.com", "password1": PASSWORD})
    client.post(find(r"https://switchyard.test(/accounts/confirm-email/\S+)", mailoutbox[0].body))
    client.post("/accounts/password/reset/", {"email": "ana@example.com"})

    confirm, reset = mailoutbox
    assert (confirm.subject, reset.subject) == (
        "Confirm your address for Switchyard",
        "A new password for Switchyard",
    )
    for letter, path in ((confirm, "/accounts/confirm-email/"), (reset, "/accounts/password/reset/key/")):
        address = find(rf"(https://switchyard.test{path}\S+)", letter.body)
        assert f'<a href="{address}"' in html_of(letter)


def test_every_link_begins_with_the_public_address(miner, mailoutbox):
    services.invite_member(by=miner.reader, email="a@b.test", role=Role.MEMBER, now=NOON)
    for email in ("ana@example.com", miner.user.email):
        Client().post("/accounts/signup/", {"email": email, "password1": PASSWORD})
    for email in ("nobody@example.com", miner.user.email):
        Client().post("/accounts/password/reset/", {"email": email})
    at_another_browser(miner.user)
    at_another_browser(miner.user)

    assert [re.findall(r"(https?://[^/\s]+)/", letter.body) for letter in mailoutbox] == [
        ["https://switchyard.test"]
    ] * len(mailoutbox)
    assert {letter.subject for letter in mailoutbox} == {
        "Join Lone Star Mining on Switchyard",
        "Confirm your address for Switchyard",
        "You already have an account on Switchyard",
        "No account on Switchyard with this address",
        "A new password for Switchyard",
        "New sign-in to Switchyard",
    }


def test_a_name_is_neither_markup_nor_a_header(newcomer, mailoutbox):
    services.rename_person(user=newcomer.user, name="<b>Ana</b>")
    services.create_organization(user=newcomer.user, name="Nice\r\nBcc: all@world.test", kind=Kind.MINER)
    newcomer.client.post("/organization/invite/", {"email": "a@b.test", "role": "member"})

    [letter] = mailoutbox
    assert letter.subject == "Join Nice Bcc: all@world.test on Switchyard"
    assert letter.recipients() == ["a@b.test"]
    assert "<b>Ana" in letter.body
    assert "<b>Ana" not in html_of(letter)
    assert "&lt;b&gt;Ana" in html_of(letter)


def test_a_subject_cannot_start_a_header():
    letter = mail.letter(subject="One\r\nBcc: two@world.test", text="Three", to=["a@b.test"])

    assert letter.message()["Subject"] == "One Bcc: two@world.test"
    assert letter.message()["Bcc"] is None


@pytest.mark.parametrize("knows_the_browser", [True, False])
def test_only_a_new_browser_is_told_of(miner, mailoutbox, knows_the_browser):
    known = at_another_browser(miner.user)
    mailoutbox.clear()

    if knows_the_browser:
        known.post("/accounts/logout/")
        known.post("/accounts/login/", {"login": miner.user.email, "password": PASSWORD})
    else:
        at_another_browser(miner.user, HTTP_USER_AGENT="Mozilla <i>Strange")

    if knows_the_browser:
        assert not mailoutbox
    else:
        [letter] = mailoutbox
        assert letter.subject == "New sign-in to Switchyard"
        assert "- Browser: Mozilla <i>Strange" in letter.body
        assert "<li>Browser: Mozilla &lt;i&gt;Strange</li>" in html_of(letter)


def test_a_mail_server_that_is_away_does_not_keep_people_out(miner, settings):
    at_another_browser(miner.user)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    client = at_another_browser(miner.user)

    assert client.get("/organization/").status_code == 200


def test_a_mail_that_could_not_be_sent_is_said(db, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    page = Client().post("/accounts/signup/", {"email": "ana@example.com", "password1": PASSWORD})

    assert page.status_code == 409
    assert "try again in a few minutes" in page.content.decode()
