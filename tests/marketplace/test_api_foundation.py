"""What every endpoint of the API has in common, shown on a small one of its own."""

import json
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from django.test import Client

from accounts import tasks
from accounts.models import IdempotencyRecord, Organization
from accounts.vocabulary import Kind
from tests.marketplace.notes_api import NOTES, problem

NOT_FOUND = "7b1d2f6e-0000-4000-8000-000000000000"
pytestmark = pytest.mark.urls("tests.marketplace.notes_api")


@pytest.fixture
def api(miner):
    return miner.api


def notes(number: int) -> list[str]:
    made = [Organization(name=f"Note {n:03}", kind=Kind.BROKER) for n in range(number)]
    return [note.name for note in Organization.objects.bulk_create(made)]


class TestProblems:
    @pytest.mark.parametrize(
        "address", ["/api/v1/nothing/", "/api/nothing", f"{NOTES}{NOT_FOUND}/", f"{NOTES}x/"]
    )
    def test_nothing_here(self, api, address):
        assert problem(api.get(address), 404)["code"] == "not_found"

    def test_a_method_that_is_not_there(self, api):
        answer = api.patch(NOTES, {})

        problem(answer, 405)
        assert "POST" in answer["Allow"]

    def test_a_form_instead_of_json(self, api):
        problem(api.post(NOTES, "name=x", content_type="application/x-www-form-urlencoded"), 415)

    def test_an_answer_in_a_format_we_do_not_speak(self, api):
        problem(api.get(NOTES, HTTP_ACCEPT="text/csv"), 406)

    def test_a_body_beyond_a_megabyte(self, api):
        answer = api.post(NOTES, json.dumps({"name": "x" * 2**20}), content_type="application/json")

        problem(answer, 413)

    def test_a_domain_refusal_is_a_conflict_and_undoes_what_was_written(self, api):
        body = problem(api.post(NOTES, {"name": "taken"}), 409)

        assert (body["code"], body["detail"]) == ("taken", "Somebody has it.")
        assert Organization.objects.count() == 1

    def test_invalid_input_from_the_domain_points_at_its_field(self, api):
        body = problem(api.post(NOTES, {"name": "bad step"}), 400)

        assert body["errors"] == [{"pointer": "/steps/0/need_on", "detail": "Falls."}]

    def test_what_the_role_does_not_permit(self, api):
        assert problem(api.post(NOTES, {"name": "not yours"}), 403)["code"] == "not_allowed"

    def test_errors_point_into_the_body(self, api):
        sent = {"price_usd": "much", "steps": [{"need_on": "2026-01-01"}, {"need_on": "soon"}]}

        body = problem(api.post(NOTES, sent), 400)

        assert {error["pointer"] for error in body["errors"]} == {"/name", "/price_usd", "/steps/1/need_on"}

    def test_a_list_where_an_object_belongs_points_at_the_whole(self, api):
        assert problem(api.post(NOTES, [1]), 400)["errors"][0]["pointer"] == ""


