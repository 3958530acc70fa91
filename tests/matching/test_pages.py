"""People read the matches of their posts, each as far as they may know them."""

from datetime import date

import pytest
from django.urls import reverse

from listings import services as listings
from listings.models import Change
from matching.models import Match
from matching.services import drain
from tests.cast import NOON
from tests.factories import phase, step


def read(actor, name, *args):
    return actor.client.get(reverse(f"matching:{name}", args=args)).content.decode()


@pytest.fixture
def pair(make):
    """A site and a request that fit, both open to the other side, matched."""
    site, request = make.site(), make.request()
    drain(now=NOON)
    return Match.objects.get(offer=site, request=request)


class TestOneMatch:
    def test_both_owners_read_every_reason(self, pair, miner, tenant):
        for actor in (miner, tenant):
            page = read(actor, "match", pair.uid)

            assert f'<strong class="figure">{round(pair.score)}</strong>' in page
            for word in (
                "Capacity",
                "First power",
                "Price",
                "Location",
                "Binding constraint",
                "Comparable price",
            ):
                assert word in page
            assert '<svg class="match-chart"' in page
            assert "June 2027" in page  # the chart's table

    def test_the_miner_does_not_learn_the_cap_nor_the_outside_date(self, pair, miner, tenant):
        miners, tenants = read(miner, "match", pair.uid), read(tenant, "match", pair.uid)

        assert "$220.00" in tenants
        assert "$220.00" not in miners
        assert "1 December 2027" in tenants
        assert "1 December 2027" not in miners

    def test_the_chart_marks_the_outside_date_for_its_owner_alone(self, pair, miner, tenant, broker):
        assert "outside date, first step" in read(tenant, "match", pair.uid)
        for other in (miner, broker):
            assert "outside date" not in read(other, "match", pair.uid)

    def test_a_price_that_rests_on_a_usual_value_says_which(self, make, tenant):
        make.site(pue_design=None)
        make.request()
        drain(now=NOON)

        page = read(tenant, "match", Match.objects.get().uid)

        assert "PUE 1.30, the usual value: the site states none." in page
        assert "40 US$/MWh × PUE 1.3" in page

    def test_the_owner_of_the_offer_alone_is_told_what_to_state(self, make, miner, tenant):
        make.site(required_security_months=None)
        make.request()
        drain(now=NOON)
        found = Match.objects.get()

        assert "Worth stating" in read(miner, "match", found.uid)
        assert "low end" in read(miner, "match", found.uid)
        assert "Worth stating" not in read(tenant, "match", found.uid)

    def test_what_binds_says_how_far_the_score_would_rise(self, pair, tenant):
        assert "this match rises to" in read(tenant, "match", pair.uid)

    def test_the_tenant_does_not_learn_the_floor(self, make, tenant):
        site = make.site(ask_floor_usd_kw_month="111.11")
        request = make.request()
        drain(now=NOON)
        found = Match.objects.get(offer=site)

        for page in (read(tenant, "match", found.uid), read(tenant, "of_post", request.uid)):
            assert "111.11" not in page

    def test_of_a_blind_site_only_the_outcome_is_told(self, make, tenant):
        make.site(disclosure="blind", name="Secret Flats", nearest_town="Zebulon", max_rack_kw="97.5")
        make.request(min_rack_kw=50)
        drain(now=NOON)
        found = Match.objects.get()

        page = read(tenant, "match", found.uid)

        assert "shows you only its teaser" in page
        assert "outcome-met" in page
        for secret in ("Secret Flats", "Zebulon", "97.5", "1 March 2027", "<svg class"):
            assert secret not in page

    @pytest.mark.parametrize("who", ["other_miner", "other_tenant", "stranger", "unverified_broker"])
    def test_nobody_else_knows_of_it(self, pair, request, who):
        actor = request.getfixturevalue(who)

        assert actor.client.get(reverse("matching:match", args=[pair.uid])).status_code == 404

    def test_a_broker_reads_it_but_no_reserve(self, pair, broker):
        page = read(broker, "match", pair.uid)

        assert "Pecos One" in page
        assert "$220.00" not in page

    @pytest.mark.parametrize("name", ["matches", "match", "of_post"])
    def test_a_visitor_signs_in_first(self, pair, visitor, name):
        args = {"matches": [], "match": [pair.uid], "of_post": [pair.request.uid]}[name]

        assert visitor.client.get(reverse(f"matching:{name}", args=args)).status_code == 302

    def test_while_a_post_has_changed_the_score_from_before_says_so(self, pair, tenant):
        Change.objects.create(post_id=pair.offer_id, version=1)

        assert "This is the score from before" in read(tenant, "match", pair.uid)

    def test_what_people_write_is_shown_as_text(self, make, tenant):
        make.site(name="<script>alert(1)</script>")
        request = make.request(title="<img src=x onerror=alert(1)>")
        drain(now=NOON)
        found = Match.objects.get()

        for page in (read(tenant, "match", found.uid), read(tenant, "of_post", request.uid)):
            assert "<script>alert" not in page
            assert "<img src=x" not in page


