"""What matching leaves in the database: pairs worth keeping, per post how its ranking stands, and reviews."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from accounts.models import Organization, User
from engine import Unit
from listings.models import CapacityRequest, Post
from matching.querysets import (
    LossQuerySet,
    MatchQuerySet,
    RankingQuerySet,
    ReviewQuerySet,
    RunQuerySet,
)
from matching.vocabulary import NOTHING_SEEN, Cause, Decision, Reason, Stage, Why


class Match(models.Model):
    """One request and one offer that fit, scored at these versions of both.

    A row exists while the pair is among the best of its need or of its offer (two flags). Sentences are not
    stored: the engine explains from the same posts when someone looks.
    """

    # Made by the database, since the worker writes rows in bulk.
    uid = models.UUIDField(db_default=RandomUUID(), unique=True)
    request = models.ForeignKey(CapacityRequest, models.CASCADE, related_name="matches")
    offer = models.ForeignKey(Post, models.CASCADE, related_name="offer_matches")

    score = models.DecimalField(max_digits=9, decimal_places=6)
    low = models.DecimalField(max_digits=9, decimal_places=6)
    high = models.DecimalField(max_digits=9, decimal_places=6)
    conditional = models.BooleanField()
    power = models.DecimalField(max_digits=7, decimal_places=6)
    timeline = models.DecimalField(max_digits=7, decimal_places=6)
    terms = models.DecimalField(max_digits=7, decimal_places=6)
    landlord_score = models.DecimalField(max_digits=9, decimal_places=6)

    # The rest of the order: whole points, then these (see docs/matching.md).
    points = models.PositiveSmallIntegerField()
    utilization = models.DecimalField(max_digits=9, decimal_places=6)
    first_power_on = models.DateField(null=True)
    comparable_price = models.DecimalField(max_digits=12, decimal_places=4, null=True)

    for_need = models.BooleanField()
    for_offer = models.BooleanField()
    request_version = models.PositiveIntegerField()
    offer_version = models.PositiveIntegerField()
    assumptions_version = models.PositiveIntegerField()
    # When the pair first came up; scoring it anew does not change it.
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "offer"], name="match_once_per_pair"),
            models.CheckConstraint(
                name="match_kept_for_someone", condition=Q(for_need=True) | Q(for_offer=True)
            ),
            models.CheckConstraint(
                name="match_range_holds_score", condition=Q(low__lte=F("score"), high__gte=F("score"))
            ),
            models.CheckConstraint(name="match_score_range", condition=Q(score__range=(0, 100))),
        ]
        indexes = [models.Index(fields=["offer", "for_offer"], name="match_of_offer")]

    def __str__(self) -> str:
        return f"request {self.request_id} with offer {self.offer_id}: {self.score}"


class Loss(models.Model):
    """A match that was, from `seen_at` to `lost_at`; a pair that comes and goes leaves several."""

    request = models.ForeignKey(CapacityRequest, models.CASCADE, related_name="losses", db_index=False)
    offer = models.ForeignKey(Post, models.CASCADE, related_name="offer_losses", db_index=False)
    points = models.PositiveSmallIntegerField()
    seen_at = models.DateTimeField()
    lost_at = models.DateTimeField(db_default=Now())
    cause = models.CharField(max_length=16, choices=Cause)
    # The gates that the two failed when somebody looked, soon after; null until then. None fail where others
    # are better, and where a post left nobody looks.
    gates = ArrayField(models.CharField(max_length=16), null=True)

    objects = LossQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="loss_cause_known", condition=Q(cause__in=Cause.values)),
        ]
        indexes = [
            models.Index(fields=["request", "lost_at"], name="loss_of_request"),
            models.Index(fields=["offer", "lost_at"], name="loss_of_offer"),
            models.Index(fields=["-id"], condition=Q(gates=None), name="loss_unexplained"),
            BrinIndex(fields=["lost_at"], name="loss_by_day"),
        ]

    def __str__(self) -> str:
        return f"request {self.request_id} with offer {self.offer_id}: {self.cause}"


class Ranking(models.Model):
    """What the last full ranking of one post left behind.

    A request that takes both GPUs and hosting has two needs and so two rows.
    """

    post = models.ForeignKey(Post, models.CASCADE, related_name="rankings")
    unit = models.CharField(max_length=3, choices=[(unit.value, unit.name) for unit in Unit])
    post_version = models.PositiveIntegerField()
    assumptions_version = models.PositiveIntegerField()
    # Posts of the other side that changed in this transaction or later had not all been seen.
    seen_xid = models.BigIntegerField()
    ranked_at = models.DateTimeField()
    # Where the last pair kept stands in the order (`engine.arrays.standing`, points first), where others were
    # left out; null while everything is kept.
    floor = ArrayField(models.BigIntegerField(), null=True)
    # [{"gate": key, "remaining": posts of the other side}], and what the engine says of those that nearly
    # fit: for a need its near misses, for an offer the changes that would win some (`engine.winning.Win`).
    funnel = models.JSONField(default=list)
    near_misses = models.JSONField(default=list)
    wins = models.JSONField(db_default=Value([], models.JSONField()))

    objects = RankingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post", "unit"], name="ranking_once_per_need"),
            models.CheckConstraint(name="ranking_unit_known", condition=Q(unit__in=list(Unit))),
        ]
        indexes = [
            models.Index(fields=["ranked_at", "id"], name="ranking_oldest"),
            models.Index(fields=["id"], condition=Q(seen_xid=NOTHING_SEEN), name="ranking_recounting"),
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} in {self.unit}"

    @property
    def is_recounting(self) -> bool:
        """Funnel, near misses and wins are older than the list, or not there yet."""
        return self.seen_xid == NOTHING_SEEN


class Review(models.Model):
    """What one broker organization once said of a request and an offer, and what it had before it then.

    Rows are only added. Of a pair at most one decision stands; an earlier one is kept, as is one taken back.
    It names the two posts and not their match: matches come and go with every ranking.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    broker = models.ForeignKey(Organization, models.PROTECT, related_name="reviews")
    request = models.ForeignKey(CapacityRequest, models.PROTECT, related_name="reviews")
    offer = models.ForeignKey(Post, models.PROTECT, related_name="offer_reviews")

    decision = models.CharField(max_length=10, choices=Decision)
    reason = models.CharField(max_length=10, choices=Reason, blank=True)
    note = models.TextField(max_length=2000, blank=True)
    # Null once the person has left for good; the organization stays.
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    score = models.DecimalField(max_digits=9, decimal_places=6)
    points = models.PositiveSmallIntegerField()
    request_version = models.PositiveIntegerField()
    offer_version = models.PositiveIntegerField()
    assumptions_version = models.PositiveIntegerField()

    stands = models.BooleanField(default=True)
    undone_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["broker", "request", "offer"],
                condition=Q(stands=True) & ~Q(decision=Decision.NONE),
                name="review_one_decision_per_pair",
            ),
            models.CheckConstraint(name="review_decision_known", condition=Q(decision__in=Decision.values)),
            models.CheckConstraint(
                name="review_reason_if_rejected",
                condition=Q(decision=Decision.REJECTED, reason__in=Reason.values)
                | (~Q(decision=Decision.REJECTED) & Q(reason="")),
            ),
            models.CheckConstraint(
                name="review_note_says_something", condition=~Q(decision=Decision.NONE, note="")
            ),
            models.CheckConstraint(
                name="review_undone_stands_no_more", condition=Q(stands=False) | Q(undone_at=None)
            ),
        ]
        indexes = [models.Index(fields=["broker", "request", "offer"], name="review_of_pair")]

    def __str__(self) -> str:
        return f"request {self.request_id} with offer {self.offer_id}: {self.decision}"


