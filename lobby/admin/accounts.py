"""Accounts are kept here."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from lobby.models.accounts import User
from lobby.selectors.accounts import with_sign_ins
from lobby.services.accounts import account_deactivate, account_delete
from lobby.services.grants import KEY, grants_end
from lobby.services.lockouts import lockout_of, lockout_reset


class AccountAddForm(AdminUserCreationForm):
    class Meta(AdminUserCreationForm.Meta):
        model = User


class AccountForm(UserChangeForm):
    class Meta(UserChangeForm.Meta):
        model = User


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Accounts; guests are those without a password of their own."""

    form = AccountForm
    add_form = AccountAddForm
    list_display = (
        "username", "name", "guest", "address", "signed_in", "locked", "is_staff", "is_active",
        "date_joined",
    )  # fmt: skip
    actions = ("deactivate", "reset_lock_outs", "sign_out")
    list_filter = ("guest", "is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("username", "name", "email")
    ordering = ("-date_joined",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("name", "email", "address", "guest")}),
        ("Signed in", {"fields": ("signed_in", "locked")}),
        (
            "Rights",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = (
        "guest",
        "email",
        "address",
        "signed_in",
        "locked",
        "last_login",
        "date_joined",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return with_sign_ins(super().get_queryset(request))

    @admin.display(description="address")
    def address(self, user: Any) -> str:
        """It may wait to be confirmed."""
        waiting = f"{user.email_waiting} (not confirmed)" if user.email_waiting else ""
        return ", ".join(filter(None, (user.email_confirmed, waiting))) or "–"

    @admin.display(description="signed in")
    def signed_in(self, user: Any) -> str:
        return f"{user.sessions_open} sessions, {user.tokens_open} tokens"

    @admin.display(description="locked out", boolean=True)
    def locked(self, user: User) -> bool:
        """After too many wrong passwords; until the end of a quarter of an hour."""
        return lockout_of(username=user.username) is not None

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            account_deactivate(user=obj)

    @admin.action(
        description="Deactivate: nobody gets in, and who is in goes", permissions=["change"]
    )
    def deactivate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        active = [user for user in chosen.filter(is_active=True) if user != request.user]
        for user in active:
            account_deactivate(user=user)
            self.log_change(request, user, "Deactivated by an operator.")
        self.message_user(request, f"{len(active)} deactivated.", _level(active))

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """A new password of somebody ends all but the session of the operator."""
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == HTTPStatus.FOUND:
            user = User.objects.get(pk=id)
            grants_end(user=user, but=request.session.get(KEY, ""))
            lockout_reset(username=user.username)
        return answer

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        ended = [user for user in chosen if grants_end(user=user)]
        for user in ended:
            self.log_change(request, user, "Signed out by an operator.")
        self.message_user(request, f"{len(ended)} signed out.", _level(ended))

    @admin.action(description="Let them try passwords again", permissions=["change"])
    def reset_lock_outs(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        locked = [user for user in chosen if self.locked(user)]
        for user in locked:
            lockout_reset(username=user.username)
            self.log_change(request, user, "Lock-out reset by an operator.")
        self.message_user(request, f"{len(locked)} may try again.", _level(locked))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        account_delete(user=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            account_delete(user=user)


def _level(done: list[User]) -> int:
    return messages.SUCCESS if done else messages.WARNING
