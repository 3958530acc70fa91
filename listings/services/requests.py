"""What happens to capacity requests."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db import transaction
from django_countries import countries

from accounts.models import Organization
from common.bell import ring_on_commit
from listings.models import CapacityRequest, GpuWish, Step
from listings.models.demand import REQUEST_ORDER, WEIGHTS
from listings.services.bands import band_request
from listings.services.code_names import free_code_name
from listings.services.filling import Faults, drop_marks, fill, in_order, require, save_changes, snapshot
from listings.services.posts import begin, change, locked, stored
from listings.vocabulary import PostType, RequestKind, Status

STEPS_MAX = 24
WISHES_MAX = 20
HORIZON_YEARS = 10

_Rows = Sequence[Mapping[str, Any]]
_UNITS = {RequestKind.POWER: "critical_mw", RequestKind.GPU: "gpus"}


@transaction.atomic
def create_request(
    *,
    organization: Organization,
    fields: Mapping[str, Any],
    steps: _Rows,
    gpu_wishes: _Rows = (),
    now: datetime,
) -> CapacityRequest:
    """Ask for capacity: `steps` are rising totals in critical MW or GPUs (by `kind`), each from its date on.

    A GPU request wishes for one model at least (`gpu_wishes`: model, price_cap_usd_gpu_hour). Raises
    InvalidInput with one sentence for each field at fault, WrongSide for anybody but a tenant.
    """
    faults = Faults()
    request, ramp, wishes = _draw_up(organization, fields, steps, gpu_wishes, now, faults)
    faults.raise_if_any()
    request.code_name = free_code_name()
    band_request(request, ramp)
    request.save()
    Step.objects.bulk_create(ramp)
    GpuWish.objects.bulk_create(wishes)
    ring_on_commit()
    return stored(request)


def check_request(
    *,
    organization: Organization,
    fields: Mapping[str, Any],
    steps: _Rows = (),
    gpu_wishes: _Rows = (),
    now: datetime,
) -> dict[str, str]:
    """What create_request would refuse, as {path: sentence}. Nothing is stored."""
    faults = Faults()
    _draw_up(organization, fields, steps, gpu_wishes, now, faults)
    return faults.fields


@transaction.atomic
def update_request(
    *,
    request: CapacityRequest,
    fields: Mapping[str, Any],
    steps: _Rows | None = None,
    gpu_wishes: _Rows | None = None,
    now: datetime,
) -> CapacityRequest:
    """Change the named fields; a list of steps or wishes, if given, replaces the one before.

    Raises InvalidInput, Withdrawn.
    """
    faults = Faults()
    request = locked(request)
    before = snapshot(request)
    old_ramp, old_wishes = _ramp_of(request), list(request.gpu_wishes.select_related("model").order_by("pk"))
    change(request, fields, today=now.date(), faults=faults)
    if request.kind != before["kind"]:
        faults.add("kind", "The kind stays. Post a new request instead.")
    ramp = old_ramp if steps is None else _fill(Step, request, steps, "steps", faults)
    wishes = old_wishes if gpu_wishes is None else _fill(GpuWish, request, gpu_wishes, "gpu_wishes", faults)
    _settle_sites(request, fields)
    _judge(request, ramp, wishes, faults)
    faults.raise_if_any()
    drop_marks(request, before)
    band_request(request, ramp)
    save_changes(request, before)
    _replace(Step, old_ramp, ramp)
    _replace(GpuWish, old_wishes, wishes)
    ring_on_commit()
    return stored(request)


def judge_opening(request: CapacityRequest, faults: Faults) -> None:
    """What a draft must have before it can be open."""
    _judge(request, _ramp_of(request), list(request.gpu_wishes.all()), faults)


def _draw_up(
    organization: Organization,
    fields: Mapping[str, Any],
    steps: _Rows,
    gpu_wishes: _Rows,
    now: datetime,
    faults: Faults,
) -> tuple[CapacityRequest, list[Step], list[GpuWish]]:
    """A new request with its ramp and wishes, judged and not yet stored."""
    request = CapacityRequest(organization=organization)
    begin(request, post_type=PostType.REQUEST, fields=fields, now=now, faults=faults)
    ramp = _fill(Step, request, steps, "steps", faults)
    wishes = _fill(GpuWish, request, gpu_wishes, "gpu_wishes", faults)
    _settle_sites(request, fields)
    _judge(request, ramp, wishes, faults)
    return request, ramp, wishes


def _ramp_of(request: CapacityRequest) -> list[Step]:
    return list(request.steps.order_by("need_on"))


def _fill(model: Any, request: CapacityRequest, given: _Rows, name: str, faults: Faults) -> list[Any]:
    rows = []
    for index, fields in enumerate(given):
        row, at = model(request=request), f"{name}.{index}."
        fill(row, fields, faults, at=at)
        require(row, fields, faults, at=at)
        rows.append(row)
    return rows


def _replace(model: Any, old: list[Any], new: list[Any]) -> None:
    """Store the new rows in place of the old ones, unless they say the same."""
    if _content(old) != _content(new):
        model.objects.filter(pk__in=[row.pk for row in old]).delete()
        model.objects.bulk_create(new)


def _content(rows: list[Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in snapshot(row).items() if name != "id"} for row in rows]


def _settle_sites(request: CapacityRequest, fields: Mapping[str, Any]) -> None:
    """Who says "splittable" and no number means two sites."""
    if "max_sites" not in fields and request.splittable != (request.max_sites > 1):
        request.max_sites = 2 if request.splittable else 1


def _judge(request: CapacityRequest, ramp: list[Step], wishes: list[GpuWish], faults: Faults) -> None:
    """The rules that look at more than one field."""
    in_order(request, REQUEST_ORDER, faults)
    _judge_split(request, faults)
    _judge_weights(request, faults)
    _judge_places(request, faults)
    _judge_ramp(request, ramp, faults)
    _judge_wishes(request, wishes, faults)
    if request.status != Status.DRAFT and not ramp:
        faults.add("steps", "An open request needs at least one step.")


def _judge_split(request: CapacityRequest, faults: Faults) -> None:
    if request.splittable and not 2 <= request.max_sites <= 5:
        faults.add("max_sites", "A splittable request names 2 to 5 sites.")
    if not request.splittable and request.max_sites != 1:
        faults.add("max_sites", "Only a splittable request may use more than one site.")


def _judge_weights(request: CapacityRequest, faults: Faults) -> None:
    if faults.fields.keys() & set(WEIGHTS):
        return
    power, timeline, terms = (getattr(request, name) for name in WEIGHTS)
    if power + timeline + terms != 100:
        made = f"power {power}, timeline {timeline} and terms {terms} make {power + timeline + terms}"
        faults.add(WEIGHTS[0], f"The three weights must make 100: {made}.")


def _judge_places(request: CapacityRequest, faults: Faults) -> None:
    named = {country.code for country in request.countries}
    excluded = {country.code for country in request.excluded_countries}
    if both := sorted(named & excluded):
        faults.add("excluded_countries", f"{', '.join(both)} is wished for and excluded at once.")
    for region in request.regions:
        if region[:2] not in countries:
            faults.add("regions", f"{region} belongs to no country.")
        elif region[:2] in excluded:
            faults.add("regions", f"{region} lies in an excluded country.")


def _judge_ramp(request: CapacityRequest, ramp: list[Step], faults: Faults) -> None:
    if len(ramp) > STEPS_MAX:
        faults.add("steps", f"A ramp has at most {STEPS_MAX} steps.")
    if request.kind not in _UNITS:
        return
    unit = _UNITS[RequestKind(request.kind)]
    other = "gpus" if unit == "critical_mw" else "critical_mw"
    for index, step in enumerate(ramp):
        if getattr(step, unit) is None:
            faults.add(f"steps.{index}.{unit}", "This field is required.")
        if getattr(step, other) is not None:
            faults.add(f"steps.{index}.{other}", f"This request counts {unit}.")
    if ramp and not faults.under("steps."):
        _judge_rise(ramp, unit, faults)
        _judge_dates(request, ramp, faults)
        _judge_block(request, ramp, faults)


def _judge_rise(ramp: list[Step], unit: str, faults: Faults) -> None:
    for index, (earlier, later) in enumerate(pairwise(ramp), start=1):
        if later.need_on <= earlier.need_on:
            faults.add(f"steps.{index}.need_on", f"Must be later than the step before, {earlier.need_on}.")
        if getattr(later, unit) <= getattr(earlier, unit):
            total = f"{Decimal(getattr(earlier, unit)).normalize():f}"
            faults.add(f"steps.{index}.{unit}", f"Totals rise: this must be above the step before, {total}.")


def _judge_dates(request: CapacityRequest, ramp: list[Step], faults: Faults) -> None:
    """An open end would make a need of a hundred years out of a slip of the pen."""
    first, last = ramp[0].need_on, ramp[-1].need_on
    end = _horizon(first)
    if last > end:
        faults.add(f"steps.{len(ramp) - 1}.need_on", f"A ramp spans at most {HORIZON_YEARS} years: to {end}.")
    if "latest_on" in faults.fields or request.latest_on is None:
        return
    if request.latest_on < first:
        faults.add("latest_on", f"Must not be before the first step, {first}.")
    if request.latest_on > end:
        faults.add("latest_on", f"Must be within {HORIZON_YEARS} years of the first step: to {end}.")


def _horizon(first: date) -> date:
    return first.replace(year=first.year + HORIZON_YEARS, day=min(first.day, 28))


def _judge_block(request: CapacityRequest, ramp: list[Step], faults: Faults) -> None:
    total = ramp[-1].critical_mw
    if request.min_block_mw is not None and total is not None and request.min_block_mw > total:
        faults.add("min_block_mw", f"Must not be above the last total, {total.normalize():f} MW.")


def _judge_wishes(request: CapacityRequest, wishes: list[GpuWish], faults: Faults) -> None:
    if request.kind == RequestKind.POWER:
        if wishes:
            faults.add("gpu_wishes", "Only a GPU request wishes for models.")
        if request.accepts_hosting:
            faults.add("accepts_hosting", "Only a GPU request can be hosted with GPUs of its own.")
    elif request.kind == RequestKind.GPU and not wishes and request.status != Status.DRAFT:
        faults.add("gpu_wishes", "Name at least one GPU model.")
    if len(wishes) > WISHES_MAX:
        faults.add("gpu_wishes", f"Name at most {WISHES_MAX} models.")
    models = [wish.model_id for wish in wishes]
    for index, model in enumerate(models):
        if model is not None and model in models[:index]:
            faults.add(f"gpu_wishes.{index}.model", "This model is named twice.")
