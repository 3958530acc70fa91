"""What somebody is still filling in."""

from django.db import models

from accounts.models import Organization, User


class Unfinished(models.Model):
    """A request that somebody fills in step by step, as they typed it; nobody else ever reads it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    typed = models.TextField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="unfinished_once")]

    def __str__(self) -> str:
        return f"of user {self.user_id} for organization {self.organization_id}"
