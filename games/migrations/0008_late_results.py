"""A result that came too late says when it counts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0007_history"),
    ]

    operations = [
        migrations.AddField(
            model_name="match",
            name="counts_as",
            field=models.DateTimeField(
                help_text="When it counts as ended in ratings, where its result came too late for them.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(
                condition=models.Q(("counts_as__isnull", False)),
                fields=["title", "counts_as", "id"],
                name="match_rated_late",
            ),
        ),
    ]
