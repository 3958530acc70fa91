"""Lists cost the same at any size, and pools and requests answer like sites do."""

import pytest

from listings.models import CapacityRequest, GpuPool
from tests.factories import pool_fields, request_fields, step

KEY = 2  # queries for a key and for its maker's role


@pytest.mark.parametrize("size", [1, 50])
@pytest.mark.parametrize(
    ("path", "queries"),
    [("sites", 3), ("gpu-pools", 2), ("requests", 3)],  # the posts, then what belongs to them
)
@pytest.mark.parametrize("who", ["visitor", "broker", "miner", "tenant"])
def test_a_list_costs_the_same_at_any_size(
    request, make, django_assert_num_queries, size, path, queries, who
):
    {"sites": make.sites, "gpu-pools": make.pools, "requests": make.gpu_requests}[path](size)
    actor = request.getfixturevalue(who)
    actor.api.get(f"/api/v1/{path}/")  # the key's first use of the minute is noted

    with django_assert_num_queries(queries + (0 if who == "visitor" else KEY)):
        page = actor.api.get(f"/api/v1/{path}/").json()

    assert len(page["results"]) == size


def test_gpu_models_can_be_filtered(make, visitor):
    make.gpu_model()
    make.gpu_model("MI355X", vendor="AMD", liquid_cooling_required=True)

    names = [row["name"] for row in visitor.api.get("/api/v1/gpu-models/?vendor=AMD").json()["results"]]

    assert names == ["MI355X"]
    assert len(visitor.api.get("/api/v1/gpu-models/?liquid_cooling_required=false").json()["results"]) == 1
    assert visitor.api.get("/api/v1/gpu-models/?vendor=Acme").status_code == 400


class TestGpuPools:
    url = "/api/v1/gpu-pools/"

    def pointers(self, answer):
        assert answer.status_code == 400, answer.content
        return [error["pointer"] for error in answer.json()["errors"]]

    def test_a_pool_is_posted_at_an_own_site(self, make, miner):
        site, model = make.site(country="NO", region="", grid=None), make.gpu_model()

        answer = miner.api.post(self.url, {**pool_fields(), "model": model.uid, "at_site": site.uid})

        assert answer.status_code == 201, answer.content
        assert answer.json()["at_site"] == str(site.uid)
        assert answer.json()["country"] == "NO"
        assert answer.json()["model_name"] == "NVIDIA H100 SXM5"

    def test_anothers_site_and_a_site_that_is_not_there_read_alike(self, make, miner, other_miner):
        theirs, model = make.site(by=other_miner), make.gpu_model()
        nowhere = "00000000-0000-4000-8000-000000000000"

        answers = [
            miner.api.post(self.url, {**pool_fields(), "model": model.uid, "at_site": uid})
            for uid in (theirs.uid, nowhere)
        ]

        assert answers[0].json() == answers[1].json()
        assert self.pointers(answers[0]) == ["/at_site"]
        assert not GpuPool.objects.exists()

    @pytest.mark.parametrize("model", ["H100", "00000000-0000-4000-8000-000000000000", None])
    def test_it_names_a_known_model(self, miner, model):
        answer = miner.api.post(self.url, {**pool_fields(), "model": model, "country": "US"})

        assert self.pointers(answer) == ["/model"]

    def test_an_end_before_its_start(self, make, miner):
        dates = {"available_from": "2027-06-01", "available_until": "2027-01-01"}

        answer = miner.api.post(
            self.url, {**pool_fields(), **dates, "model": make.gpu_model().uid, "country": "US"}
        )

        assert self.pointers(answer) == ["/available_from", "/available_until"]

    def test_filters_work_on_bands(self, make, visitor):
        norway = make.site(country="NO", region="", grid=None)
        small, large = make.pool(gpus=100, largest_cluster_gpus=100), make.pool(gpus=5_000, at_site=norway)

        def found(query):
            return {row["uid"] for row in visitor.api.get(f"{self.url}?{query}").json()["results"]}

        assert found("min_gpus=1024") == {str(large.uid)}
        assert found("below_gpus=256") == {str(small.uid)}
        assert found("country=NO") == {str(large.uid)}
        assert found("model=H100 SXM5&below_usd_gpu_hour=3") == {str(small.uid), str(large.uid)}
        assert found("ready_by=2026-Q4") == set()


