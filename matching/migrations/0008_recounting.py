"""Workers find the rankings whose counts are due, pages those that follow a whole-market run; and the length of
an offer's own list is told without reading those that only their needs keep."""

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
        migrations.RemoveIndex("match", "match_of_offer"),
        migrations.AddIndex("match", models.Index(fields=["offer", "for_offer"], name="match_of_offer")),
    ]