class TestMatchesOfAPost:
    def test_the_best_comes_first(self, make, tenant):
        request = make.request()
        make.site(name="Dear", ask_usd_kw_month=165)
        make.site(name="Cheap", ask_usd_kw_month=110)
        drain(now=NOON)

        page = read(tenant, "of_post", request.uid)

        assert page.index("Cheap") < page.index("Dear")

    def test_the_landlord_sees_a_score_of_their_own(self, pair, miner, tenant):
        assert "Landlord’s score" in read(miner, "of_post", pair.offer.uid)
        assert "Landlord’s score" not in read(tenant, "of_post", pair.request.uid)

    def test_each_match_tells_its_size_first_power_and_price(self, pair, tenant):
        (row,) = tenant.client.get(reverse("matching:of_post", args=[pair.request.uid])).context["rows"]

        assert (row.size, row.first) == ("40 MW", "1 March 2027")
        assert row.price.startswith("US$ 1")
        assert row.price.endswith("/kW-month")
        assert [bar.points for bar in row.bars] == [
            str(round(share * 100)) for share in (pair.power, pair.timeline, pair.terms)
        ]

    def test_of_a_blind_site_the_list_tells_bands(self, make, tenant):
        make.site(disclosure="blind", ask_usd_kw_month="131.31")
        request = make.request()
        drain(now=NOON)

        (row,) = tenant.client.get(reverse("matching:of_post", args=[request.uid])).context["rows"]

        assert (row.size, row.first, row.price) == ("20–50 MW", "2027-Q1", "US$ 125–150/kW-month")
        assert int(row.score) % 5 == 0
        assert {bar.points for bar in row.bars} == {""}

    def test_as_a_table_it_is_the_same_list(self, pair, tenant):
        page = tenant.client.get(reverse("matching:of_post", args=[pair.request.uid]) + "?view=table")

        assert "<table" in page.content.decode()
        assert "Pecos One" in page.content.decode()

    def test_a_request_tells_where_offers_were_lost_and_what_nearly_fits(self, make, tenant):
        request = make.request()
        make.site(name="Late Start", phases=[phase(ready_on=date(2028, 3, 1))])
        make.site(name="Far Away", country="NO", region="", grid="NO2", disclosure="blind")
        drain(now=NOON)

        page = read(tenant, "of_post", request.uid)

        assert "No match yet" in page
        assert "Offers that remain after each gate" in page
        assert "instead of 1 March 2028" in page
        assert "Far Away" not in page
        assert "not disclosed" in page

    def test_a_broker_is_not_told_how_far_the_tenant_would_go(self, make, broker):
        request = make.request(latest_on=date(2027, 12, 3))
        make.site(phases=[phase(ready_on=date(2028, 3, 1))])
        drain(now=NOON)

        page = read(broker, "of_post", request.uid)

        assert "Offer: ready about a quarter of a year earlier" in page
        assert "3 December 2027" not in page

    def test_an_unmatched_post_says_that_it_is_being_matched(self, make, tenant):
        assert "Matching…" in read(tenant, "of_post", make.request().uid)

    @pytest.mark.parametrize("who", ["miner", "other_tenant", "stranger"])
    def test_another_organizations_post_is_not_there(self, pair, request, who):
        actor = request.getfixturevalue(who)

        assert actor.client.get(reverse("matching:of_post", args=[pair.request.uid])).status_code == 404


