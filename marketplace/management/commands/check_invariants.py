"""`manage.py check_invariants`: what must always be true, asked of the database itself."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.invariants import violations


class Command(BaseCommand):
    help = "Print every row that breaks an invariant; exit 1 if there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        found = violations()
        for name, rows in found.items():
            for row in rows:
                self.stdout.write(f"{name}: {row}")
        if found:
            raise CommandError(f"{len(found)} invariants are broken.")
        self.stdout.write("All invariants hold.")
