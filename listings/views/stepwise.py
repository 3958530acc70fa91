"""A request step by step. What was typed is kept with every page, so nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.readers import PageRequest
from engine import STANDARD
from listings import services
from listings.forms import COUNT, Problem
from listings.forms.stepwise import KEYS, KIND, STEPS, HelperForm, KindForm, Step, StepwiseRequest
from listings.gpu_power import gpus_in, mw_of
from listings.models import GpuModel, Unfinished
from listings.views import once
from listings.views.editing import form_page, post_once
from listings.views.fit import fit_of
from listings.views.live import LEFT, charted, live
from listings.views.once import kept_through_sign_in
from listings.views.shelves import REQUESTS
from listings.vocabulary import RequestKind

GO, NEXT, CONVERT, RESTART, STATUS = "go", "next", "convert", "restart", "status"
REVIEW = STEPS[-1]


class Mark(NamedTuple):
    """A step in the row of steps."""

    step: Step
    number: int
    is_current: bool
    is_done: bool
    is_wrong: bool


class Conversion(NamedTuple):
    """GPUs and MW by the rules' formula; `value` is what the size would be."""

    text: str = ""
    value: str = ""


@form_page
@kept_through_sign_in
def request_steps(request: PageRequest) -> HttpResponse:
    """One page a step; a step that is sent is judged, kept, and leads on."""
    organization = request.reader.organization
    if organization is None:
        return redirect("accounts:create_organization")
    REQUESTS.require_side(request.reader)
    draft = _begun(request, organization)
    if STATUS in request.POST:
        return _send(request, draft)
    step = _asked_for(request, draft)
    kept = once.restored(request)
    if step is None:
        return _to(STEPS[draft.reached])
    if kept:
        draft.take(step, kept)
        _keep(request, draft)
    elif request.POST:
        return _taken(request, draft, step)
    return _page(request, draft, step, was_kept=bool(kept))


def _taken(request: PageRequest, draft: StepwiseRequest, step: Step) -> HttpResponse:
    go = request.POST.get(GO, NEXT)
    if go == RESTART:
        services.drop_unfinished(user=_user(request), organization=draft.organization)
        return _to(STEPS[0])
    draft.take(step, request.POST)
    if go == CONVERT and (size := _conversion(draft).value):
        draft.set_size(size)
    following = _following(draft, step, go)
    _keep(request, draft)
    if request.htmx and COUNT in request.POST:
        return live(request, lambda: _live_parts(request, draft, step))
    is_sent = go == NEXT and not draft.pressed
    return _to(following) if following else _page(request, draft, step, is_sent=is_sent)


def _following(draft: StepwiseRequest, step: Step, go: str) -> Step | None:
    """Where the pressed button leads: on if the step has no fault, to a step by name in any case."""
    if go in KEYS:
        return STEPS[KEYS.index(go)]
    if go != NEXT or draft.pressed or step is REVIEW:
        return None
    _judge(draft)
    return None if _problems(draft, step) else draft.go_beyond(step)


def _send(request: PageRequest, draft: StepwiseRequest) -> HttpResponse:
    """Post it, or keep it as a draft; sent twice, it is one request."""
    draft.take(REVIEW, request.POST)
    with transaction.atomic():
        answer = post_once(request, REQUESTS, draft.paper)
        if answer:
            services.drop_unfinished(user=_user(request), organization=draft.organization)
            return answer
    if draft.reached < KEYS.index(REVIEW.key):
        return _to(STEPS[draft.reached])
    _keep(request, draft)
    return _page(request, draft, REVIEW, is_sent=True)


# --- What was begun ----------------------------------------------------------------------------


def _begun(request: PageRequest, organization: Organization) -> StepwiseRequest:
    mine = Unfinished.objects.filter(user=_user(request), organization=organization)
    typed = mine.values_list("typed", flat=True).first() or ""
    return StepwiseRequest(organization=organization, today=timezone.localdate(), typed=typed)


def _keep(request: PageRequest, draft: StepwiseRequest) -> None:
    services.keep_unfinished(
        user=_user(request),
        organization=draft.organization,
        typed=draft.typed.urlencode(),
        now=timezone.now(),
    )


def _user(request: PageRequest) -> User:
    if request.reader.user is None:
        raise PermissionDenied
    return request.reader.user


def _asked_for(request: PageRequest, draft: StepwiseRequest) -> Step | None:
    """The step that the address names, or the furthest; None for one that is out of reach."""
    named = request.GET.get("step", KEYS[draft.reached])
    return STEPS[KEYS.index(named)] if named in KEYS[: draft.reached + 1] else None


def _to(step: Step) -> HttpResponse:
    return redirect(reverse("listings:request_steps", query={"step": step.key}))


# --- What a page shows -------------------------------------------------------------------------


