"""The web server. Its address comes from `--bind` (or PORT), the number of processes from WEB_CONCURRENCY."""

import gc
from pathlib import Path

from django.urls import get_resolver

worker_class = "gthread"
threads = 8
preload_app = True
timeout = 30
graceful_timeout = 10
control_socket_disable = True
# A heartbeat on a slow disk would make a busy worker look dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Its messages go the way of all others, to the root logger that settings configure.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"handlers": [], "level": "INFO"},
    "loggers": {"gunicorn.error": {"handlers": [], "propagate": True, "level": "INFO"}},
}


def when_ready(server: object) -> None:
    """Before the fork: all code is loaded, so that no first visitor waits for it, and what exists by now is
    never collected, so that full collections stay short."""
    get_resolver().url_patterns  # noqa: B018 - Django would load them at the first request
    gc.collect()
    gc.freeze()
