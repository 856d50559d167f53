"""Grants: by which token or session somebody is signed in. Tokens that are there get one each;
sessions do when they are next used. Addresses that are there wait to be confirmed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import lobby.models.grants


def tokens_get_grants(apps, schema_editor):
    tokens, grants = apps.get_model("knox", "AuthToken"), apps.get_model("lobby", "Grant")
    for token in tokens.objects.iterator():
        made = {"user_id": token.user_id, "agent": "A program", "expires": token.expiry}
        grants.objects.get_or_create(token_id=token.pk, defaults=made)


def addresses_wait(apps, schema_editor):
    """Those that are there were never confirmed."""
    users, addresses = apps.get_model("lobby", "User"), apps.get_model("account", "EmailAddress")
    for user in users.objects.exclude(email="").iterator():
        addresses.objects.get_or_create(user_id=user.pk, email=user.email.lower())


class Migration(migrations.Migration):
    dependencies = [
        ("lobby", "0002_lobbies"),
        ("knox", "0009_extend_authtoken_field"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.CreateModel(
            name="Grant",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=lobby.models.grants.grant_invent,
                        editable=False,
                        max_length=32,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "session",
                    models.CharField(
                        db_index=True, help_text="Its key; empty: a token.", max_length=40
                    ),
                ),
                (
                    "agent",
                    models.CharField(help_text="What asked for it, coarsely.", max_length=40),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("used", models.DateTimeField(auto_now_add=True, help_text="Within some minutes.")),
                ("expires", models.DateTimeField(help_text="Empty: never.", null=True)),
                (
                    "token",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grant",
                        to="knox.authtoken",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["-used", "id"]},
        ),
        migrations.RunPython(tokens_get_grants, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(addresses_wait, migrations.RunPython.noop, elidable=True),
    ]
