"""A miner posts sites."""

from listings.models import Change


def test_a_posted_site_is_open_and_awaits_matching(make):
    site = make.site()

    assert site.status == "open"
    assert list(Change.objects.values_list("post_id", "version")) == [(site.pk, 1)]
