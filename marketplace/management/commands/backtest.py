"""`manage.py backtest`: replay the announced deals and say where the matcher puts the real site."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from market import backtest
from marketplace.demo.files import table


class Command(BaseCommand):
    help = "Replay announced deals against the sites of their day. Needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print everything as JSON")
        parser.add_argument("--save", action="store_true", help="keep the result for the page")

    def handle(self, *args: Any, **options: Any) -> None:
        result = backtest.replayed(deal_rows=table("deals"), site_rows=table("sites"))
        if options["save"]:
            backtest.save(result)
        self.stdout.write(backtest.as_json(result) if options["json"] else backtest.as_text(result))
