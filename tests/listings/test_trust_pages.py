"""Owners back what they offer, see how long it counts, and decide who sees all of it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from common.errors import InvalidInput
from listings import services
from listings.models import Disclosure, Evidence
from listings.services.trust import UNKNOWN_NAME
from tests.typed import typed


def today():
    return timezone.localdate()


def back(actor, post, **answers):
    address = reverse("listings:evidence", args=[post.uid])
    form = {"claim": "power", "method": "document", "document": "Interconnection agreement", **answers}
    return actor.client.post(address, {"verified_on": today().isoformat(), **form}, follow=True)


def give(actor, post, name):
    return actor.client.post(reverse("listings:grants", args=[post.uid]), {"name": name}, follow=True)


class TestEvidence:
    def test_a_claim_is_backed_and_says_when_it_turns_stale(self, make, miner):
        site = make.site()

        page = back(miner, site, verified_on=(today() - timedelta(days=30)).isoformat())

        stale_on = today() + timedelta(days=61)
        assert f"turns stale on {stale_on.day} {stale_on:%B %Y}" in page.content.decode()
        assert Evidence.objects.get(post=site).document == "Interconnection agreement"

    @pytest.mark.parametrize(
        ("days_ago", "word"),
        [(0, "Fresh"), (90, "Fresh"), (91, "Stale"), (365, "Stale"), (366, "Counts no more")],
    )
    def test_what_the_page_says_is_what_counts(self, make, miner, days_ago, word):
        page = back(miner, make.site(), verified_on=(today() - timedelta(days=days_ago)).isoformat())

        power = next(one for one in page.context["backings"] if one.claim == "power")
        turns = {"Fresh": "turns stale on", "Stale": "counts no more from", "Counts no more": ""}
        assert power.word == word
        assert power.turn.startswith(turns[word])
        tomorrow = today() + timedelta(days=1)
        assert (f"{tomorrow.day} {tomorrow:%B %Y}" in power.turn) == (days_ago in (90, 365))

    def test_what_expires_says_so_instead(self, make, miner):
        page = back(miner, make.site(), expires_on=today().isoformat())

        assert "counts no more from" in page.content.decode()

    def test_no_owner_claims_a_visit_neither_by_page_nor_by_rest(self, make, miner):
        site = make.site()

        page = back(miner, site, method="visit")
        answer = miner.api.post(
            f"/api/v1/sites/{site.uid}/evidence/",
            {"claim": "power", "method": "visit", "document": "x", "verified_on": "2026-11-01"},
        )
        with pytest.raises(InvalidInput) as refused:
            services.record_evidence(
                post=site, claim="power", method="visit", verified_on=today(), now=timezone.now()
            )

        assert (page.status_code, answer.status_code) == (400, 400)
        assert "visit" not in typed(page).get("method", [])
        assert "method" in refused.value.fields
        assert not Evidence.objects.exists()

    @pytest.mark.parametrize("method", ["document", "public_source"])
    def test_a_paper_has_a_name(self, make, miner, method):
        page = back(miner, make.site(), method=method, document="")

        assert page.status_code == 400
        assert "Name the document" in page.content.decode()
        assert not Evidence.objects.exists()

    def test_a_claim_can_be_verified_anew_from_its_line(self, make, miner):
        site = make.site()
        back(miner, site, claim="date", document="Schedule of works")

        page = miner.client.get(reverse("listings:evidence", args=[site.uid]), {"claim": "date"})

        form = typed(page)
        assert (form["claim"], form["method"], form["document"]) == (
            ["date"],
            ["document"],
            ["Schedule of works"],
        )
        assert form["verified_on"] == [today().isoformat()]

    def test_a_request_has_none(self, make, tenant):
        address = reverse("listings:evidence", args=[make.request().uid])

        assert tenant.client.get(address).status_code == 404


class TestGrants:
    def test_who_is_named_sees_the_details_until_they_are_taken_back(self, make, miner, other_tenant):
        site = make.site(disclosure="blind")
        page = reverse("listings:site", args=[site.uid])
        assert "Pecos One" not in other_tenant.client.get(page).content.decode()

        given = give(miner, site, " tidewater models ")
        assert "Tidewater Models sees the details now." in given.content.decode()
        assert "Pecos One" in other_tenant.client.get(page).content.decode()
        miner.client.post(
            reverse("listings:grants", args=[site.uid]), {"revoke": other_tenant.organization.uid}
        )

        assert "Pecos One" not in other_tenant.client.get(page).content.decode()
        again = miner.client.get(reverse("listings:grants", args=[site.uid]))
        assert [one["organization"]["name"] for one in again.context["past"]] == ["Tidewater Models"]

    def test_names_that_nobody_has_and_the_unverified_sound_alike(self, make, miner, stranger):
        site = make.site(disclosure="blind")

        pages = [give(miner, site, name) for name in ("Nobody At All", stranger.organization.name)]

        assert {page.status_code for page in pages} == {400}
        assert all(UNKNOWN_NAME in page.content.decode() for page in pages)
        assert not Disclosure.objects.exists()

    def test_ones_own_post_needs_no_grant(self, make, miner):
        page = give(miner, make.site(), miner.organization.name)

        assert "The post is your own." in page.content.decode()

    def test_trying_many_names_comes_to_an_end(self, make, miner):
        site = make.site()

        pages = [give(miner, site, f"Name {number}") for number in range(45)]  # the minute may turn once

        assert any("Wait a minute" in page.content.decode() for page in pages)

    def test_a_request_can_be_shown_too(self, make, tenant, other_miner):
        request = make.request(disclosure="blind")

        give(tenant, request, "Prairie Hash")

        page = other_miner.client.get(reverse("listings:request", args=[request.uid]))
        assert "Training campus" in page.content.decode()

    @pytest.mark.parametrize("who", ["other_miner", "tenant", "broker"])
    @pytest.mark.parametrize("name", ["evidence", "grants"])
    def test_nobody_else_opens_or_uses_it(self, make, request, who, name):
        site, actor = make.site(), request.getfixturevalue(who)
        address = reverse(f"listings:{name}", args=[site.uid])

        assert actor.client.get(address).status_code == 404
        assert actor.client.post(address, {"name": actor.organization.name}).status_code == 404
        assert not Disclosure.objects.exists()
