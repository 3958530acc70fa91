"""A broker works through the needs: best fee first, each with its best matches, by mouse and by keyboard."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.vocabulary import Kind
from listings import services as listings
from listings.models import CapacityRequest
from matching.models import Match, Review
from matching.services import decide, drain
from tests.cast import NOON, found
from tests.factories import phase, step

DESK = "/desk/"
REVIEWS = "/api/v1/reviews/"


@pytest.fixture
def pair(make):
    site, request = make.site(), make.request()
    drain(now=NOON)
    return Match.objects.get(offer=site, request=request)


def look(actor, **asked) -> Any:
    return actor.client.get(DESK, asked).context


def text_of(actor, **asked) -> str:
    return " ".join(actor.client.get(DESK, asked).content.decode().split())


def press(actor, match, decision="approved", follow=True, **typed):
    url = reverse("matching:decide", args=[match.uid])
    asked = f"need={match.request.uid}&unit=mw&match={match.uid}"
    return actor.client.post(f"{url}?{asked}", {"decision": decision, **typed}, follow=follow)


class TestReading:
    def test_the_need_with_the_largest_fee_comes_first(self, make, broker):
        make.site(phases=[phase(critical_mw=60)])
        make.request(title="Small", steps=[step(critical_mw=10)])
        make.request(title="Large", steps=[step(critical_mw=50)])
        drain(now=NOON)

        cards = look(broker)["cards"]

        assert [card.title for card in cards] == ["Large", "Small"]
        assert cards[0].organization == "Northwind AI"
        assert cards[0].about.startswith("50 MW")
        assert cards[0].is_current

    def test_a_match_shows_what_is_free_when_at_which_price(self, pair, broker):
        [line] = look(broker)["pane"].lines

        assert (line.place, line.title, line.free, line.ready) == (1, "Pecos One", "40", "Mar 2027")
        assert line.all_in == f"{pair.comparable_price:,.0f}"
        assert line.score == str(pair.points)
        assert abs(line.power + line.timeline + line.terms - pair.points) <= 1
        assert line.landlord_score

    def test_near_misses_are_worth_a_call(self, make, broker):
        make.request()
        make.site(name="Late Start", phases=[phase(ready_on="2028-03-01")])
        drain(now=NOON)

        [near] = look(broker)["pane"].near

        assert near.title == "Late Start"
        assert near.changes
        assert "No match yet" in text_of(broker)

    def test_both_faces_are_full_and_no_reserve_is_told(self, make, broker):
        make.site(
            name="Blind Flats", disclosure="blind", ask_usd_kw_month=141, ask_floor_usd_kw_month="113.77"
        )
        make.site(name="Late", phases=[phase(ready_on="2028-03-01")])
        make.request(disclosure="blind", price_cap_usd_kw_month="197.31", latest_on="2027-11-17")
        drain(now=NOON)

        page = text_of(broker)

        assert "Blind Flats" in page
        assert "Training campus" in page
        for reserve in ("113.77", "197.31", "2027-11-17", "17 November 2027"):
            assert reserve not in page

    def test_gpus_to_rent_and_gpus_to_host_are_two_needs(self, make, broker):
        make.pool()
        make.site(phases=[phase(critical_mw=10)])
        request = make.gpu_request(accepts_hosting=True, term_min_months=6)
        drain(now=NOON)

        abouts = {card.about for card in look(broker)["cards"]}
        assert {about.partition(" · ")[0] for about in abouts} == {
            "1,024 NVIDIA H100 SXM5",
            "1,024 NVIDIA H100 SXM5 to be hosted",
        }
        assert look(broker, need=request.uid, unit="gpu")["pane"].lines[0].free == "1,024"
        assert look(broker, need=request.uid, unit="mw")["pane"].lines[0].free == "10"

    def test_an_empty_desk_says_what_comes(self, broker):
        assert "No open request yet" in text_of(broker)

    def test_an_address_that_nobody_wrote_is_read_as_far_as_it_makes_sense(self, pair, broker):
        assert look(broker, need="x", unit="furlong", match="\x00", state="?")["pane"].lines

    @pytest.mark.parametrize("count", [1, 50])
    def test_it_costs_the_same_at_any_size(self, make, broker, count, django_assert_num_queries):
        make.sites(min(count, 20))
        make.requests(count)
        drain(now=NOON)
        match = Match.objects.earliest("pk")
        press(broker, match, follow=False)
        text_of(broker)

        with django_assert_num_queries(12):
            page = look(broker)

        assert len(page["cards"]) == count
        assert len(page["pane"].lines) == min(count, 20)

    def test_a_need_of_another_page_is_at_work_beside_this_one(self, make, broker, django_assert_num_queries):
        make.site()
        make.requests(51)
        drain(now=NOON)
        [last] = broker.client.get(look(broker)["page"]["next"]).context["cards"]
        named = CapacityRequest.objects.get(title=last.title)

        with django_assert_num_queries(12):
            desk = look(broker, need=named.uid, unit="mw")

        assert desk["pane"].card.title == last.title
        assert desk["pane"].lines
        assert len(desk["cards"]) == 50
        assert last.title not in [card.title for card in desk["cards"]]


class TestDeciding:
    def test_approve_then_undo(self, pair, broker):
        answer = press(broker, pair)
        assert "Approved for introduction." in answer.content.decode()
        assert answer.context["pane"].lines[0].state_label == "approved"

        undone = broker.client.post(answer.context["pane"].detail.undo_url, follow=True)

        assert undone.context["pane"].lines[0].state_label == ""
        assert undone.context["pane"].detail.undo_url == ""
        assert "taken back" in undone.content.decode()

    def test_reject_with_a_reason_and_a_note(self, pair, broker):
        answer = press(broker, pair, "rejected", reason="price", note="<b>Far off</b>")

        page = answer.content.decode()
        assert "The price is too far off" in page
        assert "&lt;b&gt;Far off" in page

    def test_what_lacks_a_reason_comes_back_as_typed(self, pair, broker):
        answer = press(broker, pair, "rejected", note="Too dear, I think.")

        page = answer.content.decode()
        assert answer.status_code == 400
        assert "Say why: choose a reason." in page
        assert "Too dear, I think.</textarea>" in page
        assert not Review.objects.exists()

    def test_a_score_that_has_moved_says_from_where_to_where(self, pair, broker):
        press(broker, pair)
        Review.objects.update(points=pair.points - 7)

        expected = f"reopened: score moved from {pair.points - 7} to {pair.points}"
        assert expected in text_of(broker)
        assert expected in text_of(broker, state="reopened")

    def test_a_filter_leaves_the_needs_with_such_a_match(self, make, broker):
        make.site()
        decided = make.request(title="Decided")
        make.request(title="Other")
        drain(now=NOON)
        match = Match.objects.get(request=decided)
        press(broker, match)

        assert [card.title for card in look(broker, state="approved")["cards"]] == ["Decided"]
        assert [card.title for card in look(broker, state="open")["cards"]] == ["Other"]
        assert [card.title for card in look(broker, mine=1)["cards"]] == ["Decided"]
        # What was just decided stays in view, so that it can be undone.
        desk = look(broker, state="open", need=decided.uid, unit="mw", match=match.uid)
        assert desk["pane"].detail.state_label == "approved"
        assert desk["pane"].lines == []
        assert [(card.title, card.is_done) for card in desk["cards"]] == [("Other", False), ("Decided", True)]
        assert desk["pane"].following == desk["cards"][0].url

    def test_under_a_filter_it_costs_no_more(self, make, broker, django_assert_max_num_queries):
        make.site()
        decided = make.request()
        make.gpu_request(accepts_hosting=True)
        drain(now=NOON)
        match = Match.objects.get(request=decided)
        press(broker, match)

        with django_assert_max_num_queries(12):
            desk = look(broker, state="open", need=decided.uid, unit="mw", match=match.uid)
        assert desk["pane"].detail

    def test_what_matches_no_more_keeps_its_review_in_sight(self, pair, broker):
        press(broker, pair, "none", note="Call in May.")
        Match.objects.all().delete()

        assert "Reviewed before, no match now" in text_of(broker)
        assert "Call in May." in text_of(broker)
        assert "This match is gone" in press(broker, pair).content.decode()

    def test_another_broker_finds_a_clean_desk(self, pair, broker):
        press(broker, pair, note="Ours alone.")
        rival = found("Other Brokers", Kind.BROKER, verified=True)

        assert look(rival)["pane"].lines[0].state_label == ""
        assert "Ours alone." not in text_of(rival)

    def test_the_owners_never_learn_of_it(self, pair, broker, miner, tenant):
        press(broker, pair, "rejected", reason="declined", note="canary-note")

        for actor in (miner, tenant):
            for path in (reverse("matching:match", args=[pair.uid]), reverse("matching:matches")):
                assert "canary-note" not in actor.client.get(path).content.decode()
            assert "canary-note" not in actor.api.get(f"/api/v1/matches/{pair.uid}/").content.decode()


@pytest.mark.parametrize("who", ["miner", "tenant", "stranger", "unverified_broker", "visitor"])
def test_nobody_else_works_at_the_desk(pair, broker, request, who):
    review = decide(by=broker.reader, request=pair.request, offer=pair.offer, decision="approved", now=NOON)
    actor = request.getfixturevalue(who)
    undo = reverse("matching:undo_review", args=[review.uid])
    asked = {"request": str(pair.request.uid), "offer": str(pair.offer.uid), "decision": "none", "note": "x"}
    refused = 302 if who == "visitor" else 403

    assert actor.client.get(DESK).status_code == refused
    assert press(actor, pair, "rejected", follow=False, reason="price").status_code == refused
    assert actor.client.post(undo).status_code == refused
    assert actor.api.get(REVIEWS).status_code in (401, 403)
    assert actor.api.post(REVIEWS, asked).status_code in (401, 403)
    assert actor.api.post(f"{REVIEWS}{review.uid}/undo/").status_code in (401, 403)

    assert Review.objects.get().stands


class TestByRest:
    def asked(self, pair, **other):
        return {"request": str(pair.request.uid), "offer": str(pair.offer.uid), **other}

    def test_decide_list_and_undo(self, pair, broker):
        made = broker.api.post(REVIEWS, self.asked(pair, decision="rejected", reason="date"))
        assert made.status_code == 201
        assert made.json()["score"] == made.json()["score_now"] == pair.points

        [listed] = broker.api.get(REVIEWS, {"stands": "true"}).json()["results"]
        assert (listed["decision"], listed["reopened"]) == ("rejected", False)

        undone = broker.api.post(f"{REVIEWS}{listed['uid']}/undo/")
        assert undone.json()["stands"] is False
        assert broker.api.post(f"{REVIEWS}{listed['uid']}/undo/").json()["code"] == "no_longer_stands"

    def test_a_key_repeated_has_one_effect(self, pair, broker):
        asked = self.asked(pair, decision="none", note="Call.")
        answers = [broker.api.post(REVIEWS, asked, HTTP_IDEMPOTENCY_KEY="k") for _ in range(3)]

        assert len({answer.content for answer in answers}) == 1
        assert Review.objects.count() == 1

    def test_what_makes_no_sense_is_named(self, pair, broker):
        wrong = broker.api.post(REVIEWS, self.asked(pair, decision="rejected"))
        assert wrong.json()["errors"][0]["pointer"] == "/reason"

        unknown = broker.api.post(REVIEWS, {**self.asked(pair, decision="approved"), "offer": str(pair.uid)})
        assert unknown.json()["errors"][0]["pointer"] == "/offer"

        listings.move_post(post=pair.offer, to="paused", now=NOON)
        gone = broker.api.post(REVIEWS, self.asked(pair, decision="approved"))
        assert (gone.status_code, gone.json()["code"]) == (409, "no_match")

    def test_another_brokers_review_is_not_there(self, pair, broker):
        uid = broker.api.post(REVIEWS, self.asked(pair, decision="approved")).json()["uid"]
        rival = found("Other Brokers", Kind.BROKER, verified=True)

        assert rival.api.get(REVIEWS).json()["results"] == []
        assert rival.api.get(f"{REVIEWS}{uid}/").status_code == 404
        assert rival.api.post(f"{REVIEWS}{uid}/undo/").status_code == 404


PATIENCE_MS = 10_000


@pytest.fixture
def at_desk(browser, live_server, broker):
    """The broker's browser, signed in; with or without JavaScript."""
    opened = []

    def open_desk(**how) -> Page:
        context = browser.new_context(base_url=live_server.url, **how)
        context.set_default_timeout(PATIENCE_MS)
        cookie = broker.client.cookies["sessionid"]
        context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        opened.append(context)
        page: Page = context.new_page()
        page.goto(DESK)
        return page

    yield open_desk
    for context in opened:
        context.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInABrowser:
    @pytest.fixture(autouse=True)
    def market(self, make, broker):
        make.site(name="Amber Ridge", ask_usd_kw_month=110)
        make.site(name="Lake Mariner", ask_usd_kw_month=140)
        make.request(title="Aurora campus", steps=[step(critical_mw=30)])
        make.request(title="Kestrel", steps=[step(critical_mw=5)])
        drain(now=NOON)

    def at_work(self, page: Page, title: str) -> None:
        expect(page.locator("#desk-detail-title")).to_contain_text(title)

    def press(self, page: Page, key: str) -> None:
        """Once the page has its keys."""
        expect(page.locator(".desk[data-keys]")).to_be_attached()
        page.keyboard.press(key)

    def row(self, page: Page, title: str):
        return page.get_by_role("row").filter(has_text=title)

    def test_by_keyboard_alone(self, at_desk):
        page = at_desk()
        self.at_work(page, "Amber Ridge for Aurora campus")

        self.press(page, "j")
        self.at_work(page, "Lake Mariner for Aurora campus")
        self.press(page, "r")
        expect(page.get_by_label("Reason")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("jakarta")  # letters typed into a field are no commands
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(self.row(page, "Lake Mariner")).to_contain_text("rejected")
        expect(page.get_by_text("jakarta")).to_be_visible()

        self.press(page, "u")
        expect(self.row(page, "Lake Mariner")).not_to_contain_text("rejected")

        self.press(page, "k")
        self.at_work(page, "Amber Ridge for Aurora campus")
        self.press(page, "a")
        expect(self.row(page, "Amber Ridge")).to_contain_text("approved")

        self.press(page, "n")
        page.keyboard.type("Call on Monday.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Call on Monday.")).to_be_visible()

        self.press(page, "j")
        self.at_work(page, "Lake Mariner for Aurora campus")
        self.press(page, "j")
        self.at_work(page, "for Kestrel")

    def test_the_keys_explain_themselves_and_can_be_turned_off(self, at_desk):
        page = at_desk()
        self.press(page, "?")
        help_ = page.get_by_role("dialog", name="Keys")
        expect(help_).to_be_visible()

        help_.get_by_label("Use these keys on this device").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("a")
        page.reload()
        page.keyboard.press("a")

        expect(page.get_by_role("heading", name="Amber Ridge for Aurora campus")).to_be_visible()
        assert not Review.objects.exists()

    def test_without_javascript_everything_works(self, at_desk):
        page = at_desk(java_script_enabled=False)
        self.row(page, "Lake Mariner").get_by_role("link").click()
        self.at_work(page, "Lake Mariner for Aurora campus")

        page.locator("summary", has_text="Reject").click()
        page.get_by_label("Reason").select_option(label="The price is too far off")
        page.get_by_role("button", name="Reject this match").click()
        expect(self.row(page, "Lake Mariner")).to_contain_text("rejected")

        page.get_by_role("link", name="Rejected", exact=True).click()
        self.at_work(page, "Lake Mariner for Aurora campus")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("Taken back.")).to_be_visible()

    @pytest.mark.parametrize(("width", "height"), [(1280, 800), (2560, 1300), (360, 740)])
    def test_however_long_the_list_the_decision_stays_in_sight(self, make, at_desk, width, height):
        make.sites(30)
        drain(now=NOON)
        page = at_desk(viewport={"width": width, "height": height})
        last = page.locator(".desk-table tbody tr").last

        last.get_by_role("link").click()

        expect(last).to_have_attribute("aria-current", "true")
        expect(last).to_be_in_viewport()
        expect(page.get_by_role("button", name="Approve")).to_be_in_viewport()

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_it_fits_a_telephone(self, at_desk, theme):
        page = at_desk(viewport={"width": 360, "height": 740}, color_scheme=theme)

        assert page.evaluate("document.documentElement.scrollWidth") <= 360
