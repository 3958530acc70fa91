"""How a test waits: for a condition, never for a time."""

from collections.abc import Callable

from marketplace.local.processes import wait_until


def eventually(condition: Callable[[], bool], patience_s: float = 15) -> None:
    """Fail unless the condition comes true within the time."""
    assert wait_until(condition, patience_s, every_s=0.05), f"still not so after {patience_s} s"
