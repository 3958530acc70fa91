"""Posts come onto the market, leave it, and age."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.readers import VISITOR
from common.errors import InvalidInput
from listings import services
from listings.models import Change, Evidence, GpuPool, Phase, Post, Site
from tests.factories import phase

TODAY = timezone.now().date()


def move(post, to):
    return services.move_post(post=post, to=to, now=timezone.now())


def on_market(post):
    return Site.objects.visible_to(VISITOR, TODAY).filter(pk=post.pk).exists()


def record(post, **other):
    given = {"claim": "power", "method": "statement", "verified_on": TODAY, **other}
    return services.record_evidence(post=post, now=timezone.now(), **given)


class TestMoves:
    def test_pausing_hides_at_once_and_opening_shows_again(self, make):
        site = make.site()

        move(site, "paused")
        assert not on_market(site)

        move(site, "open")
        assert on_market(site)

    def test_a_draft_is_opened_once_it_is_complete(self, make):
        site = make.site(status="draft", phases=[])

        with pytest.raises(InvalidInput) as refusal:
            move(site, "open")
        assert list(refusal.value.fields) == ["phases"]

        services.add_phase(site=site, fields=phase(), now=timezone.now())
        assert move(site, "open").status == "open"

    def test_nothing_leads_back_from_withdrawn(self, make):
        site = make.site()
        move(site, "withdrawn")

        with pytest.raises(services.Withdrawn):
            move(site, "open")

        assert not on_market(site)

    def test_nobody_moves_a_post_to_expired_or_back_to_draft(self, make):
        request = make.request()

        for to in ("expired", "draft"):
            with pytest.raises(services.MoveRefused):
                move(request, to)

        assert Post.objects.get(pk=request.pk).status == "open"

    def test_where_it_stands_already_nothing_happens(self, make):
        site = make.site()
        Change.objects.all().delete()

        assert move(site, "open").status == "open"
        assert not Change.objects.exists()

    def test_no_withdrawal_under_a_deal(self, make):
        site, pool = make.site(), make.pool()
        Phase.objects.update(reserved_mw=1)
        GpuPool.objects.update(reserved_gpus=8)

        for post in (site, pool):
            with pytest.raises(services.CapacityReserved):
                move(post, "withdrawn")

        assert set(Post.objects.values_list("status", flat=True)) == {"open"}


class TestTime:
    def test_a_post_expires_after_its_last_day(self, make):
        site = make.site(open_until=TODAY)

        services.turn_the_day(today=TODAY)
        assert Site.objects.get().status == "open"

        counts = services.turn_the_day(today=TODAY + timedelta(days=1))
        assert counts["expired"] == 1
        assert Site.objects.get(pk=site.pk).status == "expired"

    def test_it_is_off_the_market_even_before_the_day_is_turned(self, make):
        site = make.site(open_until=TODAY)

        assert not Site.objects.visible_to(VISITOR, TODAY + timedelta(days=1)).filter(pk=site.pk).exists()

    @pytest.mark.django_db(transaction=True)
    def test_turning_the_day_queues_what_changed_and_only_once(self, make):
        old, young = make.site(open_until=TODAY), make.site()
        Change.objects.all().delete()

        for _ in range(2):
            services.turn_the_day(today=TODAY + timedelta(days=1))

        assert list(Change.objects.values_list("post_id", flat=True)) == [old.pk]
        assert Post.objects.get(pk=young.pk).version == 1

    def test_still_true_brings_it_back_for_a_year(self, make):
        site = make.site(open_until=TODAY)
        tomorrow = TODAY + timedelta(days=1)
        services.turn_the_day(today=tomorrow)

        noon = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 12, tzinfo=UTC)
        renewed = services.renew_post(post=site, now=noon)

        assert renewed.status == "open"
        assert renewed.open_until - tomorrow >= timedelta(days=365)

    def test_the_year_after_a_leap_day_ends_on_the_28th(self, make):
        renewed = services.renew_post(post=make.site(), now=datetime(2028, 2, 29, tzinfo=UTC))

        assert renewed.open_until == date(2029, 2, 28)


class TestEvidence:
    @pytest.mark.parametrize(
        ("age", "freshness"), [(0, "fresh"), (90, "fresh"), (91, "stale"), (365, "stale"), (366, "none")]
    )
    def test_it_ages(self, make, age, freshness):
        record(make.site())

        services.turn_the_day(today=TODAY + timedelta(days=age))

        assert Evidence.objects.get().freshness == freshness

    def test_it_ends_with_its_paper(self, make):
        record(make.site(), method="document", document="Interconnection agreement", expires_on=TODAY)
        assert Evidence.objects.get().freshness == "fresh"

        services.turn_the_day(today=TODAY + timedelta(days=1))
        assert Evidence.objects.get().freshness == "none"

    def test_a_second_statement_replaces_the_first(self, make):
        site = make.site()
        record(site, verified_on=TODAY - timedelta(days=100))
        assert Evidence.objects.get().freshness == "stale"

        record(site)

        assert Evidence.objects.get().freshness == "fresh"

    def test_still_true_renews_the_owners_word_but_no_document(self, make):
        site, then = make.site(), TODAY - timedelta(days=100)
        record(site, claim="power", method="statement", verified_on=then)
        record(site, claim="date", method="document", document="Schedule", verified_on=then)

        services.renew_post(post=site, now=timezone.now())

        assert dict(Evidence.objects.values_list("claim", "freshness")) == {"power": "fresh", "date": "stale"}

    @pytest.mark.parametrize(
        ("fields", "at"),
        [
            ({"verified_on": TODAY + timedelta(days=1)}, "verified_on"),
            ({"expires_on": TODAY - timedelta(days=1)}, "expires_on"),
            ({"claim": "beauty"}, "claim"),
            ({"method": "rumour"}, "method"),
        ],
    )
    def test_bad_input_is_named_at_its_field(self, make, fields, at):
        site = make.site()

        with pytest.raises(InvalidInput) as refusal:
            record(site, **fields)

        assert list(refusal.value.fields) == [at]
        assert not Evidence.objects.exists()

    def test_a_request_has_none(self, make):
        with pytest.raises(services.WrongSide):
            record(make.request())
