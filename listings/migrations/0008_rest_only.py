"""A post whose own list stands can be told from one that is still to be matched."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("listings", "0007_no_origin")]

    operations = [migrations.AddField("change", "rest_only", models.BooleanField(db_default=False))]
