"""Parties: people who stay together from one lobby to the next."""

from typing import ClassVar

from django.db import models

from lobby.models.accounts import User


class Party(models.Model):
    """Some friends who play together; one of them leads."""

    leader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "parties"

    def __str__(self) -> str:
        return f"party of {self.leader_id}"


class PartyMember(models.Model):
    """Somebody in a party; in one at a time."""

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="members")
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="party_member")
    joined = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["joined", "id"]

    def __str__(self) -> str:
        return f"{self.user_id} in party {self.party_id}"


class PartyInvitation(models.Model):
    """Somebody may join a party."""

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="invitations")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="party_invitations")
    sent = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["party", "user"], name="party_invited_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} invited to party {self.party_id}"
