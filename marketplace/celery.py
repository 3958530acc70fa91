"""The Celery app and every schedule.

Postgres is the record of all work; a message here is only a bell that says "look". So the broker may lose,
repeat or reorder messages freely.
"""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_init
from django_structlog.celery.steps import DjangoStructLogInitStep

from engine import arrays

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
app = Celery("switchyard")
# Read late: whoever imports this package does not need settings yet (the local servers come first).
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=60,
    task_soft_time_limit=50,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    # A killed worker's message comes back in seconds, not after the transport's default hour.
    broker_transport_options={
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
        # Whoever rings the bell does not wait for a broker that is away; beat will ring again.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "connect_retries_timeout": 2,
    },
    timezone="UTC",
    beat_schedule={
        "match whatever waits": {"task": "matching.work", "schedule": 5.0, "options": {"expires": 5}},
        "expire posts and age evidence": {"task": "listings.turn_the_day", "schedule": crontab(minute="7")},
        "forget old losses": {"task": "matching.tidy", "schedule": crontab(hour="3", minute="27")},
        "tell what is new in saved searches": {
            "task": "listings.tell_members",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "forget old answers and sessions": {"task": "accounts.tidy", "schedule": crontab(minute="17")},
    },
)
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def _log_as_settings_say(**kwargs: object) -> None:
    """Celery leaves logging alone once somebody listens here."""


@worker_init.connect
def _compile_before_the_fork(**kwargs: object) -> None:
    """The compiled rules are then shared by all of the worker's processes, and no task waits for them."""
    arrays.warm()
