"""Operators have the whole market ranked anew, watch it, cancel it, and read what it moved."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from common.errors import NotAllowed
from listings import services as listings
from listings.models import Change
from listings.services import changes
from matching.models import ListBefore, Match, Ranking, Run
from matching.rematch.shown import shown
from matching.rematch.words import duration
from matching.services import advance, cancel_run, drain, start_run
from matching.services.runs import RunOver, RunUnderWay

# A version rises once in each transaction, so edits need transactions of their own.
pytestmark = pytest.mark.django_db(transaction=True)
RUNS = "/api/v1/rematch-runs/"


def start(by: Any = None) -> Run:
    return start_run(by=by and by.reader, now=timezone.now())


def mark(run: Run, **ago: float) -> Run:
    """Let it come to where every post is marked, so long ago."""
    advance(seconds=60, now=timezone.now() - timedelta(**ago))
    run.refresh_from_db()
    assert run.marked_at
    return run


def finish(run: Run) -> Run:
    """What a worker does with it, slice by slice."""
    for _ in range(4):
        advance(seconds=60, now=timezone.now())
        drain()
    run.refresh_from_db()
    assert run.ended_at
    return run


def seen(run: Run, reader: Any = None) -> dict[str, Any]:
    run.refresh_from_db()
    return shown(run, timezone.now(), reader)


@transaction.atomic
def rank_one() -> int:
    claim = changes.claim_next() or changes.claim_next(of_run=True)
    assert claim
    changes.finish(claim)
    return claim.post_id


@pytest.fixture
def sites(make, miner, tenant):
    """Three sites that fit a request, matched."""
    found = [make.site(ask_usd_kw_month=ask) for ask in (120, 125, 130)]
    make.request()
    drain()
    assert Match.objects.count() == 3
    return found


class TestProgress:
    def test_it_is_read_from_the_queue(self, sites, operator):
        run = start(operator)
        assert (seen(run)["stage"], seen(run)["remaining"]) == ("preparing", None)

        mark(run, seconds=10)
        assert (seen(run)["stage"], seen(run)["posts"], seen(run)["remaining"]) == ("ranking", 4, 4)
        assert seen(run)["seconds_left"] is None  # nothing has been measured yet

        rank_one()
        assert seen(run)["remaining"] == 3
        assert seen(run)["posts_per_second"] == pytest.approx(0.1, abs=0.05)
        assert seen(run)["seconds_left"] == pytest.approx(30, abs=6)

        finish(run)
        assert (seen(run)["stage"], seen(run)["remaining"]) == ("finished", 0)
        assert not ListBefore.objects.exists()

    def test_whoever_posts_meanwhile_is_served_first(self, sites, make):
        mark(start())

        newcomer = make.request()
        listings.update_site(site=sites[2], fields={"ask_usd_kw_month": 140}, now=timezone.now())

        assert [rank_one(), rank_one()] == [newcomer.pk, sites[2].pk]
        # The change of the site has taken its place in the run as well.
        assert Change.objects.of_run().count() == 3
        assert not Change.objects.ordinary().exists()

    def test_posts_that_cannot_be_ranked_do_not_hold_it_up(self, sites):
        run = mark(start())
        Change.objects.filter(post=sites[0]).update(attempts=5)

        finish(run)

        assert (seen(run)["stage"], seen(run)["remaining"]) == ("finished", 1)

    def test_a_parked_post_is_tried_again(self, sites):
        changes.mark([sites[0].pk])
        Change.objects.update(attempts=5)

        finish(start())

        assert not Change.objects.exists()


class TestReport:
    def moved(self, run: Run) -> dict[str, Any]:
        report = seen(run)["report"]
        return {name: report[name] for name in report if report[name] and name != "score_changes"}

    def test_a_run_over_an_unchanged_market_moves_nothing(self, sites):
        run = finish(start())

        same = {"requests": 1, "needs": 1, "matches_before": 3, "matches_after": 3}
        assert self.moved(run) == same
        unmoved = [one for one in seen(run)["report"]["score_changes"] if one["matches"]]
        assert unmoved == [{"least": 0, "most": 0, "matches": 3}]

    def test_it_counts_what_differs_between_start_and_end(self, sites, make):
        best, second, _ = sites
        run = mark(start())

        listings.move_post(post=best, to="paused", now=timezone.now())
        listings.update_site(site=second, fields={"ask_usd_kw_month": 190}, now=timezone.now())
        make.site(ask_usd_kw_month=131)
        finish(run)

        found = self.moved(run)
        assert (found["matches_before"], found["matches_after"]) == (3, 3)
        assert (found["matches_new"], found["matches_gone"], found["best_changed"]) == (1, 1, 1)
        assert found["scores_down"] == 1

    def test_a_match_that_is_no_longer_sure_is_counted(self, make, miner, tenant):
        site, _ = make.site(), make.request(min_rack_kw=50)
        drain()
        run = mark(start())

        listings.update_site(site=site, fields={"max_rack_kw": None}, now=timezone.now())
        finish(run)

        assert self.moved(run)["turned_conditional"] == 1

    def test_the_needs_of_one_request_have_a_best_match_each(self, make, miner, tenant):
        make.pool()
        make.site(max_rack_kw=130)
        make.gpu_request(accepts_hosting=True, term_max_months=144)
        drain()
        assert Ranking.objects.filter(post__post_type="request").count() == 2

        assert seen(finish(start()))["report"]["needs"] == Match.objects.count() == 2

    def test_slices_add_up(self, sites, make, monkeypatch):
        make.request()
        drain()
        whole = self.moved(finish(start()))
        monkeypatch.setattr("matching.services.comparing.NOTED_REQUESTS", 1)
        run = start()
        steps = 0
        while not run.ended_at:
            advance(seconds=0, now=timezone.now())
            drain()
            run.refresh_from_db()
            steps += 1

        assert steps > 4
        assert self.moved(run) == whole

    def test_new_assumptions_are_named_as_the_reason(self, sites):
        assert finish(start()).why == "asked"
        Ranking.objects.update(assumptions_version=0)

        assert start().why == "assumptions"


class TestCancelling:
    def test_ordinary_changes_stay_on_the_queue(self, sites, make, operator):
        run = mark(start(operator))
        newcomer = make.site()

        cancel_run(by=operator.reader, run=run, now=timezone.now())

        assert list(Change.objects.values_list("post", flat=True)) == [newcomer.pk]
        assert seen(finish(run))["stage"] == "cancelled"
        assert run.left == 4
        assert Match.objects.filter(offer=newcomer).exists()

    def test_it_can_be_cancelled_before_it_has_marked_anything(self, sites, operator):
        run = start(operator)

        cancel_run(by=operator.reader, run=run, now=timezone.now())
        finish(run)

        assert seen(run)["report"] is None
        assert not Change.objects.exists()
        start(operator)  # and the next may begin

    def test_what_is_over_cannot_be_cancelled(self, sites, operator):
        run = finish(start(operator))

        with pytest.raises(RunOver):
            cancel_run(by=operator.reader, run=run, now=timezone.now())

        assert seen(run)["stage"] == "finished"


class TestWho:
    def test_only_operators_start_and_cancel(self, sites, broker, miner, operator):
        for actor in (broker, miner):
            with pytest.raises(NotAllowed):
                start(actor)
        assert not Run.objects.exists()

        run = start(operator)
        for actor in (broker, miner):
            with pytest.raises(NotAllowed):
                cancel_run(by=actor.reader, run=run, now=timezone.now())
        assert seen(run)["stage"] == "preparing"

    def test_a_second_run_waits_for_the_first(self, operator):
        start(operator)

        with pytest.raises(RunUnderWay):
            start(operator)

        assert Run.objects.count() == 1

    def test_brokers_do_not_learn_who_started_it(self, operator, broker):
        run = start(operator)

        assert seen(run, broker.reader)["started_by"] is None
        assert seen(run, operator.reader)["started_by"]


class TestPages:
    def test_an_operator_starts_watches_and_reads_the_report(self, sites, operator):
        operator.client.post(reverse("matching:runs"))
        run = mark(Run.objects.get())
        page = reverse("matching:run", args=[run.uid])
        rank_one()

        answer = operator.client.get(page).content.decode()
        assert '<progress id="run-progress" max="4" value="1">' in answer
        assert "1 of 4 posts ranked" in answer
        live = operator.client.get(page, headers={"HX-Request": "true"})
        assert live.content.decode().lstrip().startswith("<section")

        finish(run)
        assert operator.client.get(page, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
        answer = operator.client.get(page).content.decode()
        assert "4 of 4 posts ranked" in answer
        assert re.search(r"matches now\s[\s\S]{0,200}?>\s*3\s*<", answer)
        assert "hx-get" not in answer

    def test_an_operator_cancels_and_a_broker_sees_it(self, sites, operator, broker):
        run = mark(start(operator))
        page = reverse("matching:run", args=[run.uid])
        assert "Yes, cancel" in operator.client.get(page).content.decode()
        assert "Yes, cancel" not in broker.client.get(page).content.decode()

        operator.client.post(reverse("matching:cancel_run", args=[run.uid]))
        finish(run)

        assert "0 of 4 posts ranked" in broker.client.get(page).content.decode()

    def test_an_owner_reads_that_the_market_waits_and_not_the_post(self, sites, miner):
        mark(start())
        page = reverse("matching:of_post", args=[sites[0].uid])
        assert "whole market is being ranked anew" in miner.client.get(page).content.decode()

        listings.update_site(site=sites[0], fields={"ask_usd_kw_month": 140}, now=timezone.now())
        assert "Matching…" in miner.client.get(page).content.decode()

    def test_the_list_asks_as_often_for_fifty_as_for_one(self, operator, django_assert_max_num_queries):
        list_, now = reverse("matching:runs"), timezone.now()

        def past(number: int) -> Run:
            at = now - timedelta(days=number)
            times = dict.fromkeys(("started_at", "marked_at", "drained_at", "ended_at"), at)
            return Run(why="asked", assumptions_version=1, posts=1, started_by=operator.user, **times)

        for count in (1, 49):
            Run.objects.bulk_create(past(count + number) for number in range(count))
            with django_assert_max_num_queries(6):
                operator.client.get(list_)


class TestApi:
    def test_a_run_is_started_once_however_often_it_is_asked_for(self, sites, operator):
        first, again = (operator.api.post(RUNS, {}, headers={"Idempotency-Key": "k"}) for _ in range(2))

        assert first.status_code == 201
        assert again.json() == first.json()
        assert operator.api.post(RUNS, {}).json()["code"] == "run_under_way"
        assert Run.objects.count() == 1

    def test_it_tells_progress_and_report(self, sites, operator, broker):
        run = mark(Run.objects.get(uid=operator.api.post(RUNS).json()["uid"]))
        address = f"{RUNS}{run.uid}/"
        assert broker.api.get(address).json()["remaining"] == 4

        finish(run)

        body = broker.api.get(address).json()
        assert (body["stage"], body["report"]["matches_after"]) == ("finished", 3)
        assert broker.api.get(RUNS).json()["results"] == [body]

    def test_it_is_cancelled_by_operators(self, sites, operator, broker):
        run = mark(start())
        address = f"{RUNS}{run.uid}/cancel/"

        assert broker.api.post(address).status_code == 403
        assert operator.api.post(address).json()["stage"] == "comparing"
        assert operator.api.post(address).json()["code"] == "run_over"

    def test_unknown_fields_are_refused(self, operator):
        assert operator.api.post(RUNS, {"posts": 3}).status_code == 400
        assert not Run.objects.exists()


class TestCommand:
    def said(self, *options: str) -> str:
        out = StringIO()
        call_command("rematch", *options, stdout=out)
        return out.getvalue()

    def test_it_starts_and_cancels(self, sites):
        assert "Started" in self.said()
        mark(Run.objects.get())
        with pytest.raises(CommandError, match="under way"):
            self.said()

        assert "4 posts were taken off" in self.said("--cancel")
        finish(Run.objects.get())
        with pytest.raises(CommandError, match="No run"):
            self.said("--cancel")

    def test_it_watches_to_the_end_and_tells_the_report(self, sites, monkeypatch):
        run = mark(start())
        monkeypatch.setattr("matching.management.commands.rematch.time.sleep", lambda _: finish(run))

        said = self.said("--watch")

        assert "0 of 4 posts ranked" in said
        assert "Finished. 4 of 4 posts ranked" in said
        assert re.search(r" 3  matches now", said)

    def test_whoever_stops_watching_leaves_the_run_going(self, sites, monkeypatch):
        def interrupt(_: float) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("matching.management.commands.rematch.time.sleep", interrupt)

        assert "goes on without you" in self.said("--watch")
        assert Run.objects.under_way().exists()


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.37, "less than a second"), (40.4, "40 s"), (720, "12 min"), (12_000, "3 h 20 min")],
)
def test_how_long_a_run_took_is_told_as_exactly_as_one_needs_it(seconds, told):
    assert duration(seconds) == told
