"""A request in five answers."""

import pytest
from django.urls import reverse

from listings.models import CapacityRequest, Change
from tests.listings.forms import opened
from tests.typed import typed


class TestQuickRequest:
    ANSWERS = {"size": "20", "need_on": "2027-06-01", "country": "US", "term_months": "84", "budget": "180"}

    def test_five_answers_are_an_open_request(self, tenant):
        form = opened(tenant, "request_quick")

        tenant.client.post(reverse("listings:request_quick"), {**form, **self.ANSWERS})

        request = CapacityRequest.objects.get()
        assert (request.status, request.title) == ("open", "20 MW from June 2027")
        assert (request.steps.get().critical_mw, request.price_cap_usd_kw_month) == (20, 180)
        assert Change.objects.filter(post=request).exists()

    def test_gpus_of_one_model(self, make, tenant):
        model, form = make.gpu_model(), opened(tenant, "request_quick")

        answers = {**self.ANSWERS, "size": "1024", "model": model.pk, "budget": "2.5"}
        tenant.client.post(reverse("listings:request_quick"), {**form, **answers})

        request = CapacityRequest.objects.get()
        assert (request.kind, request.steps.get().gpus) == ("gpu", 1024)
        assert request.gpu_wishes.get().model == model

    def test_details_come_next_on_a_draft(self, tenant):
        form = opened(tenant, "request_quick")

        sent = {**form, **self.ANSWERS, "details": "1"}
        page = tenant.client.post(reverse("listings:request_quick"), sent, follow=True)

        assert CapacityRequest.objects.get().status == "draft"
        assert typed(page)["steps-0-critical_mw"] == ["20"]

    @pytest.mark.parametrize(
        ("wrong", "anchor"),
        [
            ({"size": "much"}, "id_size"),
            ({"term_months": ""}, "id_term_months"),
            ({"size": "99999"}, "id_size"),
        ],
    )
    def test_a_fault_stands_at_its_question(self, tenant, wrong, anchor):
        form = opened(tenant, "request_quick")

        page = tenant.client.post(reverse("listings:request_quick"), {**form, **self.ANSWERS, **wrong})

        assert page.status_code == 400
        assert f'href="#{anchor}"' in page.content.decode()
        assert not CapacityRequest.objects.exists()

    def test_sent_twice_it_is_one_request(self, tenant):
        form = {**opened(tenant, "request_quick"), **self.ANSWERS}

        for _ in range(2):
            tenant.client.post(reverse("listings:request_quick"), form)

        assert CapacityRequest.objects.count() == 1
