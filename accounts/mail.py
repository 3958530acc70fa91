"""Mail: written once, as text; the HTML beside it is the same text set in one frame."""

import re
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.template.loader import render_to_string

FRAME = "emails/frame.html"


class Part(NamedTuple):
    """A paragraph of a mail; with `url`, a button that says `lines[0]`; with `is_list`, bullet points."""

    lines: list[str]
    url: str = ""
    is_list: bool = False


def letter(*, subject: str, text: str, to: list[str]) -> EmailMultiAlternatives:
    """A mail in plain text and in HTML. Line breaks in the subject become spaces: none starts a header."""
    one_line = " ".join(subject.split())
    html = render_to_string(FRAME, {"subject": one_line, "parts": parts_of(text)})
    mail = EmailMultiAlternatives(one_line, text.strip() + "\n", None, to)
    mail.attach_alternative(html, "text/html")
    return mail


def letter_from(
    template: str, *, subject: str, context: dict[str, Any], to: list[str]
) -> EmailMultiAlternatives:
    return letter(subject=subject, text=text_from(template, context), to=to)


def text_from(template: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
    """A mail's text. Its links begin with `public_url`, wherever and however its cause reached the site."""
    return render_to_string(template, {**context, "public_url": settings.PUBLIC_URL}, request)


def parts_of(text: str) -> list[Part]:
    """Paragraphs stand between empty lines.

    One that ends in a line with an address only is a button, one whose lines begin with "- " is a list.
    """
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return [
        _part([line.strip() for line in each.splitlines() if line.strip()])
        for each in paragraphs
        if each.strip()
    ]


def _part(lines: list[str]) -> Part:
    if len(lines) == 2 and re.fullmatch(r"https?://\S+", lines[1]):
        return Part([lines[0].rstrip(":")], url=lines[1])
    if all(line.startswith("- ") for line in lines):
        return Part([line[2:] for line in lines], is_list=True)
    return Part(lines)
