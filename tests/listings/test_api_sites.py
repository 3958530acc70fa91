"""A miner keeps sites through the API, and tenants find them."""

from datetime import date

import pytest
from django.utils import timezone

from listings import services
from listings.models import Phase, Site
from tests.factories import phase, site_fields

SITES = "/api/v1/sites/"


def body(**other):
    phases = other.pop("phases", [phase()])
    return {**site_fields(**other), "phases": phases}


def errors_of(answer):
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    return {
        error.get("pointer", error.get("parameter")): error["detail"] for error in answer.json()["errors"]
    }


def url_of(site):
    return f"{SITES}{site.uid}/"


def found(actor, query=""):
    answer = actor.api.get(f"{SITES}?{query}")
    assert answer.status_code == 200, answer.content
    return [site["code_name"] for site in answer.json()["results"]]


class TestPost:
    def test_a_posted_site_can_be_read_where_the_answer_says(self, miner):
        posted = miner.api.post(SITES, body(ask_floor_usd_kw_month="120.25"))

        read = miner.api.get(posted["Location"])

        assert posted.status_code == 201
        assert read.json() == posted.json()
        assert read["ETag"] == posted["ETag"]
        assert read.json()["ask_floor_usd_kw_month"] == "120.25"
        assert [each["critical_mw"] for each in read.json()["phases"]] == ["40"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"term_min_months": 200}, "/term_max_months"),
            ({"gross_mw": 10**9}, "/gross_mw"),
            ({"gross_mw": "NaN"}, "/gross_mw"),
            ({"country": "Texas"}, "/country"),
            ({"region": "US-Texas"}, "/region"),
            ({"region": "CA-QC"}, "/region"),
            ({"cooling": []}, "/cooling"),
            ({"cooling": ["air", "water"]}, "/cooling/1"),
            ({"phases": []}, "/phases"),
            ({"phases": [phase(critical_mw=90)]}, "/phases/0/critical_mw"),
            ({"phases": [phase(), phase(ready_on="2027-13-01")]}, "/phases/1/ready_on"),
            ({"phases": [phase(), phase(ready_on="2127-12-01")]}, "/phases/1/ready_on"),
            ({"phases": [phase(), phase(reserved_mw=3)]}, "/phases/1/reserved_mw"),
            ({"phases": "many"}, "/phases"),
            ({"status": "withdrawn"}, "/status"),
            ({"organization": 1}, "/organization"),
            ({"is_reference": True}, "/is_reference"),
            ({"version": 7}, "/version"),
        ],
    )
    def test_bad_input_is_named_at_its_field_and_stores_nothing(self, miner, change, pointer):
        answer = miner.api.post(SITES, {**body(), **change})

        assert pointer in errors_of(answer)
        assert not Site.objects.exists()

    def test_an_unknown_field_comes_with_a_hint(self, miner):
        answer = miner.api.post(SITES, {**body(), "gros_mw": 5})

        assert "did you mean 'gross_mw'" in errors_of(answer)["/gros_mw"]

    def test_nan_and_infinity_are_no_json(self, miner):
        text = '{"name": "x", "country": "US", "gross_mw": NaN}'

        answer = miner.api.post(SITES, text, content_type="application/json")

        assert answer.status_code == 400
        assert "NaN is not a number" in answer.json()["detail"]

    def test_the_same_key_posts_once(self, miner):
        answers = [miner.api.post(SITES, body(), headers={"Idempotency-Key": "k1"}) for _ in range(2)]

        assert answers[0].json() == answers[1].json()
        assert Site.objects.count() == 1

    def test_a_tenant_and_a_visitor_post_no_site(self, tenant, visitor):
        assert tenant.api.post(SITES, body()).json()["code"] == "wrong_side"
        assert visitor.api.post(SITES, body()).status_code == 401
        assert not Site.objects.exists()


