from django.db import migrations


class Migration(migrations.Migration):
    """The table of the cache. Unlogged: quicker, and after a crash of Postgres an empty cache is what we want."""

    operations = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE cache (
                cache_key varchar(255) PRIMARY KEY,
                value text NOT NULL,
                expires timestamptz NOT NULL
            );
            CREATE INDEX cache_expires ON cache (expires);
            """,
            "DROP TABLE cache",
        )
    ]
