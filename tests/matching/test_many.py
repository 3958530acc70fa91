"""A whole-market run ranks many posts at once: the same rows as each post's own turn."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from bench.load_market import load
from listings import services as listings
from listings.models import Change, Post
from listings.services import changes
from marketplace.invariants import violations
from matching.models import Loss, Match, Ranking
from matching.services import drain, many, rows, work, writing
from matching.snapshots import Market
from tests.matching.test_work import in_another_session
from tests.races.test_matching_survives import picture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def short_lists(monkeypatch):
    keep(monkeypatch, 6, 4)
    monkeypatch.setattr(writing, "THIN_NEED", 1)
    monkeypatch.setattr(writing, "THIN_OFFER", 1)


def keep(monkeypatch, per_need: int, per_offer: int) -> None:
    monkeypatch.setattr(writing, "KEPT_PER_NEED", per_need)
    monkeypatch.setattr(writing, "KEPT_PER_OFFER", per_offer)


def floors() -> list[tuple[Any, ...]]:
    return sorted(Ranking.objects.values_list("post", "unit", "post_version", "assumptions_version", "floor"))


def one_by_one() -> None:
    """Each post's own turn, twice: the first turns find floors that are not settled yet."""
    for _ in range(2):
        changes.mark(Post.objects.values_list("pk", flat=True))
        drain()


def at_once() -> None:
    changes.mark_for_run()
    drain()


class TestTheSameRows:
    @pytest.fixture(autouse=True)
    def market(self):
        load(sites=90, requests=120, seed=5, now=timezone.now())

    @pytest.mark.parametrize("size", [500, 7])
    def test_from_nothing(self, size, settings):
        settings.RUN_POSTS_AT_ONCE = size
        at_once()
        found = picture(), floors()
        Match.objects.all().delete()
        Ranking.objects.all().delete()

        one_by_one()

        assert (picture(), floors()) == found
        assert len(found[0]) > 200
        assert any(floor for *_, floor in found[1])

    def test_over_lists_that_were_longer_and_shorter(self, monkeypatch):
        at_once()
        found = picture()
        for per_need, per_offer in ((9, 2), (3, 6), (2, 2)):
            keep(monkeypatch, per_need, per_offer)
            at_once()
            assert picture() != found
        assert violations() == {}

        keep(monkeypatch, 6, 4)
        at_once()

        assert picture() == found

    def test_over_what_older_assumptions_left(self, monkeypatch):
        at_once()
        found = picture()
        Match.objects.update(assumptions_version=0, score=30, low=20, high=40, points=30)
        Ranking.objects.update(assumptions_version=0)

        at_once()

        assert picture() == found
        assert not Ranking.objects.filter(assumptions_version=0).exists()

    def test_nothing_is_written_where_nothing_has_moved(self):
        at_once()
        found = row_versions()

        at_once()

        assert row_versions() == found
        assert not Loss.objects.exists()


