"""The loose question to Postgres never drops a true match."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from engine import State, assess
from listings.models import CapacityRequest, GpuPool, Site
from matching.conversion import needs_from, offer_from
from matching.prefilter import requests_for
from tests.factories import phase, step

PLACES = [
    ("US", "US-TX", "ERCOT"),
    ("US", "US-NY", "NYISO"),
    ("CA", "CA-AB", "AESO"),
    ("NO", "", None),
    ("US", "", None),
]
TERMS = [(12, 24), (36, 60), (60, 120), (120, 240)]


def a_site(dice: Random) -> dict[str, Any]:
    country, region, grid = dice.choice(PLACES)
    shortest, longest = dice.choice(TERMS)
    ready = date(2026, 12, 1) + timedelta(days=dice.randrange(900))
    return {
        "country": country,
        "region": region,
        "grid": grid,
        "gross_mw": 400,
        "term_min_months": shortest,
        "term_max_months": longest,
        "required_credit": dice.choice([None, "unrated"]),
        "phases": [
            phase(ready_on=ready, critical_mw=dice.choice([2, 10, 30, 57, 60, 90]), stage="contracted")
        ],
    }


def a_request(dice: Random) -> dict[str, Any]:
    shortest, longest = dice.choice(TERMS)
    first = date(2027, 1, 1) + timedelta(days=dice.randrange(600))
    splittable = dice.random() < 0.4
    country, region, grid = dice.choice(PLACES)
    named: dict[str, Any] = dice.choice(
        [{"countries": []}, {"countries": [country]}, {"countries": [], "grids": [grid] if grid else []}]
    )
    if region and dice.random() < 0.3:
        named = {"countries": [], "regions": [region]}
    return {
        **named,
        "excluded_countries": dice.choice([[], [], ["CA"]]),
        "term_min_months": shortest,
        "term_max_months": longest,
        "splittable": splittable,
        "max_sites": 3 if splittable else 1,
        "tolerance_pct": dice.choice([0, 5, 20]),
        "latest_on": first + timedelta(days=dice.randrange(200)),
        "price_cap_usd_kw_month": None,
        "steps": [step(need_on=first, critical_mw=dice.choice([1, 10, 30, 60]))],
    }


def a_pool(dice: Random) -> dict[str, Any]:
    shortest, longest = dice.choice(TERMS[:3])
    return {
        "gpus": dice.choice([256, 512, 1_024]),
        "largest_cluster_gpus": None,
        "available_from": date(2026, 12, 1) + timedelta(days=dice.randrange(500)),
        "commit_min_months": shortest,
        "commit_max_months": longest,
    }


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_whoever_matches_is_asked_for(make, miner, tenant, seed):
    dice = Random(seed)  # noqa: S311 - a market, not a secret
    for _ in range(15):
        make.site(**a_site(dice))
        make.request(**a_request(dice))
        make.pool(**a_pool(dice))
    for hosting in (False, True):
        make.gpu_request(accepts_hosting=hosting, term_max_months=dice.choice([24, 60, 120]))
    today = timezone.now().date()
    requests = [(request.pk, needs_from(request)) for request in CapacityRequest.objects.all().with_all()]

    matches = 0
    posts: list[Site | GpuPool] = [*Site.objects.all().with_all(), *GpuPool.objects.all().with_all()]
    for offer in map(offer_from, posts):
        asked = set(requests_for(offer, today).values_list("pk", flat=True))
        fitting = {
            pk for pk, needs in requests for need in needs if assess(need, offer).state is not State.FAIL
        }
        assert fitting <= asked
        matches += len(fitting)
    assert matches >= 5
