"""Reports: what is kept with them, and what operators do."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from lobby.limits import REPORT_MESSAGES, REPORTS_OPEN_MAX
from lobby.models.accounts import User
from lobby.models.chat import Voice
from lobby.models.reports import Report
from lobby.selectors.exports import chat_export, people_export
from lobby.services.people import block_set
from tests.lobby.kit import api, fields_of, lobby_of, match_of, people, person, refused
from tests.lobby.test_chat import said, say
from tests.lobby.test_people import make_friends
from tests.lobby.test_services import at_once

pytestmark = pytest.mark.django_db

LIST = "admin:lobby_report_changelist"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(person("Op", is_staff=True, is_superuser=True))
    return client


def report(user: User, kind: str, /, **body: Any) -> Any:
    return api(user).post(f"/api/reports/{kind}/", {"reason": "Rude"} | body)


def act(client: Client, action: str, *reports: Report) -> str:
    data = {"action": action, "_selected_action": [each.id for each in reports]}
    return client.post(reverse(LIST), data, follow=True).content.decode()


def test_a_reported_message_is_kept_with_what_was_said_around_it(operator: Client) -> None:
    ann, bob = people("Ann", "Bob")
    lobby = lobby_of(ann, bob)
    talk = f"lobby:{lobby.id}"
    said(talk, bob, 60)
    assert report(ann, "message", talk=talk, number=30).status_code == 201
    made = Report.objects.get()
    assert (made.accused, made.reporter, made.talk, made.number) == (bob, ann, talk, 30)
    numbers = [message["number"] for message in made.context]
    assert (len(numbers), numbers[0], numbers[-1]) == (REPORT_MESSAGES, 16, 35)
    page = operator.get(reverse("admin:lobby_report_change", args=[made.id])).content.decode()
    assert "n30" in page


def test_a_player_is_reported_with_the_match_and_its_words(operator: Client) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    match = match_of(ann, bob)
    say(bob, f"match:{match.id}", "<b>Cheat</b>")
    answer = report(ann, "player", user=bob.id, match=str(match.id))
    assert answer.json() == {"report": Report.objects.get().id}
    made = Report.objects.get()
    assert (made.match_id, made.context[0]["text"]) == (match.id, "<b>Cheat</b>")
    page = operator.get(reverse("admin:lobby_report_change", args=[made.id])).content.decode()
    assert reverse("admin:games_match_change", args=[match.id]) in page
    assert "<b>Cheat" not in page
    assert list(fields_of(report(ann, "player", user=eve.id, match=str(match.id)))) == ["user"]
    assert report(ann, "player", user=eve.id).status_code == 201


def test_a_match_is_reported_and_nobody_in_particular(operator: Client) -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    match, hidden = match_of(ann, bob), match_of(ann, public=False)
    say(bob, f"match:{match.id}", "Odd")
    assert report(eve, "match", match=str(match.id)).status_code == 201
    assert refused(report(eve, "match", match=str(hidden.id)), 404, "not_found")
    made = Report.objects.get()
    assert (made.accused, made.match_id, made.context[0]["text"]) == (None, match.id, "Odd")
    assert "0 handled." in act(operator, "mute_day", made)
    assert "0 handled." in act(operator, "ban_accused", made)
    assert "1 handled." in act(operator, "close_reports", made)
    path = reverse("admin:lobby_report_change", args=[made.id])
    assert operator.get(path).status_code == 200


def test_what_one_may_not_see_one_may_not_report() -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    talk = f"lobby:{lobby_of(ann, bob).id}"
    said(talk, bob, 1)
    hidden = match_of(ann, public=False)
    for answer in (
        report(eve, "message", talk=talk, number=1),
        report(ann, "message", talk=talk, number=2),
        report(ann, "message", talk=talk, number=10**40),
        report(eve, "player", user=ann.id, match=str(hidden.id)),
        report(eve, "player", user=ann.id, match=str(uuid.uuid4())),
        report(eve, "player", user=10**40),
    ):
        assert refused(answer, 404, "not_found")
    assert "user" in fields_of(report(bob, "message", talk=talk, number=1))
    for reason in ("", " ", "x" * 501, None):
        assert "reason" in fields_of(report(ann, "player", user=bob.id, reason=reason))


@pytest.mark.django_db(transaction=True)
def test_reports_of_one_who_reports_everybody_are_bounded() -> None:
    from lobby.services.reports import report_player

    ann, bob = people("Ann", "Bob")
    Report.objects.bulk_create(
        Report(reporter=ann, accused=bob, reason="x") for _ in range(REPORTS_OPEN_MAX - 1)
    )
    came = at_once(
        *(
            lambda: report_player(user=ann, accused_id=bob.id, match_id=None, reason="x")
            for _ in range(3)
        )
    )
    assert came == {"done": 1, "too_many_reports": 2}


def test_operators_mute_ban_or_close_and_each_report_once(operator: Client) -> None:
    ann, bob, cid, dan = people("Ann", "Bob", "Cid", "Dan")
    lobby = lobby_of(cid, ann)
    client = api(cid)
    reports = [
        Report.objects.create(reporter=ann, accused=who, reason="x") for who in (bob, cid, dan)
    ]
    assert "1 handled." in act(operator, "mute_day", reports[0])
    left = Voice.objects.get(user=bob).muted_until - timezone.now()  # type: ignore[operator]
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert "1 handled." in act(operator, "ban_accused", reports[1])
    assert refused(client.get("/api/me/"), 401, "token_invalid")
    lobby.refresh_from_db()
    assert lobby.host == ann
    assert "1 handled." in act(operator, "close_reports", *reports)
    assert not Voice.objects.filter(user=dan).exists()
    assert {each.outcome for each in Report.objects.all()} == {
        "Muted for 24 h", "Banned", "Nothing to do",
    }  # fmt: skip
    assert LogEntry.objects.count() == 3


def test_a_list_of_reports_takes_few_queries(
    operator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        Report.objects.create(reporter=person("A"), accused=person("B"), reason=str(number))
    with django_assert_max_num_queries(8):
        assert operator.get(reverse(LIST), {"state__exact": "open"}).status_code == 200


def test_a_copy_of_ones_data_has_what_one_said_and_whom_one_knows() -> None:
    ann, bob, cid = people("Ann", "Bob", "Cid")
    make_friends(ann, bob)
    say(ann, f"direct:{ann.id}-{bob.id}", "Mine")
    say(bob, f"direct:{ann.id}-{bob.id}", "Theirs")
    report(ann, "player", user=cid.id)
    block_set(user=ann, other_id=cid.id)
    people_copy, chat_copy = people_export(ann), chat_export(ann)
    assert [row["user"]["name"] for row in people_copy["friends"]] == ["Bob"]
    assert [row["user"]["name"] for row in people_copy["blocks"]] == ["Cid"]
    assert [row["text"] for row in chat_copy["messages"]] == ["Mine"]
    assert [row["reason"] for row in chat_copy["reports"]] == ["Rude"]
    json.dumps(people_copy | chat_copy)
