"""The map over a list: every place counts what its reader may see there, and leads to it."""

import pytest
from django.urls import reverse

from tests.factories import phase


def places(answer):
    return {place.code: place for place in answer.context["map"].places}


def read(actor, name, **query):
    return actor.client.get(reverse(f"listings:{name}"), query).content.decode()


def test_a_site_counts_in_its_country_and_where_it_may_be_known_in_its_grid(make, visitor, tenant):
    make.site(disclosure="open", phases=[phase(critical_mw=40)])
    make.site(disclosure="blind", phases=[phase(critical_mw=60)])
    address = reverse("listings:sites")

    told = places(tenant.client.get(address, {"view": "map"}))
    outside = places(visitor.client.get(address, {"view": "map"}))

    # The middles of 20–50 and of 50–100, not the 40 and 60 that stand in the posts.
    assert {code: (place.amount.posts, place.size) for code, place in told.items()} == {
        "US": (2, "110 MW"),
        "ERCOT": (1, "35 MW"),
    }
    assert set(outside) == {"US"}


def test_a_pool_counts_its_gpus_where_its_site_is_or_it_stands_itself(make, visitor, tenant):
    norway = make.site(country="NO", region="", grid="NO2", disclosure="blind")
    make.pool(at_site=norway, gpus=1_024)
    make.pool(country="US", grid="PJM", gpus=600, largest_cluster_gpus=600)
    make.pool(country="US", grid="PJM", gpus=16_000, disclosure="blind")
    address = reverse("listings:gpu_pools")

    told = places(tenant.client.get(address, {"view": "map"}))
    outside = places(visitor.client.get(address, {"view": "map"}))

    # The middles of 1,024–4,096, of 256–1,024 and of 4,096–16,384.
    assert {code: (place.amount.posts, place.size) for code, place in told.items()} == {
        "US": (2, "10.9k GPUs"),
        "NO": (1, "2,560 GPUs"),
        "NO2": (1, "2,560 GPUs"),
        "PJM": (1, "640 GPUs"),
    }
    assert set(outside) == {"US", "NO"}


@pytest.mark.parametrize("many", ["sites", "gpu_pools", "requests"])
def test_each_place_leads_to_the_list_that_it_counts(make, visitor, tenant, miner, many):
    for mode in ("open", "blind"):
        make.site(disclosure=mode)
        norway = make.site(country="NO", region="", grid="NO2", disclosure=mode)
        make.site(country="AE", region="", grid="EWEC", disclosure=mode)
        make.pool(at_site=norway, disclosure=mode)
        make.pool(country="AE", grid="EWEC", disclosure=mode)
        make.pool(disclosure=mode)
        make.request(countries=["US", "NO"], grids=["ERCOT", "NO2"], disclosure=mode)
        make.request(countries=[], excluded_countries=["NO"], disclosure=mode)
        make.gpu_request(countries=["SG"], grids=["PJM"], disclosure=mode)

    for asking in (visitor, tenant, miner):
        found = places(asking.client.get(reverse(f"listings:{many}"), {"view": "map"}))
        assert len(found) > 2
        for place in found.values():
            held = asking.client.get(place.url).context
            assert held["count"] == place.amount.posts, place
            assert held["map"] is not None


def test_a_place_in_force_can_be_changed_and_let_go(make, tenant):
    make.site()
    make.site(grid="PJM", region="US-OH")

    page = tenant.client.get(reverse("listings:sites"), {"view": "map", "grid": "PJM", "cooling": "air"})

    found = places(page)
    assert found["PJM"].is_chosen
    assert found["PJM"].url == "/sites/?view=map&cooling=air"
    assert found["ERCOT"].url == "/sites/?view=map&grid=ERCOT&cooling=air"
    assert page.context["count"] == 1
    assert '<a id="tile-grid-PJM" href="/sites/?view=map&amp;cooling=air" ' in page.content.decode()


def test_it_is_a_table_as_well(make, visitor):
    make.site(country="AE", region="", grid="EWEC")

    page = read(visitor, "sites", view="map")

    link = '<a href="/sites/?view=map&amp;country=AE">United Arab Emirates</a>'
    assert f'<th scope="row">{link}</th><td class="number">1</td><td class="number">35</td>' in page


def test_the_table_of_pools_is_about_gpus(make, visitor):
    make.pool()

    page = read(visitor, "gpu_pools", view="map")

    assert '<th scope="col" class="number">About, GPUs</th>' in page
    link = '<a href="/gpu-pools/?view=map&amp;country=US">United States of America</a>'
    assert f'<th scope="row">{link}</th><td class="number">1</td><td class="number">2,560</td>' in page
