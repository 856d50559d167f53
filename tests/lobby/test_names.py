"""Names that people see."""

import pytest
from django.core.exceptions import ValidationError

from lobby.limits import NAME_CHARS_MAX
from lobby.names import name_check, name_invent, name_tidy


@pytest.mark.parametrize("name", ["Ann", "Amber Otter 42", "Зоя", "李雷", "O'Neil-2", "🦦", "é"])
def test_a_name_in_any_script_is_fine(name: str) -> None:
    name_check(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u3164",
        "\u2800\u2800",
        "a\x00b",
        "a\nb",
        "a\x7f",
        "\u202egro.live",
        "a\u2066b",
        "a\u200bb",
        "a\u00adb",
        "\ufeffa",
        "a\u2028b",
        "a\ud800",
        "a\ue000",
    ],
)
def test_a_name_that_hides_or_turns_text_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        name_check(name)


def test_spaces_around_and_between_words_become_single() -> None:
    assert name_tidy("  Amber \t Otter ") == "Amber Otter"


def test_every_invented_name_is_one_that_might_have_been_chosen() -> None:
    names = [name_invent() for _ in range(500)]
    for name in names:
        name_check(name)
        assert len(name) <= NAME_CHARS_MAX
    assert len(set(names)) > 400
