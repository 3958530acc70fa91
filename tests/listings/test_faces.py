"""Who sees how much of a post."""

import json
from datetime import date

import pytest
from django.utils import timezone

from listings import services
from listings.faces import show
from listings.models import Site
from tests.factories import phase, step

CANARY = "canary"
NOW = timezone.now()


def face(post, actor):
    """What the actor's reader gets of a post; None where it does not exist for them."""
    found = type(post).objects.for_page(actor.reader, NOW.date()).filter(pk=post.pk).first()
    return found and show(found)


def seen_by(post, *actors):
    return [shown and shown["face"] for shown in (face(post, actor) for actor in actors)]


class TestWhichFace:
    def test_of_a_blind_site(self, make, miner, miner_member, tenant, other_miner, broker, unverified_broker):
        site = make.site(disclosure="blind")

        assert seen_by(site, miner, miner_member) == ["reserve", "reserve"]
        assert seen_by(site, broker) == ["full"]
        assert seen_by(site, tenant, other_miner, unverified_broker) == ["teaser"] * 3

    def test_of_an_open_site(self, make, tenant, other_tenant, other_miner, stranger, newcomer, visitor):
        site = make.site(disclosure="open")

        assert seen_by(site, tenant, other_tenant) == ["full", "full"]
        # One's own side, the unverified and visitors see the teaser.
        assert seen_by(site, other_miner, stranger, newcomer, visitor) == ["teaser"] * 4

    def test_of_an_open_request(self, make, tenant, miner, other_tenant, visitor):
        request = make.request(disclosure="open")

        assert seen_by(request, tenant, miner, other_tenant, visitor) == [
            "reserve",
            "full",
            "teaser",
            "teaser",
        ]

    def test_a_grant_shows_the_full_face_until_it_is_revoked(self, make, tenant, other_tenant):
        site = make.site(disclosure="blind")

        services.grant_disclosure(post=site, organization=tenant.organization, now=NOW)
        services.grant_disclosure(post=site, organization=tenant.organization, now=NOW)
        assert seen_by(site, tenant, other_tenant) == ["full", "teaser"]

        assert services.revoke_disclosure(post=site, organization=tenant.organization, now=NOW)
        assert seen_by(site, tenant) == ["teaser"]

    @pytest.mark.parametrize("status", ["draft", "paused", "withdrawn", "expired"])
    def test_what_is_not_open_does_not_exist_for_others(self, make, miner, tenant, visitor, status):
        site = make.site(disclosure="open")
        Site.objects.update(status=status)

        assert seen_by(site, miner, tenant, visitor) == ["reserve", None, None]

    def test_brokers_and_parties_see_what_is_paused_but_no_draft(self, make, broker, tenant):
        paused, draft = make.site(), make.site(status="draft")
        services.move_post(post=paused, to="paused", now=NOW)
        for site in (paused, draft):
            services.grant_disclosure(post=site, organization=tenant.organization, now=NOW)

        assert seen_by(paused, broker, tenant) == ["full", "full"]
        assert seen_by(draft, broker, tenant) == [None, None]

    def test_a_post_without_a_face_is_shown_to_nobody(self, make):
        with pytest.raises(AttributeError):
            show(make.site())


class TestWhatItShows:
    def test_only_the_owner_reads_the_ask_floor(self, make, miner, tenant):
        site = make.site(ask_floor_usd_kw_month=110)

        assert face(site, miner)["ask_floor_usd_kw_month"] == 110
        assert "ask_floor_usd_kw_month" not in face(site, tenant)

    def test_only_the_owner_reads_outside_date_and_caps(self, make, tenant, miner):
        power, gpus = make.request(), make.gpu_request()

        assert face(power, tenant)["latest_on"] == date(2027, 12, 1)
        assert face(gpus, tenant)["gpu_wishes"][0]["price_cap_usd_gpu_hour"] == 2.5
        assert not {"latest_on", "price_cap_usd_kw_month"} & face(power, miner).keys()
        assert set(face(gpus, miner)["gpu_wishes"][0]) == {"model", "model_name"}

    def test_a_teaser_speaks_in_bands_and_quarters(self, make, visitor):
        site = make.site(phases=[phase(critical_mw=49), phase(critical_mw=1)])

        teaser = face(site, visitor)

        assert teaser["mw_band"] == "50–100 MW"
        assert teaser["ready_quarter"] == "2027-Q1"
        assert teaser["rack_band"] == "80–130 kW"
        assert teaser["price_band"] == "US$ 125–150/kW-month"
        assert teaser["evidence_age"]["power"] == "none"

    def test_a_reference_listing_says_so_on_every_face(self, make, miner, tenant, visitor):
        site = make.site(is_reference=True, source="https://example.com/filing", source_confidence="high")

        assert [face(site, actor)["is_reference"] for actor in (miner, tenant, visitor)] == [True] * 3
        assert "source" not in face(site, visitor)

    def test_a_pool_shows_the_country_of_its_site(self, make, visitor, tenant):
        site = make.site(country="NO", region="NO-03", grid="NO1")
        pool = make.pool(at_site=site)

        assert face(pool, visitor)["country"] == "NO"
        assert "at_site" not in face(pool, visitor)
        assert face(pool, tenant)["region"] == "NO-03"


