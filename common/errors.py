"""How domain code refuses."""


class DomainError(Exception):
    """A refusal with a stable code and a sentence for the person who asked.

    `fields` names the inputs at fault, as {dotted path: sentence}; the edges show each at its field.
    """

    code = "refused"

    def __init__(self, message: str, *, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}


class InvalidInput(DomainError):
    """What was sent breaks a rule that a form can show: a 400 with one sentence a field."""

    code = "invalid"


class NotAllowed(DomainError):
    """The reader's role does not permit it: a 403."""

    code = "not_allowed"
