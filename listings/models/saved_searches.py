"""Searches that members keep, and when they are told what is new in them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models import Membership
from listings.models.fields import chosen, flatten, known
from listings.querysets import SavedSearchQuerySet, SearchDigestQuerySet
from listings.vocabulary import PostType


class SearchDigest(models.Model):
    """What one member is told of all their saved searches: one mail a day at most.

    It belongs to a membership: whoever leaves the organization is told nothing more.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    membership = models.OneToOneField(Membership, models.CASCADE, related_name="+")
    is_mailed = models.BooleanField(default=True)
    due_at = models.DateTimeField(db_index=True)  # when to look again
    mail_at = models.DateTimeField()  # no mail before

    objects = SearchDigestQuerySet.as_manager()

    def __str__(self) -> str:
        return f"of membership {self.membership_id}"


class SavedSearch(models.Model):
    """One search of a catalogue under a name.

    `known` are the posts that fitted at the last look, the newest `KEPT` of them; `fresh` those that came
    since the member last opened the search, `unmailed` those since the last mail.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    digest = models.ForeignKey(SearchDigest, models.CASCADE, related_name="searches")
    name = models.CharField(max_length=80)
    catalogue = chosen(PostType)
    # By the names of the list's own filters: {"country": "US", "cooling": "air,immersion"}.
    query = models.JSONField(default=dict)
    is_paused = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField()
    looked_at = models.DateTimeField()
    known = ArrayField(models.BigIntegerField(), default=list)
    fresh = ArrayField(models.BigIntegerField(), default=list)
    unmailed = ArrayField(models.BigIntegerField(), default=list)

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        constraints = flatten(
            known("saved_search", catalogue=PostType),
            [models.UniqueConstraint(fields=["digest", "name"], name="saved_search_one_per_name")],
        )

    def __str__(self) -> str:
        return self.name
