"""Archived matches, for operators: played again by command and in the admin, kept for a time."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from games import journals
from games.catalog import TITLES
from games.models import Match
from games.rooms.segment import cut
from games.services import journals_prune, match_archived
from tests.lobby.kit import finish, match_of, person
from tests.rooms.test_segment import Played, changed, longer
from tests.titles import Tally

pytestmark = pytest.mark.django_db

LIST = "admin:games_match_changelist"


@pytest.fixture(autouse=True)
def title(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TITLES, Tally.title, Tally)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where the journals of a test are."""
    backend = {
        "BACKEND": "gameserver.storage.WholeFileStorage",
        "OPTIONS": {"location": tmp_path},
    }
    settings.STORAGES = settings.STORAGES | {"journals": backend}
    return tmp_path


Lines = Callable[[Played], list[Any]]


def archived(lines: Lines = lambda played: played.lines, *, ended: bool = True) -> Match:
    """A match that was played and archived; ``lines`` may say something else than was."""
    match = match_of(person("Ann"), person("Bob"), title="tally")
    played = Played(Tally, 100)
    origin = msgspec.structs.replace(played.origin, match=str(match.id))
    end = played.end() if ended else None
    for first, upto in ((0, 50), (50, 100)):
        part = lines(played)[first:upto]
        for segment in cut(origin, first, part, end if upto == 100 else None):
            journals.store(segment)
    match_archived(match_id=match.id)
    match.refresh_from_db()
    return match


def forged() -> Match:
    return archived(lambda played: changed(played.lines, 70, longer))


def over(match: Match, *, days: int) -> None:
    if match.live:
        finish(match, [0], [1])
    Match.objects.filter(id=match.id).update(ended=timezone.now() - timedelta(days=days))
    match.refresh_from_db()


def replay(*args: Any) -> str:
    out = StringIO()
    call_command("replay", *args, stdout=out)
    return out.getvalue()


# --- by command ----------------------------------------------------------------------------------


def test_a_match_that_leads_where_it_led_is_ok() -> None:
    match = archived()
    assert replay(str(match.id)) == (
        f"{match.id} tally        ok: 100 ticks played again, 6 hashes compared\n"
    )
    assert replay("--all").count("ok:") == 1


def test_one_that_does_not_is_named_with_its_tick_and_fails_the_command() -> None:
    good, bad = archived(), forged()
    out = StringIO()
    with pytest.raises(CommandError, match="1 wrong"):
        call_command("replay", "--all", stdout=out)
    lines = dict(line.split(" ", 1) for line in out.getvalue().splitlines())
    assert lines[str(good.id)].startswith("tally        ok:")
    assert lines[str(bad.id)].startswith("tally        WRONG: diverged at tick 80 ")


def test_one_changed_bit_of_a_file_fails_the_command(folder: Path) -> None:
    match = archived()
    name = journals.stored(str(match.id))[1].name
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 4
    (folder / name).write_bytes(data)
    with pytest.raises(CommandError, match="1 wrong"):
        replay(str(match.id))


def test_rules_that_are_not_here_any_more_fail_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    match = archived()
    monkeypatch.setattr(Tally, "version", 2)
    assert "not all: wrong_rules at tick 1 " in replay(str(match.id))
    monkeypatch.delitem(TITLES, "tally")
    assert "no title 'tally' here" in replay(str(match.id))


def test_a_finished_match_must_have_its_end_once_there_was_time_for_it() -> None:
    match = archived(ended=False)
    assert "the end is not archived" in replay(str(match.id)), "it goes on"
    over(match, days=0)
    assert "the end is not archived" in replay(str(match.id)), "it ended just now"
    over(match, days=1)
    with pytest.raises(CommandError):
        replay(str(match.id))


