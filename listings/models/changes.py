"""The queue of posts that await matching."""

from django.db import models
from django.db.models.functions import Now

from listings.models.posts import Post
from listings.querysets import ChangeQuerySet


class Change(models.Model):
    """One version of a post that nobody has matched yet. Only the triggers write these rows.

    A post awaits matching while it has such rows; the matcher deletes exactly those that it read.
    """

    post = models.ForeignKey(Post, models.CASCADE, related_name="changes")
    version = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(db_default=0)

    objects = ChangeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"post {self.post_id} version {self.version}"
