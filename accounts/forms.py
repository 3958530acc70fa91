"""What people fill in about their organization."""

from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms

from accounts.vocabulary import Kind, Role, Scope


class KindCards(forms.RadioSelect):
    """A card a kind, which says what that kind does here."""

    template_name = "accounts/kind_cards.html"
    MEANINGS = {
        Kind.MINER: "You have energized sites or GPUs. See which requests they fit, and what would fit more.",
        Kind.TENANT: "You need megawatts or GPUs at once or in stages. See who delivers when, at what cost.",
        Kind.BROKER: "You bring the two together. Once verified you see both sides of every match.",
    }

    def create_option(self, name: str, value: Any, *args: Any, **more: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **more)
        return {**option, "meaning": self.MEANINGS[Kind(value)]}


class NewOrganizationForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="As your counterparties know it.")
    kind = forms.ChoiceField(
        choices=Kind, widget=KindCards, label="We are a", help_text="It cannot be changed later."
    )
    website = forms.URLField(
        max_length=200,
        required=False,
        assume_scheme="https",
        help_text="An operator looks here first to see who you are.",
    )


class OrganizationForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="A new name has to be verified again.")
    website = forms.URLField(max_length=200, required=False, assume_scheme="https")


class ProfileForm(forms.Form):
    name = forms.CharField(
        max_length=120,
        required=False,
        help_text="Colleagues see it beside what you do. Without one they see your address.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc] # allauth has no types
    passwordless = forms.BooleanField(
        label="Sign in with it alone, without the password",
        required=False,
        initial=True,
        help_text="It then asks for your fingerprint, face or PIN. An older security key may not be able to.",
    )


class SwitchForm(forms.Form):
    organization = forms.UUIDField()
    next = forms.CharField(required=False)


class InvitationForm(forms.Form):
    email = forms.EmailField(max_length=254, label="E-mail")
    role = forms.ChoiceField(choices=Role, initial=Role.MEMBER, help_text="Owners also manage the people.")


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role)


class ApiKeyForm(forms.Form):
    LIVES = [("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Until revoked")]

    name = forms.CharField(max_length=80, help_text="What will use it, say “price feed”.")
    scope = forms.ChoiceField(choices=Scope, initial=Scope.READ, widget=forms.RadioSelect, label="It may")
    days = forms.ChoiceField(choices=LIVES, initial="90", required=False, label="It works for")

    def scopes(self) -> list[str]:
        chosen: str = self.cleaned_data["scope"]
        return [Scope.READ, Scope.WRITE] if chosen == Scope.WRITE else [Scope.READ]

    def expires_at(self, now: datetime) -> datetime | None:
        days: str = self.cleaned_data["days"]
        return now + timedelta(days=int(days)) if days else None
