"""What people fill in about their organization."""

from datetime import datetime, timedelta

from django import forms

from accounts.vocabulary import Kind, Role, Scope


class NewOrganizationForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="As your counterparties know it.")
    kind = forms.ChoiceField(
        choices=Kind,
        widget=forms.RadioSelect,
        label="We are a",
        help_text="Miners offer megawatts and GPUs, tenants ask for them. It cannot be changed later.",
    )
    website = forms.URLField(max_length=200, required=False, assume_scheme="https")


class OrganizationForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="A new name has to be verified again.")
    website = forms.URLField(max_length=200, required=False, assume_scheme="https")


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
