"""Two markets that differ only in what a teaser hides look the same to every outsider, byte by byte."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from listings import services
from listings.models import CapacityRequest, GpuPool, Site
from matching.models import Match
from matching.services import drain
from tests.factories import phase, step
from tests.marketplace.test_who_may_what import API, PAGES, address

pytestmark = pytest.mark.django_db(transaction=True)

OUTSIDERS = ("visitor", "newcomer", "stranger", "other_miner", "other_tenant", "unverified_broker")
# What changes from answer to answer and says nothing: tokens against forged forms, and the time.
NOISE = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"|csrftoken=[^;]+')
NOW = timezone.now()


class Blind:
    """One blind post of each kind, and edits that stay inside every band."""

    def __init__(self, make: Any) -> None:
        self.site: Site = make.site(disclosure="blind")
        self.pool: GpuPool = make.pool(disclosure="blind")
        self.request: CapacityRequest = make.request(disclosure="blind")

    def change_all_that_is_hidden(self) -> None:
        """Quantities, prices and dates within their bands, places, names, terms, reserve."""
        site = {
            "name": "Elsewhere",
            "region": "US-NY",
            "grid": "NYISO",
            "gross_mw": 120,
            "ask_usd_kw_month": 149,
            "power_redundancy": "2n",
        }
        place = {"nearest_town": "Barker", "latitude": "43.36", "longitude": "-78.60", "external_id": "X-9"}
        terms = {
            "ask_floor_usd_kw_month": 101,
            "lease_basis": "gross",
            "term_max_months": 240,
            "pue_design": 1.2,
        }
        hall = {"cooling": ["immersion"], "max_rack_kw": 19, "delivery_types": ["powered_land"]}
        other = {**hall, "power_redundancy": "2n", "ask_usd_kw_month": 99, "stage": "planned"}
        halls = [phase(critical_mw=49, ready_on=date(2027, 1, 2), **other)]
        services.update_site(site=self.site, fields={**site, **place, **terms}, phases=halls, now=NOW)
        pool = {
            "gpus": 4_000,
            "region": "US-NY",
            "grid": "NYISO",
            "price_usd_gpu_hour": "2.99",
            "fabric": "roce",
            "available_from": date(2027, 3, 1),
        }
        services.update_gpu_pool(pool=self.pool, fields={**pool, "notes": "hidden"}, now=NOW)
        request = {
            "title": "Other",
            "price_cap_usd_kw_month": 999,
            "power_weight_pct": 45,
            "timeline_weight_pct": 30,
            "latest_on": date(2028, 1, 1),
            "credit": "unrated",
        }
        services.update_request(
            request=self.request,
            fields={**request, "term_min_months": 90, "security_months": 11, "workload": "inference"},
            steps=[
                step(critical_mw=21, need_on=date(2027, 4, 2)),
                step(critical_mw=49, need_on=date(2029, 1, 1)),
            ],
            now=NOW,
        )

    def change_what_no_score_reads(self) -> None:
        texts = {"name": "Elsewhere", "notes": "hidden", "nearest_town": "Barker", "external_id": "X-9"}
        services.update_site(site=self.site, fields={**texts, "carriers": ["Hidden Fibre"]}, now=NOW)


def addresses(blind: Blind) -> list[str]:
    """Every page and endpoint that is read, to the blind posts where it is about one."""
    match = Match.objects.values_list("uid", flat=True)[0]
    uids = {"gpu-model": blind.pool.model.uid, "match": match, "review": match, "what_if": blind.site.uid}
    uids |= {"saved_search": blind.site.uid, "saved-search": blind.site.uid}
    uids |= {"run": match, "rematch-run": match}
    uids |= {"site": blind.site.uid, "of": blind.site.uid, "move": blind.site.uid, "renew": blind.site.uid}
    uids |= {"evidence": blind.site.uid, "grants": blind.site.uid}
    uids |= {"gpu-pool": blind.pool.uid, "gpu_pool": blind.pool.uid}
    uids |= {"request": blind.request.uid, "near-misses": blind.request.uid, "plans": blind.request.uid}
    uids |= {"phase": blind.site.phases.get().uid, "change": blind.site.uid, "remove": blind.site.uid}
    market = {"uid": uids, "site_uid": blind.site.uid}
    routes = [name for name, methods in {**PAGES, **API}.items() if "GET" in methods]
    return [address(name, market) for name in routes if not name.startswith("accounts:")]


def answers(clients: Iterable[tuple[str, Any]], paths: list[str]) -> dict[tuple[str, str], Any]:
    found = {}
    for who, client in clients:
        for path in paths:
            answer = client.get(path)
            headers = {name: NOISE.sub(b"", value.encode()) for name, value in answer.headers.items()}
            found[who, path] = (answer.status_code, headers, NOISE.sub(b"", answer.content))
    return found


@pytest.fixture
def clients(request: pytest.FixtureRequest) -> Callable[..., list[tuple[str, Any]]]:
    """Each of these people, in a browser and with a key."""

    def of(*names: str) -> list[tuple[str, Any]]:
        people = [(name, request.getfixturevalue(name)) for name in names]
        return [(name, client) for name, actor in people for client in (actor.client, actor.api)]

    return of


def test_outsiders_learn_nothing_of_what_is_hidden(make, miner, tenant, clients):
    blind, outsiders = Blind(make), clients(*OUTSIDERS)
    drain()
    paths = addresses(blind)
    before = answers(outsiders, paths)
    assert len(before) > 100

    blind.change_all_that_is_hidden()
    drain()

    after = answers(outsiders, paths)
    assert [key for key in before if before[key] != after[key]] == []


def test_the_other_side_of_a_match_learns_no_more_than_the_match_releases(make, miner, tenant, clients):
    blind, matched = Blind(make), clients("tenant")
    drain()
    paths = [path for path in addresses(blind) if "request" not in path]
    before = answers(matched, paths)
    assert any(b"coarse" in body for _, _, body in before.values())

    blind.change_what_no_score_reads()
    drain()

    after = answers(matched, paths)
    assert [key for key in before if before[key] != after[key]] == []


def test_the_comparison_sees_what_leaks(make, miner, tenant, clients):
    """The owner's own pages do change: two answers that differ are told apart."""
    blind, owner = Blind(make), clients("miner")
    drain()
    paths = addresses(blind)
    before = answers(owner, paths)

    blind.change_all_that_is_hidden()
    drain()

    after = answers(owner, paths)
    assert [key for key in before if before[key] != after[key]]
