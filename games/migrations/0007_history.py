"""Somebody's history is found by their seats alone, so these are in its order."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery


def joined_before_the_end(apps: Any, schema_editor: Any) -> None:
    """Seats from before they knew when they were taken got the moment of that migration: a history
    in which all of them are equally old. When their match was made is as good as can be known."""
    seats = apps.get_model("games", "Seat").objects.using(schema_editor.connection.alias)
    matches = apps.get_model("games", "Match").objects.filter(id=OuterRef("match_id"))
    late = seats.filter(match__ended__lt=F("joined"))
    late.update(joined=Subquery(matches.values("created")[:1]))


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0006_ratings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(joined_before_the_end, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="seat",
            index=models.Index(fields=["user", "-joined", "-id"], name="seat_history"),
        ),
        migrations.AlterField(
            model_name="seat",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="seats",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
