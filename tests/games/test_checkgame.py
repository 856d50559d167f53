"""`manage.py checkgame`: what the kit has shown of a title, or the rule that it breaks."""

import re

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize("title", ["roshambo", "tests.planted.Sealed"])
def test_what_was_shown_is_said_a_line_for_each_check(
    title: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("checkgame", title)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["declaration", "play", "replay", "secrets"]
    assert re.search(r"\d+ worlds with other secrets", lines[-1])


def test_a_fault_ends_it_with_the_rule_that_is_broken() -> None:
    with pytest.raises(CommandError, match=r"^sealed: bot calls random\.choice \(planted\.py"):
        call_command("checkgame", "tests.planted.DrawsAtRandom")


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("nothing", "the titles are arena, chess"),
        ("tests.planted.Missing", "does not define"),
        ("tests.planted.State", "is no class of a game"),
    ],
)
def test_what_is_no_title_is_said(title: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("checkgame", title)