class TestStrictInput:
    def test_an_unknown_field_is_refused_with_a_hint(self, api):
        body = problem(api.post(NOTES, {"name": "x", "prise_usd": 1}), 400)

        assert body["errors"] == [
            {"pointer": "/prise_usd", "detail": "Unknown field; did you mean 'price_usd'?"}
        ]
        assert Organization.objects.count() == 1

    def test_also_inside_a_list(self, api):
        sent = {"name": "x", "steps": [{"need_on": "2026-01-01", "organization": 1}]}

        assert problem(api.post(NOTES, sent), 400)["errors"][0]["pointer"] == "/steps/0/organization"

    @pytest.mark.parametrize(
        "body",
        [
            '{"name": "x", "price_usd": NaN}',
            '{"name": "x", "price_usd": -Infinity}',
            '{"name": "x", "price_usd": 1e999}',
            '{"name": "x", "price_usd": 1' + "0" * 5000 + "}",
            '{"name": "a\\u0000b"}',
            '{"name": "\\ud800"}',
            '{"\\u0000": "x"}',
            '{"name": "x", "name": "y"}',
            '{"name": "x"',
            "",
            "\xff",
            "[" * 100_000,
            '{"steps": ' + "[" * 500 + "]" * 500 + "}",
        ],
    )
    def test_what_cannot_be_stored_is_refused(self, api, body):
        answer = api.post(NOTES, body.encode("latin-1"), content_type="application/json")

        problem(answer, 400)
        assert Organization.objects.count() == 1

    @pytest.mark.parametrize("price", ['"NaN"', '"Infinity"', "1e30", "true", "[]", "{}"])
    def test_a_price_is_a_number(self, api, price):
        body = f'{{"name": "x", "price_usd": {price}}}'

        problem(api.post(NOTES, body, content_type="application/json"), 400)

    def test_an_unknown_query_parameter_is_refused_with_a_hint(self, api):
        body = problem(api.get(f"{NOTES}?page_sise=5"), 400)

        assert body["errors"] == [
            {"parameter": "page_sise", "detail": "Unknown parameter; did you mean 'page_size'?"}
        ]

    @pytest.mark.parametrize("query", ["colour=a&colour=b", "colour=%00"])
    def test_a_parameter_comes_once_and_without_nul(self, api, query):
        problem(api.get(f"{NOTES}?{query}"), 400)

    def test_a_known_one_passes(self, api):
        assert api.get(f"{NOTES}?colour=blue").status_code == 200

    def test_writes_take_no_list_parameters(self, api):
        problem(api.post(f"{NOTES}?page_size=5", {"name": "x"}), 400)


class TestPages:
    def walk(self, api, address, step="next"):
        while address:
            page = api.get(address).json()
            yield [note["name"] for note in page["results"]]
            address = page[step]

    @pytest.mark.parametrize(("number", "size"), [(0, 2), (4, 2), (5, 2), (7, 3)])
    def test_walking_on_and_back_shows_everything_once(self, api, number, size):
        everything = [*notes(number), "Lone Star Mining"]  # brokers before miners

        forwards = list(self.walk(api, f"{NOTES}?page_size={size}"))
        last = f"{NOTES}?page_size={size}"
        while following := api.get(last).json()["next"]:
            last = following
        backwards = list(self.walk(api, last, "previous"))

        assert [*chain(*forwards)] == everything
        assert [*chain(*reversed(backwards))] == everything

    def test_rows_that_come_and_go_shift_nothing(self, api):
        names = notes(6)
        first = api.get(f"{NOTES}?page_size=3").json()
        Organization.objects.filter(name=names[0]).delete()

        second = api.get(first["next"]).json()

        assert [note["name"] for note in second["results"]] == names[3:]

    def test_fifty_a_page_unless_asked(self, api):
        notes(60)

        assert len(api.get(NOTES).json()["results"]) == 50
        assert len(api.get(f"{NOTES}?page_size=60").json()["results"]) == 60

    @pytest.mark.parametrize("size", ["0", "201", "1000000000", "-1", "1.5", "many", "", "٣"])
    def test_a_page_has_1_to_200(self, api, size):
        body = problem(api.get(NOTES, {"page_size": size}), 400)

        assert body["errors"][0]["parameter"] == "page_size"

    def test_a_cursor_cannot_be_made_up(self, api):
        notes(3)
        cursor = api.get(f"{NOTES}?page_size=1").json()["next"].partition("cursor=")[2].partition("&")[0]

        for forged in ["x", "", "a:b", cursor[:-1], "A" + cursor]:
            problem(api.get(NOTES, {"cursor": forged}), 400)

    @pytest.mark.parametrize("number", [1, 50])
    def test_a_list_costs_the_same_at_any_length(self, api, number, django_assert_num_queries):
        notes(number)
        api.get(NOTES)

        with django_assert_num_queries(3):  # key, role, notes
            api.get(NOTES)


