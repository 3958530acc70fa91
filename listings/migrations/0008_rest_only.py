"""A post whose own list stands can be told from one that is still to be matched, and comes after it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("listings", "0007_no_origin")]

    operations = [
        migrations.AddField("change", "rest_only", models.BooleanField(db_default=False)),
        migrations.RemoveIndex("change", "change_next"),
        migrations.AddIndex(
            "change",
            models.Index(
                fields=["in_run", "rest_only", "id"], name="change_next", condition=Q(attempts__lt=5)
            ),
        ),
    ]
