"""How signing in and its mail behave here, where it differs from allauth's own way."""

from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from accounts import mail, services
from accounts.middleware import note_seen
from accounts.models import User

KNOWN_BROWSER = "known_browser"
KNOWN_FOR_SECONDS = 365 * 24 * 3600
logger = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """allauth's mails in our frame: text and HTML."""
        subject = render_to_string(f"{template_prefix}_subject.txt", context)
        text = mail.text_from(f"{template_prefix}_message.txt", context, self.request)
        letter = mail.letter(subject=subject, text=text, to=[email] if isinstance(email, str) else email)
        letter.extra_headers.update(headers or {})
        return letter

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            raise services.MailNotSent(services.MAIL_NOT_SENT) from error

    def send_notification_mail(self, *args: Any, **more: Any) -> None:
        """A notice that cannot be sent does not undo what it tells of."""
        try:
            super().send_notification_mail(*args, **more)
        except services.MailNotSent:
            logger.exception("security_notice_not_sent", notice=args[0])

    def login(self, request: HttpRequest, user: User) -> None:
        is_first = user.last_login is None
        super().login(request, user)
        note_seen(request)
        if not is_first and not _knows(request, user):
            self.send_notification_mail("account/email/new_sign_in", user)

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **more)
        response.set_signed_cookie(
            KNOWN_BROWSER,
            str(user.pk),
            max_age=KNOWN_FOR_SECONDS,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
        return response

    def set_password(self, user: User, password: str) -> None:
        """A new password ends every other session."""
        super().set_password(user, password)
        services.end_sessions(user=user, but=self.request.session.session_key)


def _knows(request: HttpRequest, user: User) -> bool:
    """Whether this person has signed in with this browser before."""
    return request.get_signed_cookie(KNOWN_BROWSER, "", max_age=KNOWN_FOR_SECONDS) == str(user.pk)