class TestChange:
    @pytest.mark.django_db(transaction=True)
    def test_only_what_was_read_is_changed(self, make, miner):
        site = make.site()
        read = miner.api.get(url_of(site))["ETag"]

        first = miner.api.patch(url_of(site), {"gross_mw": 120}, headers={"If-Match": read})
        second = miner.api.patch(url_of(site), {"gross_mw": 130}, headers={"If-Match": read})

        assert first.status_code == 200
        assert (first.json()["gross_mw"], first.json()["version"], first["ETag"]) == ("120", 2, '"2"')
        assert second.status_code == 412
        assert Site.objects.get().gross_mw == 120

    def test_a_change_says_what_it_has_read(self, make, miner):
        assert miner.api.patch(url_of(make.site()), {"gross_mw": 120}).status_code == 428

    def test_phases_change_by_uid(self, make, miner):
        site = make.site()
        read = miner.api.get(url_of(site))
        uid = read.json()["phases"][0]["uid"]

        answer = miner.api.patch(
            url_of(site),
            {"phases": [{"uid": uid, "critical_mw": "30"}, phase(critical_mw=10)]},
            headers={"If-Match": read["ETag"]},
        )

        assert sorted(each["critical_mw"] for each in answer.json()["phases"]) == ["10", "30"]
        assert answer.json()["mw_band"] == "20–50 MW"

    def test_another_organization_changes_nothing(self, make, other_miner, tenant, broker, visitor):
        site = make.site()

        for actor, status in ((other_miner, 403), (tenant, 403), (broker, 403), (visitor, 401)):
            answer = actor.api.patch(url_of(site), {"name": "Mine now"}, headers={"If-Match": "*"})
            assert answer.status_code == status

        assert Site.objects.get().name == "Pecos One"

    def test_what_another_cannot_see_is_not_there(self, make, other_miner):
        site = make.site(status="draft")

        answer = other_miner.api.patch(url_of(site), {"name": "Mine now"}, headers={"If-Match": "*"})

        assert answer.status_code == 404

    def test_a_site_is_never_deleted(self, make, miner):
        assert miner.api.delete(url_of(make.site()), headers={"If-Match": "*"}).status_code == 405

    def test_pausing_and_withdrawing_hide_it(self, make, miner, visitor):
        site = make.site()

        answer = miner.api.patch(f"{url_of(site)}status/", {"status": "paused"}, headers={"If-Match": "*"})

        assert answer.json()["status"] == "paused"
        assert visitor.api.get(url_of(site)).status_code == 404
        assert miner.api.get(url_of(site)).status_code == 200

    def test_status_is_no_plain_field(self, make, miner):
        answer = miner.api.patch(url_of(make.site()), {"status": "draft"}, headers={"If-Match": "*"})

        assert "/status" in errors_of(answer)

    def test_still_true(self, make, miner):
        site = make.site(open_until=timezone.now().date())

        answer = miner.api.post(f"{url_of(site)}renew/", headers={"If-Match": "*"})

        assert answer.json()["open_until"] > timezone.now().date().isoformat()

    def test_claims_can_be_backed(self, make, miner, tenant):
        site = make.site()
        paper = {"claim": "power", "method": "document", "document": "Agreement", "verified_on": "2026-11-01"}

        assert miner.api.post(f"{url_of(site)}evidence/", paper).status_code == 201
        assert tenant.api.post(f"{url_of(site)}evidence/", paper).status_code == 403
        assert "/verified_on" in errors_of(
            miner.api.post(f"{url_of(site)}evidence/", {**paper, "verified_on": "2099-01-01"})
        )
        assert miner.api.get(url_of(site)).json()["evidence_age"]["power"] in ("fresh", "stale", "none")


class TestPhases:
    def test_one_can_be_added_changed_and_removed(self, make, miner):
        phases = f"{url_of(make.site())}phases/"
        match = {"If-Match": '"1"'}

        added = miner.api.post(phases, phase(critical_mw=10))
        one = f"{phases}{added.json()['uid']}/"
        changed = miner.api.patch(one, {"critical_mw": "12.5"}, headers=match)
        removed = miner.api.delete(one, headers=match)

        assert (added.status_code, changed.status_code, removed.status_code) == (201, 200, 204)
        assert changed.json()["critical_mw"] == "12.5"
        assert [each["critical_mw"] for each in miner.api.get(phases).json()["results"]] == ["40"]

    def test_faults_stand_at_its_own_fields(self, make, miner):
        phases = f"{url_of(make.site())}phases/"

        assert "/critical_mw" in errors_of(miner.api.post(phases, phase(critical_mw=90)))
        assert "/ready_on" in errors_of(miner.api.post(phases, {"critical_mw": 1, "stage": "planned"}))
        assert Phase.objects.count() == 1

    def test_they_are_there_for_readers_of_the_full_face_only(self, make, tenant, visitor, other_miner):
        site = make.site(disclosure="open")
        uid = site.phases.get().uid

        assert tenant.api.get(f"{url_of(site)}phases/{uid}/").status_code == 200
        for outsider in (visitor, other_miner):
            assert outsider.api.get(f"{url_of(site)}phases/").status_code == 404
            assert outsider.api.get(f"{url_of(site)}phases/{uid}/").status_code == 404

    def test_a_phase_of_another_site_is_not_there(self, make, miner):
        one, other = make.sites(2)

        answer = miner.api.get(f"{url_of(one)}phases/{other.phases.get().uid}/")

        assert answer.status_code == 404


