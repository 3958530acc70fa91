"""A request says what matters most to it, and its own list follows."""

import pytest

from matching.models import Match
from matching.services import drain
from tests.cast import NOON
from tests.factories import phase

pytestmark = pytest.mark.django_db(transaction=True)


def best_of(request):
    return Match.objects.filter(request=request).in_order()[0].offer.site.name


def test_whoever_wants_it_cheap_and_whoever_wants_it_sure_see_different_sites_first(make, tenant):
    make.site(name="Sure and dear", ask_usd_kw_month=172, phases=[phase(stage="ready_for_service")])
    make.site(name="Cheap and unsure", ask_usd_kw_month=90, phases=[phase(stage="contracted")])
    sure = make.request(power_weight_pct=80, timeline_weight_pct=10, terms_weight_pct=10)
    cheap = make.request(power_weight_pct=10, timeline_weight_pct=10, terms_weight_pct=80)
    drain(now=NOON)

    assert best_of(sure) == "Sure and dear"
    assert best_of(cheap) == "Cheap and unsure"
