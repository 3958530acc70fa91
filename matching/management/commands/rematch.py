"""Rank the whole market anew, and watch it."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.errors import DomainError
from matching import services
from matching.models import Run
from matching.rematch.shown import shown
from matching.rematch.words import lines_of, progress_of
from matching.services.runs import RunUnderWay

# At a terminal the line is written over; in a log it stays.
LOOK_EVERY_SECONDS = {True: 1, False: 10}
LINE = 78


class Command(BaseCommand):
    help = "Put every post on the queue, parked ones included. The workers do the rest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--watch", action="store_true", help="tell how far it is, then what has moved")
        parser.add_argument("--cancel", action="store_true", help="take the rest of it off the queue")

    def handle(self, *args: Any, watch: bool, cancel: bool, **options: Any) -> None:
        try:
            run = self._cancel() if cancel else self._start(may_be_under_way=watch)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        if watch:
            self._watch(run)

    def _start(self, *, may_be_under_way: bool) -> Run:
        try:
            run = services.start_run(by=None, now=timezone.now())
        except RunUnderWay:
            if not may_be_under_way:
                raise
            return Run.objects.under_way().get()
        self.stdout.write("Started. The workers rank every post, after whatever is posted meanwhile.")
        return run

    def _cancel(self) -> Run:
        run = Run.objects.under_way().first()
        if run is None:
            raise CommandError("No run is under way.")
        run = services.cancel_run(by=None, run=run, now=timezone.now())
        self.stdout.write(f"Cancelled. {run.left:,} posts were taken off the queue.")
        return run

    def _watch(self, run: Run) -> None:
        at_terminal = self.stdout.isatty()
        ending = "\r" if at_terminal else "\n"
        try:
            while not run.ended_at:
                told = progress_of(shown(run, timezone.now()))
                self.stdout.write(told.ljust(LINE) if at_terminal else told, ending=ending)
                self.stdout.flush()
                time.sleep(LOOK_EVERY_SECONDS[at_terminal])
                run.refresh_from_db()
        except KeyboardInterrupt:
            again = "`manage.py rematch --watch` shows it again, `--cancel` ends it."
            self.stdout.write(f"\nThe run goes on without you. {again}")
            return
        for line in lines_of(shown(run, timezone.now())):
            self.stdout.write(line.ljust(LINE) if at_terminal else line)
