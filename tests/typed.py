"""A page's form as a browser would send it back, to change one thing and send it."""

from html.parser import HTMLParser
from typing import Any

TICKED = ("checkbox", "radio")


class _Form(HTMLParser):
    """Reads the fields of the form with this id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside = form_id, False
        self.values: dict[str, list[str]] = {}
        self.select, self.textarea = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        if tag == "form":
            self.inside = have.get("id") == self.form_id
        elif self.inside and tag == "input" and (have.get("type") not in TICKED or "checked" in have):
            self._add(have["name"] or "", have.get("value") or "")
        elif tag == "select":
            self.select = have["name"] or ""
        elif self.inside and tag == "option" and "selected" in have:
            self._add(self.select, have.get("value") or "")
        elif tag == "textarea":
            self.textarea = have["name"] or ""

    def handle_data(self, data: str) -> None:
        if self.inside and self.textarea:
            self._add(self.textarea, data.removeprefix("\n"))

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"
        self.textarea = "" if tag == "textarea" else self.textarea

    def _add(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)


def typed(response: Any, form_id: str = "form") -> dict[str, list[str]]:
    """{field: values} of a page's form."""
    reader = _Form(form_id)
    reader.feed(response.content.decode())
    return reader.values
