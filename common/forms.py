"""Showing a domain refusal on a page."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest

from common.errors import DomainError


@contextmanager
def refusals_shown_by(form: BaseForm) -> Iterator[None]:
    """Turns a refusal into errors of the form: at the fields it names, else above them all."""
    try:
        yield
    except DomainError as refusal:
        at_fields = {name: text for name, text in refusal.fields.items() if name in form.fields}
        for name, text in at_fields.items():
            form.add_error(name, text)
        if not at_fields:
            form.add_error(None, refusal.message)


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """Turns a refusal into a message on the next page, for actions without a form."""
    try:
        yield
    except DomainError as refusal:
        messages.error(request, refusal.message)


def status_of(form: BaseForm) -> int:
    """400 when the page shows a form with errors, else 200."""
    return 400 if form.is_bound and form.errors else 200
