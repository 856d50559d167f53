"""What people say: who may, where, how much, and what is kept of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from lobby.codes import Refused
from lobby.limits import (
    CHAT_BURST_MAX,
    CHAT_CHARS_MAX,
    CHAT_DAYS,
    CHAT_KEPT_MAX,
    CHAT_PAGE_MAX,
    CHAT_PER_S,
)
from lobby.models.accounts import User
from lobby.models.chat import Message, Talk, Voice
from lobby.models.people import Notice
from lobby.services.accounts import account_deactivate
from lobby.services.chat import chat_prune, chat_say, voice_mute
from lobby.services.lobbies import lobby_kick, lobby_start
from lobby.services.people import block_set
from lobby.words import masked
from tests.lobby.kit import api, fields_of, lobby_of, match_of, people, person, refused
from tests.lobby.test_people import act, make_friends
from tests.lobby.test_services import at_once

pytestmark = pytest.mark.django_db


def say(user: User | None, talk: str, text: Any = "Hello") -> Any:
    return api(user).post(f"/api/chat/{talk}/", {"text": text})


def read(user: User | None, talk: str, **query: Any) -> Any:
    return api(user).get(f"/api/chat/{talk}/", query)


def texts(user: User, talk: str, **query: Any) -> list[str]:
    return [message["text"] for message in read(user, talk, **query).json()["messages"]]


def said(talk: str, author: User, count: int) -> Talk:
    """A conversation in which so much was said."""
    row = Talk.objects.create(name=talk, last=count)
    Message.objects.bulk_create(
        Message(talk=row, number=number, author=author, text=f"n{number}")
        for number in range(1, count + 1)
    )
    return row


# --- who, and where -------------------------------------------------------------------------------


def test_people_of_a_lobby_speak_there_and_others_do_not_know_of_it() -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    lobby = lobby_of(ann, bob)
    talk = f"lobby:{lobby.id}"
    assert say(ann, talk, " Hi\n there ").json()["text"] == "Hi there"
    assert say(bob, talk).json()["number"] == 2
    assert texts(bob, talk) == ["Hi there", "Hello"]
    for answer in (say(eve, talk), read(eve, talk)):
        assert refused(answer, 404, "not_found")
    assert refused(say(None, talk), 401, "not_authenticated")
    lobby_kick(lobby_id=lobby.id, user=ann, kicked_id=bob.id)
    assert refused(read(bob, talk), 404, "not_found")


def test_in_a_match_its_people_speak_and_those_who_may_watch_read() -> None:
    ann, bob, cid, eve = people("Ann", "Bob", "Cid", "Eve")
    lobby = lobby_of(ann, bob, cid, title="arena")
    match = lobby_start(lobby_id=lobby.id, user=ann)
    talk = f"match:{match.id}"
    for user in (ann, cid):
        assert say(user, talk).status_code == 201
    assert refused(say(eve, talk), 403, "may_not_speak")
    assert read(eve, talk).json()["speaks"] is False
    assert len(texts(eve, talk)) == 2
    lobby_kick(lobby_id=lobby.id, user=ann, kicked_id=cid.id)
    assert refused(say(cid, talk), 403, "may_not_speak")
    hidden = match_of(ann, public=False)
    assert refused(read(eve, f"match:{hidden.id}"), 404, "not_found")


def test_friends_talk_and_one_who_is_away_is_told_once() -> None:
    ann, bob, eve = people("Ann", "Bob", "Eve")
    talk = f"direct:{bob.id}-{ann.id}"
    assert refused(say(ann, talk), 403, "may_not_speak")
    make_friends(ann, bob)
    Notice.objects.all().delete()
    for _ in range(2):
        assert say(ann, talk).status_code == 201
    notice = Notice.objects.get()
    kept = f"direct:{ann.id}-{bob.id}"
    assert (notice.user, notice.kind, notice.data["talk"]) == (bob, "direct_message", kept)
    assert texts(bob, kept) == ["Hello", "Hello"]
    assert refused(read(eve, talk), 404, "not_found")
    act(bob, ann, "unfriend")
    assert refused(say(ann, talk), 403, "may_not_speak")
    assert len(texts(ann, talk)) == 2
    block_set(user=bob, other_id=ann.id)
    assert refused(read(ann, talk), 404, "not_found")


@pytest.mark.parametrize(
    "talk",
    [
        "lobby", "lobby:", "lobby:x", "dance:1", "direct:", "direct:1", "direct:a-b", "direct:1-1",
        "direct:1-2-3", "direct:0-99999999999999999999999", "direct:-1-2", "direct:١-٢",
        "match:00000000-0000-0000-0000-000000000000", "x" * 300, "%00",
    ],
)  # fmt: skip
def test_what_is_no_conversation_is_not_found(talk: str) -> None:
    ann = person("Ann")
    for answer in (read(ann, talk), say(ann, talk)):
        assert refused(answer, 404, "not_found")


# --- what is said ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  \n ", "\x00", None, 7, ["a"], "x" * (CHAT_CHARS_MAX + 1)])
def test_what_is_no_message_is_refused_by_field(text: Any) -> None:
    ann = person("Ann")
    talk = f"lobby:{lobby_of(ann).id}"
    assert list(fields_of(say(ann, talk, text))) == ["text"]
    assert not Message.objects.exists()


def test_a_message_may_have_emoji_in_parts_and_the_longest_length() -> None:
    ann = person("Ann")
    talk = f"lobby:{lobby_of(ann).id}"
    assert say(ann, talk, "👩‍🚀").json()["text"] == "👩‍🚀"
    assert say(ann, talk, "é" * CHAT_CHARS_MAX).status_code == 201


def test_a_few_words_are_masked_and_only_as_whole_words() -> None:
    assert masked("Shit, what a bitch!") == "****, what a *****!"
    assert masked("Scunthorpe, shitake, classic") == "Scunthorpe, shitake, classic"


def test_another_filter_may_be_named_and_refuse(settings: Any) -> None:
    ann = person("Ann")
    talk = f"lobby:{lobby_of(ann).id}"
    settings.EVERTICK_CHAT_FILTER = "tests.lobby.test_chat.no_b"
    assert refused(say(ann, talk, "b"), 400, "text_refused")
    assert say(ann, talk, "Axe").json()["text"] == "axe"


def test_a_filter_that_fails_lets_nothing_pass(settings: Any) -> None:
    settings.EVERTICK_CHAT_FILTER = "tests.lobby.test_chat.broken"
    ann = person("Ann")
    assert refused(say(ann, f"lobby:{lobby_of(ann).id}"), 400, "text_refused")


def broken(text: str) -> str | None:
    raise ValueError(text)


def no_b(text: str) -> str | None:
    return None if "b" in text else text.lower()


def test_one_says_a_few_things_at_once_and_then_one_now_and_then() -> None:
    ann = person("Ann")
    talk, now = f"lobby:{lobby_of(ann).id}", timezone.now()
    for _ in range(CHAT_BURST_MAX):
        chat_say(user=ann, talk=talk, text="x", now=now)
    with pytest.raises(Refused, match="too_fast"):
        chat_say(user=ann, talk=talk, text="x", now=now)
    later = now + timedelta(seconds=1 / CHAT_PER_S)
    chat_say(user=ann, talk=talk, text="x", now=later)
    with pytest.raises(Refused, match="too_fast"):
        chat_say(user=ann, talk=talk, text="x", now=later)


@pytest.mark.django_db(transaction=True)
def test_what_is_said_at_once_is_numbered_without_a_gap_and_counted_together() -> None:
    ann, bob = people("Ann", "Bob")
    talk = f"lobby:{lobby_of(ann, bob).id}"
    came = at_once(
        *(lambda user=user: chat_say(user=user, talk=talk, text="x") for user in (ann, bob) * 5)
    )
    assert came == {"done": 10}
    assert sorted(Message.objects.values_list("number", flat=True)) == list(range(1, 11))
    assert Talk.objects.get().last == 10
    more = at_once(*(lambda: chat_say(user=ann, talk=talk, text="x") for _ in range(6)))
    assert more == {"done": CHAT_BURST_MAX - 5, "too_fast": 11 - CHAT_BURST_MAX}


# --- mutes ----------------------------------------------------------------------------------------


def test_whom_an_operator_mutes_says_nothing_until_then_and_is_told_why() -> None:
    ann = person("Ann")
    talk = f"lobby:{lobby_of(ann).id}"
    until = timezone.now() + timedelta(hours=1)
    voice_mute(user_id=ann.id, until=until, reason="Spam")
    answer = say(ann, talk)
    assert refused(answer, 403, "muted")
    assert answer.json()["error"]["fields"]["reason"] == ["Spam"]
    assert Notice.objects.get(user=ann).kind == "muted"
    chat_say(user=ann, talk=talk, text="x", now=until + timedelta(seconds=1))
    voice_mute(user_id=ann.id, until=None)
    assert say(ann, talk).status_code == 201


def test_mutes_are_made_and_ended_in_the_admin() -> None:
    operator, ann = person("Op", is_staff=True, is_superuser=True), person("Ann")
    client = Client()
    client.force_login(operator)
    until = {"muted_until_0": "2099-01-01", "muted_until_1": "12:00"}
    data = {"user": ann.id, "reason": "Spam"} | until
    assert client.post(reverse("admin:lobby_voice_add"), data).status_code == 302
    assert refused(say(ann, f"lobby:{lobby_of(ann).id}"), 403, "muted")
    path = reverse("admin:lobby_voice_change", args=[ann.id])
    assert client.post(path, {"muted_until_0": "", "muted_until_1": ""}).status_code == 302
    assert Voice.objects.get().muted_until is None
    for name in ("voice", "message", "block"):
        assert client.get(reverse(f"admin:lobby_{name}_changelist")).status_code == 200


def test_words_of_those_whom_one_mutes_are_not_in_ones_history() -> None:
    ann, bob = people("Ann", "Bob")
    talk = f"lobby:{lobby_of(ann, bob).id}"
    say(ann, talk, "mine")
    say(bob, talk, "yours")
    act(ann, bob, "mute")
    history = read(ann, talk).json()
    assert [message["text"] for message in history["messages"]] == ["mine"]
    assert (history["first"], history["upto"], history["last"]) == (1, 2, 2)
    assert texts(bob, talk) == ["mine", "yours"]


def test_whose_account_was_taken_away_says_nothing_over_a_socket_that_is_open_still() -> None:
    ann, bob = people("Ann", "Bob")
    match = match_of(ann, bob)
    account_deactivate(user=ann)
    with pytest.raises(Refused, match="not_authenticated"):
        chat_say(user=ann, talk=f"match:{match.id}", text="x")


# --- history --------------------------------------------------------------------------------------


def test_history_comes_in_pages_both_ways(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ann = person("Ann")
    talk = f"lobby:{lobby_of(ann).id}"
    said(talk, ann, 2 * CHAT_PAGE_MAX + 10)
    client = api(ann)
    with django_assert_num_queries(5):
        newest = client.get(f"/api/chat/{talk}/").json()
    assert (newest["first"], newest["upto"], newest["last"]) == (61, 110, 110)
    older = read(ann, talk, before=newest["first"]).json()
    assert (older["first"], older["upto"], older["messages"][0]["text"]) == (11, 60, "n11")
    after = read(ann, talk, after=100).json()
    assert (after["first"], after["upto"], len(after["messages"])) == (101, 110, 10)
    assert read(ann, talk, after=0).json()["upto"] == CHAT_PAGE_MAX
    assert read(ann, talk, before=1).json()["messages"] == []
    assert read(ann, talk, after=10**40).json()["messages"] == []
    assert read(ann, talk, before=10**40).json()["upto"] == 110
    for query in ({"before": 0}, {"after": -1}, {"after": "x"}):
        assert list(fields_of(read(ann, talk, **query))) == list(query)


def test_of_a_conversation_the_newest_are_kept() -> None:
    ann = person("Ann")
    talk = f"lobby:{lobby_of(ann).id}"
    said(talk, ann, CHAT_KEPT_MAX + 49)
    assert say(ann, talk).json()["number"] == CHAT_KEPT_MAX + 50
    numbers = Message.objects.values_list("number", flat=True)
    assert (min(numbers), len(numbers)) == (51, CHAT_KEPT_MAX)


def test_what_is_old_is_forgotten_and_empty_conversations_with_it() -> None:
    ann = person("Ann")
    long_ago = timezone.now() - timedelta(days=CHAT_DAYS, hours=1)
    old, new = said("lobby:old", ann, 3), said("lobby:new", ann, 3)
    Message.objects.filter(talk=old).update(sent=long_ago)
    Message.objects.filter(talk=new, number=1).update(sent=long_ago)
    Talk.objects.update(updated=long_ago)
    assert chat_prune(now=timezone.now()) == 4
    assert chat_prune(now=timezone.now()) == 0
    assert list(Talk.objects.values_list("name", flat=True)) == ["lobby:new"]
