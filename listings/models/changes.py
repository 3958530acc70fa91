"""The queue of posts that await matching."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from listings.models.posts import Post
from listings.querysets import MAX_ATTEMPTS, ChangeQuerySet


class Change(models.Model):
    """One version of a post that nobody has matched yet. Triggers write these rows when a post changes,
    services when it is to be ranked anew.

    A post awaits matching while it has such rows; the matcher deletes exactly those that it read.
    """

    post = models.ForeignKey(Post, models.CASCADE, related_name="changes")
    version = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(db_default=0)
    # Nothing has changed: a whole-market run asks. Served after all that has.
    in_run = models.BooleanField(db_default=False)
    # The post's own list stands; what else its ranking says, for lists of the other side too, is to follow.
    rest_only = models.BooleanField(db_default=False)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["in_run", "rest_only", "id"],
                name="change_next",
                condition=Q(attempts__lt=MAX_ATTEMPTS),
            )
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} version {self.version}"
