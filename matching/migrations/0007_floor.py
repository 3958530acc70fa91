"""A floor tells all places of the last pair kept. Rankings without one keep whatever comes: all are due anew."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("matching", "0006_wins")]

    operations = [
        migrations.RemoveField("ranking", "floor"),
        migrations.AddField("ranking", "floor", ArrayField(models.BigIntegerField(), null=True)),
        migrations.RunSQL("UPDATE matching_ranking SET assumptions_version = 0", migrations.RunSQL.noop),
    ]