def _page(
    request: PageRequest,
    draft: StepwiseRequest,
    step: Step,
    *,
    is_sent: bool = False,
    was_kept: bool = False,
) -> HttpResponse:
    pressed = draft.pressed
    _judge(draft)
    marks = [_mark(draft, each, step) for each in STEPS]
    wrong = [(each, _problems(draft, each)) for each in STEPS if step in (each, REVIEW)]
    is_judged = is_sent or step is REVIEW or (draft.has_done(step) and not pressed and not was_kept)
    summary = [(each, list(_facts(draft, each))) for each in STEPS[:-1]] if step is REVIEW else []
    if is_judged:
        _focus(draft, step)
    else:
        draft.leave_unjudged()
    context = {
        "step": step,
        "marks": marks,
        "number": KEYS.index(step.key) + 1,
        "back": STEPS[KEYS.index(step.key) - 1] if step is not STEPS[0] else None,
        "kind_form": _kind_form(draft, is_judged=is_judged) if step is STEPS[0] else None,
        "lines": draft.lines(step),
        "grids": charted(draft.grids(step)),
        "charts": [pair for pair in charted(draft.paper.grids()) if pair[1]] if step is REVIEW else [],
        "helper": HelperForm(draft.typed, kind=draft.kind) if step.key == "size" else None,
        "for_gpus": draft.kind == RequestKind.GPU,
        "conversion": _conversion(draft).text if step.key == "size" else "",
        "wrong": [(each, problems) for each, problems in wrong if problems and is_judged],
        "summary": summary,
        "fit": fit_of(REQUESTS, draft.paper, timezone.localdate()),
        "mark": request.POST.get(once.MARK) or once.new_mark(request.reader),
        "was_kept": was_kept,
        "has_begun": bool(draft.reached),
    }
    status = 400 if is_sent and context["wrong"] else 200
    return render(request, "listings/steps.html", context, status=status)


def _live_parts(request: PageRequest, draft: StepwiseRequest, step: Step) -> dict[str, Any]:
    _judge(draft)
    return {
        "lines": draft.paper.lines(request.POST.getlist(LEFT)),
        "grids": charted(draft.grids(step)),
        "fit": fit_of(REQUESTS, draft.paper, timezone.localdate()),
        "conversion": _conversion(draft).text if step.key == "size" else None,
    }


def _judge(draft: StepwiseRequest) -> None:
    draft.judge(REQUESTS.check, now=timezone.now())


def _mark(draft: StepwiseRequest, step: Step, current: Step) -> Mark:
    is_done = draft.has_done(step)
    return Mark(
        step=step,
        number=KEYS.index(step.key) + 1,
        is_current=step is current,
        is_done=is_done or KEYS.index(step.key) == draft.reached,
        is_wrong=is_done and bool(_problems(draft, step)),
    )


def _problems(draft: StepwiseRequest, step: Step) -> list[Problem]:
    found = draft.problems(step)
    if step is STEPS[0]:
        kind = _kind_form(draft, is_judged=True)["kind"]
        found = [*(Problem(str(kind.label), str(text), "id_kind_0") for text in kind.errors), *found]
    return found


def _kind_form(draft: StepwiseRequest, *, is_judged: bool) -> KindForm:
    form = KindForm(draft.typed) if is_judged or KIND in draft.typed else KindForm()
    if form.errors:
        form.fields["kind"].widget.attrs["autofocus"] = True
    return form


def _facts(draft: StepwiseRequest, step: Step) -> Iterator[tuple[str, str]]:
    if step is STEPS[0]:
        yield _("You need"), _("GPUs") if draft.kind == RequestKind.GPU else _("Megawatts")
    yield from draft.facts(step)


def _focus(draft: StepwiseRequest, step: Step) -> None:
    """The first field at fault takes the focus."""
    rows = [line for grid in draft.grids(step) for row in grid.rows for line in (*row.first, *row.rest)]
    wrong = next((line for line in [*rows, *draft.lines(step)] if line.field.errors), None)
    if wrong:
        wrong.field.field.widget.attrs["autofocus"] = True


# --- GPUs and MW -------------------------------------------------------------------------------


def _conversion(draft: StepwiseRequest) -> Conversion:
    """What the helper's figures come to, and the size as it stands."""
    model, amount = HelperForm(draft.typed, kind=draft.kind).said()
    size = _decimal(draft.typed.get(draft.size_name, ""))
    if draft.kind == RequestKind.GPU:
        model = model or draft.first_model()
        gpus, mw = size, amount
    else:
        gpus, mw = amount, size
    if model is None:
        return Conversion()
    told = [_drawn(int(gpus), model)] if gpus and gpus >= 1 else []
    told += [_carried(mw, model)] if mw else []
    return Conversion(" ".join(told), _value(draft, model, amount))


def _value(draft: StepwiseRequest, model: GpuModel, amount: Decimal | None) -> str:
    if not amount:
        return ""
    if draft.kind == RequestKind.GPU:
        return str(gpus_in(amount, model) or "")
    return f"{mw_of(int(amount), model).normalize():f}" if amount >= 1 else ""


def _drawn(gpus: int, model: GpuModel) -> str:
    told = _(
        "{gpus} {model} draw {mw} MW of critical IT load: {watts} W each with its share of the server, "
        "and {percent} % for network and storage."
    )
    mw = f"{mw_of(gpus, model).normalize():,f}"
    watts, percent = f"{model.it_w_per_gpu:,}", f"{((STANDARD.network_and_storage - 1) * 100).normalize():f}"
    return told.format(gpus=f"{gpus:,}", model=model, mw=mw, watts=watts, percent=percent)


def _carried(mw: Decimal, model: GpuModel) -> str:
    told = _("{mw} MW carry {gpus} {model}.")
    return told.format(mw=f"{mw.normalize():,f}", gpus=f"{gpus_in(mw, model):,}", model=model)


def _decimal(text: Any) -> Decimal | None:
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and 0 < value <= 1_000_000 else None
