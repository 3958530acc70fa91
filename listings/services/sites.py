"""What happens to sites and their phases."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction

from accounts.models import Organization
from common.bell import ring_on_commit
from common.errors import DomainError
from listings.models import Phase, Site
from listings.models.supply import SITE_ORDER
from listings.services.bands import band_site
from listings.services.code_names import free_code_name
from listings.services.filling import Faults, drop_marks, fill, in_order, require, save_changes, snapshot
from listings.services.posts import begin, change, judge_region, locked, stored
from listings.vocabulary import PostType, Status

PHASES_MAX = 24


class CapacityReserved(DomainError):
    """A deal holds what was to go."""

    code = "capacity_reserved"


class PhaseGone(DomainError):
    """Somebody has removed the phase since it was read."""

    code = "gone"


class Row(NamedTuple):
    """A phase, how it was stored, and where in the input it stands ("" or "phases.2.")."""

    phase: Phase
    before: Mapping[str, Any]
    at: str


@transaction.atomic
def create_site(
    *,
    organization: Organization,
    fields: Mapping[str, Any],
    phases: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Site:
    """Put a site on the market, or keep it as a draft (`status`), with phases of critical MW.

    Raises InvalidInput with one sentence for each field at fault, WrongSide for anybody but a miner.
    """
    faults = Faults()
    site, rows = _draw_up(organization, fields, phases, now, faults)
    faults.raise_if_any()
    site.code_name = free_code_name()
    band_site(site, [row.phase for row in rows])
    site.save()
    for row in rows:
        row.phase.save()
    ring_on_commit()
    return stored(site)


def check_site(
    *,
    organization: Organization,
    fields: Mapping[str, Any],
    phases: Sequence[Mapping[str, Any]] = (),
    now: datetime,
) -> dict[str, str]:
    """What create_site would refuse, as {path: sentence}. Nothing is stored."""
    faults = Faults()
    _draw_up(organization, fields, phases, now, faults)
    return faults.fields


@transaction.atomic
def update_site(
    *,
    site: Site,
    fields: Mapping[str, Any],
    phases: Sequence[Mapping[str, Any]] | None = None,
    now: datetime,
) -> Site:
    """Change the named fields, and the phases if a list is given.

    The list is the whole of them: rows with a `uid` change that phase, rows without create one, phases that
    it does not name go. Raises InvalidInput, Withdrawn, CapacityReserved.
    """
    faults = Faults()
    site = locked(site)
    before = snapshot(site)
    existing = {str(phase.uid): phase for phase in _phases_of(site)}
    change(site, fields, today=now.date(), faults=faults)
    rows = (
        _rows(existing.values(), at="phases.") if phases is None else _merge(site, existing, phases, faults)
    )
    _judge(site, rows, faults, blame="gross_mw" if phases is None else None)
    faults.raise_if_any()
    drop_marks(site, before)
    return _save(site, before, rows, gone=existing.values() if phases is not None else ())


@transaction.atomic
def add_phase(*, site: Site, fields: Mapping[str, Any], now: datetime) -> Phase:
    """Add one phase to a site; its faults stand at its own fields."""
    faults = Faults()
    site = locked(site)
    new = Row(Phase(site=site), {}, "")
    fill(new.phase, fields, faults)
    require(new.phase, fields, faults)
    rows = [*_rows(_phases_of(site), at="phases."), new]
    _judge(site, rows, faults, blame="critical_mw")
    faults.raise_if_any()
    _save(site, snapshot(site), rows)
    return new.phase


@transaction.atomic
def update_phase(*, phase: Phase, fields: Mapping[str, Any], now: datetime) -> Phase:
    """Change the named fields of one phase. Raises InvalidInput, Withdrawn, PhaseGone."""
    faults = Faults()
    site = locked(phase.site)
    rows = _rows(_phases_of(site), at="")
    mine = _find(rows, phase)
    fill(mine.phase, fields, faults)
    _judge(site, rows, faults, blame="critical_mw")
    faults.raise_if_any()
    drop_marks(mine.phase, mine.before)
    _save(site, snapshot(site), rows)
    return mine.phase


@transaction.atomic
def remove_phase(*, phase: Phase, now: datetime) -> None:
    """Take a phase back, unless a deal has reserved part of it or an open site would have none left."""
    faults = Faults()
    site = locked(phase.site)
    rows = _rows(_phases_of(site), at="phases.")
    gone = _find(rows, phase)
    rows.remove(gone)
    _judge(site, rows, faults)
    faults.raise_if_any()
    _save(site, snapshot(site), rows, gone=[gone.phase])


def judge_opening(site: Site, faults: Faults) -> None:
    """What a draft must have before it can be open."""
    _judge(site, _rows(_phases_of(site), at="phases."), faults)


def _draw_up(
    organization: Organization,
    fields: Mapping[str, Any],
    phases: Sequence[Mapping[str, Any]],
    now: datetime,
    faults: Faults,
) -> tuple[Site, list[Row]]:
    """A new site and its phases, judged and not yet stored."""
    site = Site(organization=organization)
    begin(site, post_type=PostType.SITE, fields=fields, now=now, faults=faults)
    rows = _merge(site, {}, phases, faults)
    _judge(site, rows, faults)
    return site, rows


def _phases_of(site: Site) -> list[Phase]:
    return list(site.phases.order_by("ready_on", "pk"))


def _rows(phases: Collection[Phase], *, at: str) -> list[Row]:
    return [Row(phase, snapshot(phase), f"{at}{index}." if at else "") for index, phase in enumerate(phases)]


def _find(rows: Sequence[Row], phase: Phase) -> Row:
    found = next((row for row in rows if row.phase.pk == phase.pk), None)
    if found is None:
        raise PhaseGone("This phase was removed in the meantime.")
    return found


def _merge(
    site: Site, existing: Mapping[str, Phase], phases: Sequence[Mapping[str, Any]], faults: Faults
) -> list[Row]:
    """The phases as the list wants them; nothing is stored yet."""
    rows: list[Row] = []
    for index, given in enumerate(phases):
        fields = dict(given)
        uid, at = fields.pop("uid", None), f"phases.{index}."
        phase = existing.get(str(uid)) if uid else Phase(site=site)
        if phase is None or any(row.phase is phase for row in rows):
            faults.add(f"{at}uid", "This site has no such phase left.")
            continue
        row = Row(phase, snapshot(phase) if uid else {}, at)
        fill(phase, fields, faults, at=at)
        if not uid:
            require(phase, fields, faults, at=at)
        else:
            drop_marks(phase, row.before)
        rows.append(row)
    return rows


def _judge(site: Site, rows: Sequence[Row], faults: Faults, *, blame: str | None = None) -> None:
    """The rules across fields. `blame` is the field at fault if the phases draw too much."""
    in_order(site, SITE_ORDER, faults)
    _judge_place(site, faults)
    _judge_halls(site, rows, faults)
    _judge_reserved(rows, faults)
    _judge_draw(site, rows, faults, blame)
    if len(rows) > PHASES_MAX:
        faults.add("phases", f"A site has at most {PHASES_MAX} phases.")
    if site.status != Status.DRAFT:
        _judge_complete(site, rows, faults)


def _judge_complete(site: Site, rows: Sequence[Row], faults: Faults) -> None:
    if not rows and not faults.under("phases."):
        faults.add("phases", "An open site needs at least one phase.")
    for name in ("term_min_months", "term_max_months"):
        if getattr(site, name) is None:
            faults.add(name, "An open site says for how many months it can be leased.")


def _judge_place(site: Site, faults: Faults) -> None:
    judge_region(site, faults)
    if (site.latitude is None) != (site.longitude is None):
        missing = "latitude" if site.latitude is None else "longitude"
        faults.add(missing, "Latitude and longitude go together.")


def _judge_halls(site: Site, rows: Sequence[Row], faults: Faults) -> None:
    for hall, at in ((site, ""), *((row.phase, row.at) for row in rows)):
        for name in ("cooling", "delivery_types"):
            if getattr(hall, name) == []:
                faults.add(at + name, "Name at least one, or leave it unknown (null).")


def _judge_reserved(rows: Sequence[Row], faults: Faults) -> None:
    for row in rows:
        if row.phase.critical_mw is not None and row.phase.critical_mw < row.phase.reserved_mw:
            faults.add(f"{row.at}critical_mw", f"Deals hold {row.phase.reserved_mw.normalize():f} MW of it.")


def _judge_draw(site: Site, rows: Sequence[Row], faults: Faults, blame: str | None) -> None:
    """Σ critical MW × PUE (peak, else design, else 1) stays within gross MW."""
    faulty = {path.rpartition(".")[2] for path in faults.fields}
    if faulty & {"gross_mw", "pue_design", "pue_peak", "critical_mw", "uid"}:
        return
    pue = site.pue_peak or site.pue_design or Decimal(1)
    drawn = Decimal(0)
    for row in rows:
        drawn += row.phase.critical_mw * pue
        if drawn > site.gross_mw:
            limit = f"{site.gross_mw.normalize():f} MW gross"
            sentence = f"With a PUE of {pue.normalize():f} the phases draw more than {limit}."
            faults.add(blame or f"{row.at}critical_mw", sentence)
            return


def _save(
    site: Site, before: Mapping[str, Any], rows: Sequence[Row], *, gone: Collection[Phase] = ()
) -> Site:
    for phase in gone:
        if all(row.phase is not phase for row in rows):
            _delete(phase)
    for row in rows:
        if row.phase.pk:
            save_changes(row.phase, row.before)
        else:
            row.phase.save()
    band_site(site, [row.phase for row in rows])
    save_changes(site, before)
    ring_on_commit()
    return stored(site)


def _delete(phase: Phase) -> None:
    """One statement decides, so that a deal that reserves at this moment wins or loses, never half."""
    if not Phase.objects.filter(pk=phase.pk, reserved_mw=0).delete()[0]:
        raise CapacityReserved(f"Deals hold part of the phase of {phase.ready_on}; it cannot go.")
