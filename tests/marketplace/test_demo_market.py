"""A newcomer's first market: loaded once, on a developer's machine, with every kind of outcome in it."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiKey, Organization
from engine import Assessment, State, assess
from listings.models import CapacityRequest, GpuModel, GpuPool, Post, Site
from listings.vocabulary import DisclosureMode, Status
from market.models import Comparable
from marketplace.demo import people
from marketplace.demo.loading import load_demo_market
from marketplace.demo.progress import Progress
from matching.conversion import needs_from, offer_from

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def demo_market(db):
    load_demo_market(now=NOW, progress=Progress(StringIO()))


def run(*arguments):
    out = StringIO()
    call_command("demo_market", *arguments, stdout=out)
    return out.getvalue()


def outcomes() -> dict[str, list[Assessment]]:
    """For each request what the rules keep of the whole supply, by either road."""
    offers = [offer_from(site) for site in Site.objects.prefetch_related("phases", "evidence")]
    pools = GpuPool.objects.select_related("model", "at_site").prefetch_related("evidence")
    offers += [offer_from(pool) for pool in pools]
    found = {}
    for request in CapacityRequest.objects.prefetch_related("steps", "gpu_wishes__model"):
        pairs = [assess(need, offer) for need in needs_from(request) for offer in offers]
        found[request.title] = [pair for pair in pairs if pair.state is not State.FAIL and pair.score >= 20]
    return found


@pytest.mark.django_db
def test_one_command_fills_an_empty_database_and_says_who_can_sign_in(capsys):
    said = run()

    assert Site.objects.filter(is_reference=True, status=Status.OPEN).count() == 92
    assert GpuModel.objects.count() == 23
    assert Comparable.objects.count() == 14
    assert not Post.objects.filter(is_reference=True, source="").exists()
    assert set(Site.objects.values_list("disclosure", flat=True)) == set(DisclosureMode.values)
    assert all(person.email in said for person in people.logins())
    assert "Reference sites: 92\n" in capsys.readouterr().err


def test_a_second_run_leaves_the_market_alone(demo_market):
    before = Post.objects.count()

    assert "not empty" in run()

    assert Post.objects.count() == before


@pytest.mark.django_db
def test_production_refuses_demo_passwords(settings):
    settings.DEVELOPMENT = False

    with pytest.raises(CommandError, match="production refuses"):
        run()

    assert not Organization.objects.exists()


def test_every_login_opens_the_door_and_brings_an_api_key(demo_market, client):
    for person in people.logins():
        assert client.login(username=person.email, password=people.password())
    for login in ("miner", "tenant", "broker"):
        assert run("--api-key", login).startswith("swy_")

    assert ApiKey.objects.count() == 3
    with pytest.raises(CommandError, match="no “nobody”"):
        run("--api-key", "nobody")


def test_every_kind_of_outcome_shows(demo_market):
    found = outcomes()
    best = {title: max((pair.score for pair in pairs), default=0) for title, pairs in found.items()}
    fits = {title: [pair for pair in pairs if pair.state is State.FIT] for title, pairs in found.items()}

    assert sum(score >= 80 for score in best.values()) >= 8
    assert sum(60 <= score < 80 for score in best.values()) >= 3
    assert sum(bool(found[title]) and not fits[title] for title in found) >= 3
    assert sum(not pairs for pairs in found.values()) >= 5


def test_a_gpu_request_can_take_both_roads(demo_market):
    pairs = outcomes()["Example: 4,096 B200, rented or our own in your hall"]
    kept = {pair.offer_id for pair in pairs}

    assert kept & set(GpuPool.objects.values_list("pk", flat=True))
    assert kept & set(Site.objects.values_list("pk", flat=True))