def secret_site(make, number):
    """Sites that differ in everything private and in nothing that a teaser shows."""
    return make.site(
        name=f"{CANARY} {number}",
        external_id=f"{CANARY}-{number}",
        nearest_town=f"{CANARY} town {number}",
        notes=f"{CANARY} notes {number}",
        carriers=[f"{CANARY} {number}"],
        region=("US-TX", "US-OK")[number],
        grid=("ERCOT", "SPP")[number],
        latitude=31 + number,
        longitude=-102,
        gross_mw=301 + number,
        ask_usd_kw_month=131 + number,
        ask_floor_usd_kw_month=101 + number,
        term_max_months=171 + number,
        max_rack_kw=101 + number,
        source=f"{CANARY} source",
        disclosure="blind",
        phases=[phase(critical_mw=61 + number, ready_on=date(2027, 2, 11 + number))],
    )


def secret_request(make, number):
    return make.request(
        title=f"{CANARY} {number}",
        notes=f"{CANARY} {number}",
        price_cap_usd_kw_month=211 + number,
        latest_on=date(2028, 3, 11 + number),
        disclosure="blind",
        min_rack_kw=71 + number,
        security_months=4 + number,
        steps=[step(critical_mw=23 + number, need_on=date(2027, 5, 11 + number))],
    )


def secret_pool(make, number):
    return make.pool(
        notes=f"{CANARY} {number}",
        gpus=1_111 + number,
        largest_cluster_gpus=777 + number,
        price_usd_gpu_hour=f"2.3{number}",
        available_from=date(2027, 2, 11 + number),
        disclosure="blind",
    )


@pytest.mark.parametrize(
    ("path", "made"), [("sites", secret_site), ("requests", secret_request), ("gpu-pools", secret_pool)]
)
@pytest.mark.parametrize("who", ["visitor", "stranger", "other_miner", "other_tenant"])
def test_two_posts_with_the_same_teaser_answer_alike_to_outsiders(request, make, path, made, who):
    """Nothing private is in body or headers, not even as a difference."""
    actor = request.getfixturevalue(who)
    posts = [made(make, number) for number in (0, 1)]

    answers = [whole_answer(actor.api, f"/api/v1/{path}/{post.uid}/", post) for post in posts]

    assert answers[0] == answers[1]
    assert CANARY not in answers[0]


def whole_answer(api, url, post):
    """Status, headers and body as one text, the two public names taken out."""
    answer = api.get(url)
    assert answer.json()["face"] == "teaser"
    headers = {
        name: value for name, value in answer.headers.items() if name not in ("Content-Length", "ETag")
    }
    text = json.dumps([answer.status_code, headers, answer.json()])
    return text.replace(str(post.uid), "UID").replace(post.code_name, "CODE NAME")


def test_a_teasers_etag_follows_the_teaser_and_not_the_version(make, visitor):
    site = secret_site(make, 0)
    url = f"/api/v1/sites/{site.uid}/"
    before = visitor.api.get(url)["ETag"]

    services.update_site(site=site, fields={"notes": "other", "gross_mw": 310}, now=NOW)
    assert visitor.api.get(url)["ETag"] == before

    services.update_site(site=site, fields={"cooling": ["immersion"]}, now=NOW)
    assert visitor.api.get(url)["ETag"] != before
