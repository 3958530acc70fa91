"""What workers run. Each task may run late, twice or beside itself."""

from celery import shared_task
from django.utils import timezone

from common import bell
from listings.models import Change
from matching.services import advance, explain_losses, forget_losses, work_for
from matching.snapshots import Market

SLICE_SECONDS = 20
RUN_SLICE_SECONDS = 2

# One picture of the market for each worker process; every post refreshes what it needs of it.
_market = Market(for_good=True)


@shared_task(name=bell.WORK)
def work() -> None:
    """Match whatever waits, for a slice of time; ring again if something is left."""
    work_for(seconds=SLICE_SECONDS, market=_market, now=timezone.now())
    # After all that has changed, so that a run that cannot go on holds nobody up.
    more = advance(seconds=RUN_SLICE_SECONDS, now=timezone.now())
    explain_losses()
    if more or Change.objects.waiting().exists():
        bell.ring()


@shared_task(name="matching.tidy")
def tidy() -> None:
    """Forget what was lost long ago."""
    forget_losses(now=timezone.now())
