"""Owners change their posts in a browser, and nobody else does."""

import pytest
from django.urls import reverse

from listings import services
from listings.models import Post, Site
from tests.cast import NOON
from tests.listings.forms import SITE, opened
from tests.typed import typed


class TestChanging:
    def test_a_change_is_stored_and_the_phases_keep_who_they_are(self, make, miner):
        site = make.site()
        before = site.phases.get().uid
        form = opened(miner, "site_edit", site.uid)

        changes = {"name": "Pecos Two", "phases-0-critical_mw": "44"}
        miner.client.post(reverse("listings:site_edit", args=[site.uid]), {**form, **changes})

        site.refresh_from_db()
        assert (site.name, site.phases.get().uid) == ("Pecos Two", before)
        assert site.phases.get().critical_mw == 44

    def test_a_form_sent_back_untouched_changes_nothing(self, make, miner, tenant):
        posts = [(miner, "site", make.site()), (miner, "gpu_pool", make.pool())]
        posts += [(tenant, "request", make.request()), (tenant, "request", make.gpu_request())]
        for actor, name, post in posts:
            form = opened(actor, f"{name}_edit", post.uid)

            page = actor.client.post(reverse(f"listings:{name}_edit", args=[post.uid]), form)

            assert page.status_code == 302, page.content
            assert Post.objects.get(pk=post.pk).version == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_stale_form_shows_both_and_stores_neither_until_asked_again(self, make, miner):
        site = make.site()
        address = reverse("listings:site_edit", args=[site.uid])
        form = opened(miner, "site_edit", site.uid)
        services.update_site(site=site, fields={"name": "Changed meanwhile"}, now=NOON)

        page = miner.client.post(address, {**form, "name": "Typed by me"})

        assert page.status_code == 409
        assert "Stored now: Changed meanwhile" in page.content.decode()
        assert typed(page)["name"] == ["Typed by me"]
        site.refresh_from_db()
        assert site.name == "Changed meanwhile"

        miner.client.post(address, typed(page))

        site.refresh_from_db()
        assert site.name == "Typed by me"

    @pytest.mark.django_db(transaction=True)
    def test_a_stale_form_shows_the_phases_that_differ(self, make, miner):
        site = make.site()
        form = opened(miner, "site_edit", site.uid)
        services.update_phase(phase=site.phases.get(), fields={"critical_mw": 30}, now=NOON)

        page = miner.client.post(reverse("listings:site_edit", args=[site.uid]), form)

        assert "1 March 2027 · 30 · Construction" in page.content.decode()

    def test_an_assumed_value_says_so_until_its_owner_states_it(self, make, miner):
        site = make.site(assumed=["gross_mw"])
        form = opened(miner, "site_edit", site.uid)
        address = reverse("listings:site", args=[site.uid])
        assert "assumed" in miner.client.get(address).content.decode()

        miner.client.post(reverse("listings:site_edit", args=[site.uid]), {**form, "gross_mw": "120"})

        assert "assumed" not in miner.client.get(address).content.decode()


class TestRights:
    @pytest.mark.parametrize("who", ["other_miner", "tenant", "broker", "stranger"])
    def test_nobody_else_opens_or_sends_the_form(self, make, request, who):
        site, actor = make.site(), request.getfixturevalue(who)
        address = reverse("listings:site_edit", args=[site.uid])

        assert actor.client.get(address).status_code == 404
        assert actor.client.post(address, {"name": "Mine now"}).status_code == 404
        assert Site.objects.get().name == "Pecos One"

    @pytest.mark.parametrize(
        ("who", "name"),
        [("tenant", "site_new"), ("broker", "gpu_pool_new"), ("miner", "request_new")],
    )
    def test_the_wrong_side_is_refused(self, request, who, name):
        actor = request.getfixturevalue(who)

        assert actor.client.get(reverse(f"listings:{name}")).status_code == 403
        assert actor.client.post(reverse(f"listings:{name}"), SITE).status_code == 403
        assert not Post.objects.exists()

    def test_a_visitor_signs_in_first(self, visitor):
        address = reverse("listings:site_new")

        assert visitor.client.get(address).headers["Location"] == f"{reverse('account_login')}?next={address}"

    def test_who_has_no_organization_founds_one_first(self, newcomer):
        answer = newcomer.client.get(reverse("listings:request_new"))

        assert answer.headers["Location"] == reverse("accounts:create_organization")

    def test_a_member_may_do_what_the_owner_may(self, make, miner_member):
        site = make.site()
        form = opened(miner_member, "site_edit", site.uid)

        miner_member.client.post(reverse("listings:site_edit", args=[site.uid]), {**form, "name": "Ours"})

        site.refresh_from_db()
        assert site.name == "Ours"