class Run(models.Model):
    """The whole market ranked anew: prepared, every post marked, drained by the workers, compared, ended.

    What remains of it is read from the queue, so that nothing is written post by post.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    why = models.CharField(max_length=12, choices=Why)
    assumptions_version = models.PositiveIntegerField()
    # Null where it was started by a command, or the person has left for good.
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField()
    marked_at = models.DateTimeField(null=True)
    posts = models.PositiveIntegerField(null=True)
    # From here on nothing of it waits: all is ranked, or the rest was taken off the queue.
    drained_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True)
    # Posts that were not ranked: taken off the queue, or parked after failing too often.
    left = models.PositiveIntegerField(db_default=0)
    ended_at = models.DateTimeField(null=True)
    # Counts by name, see matching.services.comparing.
    report = models.JSONField(default=dict)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ended_at"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="run_one_at_a_time",
            ),
            models.CheckConstraint(name="run_why_known", condition=Q(why__in=Why.values)),
            models.CheckConstraint(
                name="run_marked_with_count",
                condition=Q(marked_at=None, posts=None) | Q(marked_at__isnull=False, posts__isnull=False),
            ),
            models.CheckConstraint(
                name="run_ends_drained", condition=Q(ended_at=None) | Q(drained_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"run of {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def stage(self) -> Stage:
        if self.ended_at:
            return Stage.CANCELLED if self.cancelled_at else Stage.FINISHED
        if self.drained_at:
            return Stage.COMPARING
        return Stage.RANKING if self.marked_at else Stage.PREPARING


class ListBefore(models.Model):
    """The matches of one request as they stood when the run under way began, best first.

    One row a request, gone once it has been compared: what is left of the table is the work left.
    """

    request = models.BigIntegerField(primary_key=True)
    offers = ArrayField(models.BigIntegerField())
    points = ArrayField(models.PositiveSmallIntegerField())
    conditional = ArrayField(models.BooleanField())

    def __str__(self) -> str:
        return f"request {self.request}: {len(self.offers)} matches"