class TestIfMatch:
    @pytest.fixture
    def note(self, miner) -> str:
        return f"{NOTES}{miner.organization.uid}/"

    def test_the_tag_that_was_read_lets_a_change_through(self, api, note):
        before = api.get(note)["ETag"]

        answer = api.patch(note, {"name": "New"}, HTTP_IF_MATCH=before)

        assert answer.status_code == 200
        assert answer["ETag"] == api.get(note)["ETag"] != before

    @pytest.mark.parametrize("method", ["patch", "delete"])
    def test_without_one_nothing_changes(self, api, note, method):
        body = problem(getattr(api, method)(note, {"name": "New"}), 428)

        assert body["code"] == "if_match_required"
        assert Organization.objects.get().name == "Lone Star Mining"

    @pytest.mark.parametrize("tag", ['"other"', "W/{}", "{}x", "nonsense"])
    def test_another_state_is_named_and_nothing_changes(self, api, note, tag):
        current = api.get(note)["ETag"]

        answer = api.patch(note, {"name": "New"}, HTTP_IF_MATCH=tag.format(current))

        problem(answer, 412)
        assert answer["ETag"] == current
        assert Organization.objects.get().name == "Lone Star Mining"

    def test_any_of_several_tags_will_do(self, api, note):
        tags = f'"old", {api.get(note)["ETag"]}'

        assert api.patch(note, {"name": "New"}, HTTP_IF_MATCH=tags).status_code == 200

    def test_a_change_to_what_is_not_there_is_a_404(self, api):
        problem(api.patch(f"{NOTES}{NOT_FOUND}/", {"name": "New"}), 404)


class TestWhoMayWrite:
    def test_a_visitor_is_asked_for_a_key(self, visitor):
        answer = visitor.api.post(NOTES, {"name": "x"})

        problem(answer, 401)
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
        assert not Organization.objects.exists()

    def test_somebody_without_an_organization_is_refused(self, newcomer):
        problem(newcomer.api.post(NOTES, {"name": "x"}), 403)
        assert not Organization.objects.exists()

    def test_a_session_needs_its_csrf_token(self, miner):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(miner.user)

        problem(browser.post(NOTES, {"name": "x"}, content_type="application/json"), 403)
        browser.get("/organization/")
        token = browser.cookies["csrftoken"].value
        allowed = browser.post(
            NOTES, {"name": "x"}, content_type="application/json", headers={"X-CSRFToken": token}
        )

        assert allowed.status_code == 201, allowed.content

    def test_a_wrong_key_is_no_visitor(self, visitor):
        problem(visitor.api.get(NOTES, HTTP_AUTHORIZATION="Bearer swy_wrong"), 401)

    def test_answers_are_for_one_reader_only(self, api):
        answer = api.get(NOTES)

        assert "private" in answer["Cache-Control"]
        assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))


