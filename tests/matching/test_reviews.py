"""A broker says what it makes of a pair. What it said outlives the ranking, and is its own."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection

from accounts.models import Membership
from accounts.vocabulary import Kind, Role
from common.errors import InvalidInput, NotAllowed
from listings import services as listings
from matching.models import Match, Review
from matching.services import decide, drain, reviews, undo
from matching.services.reviews import NoLongerStands, NoMatch, NotABroker
from matching.vocabulary import REOPENED_AT_POINTS
from tests.cast import NOON, act, found, sign_up
from tests.factories import phase


@pytest.fixture
def pair(make):
    """A site and a request that fit, matched."""
    site, request = make.site(), make.request()
    drain(now=NOON)
    return Match.objects.get(offer=site, request=request)


@pytest.fixture
def rival(db):
    return found("Other Brokers", Kind.BROKER, verified=True)


def say(actor, pair, decision="approved", **how):
    return decide(by=actor.reader, request=pair.request, offer=pair.offer, decision=decision, now=NOON, **how)


def on_desk(pair, actor) -> Any:
    return Match.objects.for_desk(actor.reader, NOON.date()).get(pk=pair.pk)


def state_of(pair, actor):
    return on_desk(pair, actor).review_state


class TestDeciding:
    def test_a_review_records_who_decided_when_and_on_what(self, pair, broker):
        review = say(broker, pair, note="  Both answer quickly. ")

        assert (review.broker, review.by, review.at) == (broker.organization, broker.user, NOON)
        assert review.note == "Both answer quickly."
        assert (review.score, review.points) == (pair.score, pair.points)
        assert review.request_version == pair.request.version
        assert review.offer_version == pair.offer.version
        assert state_of(pair, broker) == "approved"

    def test_a_later_decision_stands_and_the_earlier_is_kept(self, pair, broker):
        first = say(broker, pair)
        second = say(broker, pair, "rejected", reason="price")

        first.refresh_from_db()
        assert (first.stands, second.stands) == (False, True)
        assert state_of(pair, broker) == "rejected"

    def test_saying_the_same_again_adds_nothing(self, pair, broker):
        assert say(broker, pair) == say(broker, pair)

    def test_a_note_decides_nothing(self, pair, broker):
        say(broker, pair, "none", note="Call on Monday.")
        assert state_of(pair, broker) == "open"

        say(broker, pair)
        say(broker, pair, "none", note="Called.")
        assert state_of(pair, broker) == "approved"

    @pytest.mark.parametrize(
        ("decision", "how", "at"),
        [
            ("perhaps", {}, "decision"),
            ("rejected", {}, "reason"),
            ("rejected", {"reason": "because"}, "reason"),
            ("rejected", {"reason": "other"}, "note"),
            ("approved", {"reason": "price"}, "reason"),
            ("none", {"note": "  "}, "note"),
            ("none", {"note": "x" * 2001}, "note"),
        ],
    )
    def test_what_makes_no_sense_is_refused_at_its_field(self, pair, broker, decision, how, at):
        with pytest.raises(InvalidInput) as refusal:
            say(broker, pair, decision, **how)

        assert list(refusal.value.fields) == [at]
        assert not Review.objects.exists()

    def test_two_that_do_not_match_cannot_be_approved(self, pair, broker):
        listings.move_post(post=pair.offer, to="paused", now=NOON)

        with pytest.raises(NoMatch):
            say(broker, pair)


class TestRights:
    @pytest.mark.parametrize(
        "who", ["miner", "tenant", "stranger", "unverified_broker", "newcomer", "visitor"]
    )
    def test_only_a_verified_broker_reviews(self, pair, broker, request, who):
        review, actor = say(broker, pair), request.getfixturevalue(who)

        with pytest.raises(NotABroker):
            say(actor, pair, "rejected", reason="price")
        with pytest.raises(NotABroker):
            undo(by=actor.reader, review=review, now=NOON)

        assert Review.objects.get() == review
        assert Review.objects.get().stands

    def test_another_broker_neither_sees_nor_undoes_it(self, pair, broker, rival):
        review = say(broker, pair)

        assert state_of(pair, rival) == "open"
        assert not Review.objects.of(rival.reader).exists()
        with pytest.raises(NotAllowed):
            undo(by=rival.reader, review=review, now=NOON)
        assert state_of(pair, broker) == "approved"

    def test_each_broker_decides_for_itself(self, pair, broker, rival):
        say(broker, pair)
        say(rival, pair, "rejected", reason="credit")

        assert (state_of(pair, broker), state_of(pair, rival)) == ("approved", "rejected")


class TestUndo:
    def test_the_decision_before_stands_again(self, pair, broker):
        first = say(broker, pair)
        second = say(broker, pair, "rejected", reason="date")

        assert undo(by=broker.reader, review=second, now=NOON) == first

        second.refresh_from_db()
        assert (second.undone_by, second.undone_at) == (broker.user, NOON)
        assert state_of(pair, broker) == "approved"

        first.refresh_from_db()
        assert undo(by=broker.reader, review=first, now=NOON) is None
        assert state_of(pair, broker) == "open"
        assert Review.objects.count() == 2

    def test_nothing_is_undone_twice(self, pair, broker):
        review = say(broker, pair)
        undo(by=broker.reader, review=review, now=NOON)

        with pytest.raises(NoLongerStands):
            undo(by=broker.reader, review=review, now=NOON)

    def test_to_undo_a_note_leaves_the_decision(self, pair, broker):
        say(broker, pair)
        note = say(broker, pair, "none", note="Wrong pair.")

        undo(by=broker.reader, review=note, now=NOON)

        assert state_of(pair, broker) == "approved"


class TestOutlivingTheMatch:
    @pytest.mark.django_db(transaction=True)  # a post has one version a transaction
    def test_a_review_is_there_when_the_pair_comes_back(self, pair, broker):
        review = say(broker, pair)
        Match.objects.all().delete()
        assert Review.objects.get() == review

        listings.move_post(post=pair.offer, to="paused", now=NOON)
        drain(now=NOON)
        listings.move_post(post=pair.offer, to="open", now=NOON)
        drain(now=NOON)

        again = Match.objects.get()
        assert again.pk != pair.pk
        assert state_of(again, broker) == "approved"

    @pytest.mark.parametrize("moved", [REOPENED_AT_POINTS, -REOPENED_AT_POINTS])
    def test_it_reopens_when_the_score_has_moved_by_five(self, pair, broker, moved):
        review = say(broker, pair)
        review.points = pair.points - moved + (1 if moved > 0 else -1)
        review.save()
        assert state_of(pair, broker) == "approved"

        review.points = pair.points - moved
        review.save()
        assert state_of(pair, broker) == "reopened"

    @pytest.mark.django_db(transaction=True)  # a post has one version a transaction
    def test_a_dearer_ask_reopens_it_through_the_worker(self, pair, broker):
        say(broker, pair)

        listings.update_site(site=pair.offer.site, fields={"ask_usd_kw_month": 165}, now=NOON)
        drain(now=NOON)

        pair.refresh_from_db()
        assert pair.points <= Review.objects.get().points - REOPENED_AT_POINTS
        assert state_of(pair, broker) == "reopened"
        say(broker, pair)
        assert state_of(pair, broker) == "approved"


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def decide(self, pair, broker) -> list[Exception]:
        """Two people of one broker decide against each other, four times each; what was refused."""
        user = sign_up("colleague@example.com")
        Membership.objects.create(user=user, organization=broker.organization, role=Role.MEMBER)
        colleague = act(user, broker.organization)
        sayings = [(broker, "approved", {}), (colleague, "rejected", {"reason": "price"})] * 4
        start = threading.Barrier(len(sayings), timeout=10)
        refused = []

        def run(actor, decision, how):
            start.wait()
            try:
                say(actor, pair, decision, **how)
            except Exception as error:
                refused.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=saying) for saying in sayings]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return refused

    def test_one_decision_stands_and_all_are_kept(self, pair, broker):
        refused = self.decide(pair, broker)

        assert refused == []
        assert Review.objects.decided().count() == 1
        assert set(Review.objects.values_list("decision", flat=True)) == {"approved", "rejected"}

    def test_without_the_guard_somebody_is_refused(self, pair, broker, monkeypatch):
        """The negative control: all read what stands before any of them decides."""
        together, what_stands = threading.Barrier(8, timeout=10), reviews._decision_of

        def read_together(*its_pair):
            found = what_stands(*its_pair)
            together.wait()
            return found

        monkeypatch.setattr(reviews, "_alone", lambda broker: broker)
        monkeypatch.setattr(reviews, "_decision_of", read_together)

        refused = self.decide(pair, broker)

        assert {type(error) for error in refused} == {IntegrityError}
        assert len(refused) == 7


class TestFee:
    """MW × 1,000 × rent × months × 0.8 % × (score / 100)⁴"""

    def expected(self, pair, quantity, months):
        likely = Decimal(pair.points) ** 4 / Decimal(100) ** 4
        return round(quantity * pair.comparable_price * months * Decimal("0.008") * likely)

    def test_without_a_wish_the_shortest_term_counts(self, pair, broker):
        assert on_desk(pair, broker).fee == self.expected(pair, 20_000, months=60)

    def test_a_wished_term_counts_as_far_as_both_accept_it(self, make, broker):
        make.site(term_max_months=96)
        make.request(term_preferred_months=120)
        drain(now=NOON)
        pair = Match.objects.get()

        assert on_desk(pair, broker).fee == self.expected(pair, 20_000, months=96)

    def test_gpus_count_by_the_hour(self, make, broker):
        make.pool(price_usd_gpu_hour="2.10")
        make.gpu_request()
        drain(now=NOON)
        pair = Match.objects.get()

        assert pair.comparable_price == Decimal("2.10")
        assert on_desk(pair, broker).fee == self.expected(pair, 1_024 * 730, months=6)

    def test_gpus_to_be_hosted_count_with_what_they_draw(self, make, broker):
        make.site(phases=[phase(critical_mw=10)])
        make.gpu_request(accepts_hosting=True, term_min_months=60)
        drain(now=NOON)
        pair = Match.objects.get()
        kw = 1_024 * 1_275 * Decimal("1.12") / 1_000

        assert on_desk(pair, broker).fee == self.expected(pair, kw, months=60)
