"""The catalogue of GPUs."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from listings.models import GpuModel


@transaction.atomic
def load_gpu_models(rows: Iterable[Mapping[str, Any]]) -> int:
    """Bring the models up to the rows, by name; returns how many there were. Twice changes nothing more.

    A row names the model's fields; raises ValidationError for a row that breaks their rules.
    """
    given = list(rows)
    for row in given:
        model = GpuModel.objects.filter(name=row["name"]).first() or GpuModel()
        for name, value in row.items():
            setattr(model, name, value)
        model.full_clean()
        model.save()
    return len(given)