class TestIdempotency:
    def test_the_same_request_gets_the_same_answer_and_has_one_effect(self, api):
        first = api.post(NOTES, {"name": "x"}, HTTP_IDEMPOTENCY_KEY="k")
        second = api.post(NOTES, {"name": "x"}, HTTP_IDEMPOTENCY_KEY="k")

        assert (first.status_code, "Idempotent-Replayed" in first) == (201, False)
        assert (second.status_code, second["Idempotent-Replayed"]) == (201, "true")
        assert (first.content, first["ETag"]) == (second.content, second["ETag"])
        assert Organization.objects.filter(name="x").count() == 1

    def test_the_key_on_another_request_is_refused(self, api):
        api.post(NOTES, {"name": "x"}, HTTP_IDEMPOTENCY_KEY="k")

        body = problem(api.post(NOTES, {"name": "y"}, HTTP_IDEMPOTENCY_KEY="k"), 422)

        assert body["code"] == "idempotency_key_reused"
        assert not Organization.objects.filter(name="y").exists()

    def test_keys_belong_to_their_principal(self, api, tenant):
        api.post(NOTES, {"name": "x"}, HTTP_IDEMPOTENCY_KEY="k")

        assert tenant.api.post(NOTES, {"name": "y"}, HTTP_IDEMPOTENCY_KEY="k").status_code == 201

    def test_a_refused_request_may_be_mended_under_the_same_key(self, api):
        problem(api.post(NOTES, {}, HTTP_IDEMPOTENCY_KEY="k"), 400)
        problem(api.post(NOTES, {"name": "taken"}, HTTP_IDEMPOTENCY_KEY="k"), 409)

        assert api.post(NOTES, {"name": "x"}, HTTP_IDEMPOTENCY_KEY="k").status_code == 201

    def test_an_update_is_replayed_although_its_tag_is_old_by_now(self, api, miner):
        note = f"{NOTES}{miner.organization.uid}/"
        headers = {"HTTP_IF_MATCH": api.get(note)["ETag"], "HTTP_IDEMPOTENCY_KEY": "k"}

        first = api.patch(note, {"name": "New"}, **headers)
        second = api.patch(note, {"name": "New"}, **headers)

        assert (first.status_code, second.status_code) == (200, 200)
        assert first["ETag"] == second["ETag"]

    @pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "tab\there"])
    def test_a_key_is_short_and_printable(self, api, key):
        problem(api.post(NOTES, {"name": "x"}, HTTP_IDEMPOTENCY_KEY=key), 400)

    def test_after_a_day_the_key_is_free_again(self, api):
        api.post(NOTES, {"name": "x"}, HTTP_IDEMPOTENCY_KEY="k")
        IdempotencyRecord.objects.update(expires_at=datetime.now(UTC))

        assert api.post(NOTES, {"name": "y"}, HTTP_IDEMPOTENCY_KEY="k").status_code == 201

    def test_old_answers_are_forgotten(self, api):
        api.post(NOTES, {"name": "x"}, HTTP_IDEMPOTENCY_KEY="old")
        IdempotencyRecord.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        api.post(NOTES, {"name": "y"}, HTTP_IDEMPOTENCY_KEY="new")

        tasks.tidy()

        assert [record.key for record in IdempotencyRecord.objects.all()] == ["new"]


class TestLimits:
    @pytest.fixture(autouse=True)
    def few(self, settings, no_limits):
        settings.API_REQUESTS_PER_MINUTE = {"principal": 3, "visitor": 2}

    def test_beyond_the_limit_a_client_is_told_when_to_come_back(self, api):
        answers = [api.get(NOTES) for _ in range(8)]  # more than two minutes' worth: the minute may turn

        late = next(answer for answer in answers if answer.status_code != 200)
        assert problem(late, 429)["code"] == "throttled"
        assert 1 <= int(late["Retry-After"]) <= 60

    def test_one_client_does_not_use_up_another_s(self, api, tenant):
        for _ in range(8):
            api.get(NOTES)

        assert tenant.api.get(NOTES).status_code == 200

    def test_with_valkey_away_nobody_is_refused(self, api, valkey_server):
        valkey_server.stop()

        assert {api.get(NOTES).status_code for _ in range(8)} == {200}


class TestReference:
    def test_the_schema_describes_problems_keys_and_preconditions(self, visitor):
        schema = visitor.api.get("/api/schema/?format=json").json()
        change = schema["paths"]["/api/v1/organization/"]["patch"]

        assert schema["openapi"] == "3.0.3"
        assert {"Idempotency-Key", "If-Match"} <= {each["name"] for each in change["parameters"]}
        assert change["responses"]["4XX"]["content"].keys() == {"application/problem+json"}
        assert schema["components"]["schemas"]["PatchedOrganizationInput"]["additionalProperties"] is False
        assert {"apiKey", "session"} <= schema["components"]["securitySchemes"].keys()

    def test_the_reference_needs_no_other_host_and_no_inline_script(self, visitor):
        page = visitor.client.get("/api/docs/")
        html = page.content.decode()

        assert page.status_code == 200
        assert "http://" not in html
        assert "https://" not in html
        assert "<style" not in html
        assert "<script>" not in html
