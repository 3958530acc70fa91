"""The comparable price of a match, part by part, and what stands in where the offer states nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from engine import STANDARD
from engine.price import MONEY
from engine.sentences import name, plain
from listings.models import Site
from listings.vocabulary import PostType
from listings.words import said

Shown = Mapping[str, Any]

_USUAL = {
    "pue_design": f"PUE {STANDARD.pue}, the usual value: the site states none.",
    "gross_per_critical": f"{STANDARD.gross_per_critical} gross MW per critical MW, the usual ratio: "
    "the site states no PUE at peak.",
    "conversion_paid_by": "The landlord pays the conversion, as is usual for what is delivered here: "
    "the site does not say.",
    "conversion_capex_usd_mw": f"Fitting out a powered shell costs "
    f"{STANDARD.powered_shell_capex_usd_mw / 1_000_000:.0f} M US$ per MW: the site states no figure.",
}


class Part(NamedTuple):
    label: str
    note: str
    amount: str


class Price(NamedTuple):
    """`assumed` are defaults that stand in for blanks, `rules` the constants of every price."""

    unit: str
    is_lease: bool
    parts: list[Part]
    total: str
    assumed: list[str]
    missing: list[str]
    rules: list[str]


def price_of(shown: Shown) -> Price | None:
    """The price card; None where the reader may not know the price."""
    price, offer = shown["comparable_price"], shown["offer"]
    if price is None:
        return None
    is_lease = offer["post_type"] != PostType.GPU_POOL
    return Price(
        unit="US$/kW-month" if is_lease else "US$/GPU-hour",
        is_lease=is_lease,
        parts=[part for part in _parts(price, offer) if part.amount],
        total=usd(price["total"]) or "not known",
        assumed=[_USUAL[field] for field in price["assumed"]],
        missing=[f"The {name(field)} is not stated, so there is no price yet." for field in price["missing"]],
        rules=_rules(price),
    )


def usd(amount: Decimal | None) -> str:
    """'179.23', or "" where it is not known."""
    return "" if amount is None else f"{amount:,.2f}"


def _parts(price: Shown, offer: Shown) -> list[Part]:
    basis = said(Site, "lease_basis", offer.get("lease_basis"))
    fit_out = f"spread over {price['term_months']} months"
    return [
        Part("Ask", basis, usd(price["ask"]) or "not stated"),
        Part("Power", _power(offer), _unless_zero(price["power"])),
        Part("Operating allowance", "", _unless_zero(price["operating_allowance"])),
        Part("Fit-out", fit_out, _unless_zero(price["fit_out"])),
    ]


def _unless_zero(amount: Decimal | None) -> str:
    """A part that this lease basis does not add is left out; one that is not known is named."""
    return "" if amount == 0 else usd(amount) or "not known"


def _power(offer: Shown) -> str:
    price, pue = offer.get("power_price_usd_mwh"), offer.get("pue_design") or STANDARD.pue
    return "" if price is None else f"{plain(price)} US$/MWh × PUE {plain(pue)}"


def _rules(price: Shown) -> list[str]:
    """The constants of docs/matching.md that this price was made with."""
    allowance = Decimal(STANDARD.operating_allowance) / MONEY
    lines = {
        "power": f"Power: {STANDARD.mwh_per_kw_month} MWh a kW-month at a load factor of "
        f"{STANDARD.load_factor}.",
        "operating_allowance": f"Taxes, insurance and maintenance under a triple-net lease: {allowance:.0f} "
        "US$ a kW-month.",
        "fit_out": f"Fit-out is paid off at {STANDARD.capital_rate * 100:.0f} % a year over the term.",
    }
    return [line for part, line in lines.items() if price[part]]
