"""The comparable price of a match, part by part, and what stands in where the offer states nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from engine import STANDARD
from engine.price import MONEY
from engine.sentences import name, plain
from listings.models import Site
from listings.vocabulary import PostType
from listings.words import said

Shown = Mapping[str, Any]

_USUAL = {
    "pue_design": lazy("PUE {pue}, the usual value: the site states none."),
    "gross_per_critical": lazy(
        "{ratio} gross MW per critical MW, the usual ratio: the site states no PUE at peak."
    ),
    "conversion_paid_by": lazy(
        "The landlord pays the conversion, as is usual for what is delivered here: the site does not say."
    ),
    "conversion_capex_usd_mw": lazy(
        "Fitting out a powered shell costs {millions} M US$ per MW: the site states no figure."
    ),
}
_FIGURES = {
    "pue": STANDARD.pue,
    "ratio": STANDARD.gross_per_critical,
    "millions": f"{STANDARD.powered_shell_capex_usd_mw / 1_000_000:.0f}",
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
        unit=_("US$/kW-month") if is_lease else _("US$/GPU-hour"),
        is_lease=is_lease,
        parts=[part for part in _parts(price, offer) if part.amount],
        total=usd(price["total"]) or _("not known"),
        assumed=[str(_USUAL[field]).format(**_FIGURES) for field in price["assumed"]],
        missing=[
            _("The {field} is not stated, so there is no price yet.").format(field=name(field))
            for field in price["missing"]
        ],
        rules=_rules(price),
    )


def usd(amount: Decimal | None) -> str:
    """'179.23', or "" where it is not known."""
    return "" if amount is None else f"{amount:,.2f}"


def _parts(price: Shown, offer: Shown) -> list[Part]:
    basis = said(Site, "lease_basis", offer.get("lease_basis"))
    fit_out = _("spread over {months} months").format(months=price["term_months"])
    return [
        Part(_("Ask"), basis, usd(price["ask"]) or _("not stated")),
        Part(_("Power"), _power(offer), _unless_zero(price["power"])),
        Part(_("Operating allowance"), "", _unless_zero(price["operating_allowance"])),
        Part(_("Fit-out"), fit_out, _unless_zero(price["fit_out"])),
    ]


def _unless_zero(amount: Decimal | None) -> str:
    """A part that this lease basis does not add is left out; one that is not known is named."""
    return "" if amount == 0 else usd(amount) or _("not known")


def _power(offer: Shown) -> str:
    price, pue = offer.get("power_price_usd_mwh"), offer.get("pue_design") or STANDARD.pue
    words = _("{price} US$/MWh × PUE {pue}")
    return "" if price is None else words.format(price=plain(price), pue=plain(pue))


def _rules(price: Shown) -> list[str]:
    """The constants of docs/matching.md that this price was made with."""
    allowance = Decimal(STANDARD.operating_allowance) / MONEY
    lines = {
        "power": _("Power: {mwh} MWh a kW-month at a load factor of {load}.").format(
            mwh=STANDARD.mwh_per_kw_month, load=STANDARD.load_factor
        ),
        "operating_allowance": _(
            "Taxes, insurance and maintenance under a triple-net lease: {usd} US$ a kW-month."
        ).format(usd=f"{allowance:.0f}"),
        "fit_out": _("Fit-out is paid off at {rate} % a year over the term.").format(
            rate=f"{STANDARD.capital_rate * 100:.0f}"
        ),
    }
    return [line for part, line in lines.items() if price[part]]