def row_versions() -> set[tuple[int, str]]:
    """The transaction that wrote each row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text FROM matching_match")
        return set(cursor.fetchall())


class TestEditsMeanwhile:
    """What was scored on older versions is not written, and what changed has its own turn."""

    def edit_while_ranking(self, monkeypatch, edit) -> None:
        """Let `edit` commit after the lists are found and before they are written."""
        edited: list[Any] = []

        def late(posts):
            if not edited:
                edited.append(in_another_session(edit))
            return rows.share_locked(posts)

        monkeypatch.setattr(many, "share_locked", late)

    @pytest.mark.parametrize("which", ["request", "site"])
    def test_a_post_that_changes_is_left_to_its_own_turn(self, which, make, miner, tenant, monkeypatch):
        site, other, request = make.site(), make.site(), make.request()
        Change.objects.all().delete()
        edits = {
            "request": lambda: listings.update_request(
                request=request, fields={"price_cap_usd_kw_month": 300}, now=timezone.now()
            ),
            "site": lambda: listings.update_site(
                site=site, fields={"ask_usd_kw_month": 120}, now=timezone.now()
            ),
        }
        self.edit_while_ranking(monkeypatch, edits[which])

        at_once()

        found = Match.objects.values_list("offer", "request_version", "offer_version")
        changed = (2, 1) if which == "request" else (1, 2)
        others = (2, 1) if which == "request" else (1, 1)
        assert set(found) == {(site.pk, *changed), (other.pk, *others)}
        assert not Change.objects.exists()

    def test_without_the_check_a_stale_match_would_stay(self, make, miner, tenant, monkeypatch):
        site, _ = make.site(), make.request()
        Change.objects.all().delete()
        monkeypatch.setattr(many, "unchanged", lambda posts, *_: set(posts))
        self.edit_while_ranking(monkeypatch, lambda: Post.objects.filter(pk=site.pk).update(status="paused"))
        changes.mark_for_run()
        Change.objects.exclude(post__post_type="request").delete()

        work._work_on_run(Market(), set(), timezone.now())

        assert Match.objects.filter(offer_version=1, offer__version=2).exists()


class TestFailures:
    def test_a_post_that_breaks_the_rules_is_parked_and_others_go_on(self, make, miner, tenant, monkeypatch):
        sites, _ = make.sites(3), make.request()
        Change.objects.all().delete()
        broken, tried = sites[1].pk, list[int]()

        def ranked(posts: list[int]) -> list[int]:
            tried.extend(posts)
            if broken in posts:
                raise ZeroDivisionError
            return posts

        alone = work._rank_and_write
        monkeypatch.setattr(
            work, "rank_many", lambda posts, *rest: many.rank_many(ranked(list(posts)), *rest)
        )
        monkeypatch.setattr(
            work, "_rank_and_write", lambda post, *rest, **how: alone(ranked([post])[0], *rest, **how)
        )
        changes.mark_for_run()
        for _ in range(6):
            drain()

        assert set(Change.objects.parked().values_list("post", flat=True)) == {broken}
        assert Change.objects.of_run().count() == 1
        assert Match.objects.count() == 3
        assert tried.count(broken) == 5

    def test_who_left_the_market_keeps_nothing(self, make, miner, tenant):
        site, _ = make.site(), make.request()
        drain()
        listings.move_post(post=site, to="paused", now=timezone.now())
        Change.objects.all().delete()  # as if its own turn had been lost

        at_once()

        assert not Match.objects.exists()
        assert not Ranking.objects.filter(post=site).exists()
        assert Loss.objects.get().cause == "offer_left"


class TestCountsFollow:
    def test_the_owner_is_told_and_the_counts_come(self, make, miner, tenant):
        make.site(max_rack_kw=None)
        make.site(country="NO", region="NO-50", grid="NO3")
        request = make.request(countries=["US"])
        Change.objects.all().delete()

        at_once()

        page, api = (f"/matches/of/{request.uid}/", f"/api/v1/requests/{request.uid}/near-misses/")
        assert "Being counted" in tenant.client.get(page).content.decode()
        assert [one["recounting"] for one in tenant.api.get(api).json()] == [True]
        drain()  # not at once: whoever posts is served first
        assert Ranking.objects.recounting().count() == 3

        drain(now=timezone.now() + timedelta(seconds=90))

        assert not Ranking.objects.recounting().exists()
        assert "Being counted" not in tenant.client.get(page).content.decode()
        [told] = tenant.api.get(api).json()
        assert (told["recounting"], bool(told["near_misses"])) == (False, True)

    def test_what_was_counted_before_stays_until_then(self, make, miner, tenant):
        make.site()
        request = make.request()
        drain()

        at_once()

        page = tenant.client.get(f"/matches/of/{request.uid}/").content.decode()
        assert "These counts are of before it" in page
        assert Ranking.objects.get(post=request).funnel
