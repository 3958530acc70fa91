"""A post's version counts the transactions that touched it; each one is queued for matching once."""

from datetime import date
from threading import Thread

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from common.errors import InvalidInput
from listings import services
from listings.faces import show
from listings.models import Change, Evidence, Phase, Post, Site, Step
from tests.factories import phase, step

RAMP = [step(), step(need_on=date(2028, 1, 1), critical_mw=40)]
pytestmark = pytest.mark.django_db(transaction=True)


def version(post):
    return Post.objects.get(pk=post.pk).version


def queue(post):
    return list(Change.objects.filter(post_id=post.pk).order_by("pk").values_list("version", flat=True))


def raw(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_creation_is_version_one_and_queued_once(make):
    site = make.site(phases=[phase(), phase(critical_mw=10, ready_on=date(2027, 9, 1))])

    assert site.version == version(site) == 1
    assert queue(site) == [1]


def test_reading_changes_nothing(make, miner):
    site = make.site()

    for _ in range(3):
        show(Site.objects.for_page(miner.reader, timezone.now().date()).get(pk=site.pk))

    assert queue(site) == [1]


def test_an_edit_that_changes_nothing_is_no_version(make):
    site = make.site()

    services.update_site(site=site, fields={"name": site.name, "gross_mw": 100}, now=timezone.now())

    assert version(site) == 1


def test_one_transaction_raises_the_version_once(make):
    site = make.site()

    changed = services.update_site(
        site=site,
        fields={"gross_mw": 200, "disclosure": "blind"},
        phases=[phase(), phase()],
        now=timezone.now(),
    )

    assert changed.version == 2
    assert queue(site) == [1, 2]


@pytest.mark.parametrize(
    "edit",
    [
        lambda site: Site.objects.update(gross_mw=99),
        lambda site: Post.objects.update(status="paused"),
        lambda site: Phase.objects.update(reserved_mw=1),
        lambda site: Phase.objects.all().delete(),
        lambda site: raw("UPDATE listings_site SET notes = 'by hand'"),
        lambda site: raw("UPDATE listings_phase SET ready_on = '2027-05-01'"),
        lambda site: raw("DELETE FROM listings_phase"),
        lambda site: Evidence.objects.create(
            post=site, claim="power", method="statement", verified_on=date(2026, 11, 1)
        ),
    ],
)
def test_bulk_updates_and_raw_sql_count_as_well(make, edit):
    site = make.site()

    edit(site)

    assert queue(site) == [1, 2]


def test_a_bulk_update_of_many_posts_queues_each_once(make):
    sites = make.sites(3)

    Phase.objects.update(critical_mw=20)

    assert [queue(site) for site in sites] == [[1, 2]] * 3


@pytest.mark.parametrize(
    "edit", [lambda: Step.objects.update(critical_mw=21), lambda: Step.objects.all().delete()]
)
def test_steps_belong_to_their_request(make, edit):
    request = make.request()

    edit()

    assert queue(request) == [1, 2]


def test_a_site_that_moves_takes_its_pools_along(make):
    site = make.site()
    here, elsewhere = make.pool(at_site=site), make.pool()

    services.update_site(site=site, fields={"region": "US-OK", "grid": "SPP"}, now=timezone.now())

    assert queue(here) == [1, 2]
    assert queue(elsewhere) == [1]


def test_a_site_that_stays_leaves_its_pools_alone(make):
    site = make.site()
    pool = make.pool(at_site=site)

    services.update_site(site=site, fields={"gross_mw": 120}, now=timezone.now())

    assert queue(pool) == [1]


def test_edits_at_once_each_get_a_version_and_none_is_lost(make):
    site = make.site()

    def edit(fields):
        services.update_site(site=site, fields=fields, now=timezone.now())
        connection.close()

    fields = [{"gross_mw": 120}, {"notes": "new"}, {"nearest_town": "Pecos"}, {"ask_usd_kw_month": 140}]
    threads = [Thread(target=edit, args=(each,)) for each in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    kept = Site.objects.get(pk=site.pk)
    assert queue(site) == [1, 2, 3, 4, 5]
    assert (kept.gross_mw, kept.notes, kept.nearest_town, kept.ask_usd_kw_month) == (120, "new", "Pecos", 140)


def test_two_phases_added_at_once_cannot_pass_gross_together(make):
    site = make.site(phases=[phase(critical_mw=40)])
    refused = []

    def add():
        try:
            services.add_phase(site=site, fields=phase(critical_mw=30), now=timezone.now())
        except InvalidInput as refusal:
            refused.append(refusal.fields)
        finally:
            connection.close()

    threads = [Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert site.phases.count() == 2
    assert [list(fields) for fields in refused] == [["critical_mw"]]


def refused_by(sql):
    with pytest.raises(DatabaseError) as refusal:
        raw(sql)
    assert isinstance(refusal.value.__cause__, psycopg.Error)
    return refusal.value.__cause__.diag.constraint_name


class TestWhatTheDatabaseRefuses:
    """Raw SQL that no service would send; checked at commit, so that an edit may pass through."""

    @pytest.mark.parametrize(
        ("sql", "name"),
        [
            ("UPDATE listings_phase SET critical_mw = 90", "site_phases_within_gross"),
            ("UPDATE listings_site SET gross_mw = 20", "site_phases_within_gross"),
            ("UPDATE listings_phase SET reserved_mw = 41", "phase_never_oversold"),
            ("UPDATE listings_site SET region = 'CA-QC'", "site_region_in_country"),
            ("UPDATE listings_site SET cooling = '{}'", "site_cooling_not_empty"),
            ("UPDATE listings_site SET cooling = '{water}'", "site_cooling_known"),
            ("UPDATE listings_site SET term_min_months = 200", "site_term_min_months_upto_term_max_months"),
            ("UPDATE listings_phase SET ready_on = '2150-01-01'", "phase_ready_on_in_century"),
        ],
    )
    def test_of_a_site(self, make, sql, name):
        make.site()

        assert refused_by(sql) == name

    @pytest.mark.parametrize(
        ("sql", "name"),
        [
            ("UPDATE listings_step SET critical_mw = 60 WHERE critical_mw = 20", "request_step_totals_rise"),
            ("UPDATE listings_step SET critical_mw = NULL, gpus = 5", "request_step_totals_rise"),
            ("UPDATE listings_capacityrequest SET kind = 'gpu'", "request_step_totals_rise"),
            (
                "UPDATE listings_capacityrequest SET latest_on = '2027-05-01'",
                "request_latest_on_after_first_step",
            ),
            (
                "UPDATE listings_capacityrequest SET term_max_months = 3",
                "request_term_min_months_upto_term_max_months",
            ),
        ],
    )
    def test_of_a_request(self, make, sql, name):
        make.request(steps=RAMP, latest_on=date(2028, 1, 1))

        assert refused_by(sql) == name

    def test_a_ramp_may_pass_through_a_fall_within_one_transaction(self, make):
        make.request(steps=RAMP, latest_on=date(2028, 1, 1))

        with transaction.atomic():
            Step.objects.filter(critical_mw=20).update(critical_mw=60)
            Step.objects.filter(critical_mw=40).update(critical_mw=80)

        assert set(Step.objects.values_list("critical_mw", flat=True)) == {60, 80}


def test_a_stale_object_saved_whole_writes_no_old_version_back(make):
    stale = make.site()
    services.update_site(site=stale, fields={"gross_mw": 120}, now=timezone.now())
    services.update_site(site=stale, fields={"gross_mw": 130}, now=timezone.now())
    assert (stale.version, version(stale)) == (1, 3)

    stale.save()

    assert version(stale) == 4
    assert queue(stale) == [1, 2, 3, 4]
