"""Who knows whom, who wants nothing to do with whom, and what people are told."""

from typing import ClassVar

from django.db import models

from lobby.models.accounts import User


class Friend(models.Model):
    """One half of a friendship: the other half says the same the other way round."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="friends")
    friend = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["friend__name", "friend_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "friend"], name="friend_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} and {self.friend_id}"


class FriendRequest(models.Model):
    """Somebody asks somebody to be friends, and was not answered yet."""

    sender = models.ForeignKey(User, on_delete=models.CASCADE, related_name="requests_sent")
    receiver = models.ForeignKey(User, on_delete=models.CASCADE, related_name="requests")
    sent = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sender", "receiver"], name="friend_request_once")
        ]

    def __str__(self) -> str:
        return f"{self.sender_id} asks {self.receiver_id}"


class Block(models.Model):
    """Somebody does not want to hear of somebody, or only not what they say."""

    blocker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks")
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    chat_only = models.BooleanField(
        default=False, help_text="Muted: they are not read, and that is all."
    )
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once")
        ]

    def __str__(self) -> str:
        return f"{self.blocker_id} without {self.blocked_id}"


class Notice(models.Model):
    """Something that somebody is told, until they have read it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=32)
    data = models.JSONField(default=dict)
    read = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="notice_newest"),
            models.Index(fields=["user"], name="notice_unread", condition=models.Q(read=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"
