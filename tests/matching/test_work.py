"""The worker's loop, without a worker: claim, rank, write."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from listings import services
from listings.models import Change, Post
from listings.services import changes
from matching import vocabulary
from matching.models import Match, Ranking
from matching.services import drain, ranking, work, writing
from matching.snapshots import Market
from tests.races.test_matching_survives import picture

pytestmark = pytest.mark.django_db(transaction=True)


def in_another_session(action: Any) -> list[Any]:
    """What the action returns on a connection of its own."""
    answers: list[Any] = []

    def run() -> None:
        answers.append(action())
        connections.close_all()

    thread = Thread(target=run)
    thread.start()
    thread.join(15)
    return answers


def taken() -> int | None:
    """The post that this transaction may rank, if any."""
    claimed = changes.claim_next()
    return claimed.post_id if claimed else None


def claim() -> int | None:
    with transaction.atomic():
        return taken()


def ranked_in(order):
    """The pairs that stand after ranking the posts one after the other, with whose they are."""
    for post in order:
        changes.mark([post])
        drain()
    return set(Match.objects.values_list("request", "offer", "for_need", "for_offer"))


class TestPosting:
    def test_a_post_awaits_matching_until_it_is_matched(self, make, miner, tenant):
        site, request = make.site(), make.request()
        assert set(Change.objects.values_list("post", flat=True)) == {site.pk, request.pk}

        assert drain() == 2

        assert not Change.objects.exists()
        match = Match.objects.get()
        assert (match.request_id, match.offer_id) == (request.pk, site.pk)
        assert match.for_need
        assert match.for_offer

    def test_an_edit_is_scored_anew(self, make, miner, tenant):
        site, _ = make.site(ask_usd_kw_month=120), make.request()
        drain()
        before = Match.objects.get()

        services.update_site(site=site, fields={"ask_usd_kw_month": 170}, now=timezone.now())
        drain()

        after = Match.objects.get()
        assert after.score < before.score
        assert after.uid == before.uid
        assert after.offer_version == before.offer_version + 1

    def test_a_post_that_leaves_the_market_leaves_no_match(self, make, miner, tenant):
        site, _ = make.site(), make.request()
        drain()

        services.move_post(post=site, to="paused", now=timezone.now())
        drain()

        assert not Match.objects.exists()
        assert not Ranking.objects.filter(post=site).exists()

    def test_a_need_knows_where_offers_were_lost_and_which_nearly_fit(self, make, miner, tenant):
        make.site(country="NO", region="NO-50", grid="NO3")
        make.request()
        drain()

        found = Ranking.objects.get(post__post_type="request")
        assert found.funnel[-1]["remaining"] == 0
        assert found.near_misses


class TestClaiming:
    def test_two_workers_never_hold_the_same_post(self, make, miner):
        site = make.site()
        with transaction.atomic():
            assert taken() == site.pk
            # A newer version does not let anybody else in.
            in_another_session(lambda: changes.mark([site.pk]))
            assert in_another_session(claim) == [None]
        assert in_another_session(claim) == [site.pk]

    def test_only_what_was_read_leaves_the_queue(self, make, miner):
        site = make.site()
        with transaction.atomic():
            claimed = changes.claim_next()
            assert claimed
            in_another_session(lambda: changes.mark([site.pk]))
            changes.finish(claimed)
        assert Change.objects.count() == 1

    def test_a_post_that_fails_five_times_is_parked_and_others_go_on(self, make, miner, tenant, monkeypatch):
        broken, _ = make.site(), make.request()
        rank = ranking.rank_offer

        def break_on(offer, *rest):
            if offer.id == broken.pk:
                raise ZeroDivisionError
            return rank(offer, *rest)

        monkeypatch.setattr(work, "rank_offer", break_on)
        for _ in range(6):
            drain()

        assert set(Change.objects.parked().values_list("post", flat=True)) == {broken.pk}
        assert Match.objects.exists()  # the request's own turn found the pair

        monkeypatch.undo()
        services.update_site(site=broken, fields={"notes": "mended"}, now=timezone.now())
        drain()
        assert not Change.objects.exists()


class TestWriting:
    """Posts change while they are ranked: what was scored on older versions must not be written."""

    def edit_while_ranking(self, monkeypatch, edit) -> None:
        """Let `edit` commit after the ranking is done and before it is written."""
        edited: list[Any] = []

        def late(**found):
            if not edited:
                edited.append(in_another_session(edit))
            return writing.write(**found)

        monkeypatch.setattr(work, "write", late)

    def test_a_partner_that_changed_meanwhile_is_left_to_its_own_turn(self, make, miner, tenant, monkeypatch):
        site, _ = make.site(), make.request()
        changes.finish(
            changes.Claim(site.pk, tuple(Change.objects.filter(post=site).values_list("pk", flat=True)))
        )
        self.edit_while_ranking(
            monkeypatch, lambda: services.move_post(post=site, to="paused", now=timezone.now())
        )

        drain()

        assert not Match.objects.exists()

    def test_without_the_check_a_stale_match_would_stay(self, make, miner, tenant, monkeypatch):
        site, _ = make.site(), make.request()
        changes.finish(
            changes.Claim(site.pk, tuple(Change.objects.filter(post=site).values_list("pk", flat=True)))
        )
        monkeypatch.setattr(writing, "unchanged", lambda posts, *_: posts)
        self.edit_while_ranking(monkeypatch, lambda: Post.objects.filter(pk=site.pk).update(status="paused"))
        work._work_one(Market(), set(), timezone.now())

        assert Match.objects.filter(offer_version=1, offer__version=2).exists()

    def test_an_own_post_that_moved_on_is_ranked_again(self, make, miner, tenant, monkeypatch):
        make.site()
        request = make.request()
        Change.objects.exclude(post=request).delete()
        self.edit_while_ranking(
            monkeypatch,
            lambda: services.update_request(
                request=request, fields={"price_cap_usd_kw_month": 300}, now=timezone.now()
            ),
        )

        drain()

        assert Match.objects.get().request_version == 2
        assert not Change.objects.exists()


class TestKeeping:
    def test_a_full_list_has_a_floor_and_drops_the_rest(self, make, miner, tenant, monkeypatch):
        monkeypatch.setattr(writing, "KEPT_PER_NEED", 3)
        monkeypatch.setattr(writing, "THIN_NEED", 2)
        monkeypatch.setattr(writing, "KEPT_PER_OFFER", 3)
        for n in range(6):
            make.site(ask_usd_kw_month=120 + 5 * n)
        request = make.request()
        drain()
        changes.mark([request.pk])
        drain()

        kept = Match.objects.filter(for_need=True).in_order()
        prices = [match.comparable_price or 0 for match in kept]
        assert prices == sorted(prices)
        assert kept.count() == 3
        assert (Ranking.objects.get(post=request).floor or [])[0] == kept[2].points

    def test_what_is_kept_does_not_depend_on_who_was_ranked_first(self, make, monkeypatch):
        """Equal posts tie at every floor, and only their keys tell who stays."""
        monkeypatch.setattr(writing, "KEPT_PER_NEED", 3)
        monkeypatch.setattr(writing, "KEPT_PER_OFFER", 2)
        monkeypatch.setattr(writing, "THIN_NEED", 1)
        monkeypatch.setattr(writing, "THIN_OFFER", 1)
        posts = [make.site().pk for _ in range(6)] + [make.request().pk for _ in range(5)]
        drain()

        kept = [ranked_in(order) for order in (posts, posts[::-1], posts[1::2] + posts[::2])]

        assert kept[0] == kept[1] == kept[2]

    def test_a_list_that_runs_thin_is_ranked_anew(self, make, miner, tenant, monkeypatch):
        monkeypatch.setattr(writing, "KEPT_PER_NEED", 3)
        monkeypatch.setattr(writing, "THIN_NEED", 3)
        sites = [make.site(ask_usd_kw_month=120 + 5 * n) for n in range(6)]
        request = make.request()
        drain()
        changes.mark([request.pk])
        drain()

        for site in sites[:3]:
            services.move_post(post=site, to="paused", now=timezone.now())
        drain()

        assert set(Match.objects.filter(for_need=True).values_list("offer", flat=True)) == {
            site.pk for site in sites[3:]
        }

    def test_a_need_recounts_within_a_minute_of_a_change_of_supply(self, make, miner, tenant):
        make.request()
        drain()
        assert Ranking.objects.get().funnel[0]["remaining"] == 0
        make.site(country="NO", region="NO-50", grid="NO3")
        drain()

        drain(now=timezone.now() + timedelta(seconds=vocabulary.RECOUNT_AFTER_SECONDS + 1))

        assert Ranking.objects.get(post__post_type="request").funnel[0]["remaining"] == 1


class TestOwnListFirst:
    """A post that enters very many lists has its own before them."""

    @pytest.fixture(autouse=True)
    def few_at_once(self, make, miner, tenant, monkeypatch):
        monkeypatch.setattr(writing, "WRITTEN_AT_ONCE", 3)
        monkeypatch.setattr(writing, "KEPT_PER_OFFER", 2)
        monkeypatch.setattr(writing, "THIN_OFFER", 1)
        for _ in range(6):
            make.request()
        drain()

    def rank_one(self) -> None:
        assert work._work_one(Market(), set(), timezone.now()) == 1

    def test_the_own_list_is_there_a_turn_before_the_others(self, make, miner):
        site = make.site()
        self.rank_one()

        rows = Match.objects.filter(offer=site)
        assert set(rows.values_list("for_offer", "for_need")) == {(True, True)}
        assert rows.count() == 2
        assert [one["refreshing"] for one in miner.api.get("/api/v1/matches/").json()["results"]] == [
            False
        ] * 2
        assert "Matching…" not in miner.client.get(f"/matches/of/{site.uid}/").content.decode()

        self.rank_one()
        assert rows.count() == rows.filter(for_need=True).count() == 5
        self.rank_one()
        assert rows.count() == rows.filter(for_need=True).count() == 6
        assert not Change.objects.exists()

    def test_who_suits_very_many_is_not_asked_first_whose_lists_it_enters(self, make, monkeypatch):
        monkeypatch.setattr(writing, "WRITTEN_AT_ONCE", 1_000)
        monkeypatch.setattr(writing, "ASKED_AT_ONCE", 5)
        site = make.site()

        self.rank_one()
        assert Match.objects.filter(offer=site).count() == 2
        self.rank_one()
        assert Match.objects.filter(offer=site).count() == 6
        assert not Change.objects.exists()

    def test_whoever_posts_meanwhile_comes_first(self, make):
        site = make.site()
        self.rank_one()
        other = make.site()

        self.rank_one()

        assert Match.objects.filter(offer=other).count() == Match.objects.filter(offer=site).count() == 2
        drain()
        assert Match.objects.count() == 12

    def test_what_stood_before_an_edit_says_so_until_its_turn(self, make, tenant):
        site = make.site()
        drain()
        services.update_site(site=site, fields={"ask_usd_kw_month": 131}, now=timezone.now())
        self.rank_one()

        assert refreshing() == {(2, False), (1, True)}
        drain()
        assert refreshing() == {(2, False)}

    def test_the_same_rows_stand_as_without_it(self, make, monkeypatch):
        sites = [make.site(ask_usd_kw_month=120 + n).pk for n in range(4)]
        drain()
        found = picture()
        Match.objects.all().delete()
        Ranking.objects.all().delete()
        monkeypatch.setattr(writing, "WRITTEN_AT_ONCE", 1_000)
        changes.mark([*sites, *Post.objects.filter(post_type="request").values_list("pk", flat=True)])

        drain()

        assert picture() == found

    def test_counting_anew_does_not_say_that_a_list_is_matched(self, make, miner):
        make.site()
        drain()
        drain(now=timezone.now() + timedelta(seconds=90))
        assert work.mark_overdue(now=timezone.now() + timedelta(minutes=5)) is False
        make.request()
        drain()

        assert work.mark_overdue(now=timezone.now() + timedelta(minutes=5))

        assert Change.objects.get().rest_only
        assert {waits for _, waits in refreshing()} == {False}


def refreshing() -> set[tuple[int, bool]]:
    """The versions of the offer that matches are of, and whether they say that they are made anew."""
    matches: list[Any] = list(Match.objects.with_refreshing())
    return {(match.offer_version, match.refreshing) for match in matches}
