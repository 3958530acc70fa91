"""Workers find the rankings whose counts are due, and pages those that follow a whole-market run."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("matching", "0007_floor")]

    operations = [
        migrations.AddIndex("ranking", models.Index(fields=["ranked_at", "id"], name="ranking_oldest")),
        migrations.AddIndex(
            "ranking",
            models.Index(fields=["id"], condition=Q(seen_xid=0), name="ranking_recounting"),
        ),
    ]
