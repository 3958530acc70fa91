"""Where somebody is signed in."""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from accounts.models import User

# The first name found wins: every browser also calls itself those after it.
BROWSERS = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
]


@dataclass(frozen=True)
class Device:
    """One browser in which a person is signed in."""

    name: str
    ip: str
    signed_in_at: datetime
    seen_at: datetime
    is_this: bool


def devices_of(*, user: User, this: str | None, now: datetime) -> list[Device]:
    """The person's living sessions, the one with key `this` first, then the last seen; one query."""
    living = Session.objects.filter(expire_date__gt=now).values("session_key")
    sessions = UserSession.objects.filter(user=user, session_key__in=living).order_by("-last_seen_at", "pk")
    devices = [
        Device(
            device_name(session.user_agent),
            session.ip,
            session.created_at,
            session.last_seen_at,
            session.session_key == this,
        )
        for session in sessions
    ]
    return sorted(devices, key=lambda device: not device.is_this)


def device_name(user_agent: str) -> str:
    """What a person calls it: "Firefox on Linux"."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, (browser, system))) or "Unknown browser"
