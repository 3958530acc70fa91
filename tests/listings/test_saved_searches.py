"""A member keeps a search and is told what is new in it: on the site within the hour, by mail once a day."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from listings import services
from listings.models import SavedSearch
from listings.searches import stop_token, tell_next
from tests.factories import phase
from tests.texts import find

NOW = timezone.now()
TOMORROW = NOW + timedelta(days=1, minutes=5)


def save(actor, name="Big in the US", catalogue="site", query="country=US&min_mw=20"):
    asked = {"name": name, "catalogue": catalogue, "query": query}
    actor.client.post(reverse("listings:saved_search_new"), asked)
    return SavedSearch.objects.filter(name=name).first()


def news_of(actor):
    page = actor.client.get(reverse("listings:saved_searches"))
    return {line.search.name: line.search.new for line in page.context["lines"]}


class TestWhatIsNew:
    def test_a_mail_tells_what_came_since_and_nothing_older(self, make, tenant, mailoutbox):
        make.site(name="Old Flats")
        save(tenant)
        make.site(name="New Flats")
        make.site(name="Small Flats", phases=[phase(critical_mw=5)])

        tell_next(now=TOMORROW)

        [letter] = mailoutbox
        assert letter.recipients() == [tenant.user.email]
        assert letter.subject == "1 new post in your saved searches"
        assert "- New Flats: 20–50 MW, United States of America, 2027-Q1, US$ 125–150/kW-month" in letter.body
        assert "Old Flats" not in letter.body
        assert "Small Flats" not in letter.body
        [(html, kind)] = letter.alternatives
        assert kind == "text/html"
        assert "<li>New Flats: 20–50 MW" in html

    def test_the_mail_leads_to_the_list_and_then_nothing_is_new(self, make, tenant, mailoutbox):
        search = save(tenant, query="country=US&cooling=air&cooling=immersion&sort=newest&view=cards")
        make.site()
        tell_next(now=TOMORROW)
        assert news_of(tenant) == {"Big in the US": 1}
        assert "<strong" in tenant.client.get(reverse("listings:sites")).content.decode()

        answer = tenant.client.get(
            find(rf"https://switchyard.test(/searches/{search.uid}/)", mailoutbox[0].body)
        )

        assert answer.headers["Location"] == "/sites/?cooling=air&cooling=immersion&country=US"
        assert news_of(tenant) == {"Big in the US": 0}

    def test_a_post_that_comes_to_fit_is_news_once(self, make, tenant, mailoutbox):
        site = make.site(ask_usd_kw_month=190)
        save(tenant, query="below_usd_kw_month=125")
        services.update_site(site=site, fields={"ask_usd_kw_month": 120}, now=NOW)
        tell_next(now=TOMORROW)
        assert len(mailoutbox) == 1

        services.update_site(site=site, fields={"notes": "Changed, and fits as before."}, now=NOW)
        tell_next(now=TOMORROW + timedelta(days=2))

        assert len(mailoutbox) == 1

    def test_what_leaves_the_market_before_the_mail_is_no_news(self, make, tenant, mailoutbox):
        save(tenant)
        site = make.site()
        tell_next(now=NOW + timedelta(hours=2))
        assert news_of(tenant) == {"Big in the US": 1}

        services.move_post(post=site, to="paused", now=NOW)
        tell_next(now=TOMORROW)

        assert news_of(tenant) == {"Big in the US": 0}
        assert mailoutbox == []

    def test_a_blind_post_is_told_as_its_teaser(self, make, tenant, mailoutbox):
        save(tenant)
        site = make.site(name="Zebulon", disclosure="blind", nearest_town="Zebulon")

        tell_next(now=TOMORROW)

        assert f"- {site.code_name}: 20–50 MW" in mailoutbox[0].body
        assert "Zebulon" not in mailoutbox[0].body

    def test_hidden_grids_make_no_news(self, make, tenant, stranger, mailoutbox):
        for asking in (tenant, stranger):
            save(asking, name=asking.organization.name, query="grid=ERCOT")
        make.site(disclosure="blind")
        make.site(disclosure="open")

        while tell_next(now=TOMORROW):
            pass

        assert [letter.recipients() for letter in mailoutbox] == [[tenant.user.email]]
        assert mailoutbox[0].subject.startswith("1 new")

    def test_the_front_page_says_how_many_since_when(self, make, tenant):
        save(tenant)
        make.site()
        tell_next(now=TOMORROW)

        page = tenant.client.get(reverse("home")).content.decode()

        assert "Big in the US</a>" in page
        assert f"<strong>1 new</strong> since {timezone.localdate():%A}, " in page


class TestHowOften:
    def test_one_mail_a_day_for_all_searches_of_a_member(self, make, tenant, mailoutbox):
        save(tenant)
        save(tenant, name="Turnkey", query="delivery_type=turnkey")
        make.site()
        tell_next(now=NOW + timedelta(hours=2))
        assert mailoutbox == []

        tell_next(now=TOMORROW)
        make.site()
        tell_next(now=TOMORROW + timedelta(hours=3))

        [letter] = mailoutbox
        assert "Big in the US, 1 new" in letter.body
        assert "Turnkey, 1 new" in letter.body

    def test_long_news_are_cut_short(self, make, tenant, mailoutbox):
        save(tenant)
        make.sites(12)

        tell_next(now=TOMORROW)

        assert mailoutbox[0].body.count("\n- Pecos") == 10
        assert "- and 2 more" in mailoutbox[0].body

    def test_a_mail_that_nobody_takes_goes_out_later(self, make, tenant, mailoutbox, settings):
        save(tenant)
        make.site()
        taken = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        tell_next(now=TOMORROW)

        settings.EMAIL_BACKEND = taken
        assert not tell_next(now=TOMORROW + timedelta(minutes=5))
        tell_next(now=TOMORROW + timedelta(minutes=20))

        assert [letter.subject for letter in mailoutbox] == ["1 new post in your saved searches"]

    def test_what_is_paused_is_not_told(self, make, tenant, mailoutbox):
        search = save(tenant)
        tenant.client.post(reverse("listings:saved_search_change", args=[search.uid]), {"is_paused": "yes"})
        make.site()

        tell_next(now=TOMORROW)

        assert mailoutbox == []

    def test_whoever_leaves_the_organization_is_told_nothing(self, make, miner_member, mailoutbox):
        save(miner_member, catalogue="request", query="")
        make.request()
        Membership.objects.filter(user=miner_member.user).delete()

        assert not tell_next(now=TOMORROW)
        assert not SavedSearch.objects.exists()


class TestStoppingTheMail:
    def test_the_link_asks_and_needs_no_sign_in(self, make, tenant, mailoutbox):
        save(tenant)
        make.site()
        tell_next(now=TOMORROW)
        [letter] = mailoutbox
        link = find(r"https://switchyard.test(/searches/stop/\S+)", letter.body)
        assert letter.extra_headers["List-Unsubscribe"] == f"<https://switchyard.test{link}>"
        anybody = Client(enforce_csrf_checks=True)

        assert "Stop the mails" in anybody.get(link).content.decode()
        make.site()
        tell_next(now=TOMORROW + timedelta(days=2))
        assert len(mailoutbox) == 2  # looking at it has changed nothing

        anybody.post(link, {"List-Unsubscribe": "One-Click"})
        make.site()
        tell_next(now=TOMORROW + timedelta(days=4))
        assert len(mailoutbox) == 2
        assert news_of(tenant) == {"Big in the US": 3}

        tenant.client.post(reverse("listings:saved_searches"), {"is_mailed": "yes"})
        tell_next(now=TOMORROW + timedelta(days=5))
        assert len(mailoutbox) == 3

    def test_a_link_that_was_changed_stops_nothing(self, tenant, visitor):
        token = stop_token(save(tenant).digest)

        answer = visitor.client.post(reverse("listings:stop_mail", args=[token[:-1] + "~"]))

        assert answer.status_code == 400
        assert SavedSearch.objects.get().digest.is_mailed


class TestThePages:
    def test_a_list_offers_to_save_it_to_members_only(self, tenant, visitor):
        page = tenant.client.get(reverse("listings:sites"), {"country": "US", "sort": "newest"})

        assert 'name="query" value="country=US"' in page.content.decode()
        assert "Save this search" not in visitor.client.get(reverse("listings:sites")).content.decode()

    def test_rename_and_delete_ask_and_tell(self, tenant):
        search = save(tenant)
        save(tenant, name="Taken")
        change = reverse("listings:saved_search_change", args=[search.uid])

        assert (
            "This name is taken"
            in tenant.client.post(change, {"name": "Taken"}, follow=True).content.decode()
        )
        tenant.client.post(change, {"name": " Large  sites "})
        assert set(news_of(tenant)) == {"Large sites", "Taken"}

        delete = reverse("listings:saved_search_delete", args=[search.uid])
        assert "Delete Large sites?" in tenant.client.post(delete).content.decode()
        tenant.client.post(delete, {"sure": "yes"})
        assert set(news_of(tenant)) == {"Taken"}

    def test_there_are_twenty_at_most(self, tenant):
        for number in range(20):
            save(tenant, name=f"Search {number}")

        answer = tenant.client.post(
            reverse("listings:saved_search_new"), {"name": "More", "catalogue": "site"}, follow=True
        )

        assert "You have 20 saved searches" in answer.content.decode()
        assert SavedSearch.objects.count() == 20

    def test_each_member_has_their_own(self, miner, miner_member):
        search = save(miner, catalogue="request", query="")

        assert news_of(miner_member) == {}
        for name in ("saved_search_change", "saved_search_delete"):
            answer = miner_member.client.post(reverse(f"listings:{name}", args=[search.uid]), {"sure": "yes"})
            assert answer.status_code == 404
        assert SavedSearch.objects.count() == 1

    def test_a_filter_that_is_none_is_refused(self, tenant):
        answer = tenant.client.post(
            reverse("listings:saved_search_new"),
            {"name": "Odd", "catalogue": "site", "query": "min_mw=21"},
            follow=True,
        )

        assert "One of the filters is not among the choices" in answer.content.decode()
        assert not SavedSearch.objects.exists()


class TestRest:
    url = "/api/v1/saved-searches/"
    body = {"name": "Cool", "catalogue": "site", "query": {"cooling": "air,immersion", "min_mw": "20"}}

    def test_a_search_is_saved_read_changed_and_deleted(self, make, tenant):
        made = tenant.api.post(self.url, self.body, headers={"Idempotency-Key": "1"})
        again = tenant.api.post(self.url, self.body, headers={"Idempotency-Key": "1"})
        assert (made.status_code, made.json()) == (201, again.json())
        make.site()
        tell_next(now=TOMORROW)
        one = made.headers["Location"]
        assert tenant.api.get(one).json()["new"] == 1

        assert tenant.api.patch(one, {"is_paused": True}).status_code == 428
        tag = {"If-Match": made.headers["ETag"]}
        assert tenant.api.patch(one, {"is_paused": True}, headers=tag).json()["is_paused"] is True
        assert tenant.api.delete(one, headers=tag).status_code == 412
        assert tenant.api.delete(one, headers={"If-Match": "*"}).status_code == 204
        assert tenant.api.get(self.url).json()["results"] == []

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [({"cooling": "steam"}, "/query/cooling"), ({"power_redundancy": "2n"}, "/query/power_redundancy")],
    )
    def test_a_wrong_filter_is_pointed_at(self, tenant, query, pointer):
        answer = tenant.api.post(self.url, {**self.body, "query": query})

        assert answer.status_code == 400
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    def test_nobody_finds_those_of_others(self, tenant, miner, newcomer):
        one = tenant.api.post(self.url, self.body).headers["Location"]

        assert miner.api.get(one).status_code == 404
        assert miner.api.get(self.url).json()["results"] == []
        assert newcomer.api.get(self.url).status_code == 403


def test_the_account_menu_leads_to_them_from_any_page(tenant, newcomer, visitor):
    link = f'<a href="{reverse("listings:saved_searches")}">Saved searches</a>'

    assert link in tenant.client.get(reverse("market:market")).content.decode()
    for outsider in (newcomer, visitor):  # acts for no organization, so has none
        assert link not in outsider.client.get(reverse("market:market")).content.decode()


@pytest.mark.parametrize("count", [1, 20])
def test_the_pages_cost_the_same_for_one_and_for_twenty(tenant, count, django_assert_num_queries):
    for number in range(count):
        save(tenant, name=f"Search {number}")

    with django_assert_num_queries(4):
        page = tenant.client.get(reverse("listings:saved_searches"))

    assert len(re.findall(r"Rename Search", page.content.decode())) == count
