"""While somebody types: how many open posts would fit."""

from django.urls import reverse

from listings.models import Site
from tests.listings.forms import SITE
from tests.typed import typed


class TestHowManyWouldFit:
    def count(self, actor, name, form, **query):
        address = reverse(f"listings:{name}", query=query)
        page = actor.client.post(address, {**typed(actor.client.get(address)), **form, "count": "1"})
        return page.context["fit"]

    def test_a_site_counts_requests_in_bands(self, make, miner):
        form = {**SITE, "phases-TOTAL_FORMS": "2"}
        assert self.count(miner, "site_new", form).startswith("0 open requests")
        make.requests(5)
        make.request(countries=["NO"])

        assert self.count(miner, "site_new", form).startswith("5–19 open requests")
        assert not Site.objects.exists()

    def test_a_request_counts_sites_by_band_place_and_quarter(self, make, tenant):
        make.sites(2)
        form = {"latest_on": "2027-12-01", "steps-0-need_on": "2027-06-01", "countries": ["US"]}

        assert self.count(tenant, "request_new", {**form, "steps-0-critical_mw": "20"}).startswith("1–4 ")
        assert self.count(tenant, "request_new", {**form, "steps-0-critical_mw": "60"}).startswith("0 ")
        late = {**form, "latest_on": "2026-12-01", "steps-0-critical_mw": "20"}
        assert self.count(tenant, "request_new", late).startswith("0 ")

    def test_a_request_for_gpus_counts_pools_of_its_models(self, make, tenant):
        pool = make.pool()
        other = make.gpu_model("B200")
        form = {"latest_on": "2027-12-01", "steps-0-need_on": "2027-06-01", "steps-0-gpus": "512"}

        for model, told in ((pool.model, "1–4 "), (other, "0 ")):
            asked = {**form, "gpu_wishes-0-model": model.pk}
            assert self.count(tenant, "request_new", asked, kind="gpu").startswith(told)

    def test_nobody_reads_an_exact_ask_from_it(self, make, tenant):
        make.site(ask_usd_kw_month=130)
        form = {"latest_on": "2027-12-01", "steps-0-need_on": "2027-06-01", "steps-0-critical_mw": "20"}

        told = {
            self.count(tenant, "request_new", {**form, "price_cap_usd_kw_month": str(cap)})
            for cap in (1, 129, 131)
        }

        assert len(told) == 1

    def test_a_date_of_no_century_is_no_accident(self, make, miner):
        pool = {"country": "US", "gpus": "64", "available_from": "0001-01-01", "model": make.gpu_model().pk}

        assert self.count(miner, "gpu_pool_new", pool).startswith("0 ")
        assert "quantity" in self.count(miner, "site_new", {**SITE, "phases-0-ready_on": "0001-01-01"})

    def test_what_is_missing_is_said(self, miner):
        assert "quantity" in self.count(miner, "site_new", {})
        assert "quantity" in self.count(miner, "gpu_pool_new", {})

    def test_the_condition_that_costs_most_is_named(self, make, tenant):
        make.sites(5, country="NO", region="", grid=None)
        form = {"latest_on": "2027-12-01", "steps-0-need_on": "2027-06-01", "steps-0-critical_mw": "20"}

        told = self.count(tenant, "request_new", {**form, "countries": ["US"]})

        assert told.startswith("0 open posts")
        assert told.endswith("What costs most is the place: without it there would be 5–19.")
        assert "costs" not in self.count(tenant, "request_new", {**form, "countries": ["NO"]})

    def test_where_no_single_condition_is_to_blame_the_hardest_is_named(self, make, tenant):
        make.sites(5, country="NO", region="", grid=None)
        make.site()
        form = {"latest_on": "2026-12-01", "steps-0-need_on": "2026-12-01", "steps-0-critical_mw": "400"}

        told = self.count(tenant, "request_new", {**form, "countries": ["NO", "US"]})

        assert told.endswith("Several conditions keep them away, most of all the date: only 0 meet it.")

    def test_a_miner_reads_what_costs_most_requests(self, make, miner):
        make.requests(5, countries=["NO"])

        told = self.count(miner, "site_new", {**SITE, "phases-TOTAL_FORMS": "2"})

        assert told.endswith("What costs most is the place: without it there would be 5–19.")

    def test_the_hall_counts_as_far_as_teasers_tell_it(self, make, tenant):
        make.site(cooling=["air"], disclosure="blind")
        make.site(cooling=None, disclosure="blind")
        form = {"latest_on": "2027-12-01", "steps-0-need_on": "2027-06-01", "steps-0-critical_mw": "20"}

        assert self.count(tenant, "request_new", {**form, "min_rack_kw": "90"}).startswith("1–4 ")
        told = self.count(tenant, "request_new", {**form, "min_rack_kw": "131"})
        assert told.startswith("0 ")
        assert "the rack density" in told

    def test_a_request_in_five_answers_counts_too(self, make, tenant):
        make.site()
        address = reverse("listings:request_quick")
        form = {"size": "20", "need_on": "2027-06-01", "country": "US", "count": "1"}

        assert "1–4 open posts" in tenant.client.post(address, form).content.decode()
        assert "0 open posts" in tenant.client.post(address, {**form, "country": "NO"}).content.decode()
