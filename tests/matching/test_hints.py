"""How far somebody would have to move whose limits are hidden, in words that do not tell the limits."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from listings.models import CapacityRequest
from matching.hints import middle_of_quarter, middle_of_step
from matching.services import drain
from tests.cast import NOON
from tests.factories import phase

# All of these caps lie in one step, and all of these days in one quarter.
CAPS = ["178.4", "185.07", "193.9"]
DAYS = [date(2027, 10, 1), date(2027, 11, 17), date(2027, 12, 31)]
LATE = [phase(ready_on=date(2028, 3, 1))]


def told(actor: Any, request: CapacityRequest) -> set[str]:
    """All changes that its near misses name, by REST and, to a broker, on the desk."""
    answer = actor.api.get(f"/api/v1/requests/{request.uid}/near-misses/").json()
    found = {
        change
        for need in answer
        for miss in need["near_misses"]
        for change in miss["changes"] + miss["other_changes"]
    }
    if actor.reader.is_broker:
        asked = {"need": request.uid, "unit": answer[0]["unit"]}
        pane = actor.client.get(reverse("matching:desk"), asked).context["pane"]
        assert {part for near in pane.near for part in near.changes.split("; ")} <= found
    return found


class TestWords:
    @pytest.mark.parametrize(
        ("ask", "words"),
        [(187, "a few per cent"), (200, "about a tenth"), (240, "about a fifth"), (500, "half or more")],
    )
    def test_a_broker_reads_roughly_how_far_an_ask_would_have_to_fall(self, make, miner, broker, ask, words):
        make.site(ask_usd_kw_month=ask)
        request = make.request(price_cap_usd_kw_month=210)
        drain(now=NOON)

        assert f"Offer: ask {words} lower" in told(broker, request)

    @pytest.mark.parametrize(
        ("ready", "words"),
        [
            (date(2027, 12, 10), "a few weeks"),
            (date(2028, 2, 1), "about a quarter of a year"),
            (date(2028, 5, 1), "about half a year"),
            (date(2030, 1, 1), "more than a year"),
        ],
    )
    def test_and_how_much_sooner_a_site_would_have_to_be_ready(self, make, miner, broker, ready, words):
        make.site(phases=[phase(ready_on=ready)])
        request = make.request(latest_on=date(2027, 11, 17))
        drain(now=NOON)

        assert f"Offer: ready {words} earlier" in told(broker, request)
        assert f"Request: outside date {words} later" in told(broker, request)

    def test_the_tenant_reads_their_own_figures_and_of_the_floor_a_hint(self, make, miner, tenant):
        make.site(ask_usd_kw_month=260, ask_floor_usd_kw_month="233.77")
        request = make.request(price_cap_usd_kw_month=210)
        drain(now=NOON)

        [offers, requests] = sorted(told(tenant, request))

        assert offers.startswith("Offer: ask $")
        assert requests == "Request: price cap about a fifth higher"


class TestWhatTheyDoNotTell:
    def test_caps_in_one_step_give_one_and_the_same_answer(self, make, miner, broker):
        assert len({middle_of_step(float(cap) * 10_000) for cap in CAPS}) == 1
        make.site(ask_usd_kw_month=215)
        make.site(ask_usd_kw_month=260, lease_basis="gross")
        make.site(ask_usd_kw_month=190, ask_on_gross=True)
        answers = self._answers(make, broker, "price_cap_usd_kw_month", CAPS)

        assert len(answers) == 1
        assert self._answers(make, broker, "price_cap_usd_kw_month", [150]) != answers

    def test_outside_dates_in_one_quarter_give_one_and_the_same_answer(self, make, miner, broker):
        assert len({middle_of_quarter(day) for day in DAYS}) == 1
        for day in (date(2028, 1, 3), date(2028, 3, 1), date(2028, 9, 9)):
            make.site(phases=[phase(ready_on=day)])
        answers = self._answers(make, broker, "latest_on", DAYS)

        assert len(answers) == 1
        assert self._answers(make, broker, "latest_on", [date(2027, 7, 1)]) != answers

    def test_floors_in_one_step_give_one_and_the_same_answer(self, make, miner, tenant, broker):
        request = make.request(price_cap_usd_kw_month=150)
        sites = [make.site(ask_usd_kw_month=260, ask_floor_usd_kw_month=floor) for floor in CAPS]
        drain(now=NOON)
        assert len(sites) == 3

        for actor in (tenant, broker):
            hints = {one for one in told(actor, request) if one.startswith("Request: price cap")}
            assert len(hints) == 1

    def test_caps_for_gpus_too(self, make, miner, broker):
        assert middle_of_step(23_000) == middle_of_step(24_300)
        model = make.gpu_model()
        make.pool(model=model, price_usd_gpu_hour="3.40")
        answers = []
        for cap in ("2.30", "2.43"):
            request = make.gpu_request(model=model)
            request.gpu_wishes.update(price_cap_usd_gpu_hour=cap)
            drain(now=NOON)
            answers.append(told(broker, request))

        assert answers[0] == answers[1]
        assert all("about" in hint for hint in answers[0])

    def _answers(self, make: Any, broker: Any, field: str, values: list[Any]) -> set[frozenset[str]]:
        answers = set()
        for value in values:
            request = make.request(**{field: value})
            drain(now=NOON)
            found = told(broker, request)
            assert found
            answers.add(frozenset(found))
        return answers
