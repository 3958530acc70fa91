"""Where one is signed in, and how that ends."""

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.devices import device_name
from accounts.middleware import SEEN_GRAIN_SECONDS
from tests.accounts.signing_in import at_another_browser, confirm_it_is_me, is_signed_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1"


@pytest.fixture
def here(miner):
    return at_another_browser(miner.user, HTTP_USER_AGENT=FIREFOX)


@pytest.fixture
def there(miner, here):
    return at_another_browser(miner.user, HTTP_USER_AGENT=EDGE, REMOTE_ADDR="198.51.100.7")


def test_the_list_names_device_and_address(here, there):
    page = here.get("/accounts/sessions/").content.decode()

    assert "Firefox on Linux" in page
    assert "Edge on Windows" in page
    assert "198.51.100.7" in page
    assert page.index("this one") < page.index("Edge on Windows")


def test_signing_out_elsewhere_ends_the_other_browser_and_keeps_this_one(here, there):
    assert is_signed_in(there)

    here.post("/accounts/sessions/")

    assert not is_signed_in(there)
    assert is_signed_in(here)
    assert "Edge" not in here.get("/accounts/sessions/").content.decode()


def test_nobody_ends_another_person_s_sessions(here, tenant):
    elsewhere = at_another_browser(tenant.user)

    elsewhere.post("/accounts/sessions/")

    assert is_signed_in(here)


def test_a_new_password_ends_every_other_session(here, there):
    confirm_it_is_me(here)
    form = {
        "oldpassword": "correct horse battery",
        "password1": "staple rain walk",
        "password2": "staple rain walk",
    }
    here.post("/accounts/password/change/", form)

    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert "Edge" not in here.get("/accounts/sessions/").content.decode()


def test_last_seen_is_true_to_five_minutes(here):
    began = timezone.now()

    def seen_after(seconds: int) -> float:
        with time_machine.travel(began + timedelta(seconds=seconds), tick=False):
            here.get("/accounts/profile/")
        return float((UserSession.objects.get().last_seen_at - began).total_seconds())

    assert seen_after(SEEN_GRAIN_SECONDS - 10) < 10
    assert seen_after(SEEN_GRAIN_SECONDS + 10) == SEEN_GRAIN_SECONDS + 10


@pytest.mark.parametrize("size", [1, 50])
def test_the_list_costs_the_same_at_any_length(here, miner, size, django_assert_num_queries):
    for number in range(size):
        other = here.session.__class__()
        other.create()
        UserSession.objects.create(
            user=miner.user, session_key=other.session_key, ip="198.51.100.7", user_agent=f"Browser {number}"
        )

    with django_assert_num_queries(4):  # session, user, sessions, reader
        page = here.get("/accounts/sessions/")

    assert page.content.count(b"198.51.100.7") == size


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("", "Unknown browser"),
    ],
)
def test_devices_have_the_names_that_people_use(user_agent, name):
    assert device_name(user_agent) == name
