"""What happens: posts are claimed, ranked and written; brokers review what was found."""

from matching.services.losses import explain_losses, forget_losses
from matching.services.reviews import decide, require_broker, undo
from matching.services.runs import advance, cancel_run, require_watcher, start_run
from matching.services.work import drain, work_for

__all__ = [
    "advance",
    "cancel_run",
    "decide",
    "drain",
    "explain_losses",
    "forget_losses",
    "require_broker",
    "require_watcher",
    "start_run",
    "undo",
    "work_for",
]
