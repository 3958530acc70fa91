"""What every template may ask about the reader."""

from django.http import HttpRequest

from accounts.readers import VISITOR


def reader(request: HttpRequest) -> dict[str, object]:
    """`reader`, also on error pages that are rendered before the middleware has run."""
    return {"reader": getattr(request, "reader", VISITOR)}
