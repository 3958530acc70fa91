"""What backs a post, and who may see it."""

from typing import Any

from django import forms

from listings.forms.base import FieldsForm
from listings.models import Evidence
from listings.vocabulary import OWNERS_METHODS


class EvidenceForm(FieldsForm):
    """One claim with what backs it; a method that is not the owner's to claim is not offered."""

    model = Evidence
    row_fields = ("claim", "method", "document", "verified_on", "expires_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        methods = self.fields["method"]
        if isinstance(methods, forms.ChoiceField):
            methods.choices = [("", "Choose one"), *((one.value, one.label) for one in OWNERS_METHODS)]


class GrantForm(forms.Form):
    name = forms.CharField(
        label="Organization",
        max_length=120,
        help_text="Its name as it writes it. It sees everything but your reserve, until you take it back.",
    )


class RevokeForm(forms.Form):
    revoke = forms.UUIDField()
