"""The command that loads an invented market, however large, beside a market of a few people."""

from dataclasses import replace

import pytest
from django.utils import timezone

from bench import market
from bench.load_market import Refused, load, refuse_unless_free
from listings.models import CapacityRequest, Change, GpuPool, Post, Site
from listings.services import update_site
from marketplace.invariants import violations
from matching.conversion import needs_from, offer_from

NOW = timezone.now()
pytestmark = pytest.mark.django_db


def alike(values):
    """Without what a database key decides."""
    return [replace(value, id=0) for value in values]


def test_what_is_loaded_reads_as_what_was_invented():
    load(sites=30, requests=40, seed=1, now=NOW)
    sites = [offer_from(site) for site in Site.objects.with_all().order_by("pk")]
    pools = [offer_from(pool) for pool in GpuPool.objects.with_all().order_by("pk")]
    needs = [need for one in CapacityRequest.objects.with_all().order_by("pk") for need in needs_from(one)]
    assert alike(sites) == alike(market.sites(30, 1, NOW.date()))
    assert alike(pools) == alike(market.pools(5, 1, NOW.date()))
    asked = [need for one in market.requests(40, 1, NOW.date()) for need in one.needs]
    assert alike(needs) == alike(asked)
    assert not violations()


@pytest.mark.django_db(transaction=True)
def test_posts_wait_for_matching_only_if_asked_and_are_watched_again_afterwards():
    load(sites=7, requests=7, seed=1, now=NOW)
    assert not Change.objects.exists()
    load(sites=7, requests=7, seed=2, now=NOW, queue=True)
    assert Change.objects.count() == Post.objects.count() / 2
    site = Site.objects.earliest("pk")
    update_site(site=site, fields={"gross_mw": site.gross_mw + 1}, now=NOW)
    assert site.changes.exists()


def test_it_stays_out_of_production_and_of_databases_with_real_members(settings, django_user_model):
    refuse_unless_free(among_members=False)
    django_user_model.objects.create_user(email="ann@company.com")
    with pytest.raises(Refused, match="real members"):
        refuse_unless_free(among_members=False)
    settings.DEVELOPMENT = False
    with pytest.raises(Refused, match="production"):
        refuse_unless_free(among_members=True)
