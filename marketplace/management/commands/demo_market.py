"""`manage.py demo_market`: fill an empty database with the real market and invented demand."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketplace.demo import people
from marketplace.demo.loading import is_empty, load_demo_market
from marketplace.demo.progress import Progress


class Command(BaseCommand):
    help = "Load the demo market into an empty database, and print who can sign in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--logins", action="store_true", help="only print who can sign in")
        parser.add_argument("--api-key", metavar="LOGIN", help="only print a fresh API key of this login")

    def handle(self, *args: Any, logins: bool, api_key: str | None, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("Demo passwords are only for the demo market, and production refuses them.")
        if api_key:
            self._print_key(api_key)
        elif logins:
            self._print_logins()
        elif is_empty():
            load_demo_market(now=timezone.now(), progress=Progress())
            if options["verbosity"]:
                self._print_logins()
        else:
            self.stdout.write("The database is not empty: the demo market stays out.")

    def _print_logins(self) -> None:
        self.stdout.write(f"Demo logins, all with the password “{people.password()}”:")
        for person in people.logins():
            self.stdout.write(f"  {person.email:<28} {person.role} of {person.organization}")

    def _print_key(self, login: str) -> None:
        try:
            self.stdout.write(people.fresh_key(login, timezone.now()))
        except LookupError as unknown:
            names = ", ".join(person.login for person in people.logins())
            raise CommandError(f"The demo market has no “{login}”. It has: {names}.") from unknown
