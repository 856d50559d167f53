"""Matches and their seats."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Match",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("title", models.CharField(db_index=True, max_length=32)),
                ("rules_version", models.PositiveIntegerField()),
                ("settings", models.JSONField(default=dict)),
                (
                    "seed",
                    models.PositiveBigIntegerField(
                        help_text="Of all chance in it; secret until it ends."
                    ),
                ),
                (
                    "public",
                    models.BooleanField(default=True, help_text="Whether anybody may watch."),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("starting", "starting"),
                            ("running", "running"),
                            ("finished", "finished"),
                            ("abandoned", "abandoned"),
                            ("faulted", "faulted"),
                        ],
                        default="starting",
                        max_length=16,
                    ),
                ),
                (
                    "worker",
                    models.CharField(
                        blank=True, help_text="The worker that runs it.", max_length=64
                    ),
                ),
                ("end_requested", models.BooleanField(default=False)),
                ("ranking", models.JSONField(help_text="Groups of seats, best first.", null=True)),
                ("reason", models.CharField(blank=True, help_text="Why it ended.", max_length=64)),
                (
                    "fault",
                    models.TextField(blank=True, help_text="Traceback, where the rules failed."),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("started", models.DateTimeField(null=True)),
                ("ended", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "matches",
                "ordering": ["-created"],
                "indexes": [
                    models.Index(fields=["-created"], name="games_match_created_ae8188_idx"),
                    models.Index(
                        condition=models.Q(("status__in", ["starting", "running"])),
                        fields=["status", "created"],
                        name="match_live",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "name",
                    models.CharField(help_text="As it was shown in the match.", max_length=40),
                ),
                ("bot", models.BooleanField(default=False)),
                (
                    "left",
                    models.CharField(
                        blank=True,
                        choices=[("", "in play"), ("left", "left"), ("kicked", "kicked")],
                        default="",
                        max_length=8,
                    ),
                ),
                (
                    "place",
                    models.PositiveSmallIntegerField(
                        help_text="1 is the winner; ties share.", null=True
                    ),
                ),
                (
                    "match",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seats",
                        to="games.match",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="seats",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("match", "number"), name="seat_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("user__isnull", False)),
                        fields=("match", "user"),
                        name="seat_user_once",
                    ),
                ],
            },
        ),
    ]
