"""Lobbies and who is in them."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import lobby.models
import lobby.names


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0001_initial"),
        ("lobby", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lobby",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("title", models.CharField(db_index=True, max_length=32)),
                ("name", models.CharField(max_length=50, validators=[lobby.names.name_check])),
                ("settings", models.JSONField(default=dict)),
                ("private", models.BooleanField(default=False)),
                (
                    "code",
                    models.CharField(default=lobby.models.code_invent, max_length=6, unique=True),
                ),
                ("bots", models.PositiveSmallIntegerField(default=0)),
                (
                    "barred",
                    models.JSONField(
                        blank=True, default=list, help_text="Ids of those who were kicked."
                    ),
                ),
                ("closed", models.BooleanField(default=False)),
                (
                    "rounds",
                    models.PositiveIntegerField(default=0, help_text="Matches started so far."),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("updated", models.DateTimeField(auto_now=True)),
                (
                    "host",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="hosted",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "match",
                    models.ForeignKey(
                        help_text="The latest.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="lobbies",
                        to="games.match",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "lobbies",
                "ordering": ["-created", "id"],
            },
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ready", models.BooleanField(default=False)),
                ("joined", models.DateTimeField(auto_now_add=True)),
                (
                    "lobby",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="lobby.lobby",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["joined", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="lobby",
            index=models.Index(
                condition=models.Q(("closed", False), ("private", False)),
                fields=["-created"],
                name="lobby_listed",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(fields=("lobby", "user"), name="lobby_member_once"),
        ),
    ]
