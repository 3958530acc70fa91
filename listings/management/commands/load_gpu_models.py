"""`manage.py load_gpu_models`: the GPU models that pools and requests name, also without the demo."""

from typing import Any

from django.core.management.base import BaseCommand

from listings import reference, services


class Command(BaseCommand):
    help = "Load the reference GPU models; a second time brings them up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = services.load_gpu_models(reference.gpu_models())
        self.stdout.write(f"{loaded} GPU models are loaded.")
