"""JSON that keeps figures exact."""

from decimal import Decimal
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder


class ExactEncoder(JSONEncoder):
    def default(self, obj: Any) -> Any:
        # As serializers write decimals: a client that reads 0.1 as a double has lost it.
        return str(obj) if isinstance(obj, Decimal) else super().default(obj)


class ExactJSONRenderer(JSONRenderer):
    """Decimals are strings, wherever in a body they stand."""

    encoder_class = ExactEncoder
