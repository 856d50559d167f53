"""Accounts are kept here."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest

from lobby.models.accounts import User
from lobby.services.accounts import account_delete


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
    list_display = ("username", "name", "guest", "email", "is_staff", "is_active", "date_joined")
    list_filter = ("guest", "is_staff", "is_superuser", "is_active", "groups")
    search_fields = ("username", "name", "email")
    ordering = ("-date_joined",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("name", "email", "guest")}),
        (
            "Rights",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("guest", "last_login", "date_joined")

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        account_delete(user=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            account_delete(user=user)
