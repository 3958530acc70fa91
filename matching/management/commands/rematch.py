"""Rank the whole market anew."""

from typing import Any

from django.core.management.base import BaseCommand

from common import bell
from matching.services import rematch_everything


class Command(BaseCommand):
    help = "Put every post on the queue, parked ones included. The workers do the rest."

    def handle(self, *args: Any, **options: Any) -> None:
        posts = rematch_everything()
        heard = bell.ring()
        self.stdout.write(f"{posts} posts await matching{'' if heard else '; no broker, beat will ring'}.")
