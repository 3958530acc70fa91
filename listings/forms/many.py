"""Posts named all at once."""

from typing import Any

from django import forms


class _Uids(forms.Field):
    """Any number of uids; one that is none is refused."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[Any]:
        return [forms.UUIDField().clean(one) for one in value or []]


class ManyPosts(forms.Form):
    posts = _Uids(required=False)