def test_matches_since_a_day_are_played_again() -> None:
    old, new = archived(), archived()
    Match.objects.filter(id=old.id).update(created=timezone.now() - timedelta(days=3))
    said = replay("--since", (timezone.now() - timedelta(days=1)).date().isoformat())
    assert str(new.id) in said
    assert str(old.id) not in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "name matches"),
        (("00000000-0000-0000-0000-000000000000",), "no match"),
        (("nonsense",), "invalid"),
        (("--since", "yesterday"), "invalid"),
    ],
)
def test_it_says_what_it_needs(args: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        replay(*args)


# --- in the admin --------------------------------------------------------------------------------


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(person("Op", is_staff=True, is_superuser=True))
    return client


def compare(client: Client, *matches: Match) -> str:
    data = {"action": "replay_matches", "_selected_action": [str(match.id) for match in matches]}
    return client.post(reverse(LIST), data, follow=True).content.decode()


def test_the_page_of_a_match_lists_its_segments(operator: Client) -> None:
    match = archived()
    url = reverse("admin:games_match_change", args=[match.id])
    page = operator.get(url).content.decode()
    size = journals.storage().size(journals.stored(str(match.id))[0].name)
    assert f"ticks 1 to 50: {size} bytes" in page
    assert "2 segments" in page
    other = reverse("admin:games_match_change", args=[match_of(person("Eve")).id])
    assert "segments" not in operator.get(other).content.decode()


def test_the_page_is_there_while_the_storage_is_not(operator: Client, settings: Any) -> None:
    match = archived()
    gone = {"BACKEND": "gameserver.storage.WholeFileStorage", "OPTIONS": {"location": "/dev/null"}}
    settings.STORAGES = settings.STORAGES | {"journals": gone}
    url = reverse("admin:games_match_change", args=[match.id])
    assert "The storage does not answer" in operator.get(url).content.decode()
    assert "the storage does not answer" in compare(operator, match)


def test_matches_are_played_again_and_the_report_is_shown(operator: Client) -> None:
    page = compare(operator, archived(), forged(), match_of(person("Eve")))
    assert "ok: 100 ticks played again" in page
    assert "WRONG: diverged at tick 80" in page
    assert "no journal of it is archived" in page


def test_long_matches_are_left_to_the_command(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("games.admin.REPLAY_TICKS_MAX", 150)
    page = compare(operator, archived(), archived())
    assert page.count("ok: 100 ticks played again") == 1
    assert page.count("too long for a request; use manage.py replay") == 1


# --- for how long --------------------------------------------------------------------------------


def test_journals_are_removed_when_their_time_is_over(folder: Path) -> None:
    live, young, old = archived(), archived(), archived()
    over(young, days=29)
    over(old, days=31)
    assert journals_prune(days=30, most=10) == 1
    assert journals.stored(str(old.id)) == []
    assert not (folder / journals.folder(str(old.id))).exists()
    for match in (live, young):
        assert len(journals.stored(str(match.id))) == 2
    old.refresh_from_db()
    assert old.archived is None
    assert journals_prune(days=30, most=10) == 0


def test_a_few_at_a_time_and_the_oldest_first() -> None:
    matches = [archived() for _ in range(3)]
    for days, match in enumerate(matches, 40):
        over(match, days=days)
    assert journals_prune(days=30, most=2) == 2
    assert [bool(journals.stored(str(match.id))) for match in matches] == [True, False, False]


def test_what_another_worker_has_removed_already_is_no_fault() -> None:
    match = archived()
    over(match, days=31)
    journals.remove(str(match.id))
    assert journals_prune(days=30, most=10) == 1
    match.refresh_from_db()
    assert match.archived is None


def test_the_command_removes_all_that_are_old_enough(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("games.management.commands.prune_journals.PRUNE_MAX", 1)
    matches = [archived() for _ in range(3)]
    for match in matches:
        over(match, days=31)
    out = StringIO()
    settings.EVERTICK = settings.EVERTICK | {"JOURNAL_DAYS": 0}
    call_command("prune_journals", stdout=out)
    assert out.getvalue() == "0 removed; journals are kept for ever\n"
    settings.EVERTICK = settings.EVERTICK | {"JOURNAL_DAYS": 30}
    call_command("prune_journals", stdout=out)
    assert out.getvalue().endswith("3 removed; journals are kept for 30 days\n")