class TestRequests:
    url = "/api/v1/requests/"

    def body(self, **other):
        return {**request_fields(), "steps": [step()], **other}

    def test_a_request_is_posted_and_read(self, tenant):
        posted = tenant.api.post(self.url, self.body())

        assert posted.status_code == 201, posted.content
        assert tenant.api.get(posted["Location"]).json() == posted.json()
        assert posted.json()["steps"] == [{"need_on": "2027-06-01", "critical_mw": "20", "gpus": None}]

    def test_gpus_are_wished_for_by_model(self, make, tenant):
        wish = {"model": str(make.gpu_model().uid), "price_cap_usd_gpu_hour": "2.5"}

        posted = tenant.api.post(
            self.url,
            self.body(kind="gpu", steps=[{"need_on": "2027-06-01", "gpus": 64}], gpu_wishes=[wish]),
        )

        assert posted.status_code == 201, posted.content
        assert posted.json()["gpu_wishes"] == [{**wish, "model_name": "NVIDIA H100 SXM5"}]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"steps": [step(), step(need_on="2027-09-01", critical_mw=10)]}, "/steps/1/critical_mw"),
            ({"steps": [step(), step(need_on="2027-01-01", critical_mw=30)]}, "/steps/1/need_on"),
            ({"steps": [step(critical_mw=10**9)]}, "/steps/0/critical_mw"),
            ({"steps": [step(watts=1)]}, "/steps/0/watts"),
            ({"steps": []}, "/steps"),
            ({"latest_on": "2027-05-01"}, "/latest_on"),
            ({"latest_on": "soon"}, "/latest_on"),
            ({"term_min_months": 145}, "/term_max_months"),
            ({"countries": ["US", "XX"]}, "/countries/1"),
            ({"regions": ["Texas"]}, "/regions/0"),
            ({"regions": ["XX-TX"]}, "/regions"),
            ({"gpu_wishes": [{"model": "H100"}]}, "/gpu_wishes/0/model"),
        ],
    )
    def test_bad_input_is_named_at_its_field_and_stores_nothing(self, tenant, change, pointer):
        answer = tenant.api.post(self.url, self.body(**change))

        assert answer.status_code == 400
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]
        assert not CapacityRequest.objects.exists()

    def test_a_new_ramp_replaces_the_old_one(self, make, tenant):
        url = f"{self.url}{make.request().uid}/"

        answer = tenant.api.patch(
            url, {"steps": [step(critical_mw=60)]}, headers={"If-Match": tenant.api.get(url)["ETag"]}
        )

        assert [each["critical_mw"] for each in answer.json()["steps"]] == ["60"]
        assert answer.json()["size_band"] == "50–100 MW"

    def test_filters_work_on_what_a_teaser_shows(self, make, visitor):
        power, gpus = make.request(countries=["US", "CA"], grids=["ERCOT"]), make.gpu_request(countries=[])

        def found(query):
            return {row["uid"] for row in visitor.api.get(f"{self.url}?{query}").json()["results"]}

        assert found("kind=gpu") == {str(gpus.uid)}
        assert found("country=CA") == {str(power.uid), str(gpus.uid)}
        assert found("country=NO") == {str(gpus.uid)}
        assert found("grid=ERCOT,PJM") == {str(power.uid)}
        assert found("min_mw=20") == {str(power.uid)}
        assert found("min_gpus=64") == {str(gpus.uid)}
        assert found("need_by=2027-Q1") == set()
