"""Queries that are put into SQL once find what Django's own find."""

import pytest
from django.forms import model_to_dict
from knox.crypto import hash_token
from knox.models import AuthToken
from pytest_django import DjangoAssertNumQueries

from lobby.api.auth import TOKENS
from lobby.services.accounts import token_issue
from tests.lobby.kit import person

pytestmark = pytest.mark.django_db


def test_a_row_and_whose_it_is_are_those_that_django_finds(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for name in ("Ann", "Bob"):
        user = person(name)
        digest = hash_token(token_issue(user=user)[0])
        with django_assert_num_queries(1):
            found = TOKENS.get(digest)
            assert found is not None
            assert found.user == user
        there = AuthToken.objects.select_related("user").get(digest=digest)
        for one, other in ((found, there), (found.user, there.user)):
            assert model_to_dict(one) == model_to_dict(other)
            assert one.__dict__.keys() == other.__dict__.keys()
            assert not one._state.adding
        assert found.created == there.created
        assert found.user.date_joined == there.user.date_joined


def test_what_is_not_there_is_none() -> None:
    assert TOKENS.get("0" * 128) is None