class TestList:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", {"small", "large"}),
            ("country=US", {"small"}),
            ("country=US,NO", {"small", "large"}),
            ("min_mw=20", {"small", "large"}),
            ("min_mw=100", {"large"}),
            ("below_mw=100", {"small"}),
            ("ready_by=2027-Q1", {"small"}),
            ("ready_by=2026-Q4", set()),
            ("cooling=air,immersion", {"small", "large"}),
            ("cooling=immersion", {"large"}),
            ("delivery_type=powered_shell", {"large"}),
            ("min_rack_kw=130", {"large"}),
            ("below_usd_kw_month=125", {"large"}),
            ("mine=true", set()),
            ("mine=false", {"small", "large"}),
            ("status=open", {"small", "large"}),
        ],
    )
    def test_everybody_filters_on_what_a_teaser_shows(self, make, visitor, query, names):
        sites = {
            "small": make.site(),
            "large": make.site(
                country="NO",
                region="",
                grid=None,
                gross_mw=500,
                cooling=["immersion"],
                delivery_types=["powered_shell"],
                max_rack_kw=150,
                ask_usd_kw_month=110,
                phases=[phase(critical_mw=200, ready_on=date(2028, 1, 1))],
            ),
        }

        assert set(found(visitor, query)) == {sites[name].code_name for name in names}

    @pytest.mark.parametrize("query", ["region=US-TX", "grid=ERCOT", "lease_basis=nnn", "external_id=A1"])
    def test_exact_filters_find_only_what_the_reader_sees_in_full(self, make, miner, tenant, visitor, query):
        opened = make.site(disclosure="open", external_id="A1")
        blind = make.site(disclosure="blind", external_id="A1")

        assert found(visitor, query) == []
        assert found(tenant, query) == [opened.code_name]
        assert set(found(miner, query)) == {opened.code_name, blind.code_name}

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ("countri=US", "countri"),
            ("country=XX", "country"),
            ("min_mw=7", "min_mw"),
            ("ready_by=soon", "ready_by"),
            ("ready_by=2027-Q5", "ready_by"),
            ("mine=perhaps", "mine"),
            ("sort=ask_usd_kw_month", "sort"),
            ("gross_mw=100", "gross_mw"),
            ("page_size=1000000000", "page_size"),
            ("cursor=made-up", "cursor"),
        ],
    )
    def test_a_bad_parameter_is_named(self, make, visitor, query, parameter):
        assert parameter in errors_of(visitor.api.get(f"{SITES}?{query}"))

    def test_pages_follow_the_chosen_order_to_the_end(self, make, visitor):
        for mw in (10, 60, 30, 60, 10):
            make.site(phases=[phase(critical_mw=mw)])

        pages = [visitor.api.get(f"{SITES}?sort=-mw_band&page_size=2").json()]
        while url := pages[-1]["next"]:
            pages.append(visitor.api.get(url).json())

        seen = [site for page in pages for site in page["results"]]
        bands = [site["mw_band"] for site in seen]
        assert bands == ["50–100 MW"] * 2 + ["20–50 MW"] + ["5–20 MW"] * 2
        assert len({site["uid"] for site in seen}) == 5

    def test_drafts_without_a_date_come_last_on_their_owners_pages(self, make, miner):
        draft, dated = make.site(status="draft", phases=[]), make.site()

        page = miner.api.get(f"{SITES}?page_size=1").json()

        assert [site["uid"] for site in page["results"]] == [str(dated.uid)]
        assert [site["uid"] for site in miner.api.get(page["next"]).json()["results"]] == [str(draft.uid)]
        assert draft.ready_quarter.year == 2101

    def test_withdrawing_takes_it_off_the_list_at_once(self, make, visitor):
        site = make.site()
        services.move_post(post=site, to="withdrawn", now=timezone.now())

        assert found(visitor) == []