class TestSideBySide:
    def compare(self, actor, matches):
        return actor.client.get(reverse("matching:compare"), {"m": [match.uid for match in matches]})

    @pytest.fixture
    def three(self, make):
        make.request()
        make.site(name="Cheap", ask_usd_kw_month=110)
        make.site(name="Dear", ask_usd_kw_month=165)
        make.site(name="Blind", disclosure="blind")
        drain(now=NOON)
        return list(Match.objects.all())

    def test_the_best_of_each_row_is_marked_in_words(self, three, tenant):
        page = self.compare(tenant, three)
        rows = {line.label: line.cells for line in page.context["comparison"].blocks[0].lines}
        titles = [column.title for column in page.context["comparison"].columns]

        best = {title for title, cell in zip(titles, rows["Price"], strict=True) if cell.is_best}
        assert best == {"Cheap"}
        assert "best</span>" in page.content.decode()

    def test_a_teaser_stays_one_beside_the_others(self, three, tenant):
        page = self.compare(tenant, three).content.decode()

        assert "Blind" not in page
        assert "rounded: teaser only" in page

    def test_others_matches_are_not_there(self, three, other_tenant):
        page = self.compare(other_tenant, three)

        assert "Nothing to compare" in page.content.decode()
        assert "Cheap" not in page.content.decode()

    def test_more_than_four_are_cut_and_nonsense_is_passed_over(self, make, tenant):
        make.sites(5)
        make.request()
        drain(now=NOON)

        page = self.compare(tenant, Match.objects.all())
        nonsense = tenant.client.get(reverse("matching:compare") + "?m=x&m=%00")

        assert len(page.context["comparison"].columns) == 4
        assert "Four fit side by side" in page.content.decode()
        assert nonsense.status_code == 200

    def test_it_costs_the_same_for_one_and_for_four(self, make, tenant, django_assert_num_queries):
        make.sites(4)
        make.request()
        drain(now=NOON)
        found = list(Match.objects.all())

        for chosen in (found[:1], found):
            with django_assert_num_queries(10):
                self.compare(tenant, chosen)


class TestMatchesOfAll:
    def test_each_post_with_its_count_and_best_score(self, pair, tenant):
        page = read(tenant, "matches")

        assert "Training campus" in page
        assert f'data-label="Best score">{round(pair.score)}' in page.replace("\n", "").replace("  ", "")

    def test_the_best_score_of_a_blind_match_is_rounded(self, make, tenant):
        make.site(disclosure="blind")
        make.request()
        drain(now=NOON)

        rows = tenant.client.get(reverse("matching:matches")).context["table"].rows

        assert int(rows[0][4].text) % 5 == 0

    def test_who_has_posted_nothing_is_told_what_to_do(self, miner):
        assert reverse("listings:site_new") in read(miner, "matches")

    @pytest.mark.parametrize("count", [1, 50])
    def test_pages_cost_the_same_at_any_size(self, make, tenant, count, django_assert_num_queries):
        make.sites(count)
        request = make.request(steps=[step(critical_mw=10)])
        make.requests(count - 1)
        drain(now=NOON)

        with django_assert_num_queries(6):  # session, user, reader, posts, two counts
            tenant.client.get(reverse("matching:matches"))
        with django_assert_num_queries(11):
            tenant.client.get(reverse("matching:of_post", args=[request.uid]))

    def test_a_paused_post_takes_its_matches_along(self, pair, miner, tenant):
        listings.move_post(post=pair.offer, to="paused", now=NOON)

        assert tenant.client.get(reverse("matching:match", args=[pair.uid])).status_code == 404
        assert "No match yet" in read(tenant, "of_post", pair.request.uid)
