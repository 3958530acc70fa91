"""Anyone can recompute a shown score from docs/matching.md and the API's answer alone."""

from collections import defaultdict
from typing import Any

import pytest

from matching.services import drain

pytestmark = pytest.mark.django_db(transaction=True)

WEIGHTS = {"power": 0.40, "timeline": 0.35, "terms": 0.25}
UNKNOWN = 0.25


def recomputed(match: dict[str, Any]) -> tuple[dict[str, float], float]:
    """The three dimensions and the total, from the criteria as they were shown."""
    dimensions: defaultdict[str, float] = defaultdict(float)
    for line in match["criteria"]:
        score = UNKNOWN if line["score"] is None else float(line["score"])
        dimensions[line["dimension"]] += score * float(line["weight"])
    total = 100.0
    for dimension, weight in WEIGHTS.items():
        total *= max(0.01, dimensions[dimension]) ** weight
    return dict(dimensions), total


def test_a_shown_score_follows_from_the_criteria_shown(make, miner, tenant):
    make.site(ask_usd_kw_month=150, interruptible_hours_per_year=40, required_credit="investment_grade")
    make.request(max_interruptible_hours=100, preferred_rack_kw=120, term_preferred_months=120)
    drain()

    match = tenant.api.get("/api/v1/matches/").json()["results"][0]

    dimensions, total = recomputed(match)
    assert total == pytest.approx(float(match["score"]), abs=1e-4)
    for dimension, share in dimensions.items():
        assert share == pytest.approx(float(match[dimension]), abs=1e-5)


def test_the_comparable_price_is_the_sum_of_its_parts(make, miner, tenant):
    make.site(ask_usd_kw_month=130, lease_basis="nnn", power_price_usd_mwh=48, pue_design="1.25")
    make.request()
    drain()

    price = tenant.api.get("/api/v1/matches/").json()["results"][0]["comparable_price"]

    assert [float(price[part]) for part in ("ask", "power", "operating_allowance", "fit_out")] == [
        130,
        37.23,  # 48 × 0.73 × 1.25 × 0.85
        12,
        0,
    ]
    assert float(price["total"]) == 179.23
