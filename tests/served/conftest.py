"""`served`: the site as production serves it, with the demo market in it and its chief pages by name."""

import http.client
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from listings.models import Site
from marketplace.demo.loading import load_demo_market
from marketplace.demo.progress import Progress
from marketplace.local.processes import Child
from marketplace.management.commands import up
from matching.models import Match
from matching.services import drain
from tests.marketplace.up_process import free_port
from tests.plugins.workers import url_of_test_database
from tests.waiting import eventually

# What the operators' pages and the API's reference bring along would take half a minute to compress.
OF_OTHERS = ("admin", "drf_spectacular_sidecar", "rest_framework")
ROLES = ("miner", "tenant", "broker")
PAGES = {
    "landing": ("visitor", "/"),
    "sites": ("visitor", "/sites/"),
    "sites as cards": ("visitor", "/sites/?view=cards"),
    "GPU pools": ("visitor", "/gpu-pools/"),
    "requests": ("visitor", "/requests/"),
    "market": ("visitor", "/market/"),
    "sign-up": ("visitor", "/accounts/signup/"),
    "a miner's home": ("miner", "/"),
    "site": ("miner", "/sites/{site}/"),
    "site form": ("miner", "/sites/{site}/edit/"),
    "all sites of a miner": ("miner", "/sites/grid/"),
    "a tenant's home": ("tenant", "/"),
    "request": ("tenant", "/requests/{request}/"),
    "matches of a request": ("tenant", "/matches/of/{request}/"),
    "match": ("tenant", "/matches/{match}/"),
    "desk": ("broker", "/desk/"),
}


@dataclass(frozen=True)
class Served:
    """Where the site listens, and what its pages and people are."""

    port: int
    uids: dict[str, str]
    sessions: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def path(self, page: str) -> str:
        return PAGES[page][1].format(**self.uids)

    def headers(self, page: str) -> dict[str, str]:
        """What the proxy in front adds, and the session of the person whose page it is."""
        session = self.sessions.get(PAGES[page][0])
        return {"X-Forwarded-Proto": "https", **({"Cookie": f"sessionid={session}"} if session else {})}

    def get(self, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=20)
        connection.request("GET", path, headers={"X-Forwarded-Proto": "https", **headers})
        answer = connection.getresponse()
        return answer, answer.read()


@pytest.fixture(scope="module")
def served(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Served]:
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    with django_db_blocker.unblock():
        env = _production(folder, port)
        load_demo_market(now=timezone.now(), progress=Progress(StringIO()))
        drain()
        served = Served(port, _chief_posts(), {role: _session_of(role) for role in ROLES})
        _collect_files(env)
        web = Child(
            "web", [sys.executable, *up.WEB.format(port=port).split()], env=env, output=folder / "log"
        )
        web.start()
        try:
            eventually(lambda: up._is_healthy(port), 30)
            yield served
        finally:
            web.stop()
            call_command("flush", interactive=False, verbosity=0)


def _production(folder: Path, port: int) -> dict[str, str]:
    """The environment of production, behind a proxy that ends HTTPS."""
    return {
        **os.environ,
        "DEVELOPMENT": "0",
        "DATABASE_URL": url_of_test_database(),
        "DATABASE_POOL": "1",
        "EMAIL_URL": "consolemail://",
        "PUBLIC_URL": f"https://localhost:{port}",
        "ALLOWED_HOSTS": "localhost",
        "CSRF_TRUSTED_ORIGINS": f"http://localhost:{port}",
        "TRUSTED_PROXY_COUNT": "1",
        "STATIC_ROOT": str(folder / "static"),
    }


def _chief_posts() -> dict[str, str]:
    """The tenant's best match with a site, its request, and the miner's largest site."""
    match = Match.objects.filter(request__organization__memberships__user__email=_email("tenant"))
    best = match.filter(offer__post_type="site").select_related("request").order_by("-score", "pk")[0]
    sites = Site.objects.filter(organization__memberships__user__email=_email("miner"))
    largest = sites.order_by("-gross_mw", "pk")[0]
    return {"match": str(best.uid), "request": str(best.request.uid), "site": str(largest.uid)}


def _session_of(role: str) -> str:
    client = Client()
    client.force_login(User.objects.get(email=_email(role)))
    return client.cookies["sessionid"].value


def _email(role: str) -> str:
    return f"{role}@demo.example"


def _collect_files(env: dict[str, str]) -> None:
    left_out = [part for name in OF_OTHERS for part in ("--ignore", name)]
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0", *left_out]
    assert Child("collectstatic", command, env=env, output=None).start().wait(120) == 0
