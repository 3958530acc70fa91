"""A miner posts sites and keeps them true."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone

from common.errors import InvalidInput
from listings import services
from listings.models import Change, Phase, Site
from tests.factories import phase


def refused(action, *args, **kwargs):
    """The fields at fault, and the proof that nothing was stored."""
    before = list(Site.objects.values()), list(Phase.objects.values())
    with pytest.raises(InvalidInput) as refusal:
        action(*args, **kwargs)
    assert (list(Site.objects.values()), list(Phase.objects.values())) == before
    return refusal.value.fields


def update(site, phases=None, **fields):
    return services.update_site(site=site, fields=fields, phases=phases, now=timezone.now())


def test_a_posted_site_is_open_for_a_year_and_awaits_matching(make):
    site = make.site()

    assert site.status == "open"
    assert timedelta(364) < site.open_until - timezone.now().date() < timedelta(367)
    assert list(Change.objects.values_list("post_id", "version")) == [(site.pk, 1)]


def test_its_code_name_tells_nothing_of_it(make):
    site = make.site(name="Pecos One")

    assert site.code_name
    assert not set(site.code_name.lower().split()) & {"pecos", "one", "lone", "star"}


def test_a_draft_may_lack_phases_and_terms(make):
    site = make.site(status="draft", phases=[], term_min_months=None, term_max_months=None)

    assert site.status == "draft"


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"gross_mw": Decimal("1e9")}, {"gross_mw"}),
        ({"gross_mw": float("nan")}, {"gross_mw"}),
        ({"gross_mw": Decimal("NaN")}, {"gross_mw"}),
        ({"gross_mw": Decimal("0.01")}, {"gross_mw"}),
        ({"gross_mw": None}, {"gross_mw"}),
        ({"country": "XX"}, {"country"}),
        ({"country": ""}, {"country"}),
        ({"region": "Texas"}, {"region"}),
        ({"region": "CA-QC"}, {"region"}),
        ({"latitude": 31}, {"longitude"}),
        ({"latitude": 91, "longitude": 0}, {"latitude"}),
        ({"cooling": []}, {"cooling"}),
        ({"cooling": ["water"]}, {"cooling"}),
        ({"delivery_types": []}, {"delivery_types"}),
        ({"term_min_months": 200}, {"term_min_months", "term_max_months"}),
        ({"term_max_months": 500}, {"term_max_months"}),
        ({"term_min_months": None}, {"term_min_months"}),
        ({"min_block_mw": 50, "max_block_mw": 20}, {"min_block_mw", "max_block_mw"}),
        ({"ask_floor_usd_kw_month": 131}, {"ask_floor_usd_kw_month", "ask_usd_kw_month"}),
        ({"pue_design": 1.5, "pue_peak": 1.4}, {"pue_design", "pue_peak"}),
        ({"pue_design": "0.9"}, {"pue_design"}),
        ({"open_until": date(2020, 1, 1)}, {"open_until"}),
        ({"open_until": date(2101, 1, 1)}, {"open_until"}),
        ({"status": "withdrawn"}, {"status"}),
        ({"name": "  "}, {"name"}),
        ({"name": "Pecos\x00One"}, {"name"}),
        ({"notes": "a\x00b"}, {"notes"}),
        ({"organization": 7}, {"organization"}),
        ({"mw_band": 3}, {"mw_band"}),
        ({"version": 9}, {"version"}),
        ({"gros_mw": 9}, {"gros_mw"}),
    ],
)
def test_bad_input_is_named_at_its_field(make, miner, fields, at):
    assert set(refused(make.site, **fields)) == at


@pytest.mark.parametrize(
    ("phases", "at"),
    [
        ([], "phases"),
        ([phase(critical_mw=80)], "phases.0.critical_mw"),  # 80 × 1.3 > 100
        ([phase(), phase(critical_mw=41)], "phases.1.critical_mw"),
        ([phase(critical_mw="1e9")], "phases.0.critical_mw"),
        ([phase(), {"critical_mw": 1, "stage": "planned"}], "phases.1.ready_on"),
        ([phase(ready_on=date(1999, 12, 31))], "phases.0.ready_on"),
        ([phase(ready_on="soon")], "phases.0.ready_on"),
        ([phase(stage="dreaming")], "phases.0.stage"),
        ([phase(cooling=[])], "phases.0.cooling"),
        ([phase(reserved_mw=5)], "phases.0.reserved_mw"),
        ([phase(uid="00000000-0000-0000-0000-000000000000")], "phases.0.uid"),
        ([phase(critical_mw=1)] * 25, "phases"),
    ],
)
def test_a_bad_phase_is_named_by_its_place_in_the_list(make, miner, phases, at):
    assert list(refused(make.site, phases=phases)) == [at]


def test_the_draw_is_measured_at_peak(make, miner):
    assert make.site(phases=[phase(critical_mw=70)], pue_peak="1.4")
    assert refused(make.site, phases=[phase(critical_mw=72)], pue_peak="1.4")


def test_a_tenant_offers_no_site(make, tenant):
    with pytest.raises(services.WrongSide):
        make.site(by=tenant)

    assert not Site.objects.exists()


class TestUpdate:
    def test_only_the_named_fields_change(self, make):
        site = make.site()

        changed = update(site, name="Pecos Two", region=None or "")

        assert (changed.name, changed.region) == ("Pecos Two", "")
        assert changed.gross_mw == site.gross_mw

    def test_a_list_of_phases_changes_adds_and_removes(self, make):
        site = make.site(phases=[phase(), phase(critical_mw=10, ready_on=date(2027, 9, 1))])
        kept = site.phases.get(critical_mw=40)

        update(site, phases=[{"uid": str(kept.uid), "critical_mw": 45}, phase(critical_mw=5)])

        assert sorted(site.phases.values_list("critical_mw", flat=True)) == [5, 45]
        assert site.phases.get(critical_mw=45).pk == kept.pk

    def test_anothers_phase_is_no_phase_of_this_site(self, make):
        site, other = make.sites(2)

        fields = refused(update, site, phases=[{"uid": str(other.phases.get().uid), "critical_mw": 1}])

        assert list(fields) == ["phases.0.uid"]

    def test_less_gross_power_than_the_phases_draw_is_named_at_gross(self, make):
        assert list(refused(update, make.site(), gross_mw=40)) == ["gross_mw"]

    def test_what_a_deal_holds_stays(self, make):
        site = make.site()
        Phase.objects.update(reserved_mw=20)
        uid = str(site.phases.get().uid)

        assert list(refused(update, site, phases=[{"uid": uid, "critical_mw": 19}])) == [
            "phases.0.critical_mw"
        ]
        with pytest.raises(services.CapacityReserved):
            update(site, phases=[phase(critical_mw=1)])

        assert site.phases.get().critical_mw == 40

    def test_a_withdrawn_site_stays_as_it_is(self, make):
        site = make.site()
        services.move_post(post=site, to="withdrawn", now=timezone.now())

        with pytest.raises(services.Withdrawn):
            update(site, name="Phoenix")

    def test_a_value_that_its_owner_changes_is_no_longer_assumed(self, make):
        site = make.site(is_reference=True, assumed=["gross_mw", "ask_usd_kw_month"])

        changed = update(site, gross_mw=101, ask_usd_kw_month=130)

        assert changed.assumed == ["ask_usd_kw_month"]


class TestPhases:
    def test_one_can_be_added_changed_and_removed(self, make):
        site = make.site()

        added = services.add_phase(site=site, fields=phase(critical_mw=10), now=timezone.now())
        services.update_phase(phase=added, fields={"critical_mw": 20}, now=timezone.now())
        assert Site.objects.get(pk=site.pk).mw_band == 3  # 60 MW: 50–100

        services.remove_phase(phase=added, now=timezone.now())
        assert site.phases.get().critical_mw == 40
        assert Site.objects.get(pk=site.pk).mw_band == 2

    def test_faults_stand_at_the_fields_of_the_phase(self, make):
        site = make.site()

        fields = refused(services.add_phase, site=site, fields=phase(critical_mw=60), now=timezone.now())

        assert list(fields) == ["critical_mw"]

    def test_the_last_one_of_an_open_site_stays(self, make):
        site = make.site()

        assert list(refused(services.remove_phase, phase=site.phases.get(), now=timezone.now())) == ["phases"]

    def test_one_that_somebody_removed_meanwhile_is_gone(self, make):
        site = make.site(phases=[phase(), phase(critical_mw=10)])
        mine = site.phases.get(critical_mw=10)
        update(site, phases=[{"uid": str(site.phases.get(critical_mw=40).uid)}])

        for action in (services.remove_phase, partial(services.update_phase, fields={"critical_mw": 5})):
            with pytest.raises(services.PhaseGone):
                action(phase=mine, now=timezone.now())


class TestBands:
    def test_they_follow_what_is_free(self, make):
        site = make.site(phases=[phase(), phase(critical_mw=30, ready_on=date(2027, 8, 15))])
        assert (site.mw_band, site.ready_quarter) == (3, date(2027, 1, 1))

        Phase.objects.filter(critical_mw=40).update(reserved_mw=40)
        site = update(site, notes="sold")

        assert (site.mw_band, site.ready_quarter) == (2, date(2027, 7, 1))

    def test_an_ask_per_gross_kw_has_no_band(self, make):
        assert make.site(ask_usd_kw_month=130).price_band == 2
        assert make.site(ask_usd_kw_month=71, ask_on_gross=True).price_band is None

    def test_phases_speak_where_the_site_does_not(self, make):
        site = make.site(max_rack_kw=None, ask_usd_kw_month=None, phases=[phase(max_rack_kw=50)])

        assert (site.rack_band, site.price_band) == (2, None)
