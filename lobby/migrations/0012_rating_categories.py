"""Ratings are kept apart by the categories of their title; none has a name yet."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0008_late_results"),
        ("lobby", "0011_closed_accounts"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="rating",
            name="rating_once",
        ),
        migrations.RemoveIndex(
            model_name="rating",
            name="rating_ranked",
        ),
        migrations.RemoveIndex(
            model_name="ratingchange",
            name="rating_change_order",
        ),
        migrations.RemoveIndex(
            model_name="ratingchange",
            name="rating_change_history",
        ),
        migrations.AddField(
            model_name="lobby",
            name="category",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="In which of its title's categories its matches are rated, by its settings.",
                max_length=32,
            ),
        ),
        migrations.AddField(
            model_name="rating",
            name="category",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="Of the title; empty: it has none.",
                max_length=32,
            ),
        ),
        migrations.AddField(
            model_name="ratingchange",
            name="category",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="Of the title; empty: it has none.",
                max_length=32,
            ),
        ),
        migrations.AddIndex(
            model_name="rating",
            index=models.Index(
                condition=models.Q(("settled_until__isnull", False)),
                fields=["title", "category", "season", "-mu", "user", "settled_until"],
                name="rating_ranked",
            ),
        ),
        migrations.AddIndex(
            model_name="ratingchange",
            index=models.Index(
                fields=["title", "category", "ended", "match"], name="rating_change_order"
            ),
        ),
        migrations.AddIndex(
            model_name="ratingchange",
            index=models.Index(
                fields=["user", "title", "category", "ended"], name="rating_change_history"
            ),
        ),
        migrations.AddConstraint(
            model_name="rating",
            constraint=models.UniqueConstraint(
                fields=("user", "title", "category", "season"), name="rating_once"
            ),
        ),
    ]
