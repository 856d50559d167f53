"""What may be done about tickets: each write is one keyword-only function.

The upper half is for people and operators. The lower half is for the matcher, the one worker that
finds matches for all: each of its writes names its epoch, and one that was overtaken writes nothing
(``MatcherLost``). A ticket leaves the state *waiting* by one comparing update, so of a cancel and a
match that come at the same time one wins, and the other finds that out.

``ticket_changed`` tells after the commit whose tickets have changed.
"""

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from math import isfinite
from typing import Any
from uuid import UUID

import msgspec
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone

from games.catalog import TITLES
from games.models import Seat
from games.selectors import category_of
from games.services import Player, SeatRefused, match_seat_take, match_start
from games.sim import Mode
from lobby.codes import ApiCode, Refused
from lobby.limits import (
    CHOICES_MAX,
    MATCHING_TRANSACTION_IDLE_S,
    PROPERTIES_MAX,
    PROPERTY_CHARS_MAX,
    PROPERTY_MAX,
    TICKET_SEEN_S,
    TICKET_UNSEEN_S,
    TICKET_WAIT_S_MAX,
    TICKETS_KEPT_S,
    TICKETS_WAITING_MAX,
)
from lobby.matching import RATING, Fill, Made
from lobby.matching_ports import ports
from lobby.models.accounts import User
from lobby.models.matchmaking import Matcher, Ticket, Waiter
from lobby.selectors.matchmaking import Pool, mode_of, rules_of, ticket_for_member, waiting_count
from lobby.services.titles import settings_checked

ticket_changed = Signal()
"""Sent after the commit with ``user_ids``, whose ticket has changed."""

Property = str | float


# --- for people and operators -------------------------------------------------------------------


def ticket_create(
    *,
    user: User,
    title: str,
    mode: str = "",
    properties: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
    bots: bool = True,
    least: int | None = None,
    most: int | None = None,
) -> Ticket:
    """Wait for a match, with all of one's party.

    Args:
        mode: Of the title; empty: its first.
        properties: Numbers and texts that others may ask for.
        query: What those of all others have to be: ``{"level": {"min": 3, "max": 5}}``,
            ``{"region": {"in": ["eu"]}}``; ``rating`` is theirs.
        least: Players that the match must have, and the most that it may.

    Raises:
        Refused: ``invalid`` with the fields, ``unknown_mode``, ``party_too_large``,
            ``not_party_leader``, ``already_waiting``, ``matchmaking_full``.
    """
    game = TITLES.get(title)
    if game is None:
        raise Refused(ApiCode.INVALID, {"title": ["There is no such title."]})
    rules = rules_of(game, mode_of(game, mode))
    party = ports.party_of(user.id)
    if party[0] != user.id:
        raise Refused(ApiCode.NOT_PARTY_LEADER)
    if len(party) > rules.most // rules.teams:
        raise Refused(ApiCode.PARTY_TOO_LARGE)
    ticket = Ticket(
        title=title,
        mode=mode_of(game, mode).name,
        owner=user,
        properties=_properties_checked(properties or {}),
        query=_query_checked(query or {}),
        bots=bots,
        least=least,
        most=most,
        rating=_rating_of(party, title, mode_of(game, mode)),
    )
    _counts_check(least, most, len(party), rules.least, rules.most)
    if waiting_count() >= TICKETS_WAITING_MAX:
        raise Refused(ApiCode.MATCHMAKING_FULL)
    _save(ticket, party)
    return ticket


@transaction.atomic
def _save(ticket: Ticket, party: Sequence[int]) -> None:
    ticket.save(force_insert=True)
    try:
        with transaction.atomic():
            Waiter.objects.bulk_create(
                Waiter(ticket=ticket, user_id=person) for person in sorted(party)
            )
    except IntegrityError as error:
        raise Refused(ApiCode.ALREADY_WAITING) from error
    _tell_changed(party)


def ticket_cancel(*, ticket_id: int, user: User) -> None:
    """Wait no longer; whoever is of the party may say so, and it is so for all of it.

    Raises:
        Refused: ``not_found``; ``ticket_over``, as a match may have been found at this moment.
    """
    ticket = ticket_for_member(ticket_id=ticket_id, user=user)
    if not tickets_cancel(ticket_ids=[ticket.id]):
        raise Refused(ApiCode.TICKET_OVER)


def tickets_cancel(*, ticket_ids: Collection[int]) -> int:
    """Cancel tickets, as an operator does; how many of them waited."""
    return len(_end(Q(id__in=list(ticket_ids)), Ticket.State.CANCELLED, timezone.now()))


def tickets_leave(*, user: User, **_: Any) -> None:
    """Receives ``account_leaves``: nobody waits for one who is gone."""
    _end(Q(people__user=user), Ticket.State.CANCELLED, timezone.now())


def tickets_part(*, user_ids: Collection[int], **_: Any) -> None:
    """Receives ``party_changed``: a party that is another now does not wait as it was."""
    _end(Q(people__user_id__in=list(user_ids)), Ticket.State.CANCELLED, timezone.now())


def tickets_seen(*, user_ids: Collection[int]) -> None:
    """These people look at their tickets just now."""
    now = timezone.now()
    waiting = Waiter.objects.filter(user_id__in=list(user_ids), waiting=True)
    known_until = now - timedelta(seconds=TICKET_SEEN_S / 2)
    due = Ticket.objects.filter(
        id__in=waiting.order_by().values("ticket_id"),
        state=Ticket.State.WAITING,
        seen__lt=known_until,
    )
    if not due.exists():  # most look at nothing that waits, and nobody is to write for that
        return
    with transaction.atomic():
        # In the order in which a pass locks them, or the two would wait for each other.
        rows = due.select_for_update(of=("self",)).order_by("id")
        ids = list(rows.values_list("id", flat=True))
        Ticket.objects.filter(id__in=ids).update(seen=now)


# --- for the matcher ----------------------------------------------------------------------------


class MatcherLost(Exception):
    """Another worker finds the matches now; nothing was written."""


class Lease(msgspec.Struct, frozen=True):
    """The right to write what a pass has found, until another worker takes it."""

    worker: str
    epoch: int


@transaction.atomic
def matcher_take(*, worker: str) -> Lease:
    """Become the matcher; from now on none before it writes anything."""
    _stand_still_briefly()
    Matcher.objects.get_or_create(id=Matcher.ONLY)
    row = Matcher.objects.select_for_update().get(id=Matcher.ONLY)
    row.worker, row.epoch, row.since = worker, row.epoch + 1, timezone.now()
    row.save()
    return Lease(worker, row.epoch)


@transaction.atomic
def matches_make(*, lease: Lease, pool: Pool, found: Sequence[Made | Fill]) -> set[int]:
    """Start these matches, and drop people into those that run; the tickets that got theirs.

    Of a match one of whose tickets waits no longer, or in which two would meet that must not,
    nothing comes: its other tickets wait on, since they began to.

    Raises:
        MatcherLost: nothing was written.
    """
    _must_be_matcher(lease)
    wanted = [ticket.id for match in found for ticket in _tickets_of(match)]
    rows = Ticket.objects.select_for_update(of=("self",)).filter(
        id__in=wanted, state=Ticket.State.WAITING
    )
    waiting = set(rows.order_by("id").values_list("id", flat=True))
    waiters = Waiter.objects.filter(ticket_id__in=waiting).select_related("user").order_by("id")
    people = {waiter.user_id: waiter.user for waiter in waiters}
    blocked = ports.blocked_pairs(people.keys()) if people else set()
    done: set[int] = set()
    for match in found:
        if not _holds(match, waiting, people, blocked):
            continue
        match_id = _enter(match, people) if isinstance(match, Fill) else _start(match, pool, people)
        if match_id is not None:
            _matched(match, match_id)
            done.update(ticket.id for ticket in _tickets_of(match))
    Waiter.objects.filter(ticket_id__in=done).update(waiting=False)
    return done


def tickets_expire(*, lease: Lease, now: datetime) -> int:
    """End tickets that waited too long, or that nobody looks at, and forget old ones; how many
    ended.

    Raises:
        MatcherLost: nothing was written.
    """
    old = Q(created__lt=now - timedelta(seconds=TICKET_WAIT_S_MAX))
    unseen = Q(seen__lt=now - timedelta(seconds=TICKET_UNSEEN_S))
    due = Ticket.objects.filter(old | unseen, state=Ticket.State.WAITING)
    forgotten = Ticket.objects.filter(ended__lt=now - timedelta(seconds=TICKETS_KEPT_S))
    if not due.exists() and not forgotten.exists():
        return 0
    with transaction.atomic():
        _must_be_matcher(lease)
        forgotten.filter(id__in=list(forgotten.values_list("id", flat=True)[:1000])).delete()
        return len(_end(old | unseen, Ticket.State.EXPIRED, now))


# --- steps of the above -------------------------------------------------------------------------


def _must_be_matcher(lease: Lease) -> None:
    """Keep whoever takes over waiting until this transaction ends, or find that somebody has."""
    _stand_still_briefly()
    mine = Matcher.objects.filter(id=Matcher.ONLY, worker=lease.worker, epoch=lease.epoch)
    if not mine.update(wrote=timezone.now()):
        raise MatcherLost


def _stand_still_briefly() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', %s, true)",
                [f"{MATCHING_TRANSACTION_IDLE_S}s"],
            )


def _tickets_of(match: Made | Fill) -> Sequence[Any]:
    return (match.ticket,) if isinstance(match, Fill) else match.tickets


def _holds(
    match: Made | Fill,
    waiting: Collection[int],
    people: Mapping[int, User],
    blocked: Collection[tuple[int, int]],
) -> bool:
    """Whether what was found still is so."""
    tickets = _tickets_of(match)
    if not all(ticket.id in waiting for ticket in tickets):
        return False
    if not all(person in people for ticket in tickets for person in ticket.people):
        return False  # an account is gone, and its party goes on in a ticket of its own
    return not any(
        (min(one, other), max(one, other)) in blocked
        for index, ticket in enumerate(tickets)
        for one in ticket.people
        for later in tickets[index + 1 :]
        for other in later.people
    )


def _start(match: Made, pool: Pool, people: Mapping[int, User]) -> UUID:
    """A new match; who sits where is chance, but for the teams."""
    title, mode = pool
    game = TITLES[title]
    chance = secrets.SystemRandom()
    teams = [
        [_player(people[person]) for ticket in team for person in ticket.people]
        for team in match.teams
    ]
    seated: list[list[Player | None]] = []
    for team, bots in zip(teams, match.bots, strict=True):
        chance.shuffle(team)
        seated.append([*team, *[None] * bots])
    chance.shuffle(seated)
    guests = any(people[person].guest for ticket in match.tickets for person in ticket.people)
    chosen = mode_of(game, mode)
    filled_up = game.drop_in and chosen.backfill_s > 0
    return match_start(
        title=title,
        settings=settings_checked(game, chosen.settings),
        players=[player for row in zip(*seated, strict=True) for player in row],
        rated=chosen.rated and game.can_be_rated() and not (filled_up or guests or any(match.bots)),
    ).id


def _enter(match: Fill, people: Mapping[int, User]) -> UUID | None:
    """Seats for a whole party in a running match; None if it has them no longer, or if somebody
    plays there whom one of them must not meet."""
    match_id = UUID(match.room)
    seated = Seat.objects.filter(match_id=match_id, left=Seat.Left.NOT, user__isnull=False)
    there = {user_id for user_id in seated.values_list("user_id", flat=True) if user_id}
    if _must_not_meet(set(match.ticket.people), there):
        return None
    try:
        with transaction.atomic():
            for person in match.ticket.people:
                match_seat_take(match_id=match_id, player=_player(people[person]))
    except SeatRefused:
        return None
    return match_id


def _must_not_meet(some: Collection[int], others: Collection[int]) -> bool:
    return any(
        (one in some and other in others) or (other in some and one in others)
        for one, other in ports.blocked_pairs({*some, *others})
    )


def _matched(match: Made | Fill, match_id: UUID) -> None:
    tickets = _tickets_of(match)
    Ticket.objects.filter(id__in=[ticket.id for ticket in tickets]).update(
        state=Ticket.State.MATCHED, match_id=match_id, ended=timezone.now()
    )
    people = [person for ticket in tickets for person in ticket.people]
    _tell_changed(people)

    def notify() -> None:
        for person in people:
            ports.notify(person, "matched", {"match": str(match_id)})

    transaction.on_commit(notify)


@transaction.atomic
def _end(which: Q, state: Ticket.State, now: datetime) -> list[int]:
    """End those of ``which`` that wait; which those are."""
    waiting = Ticket.objects.filter(which, state=Ticket.State.WAITING).order_by("id")
    ids = [
        ticket_id
        for ticket_id in waiting.values_list("id", flat=True).distinct()[:1000]
        if Ticket.objects.filter(id=ticket_id, state=Ticket.State.WAITING).update(
            state=state, ended=now
        )
    ]
    waiters = Waiter.objects.filter(ticket_id__in=ids)
    people = list(waiters.values_list("user_id", flat=True))
    waiters.update(waiting=False)
    if people:
        _tell_changed(people)
    return ids


def _player(user: User) -> Player:
    return Player(user_id=user.id, name=user.name)


def _rating_of(party: Sequence[int], title: str, mode: Mode) -> float:
    """The mean of all in it, where matches of this mode count."""
    category = category_of(title=title, settings=mode.settings)
    rated = ports.ratings_of(party, title, category)
    return sum(rated[person].mu if person in rated else 0.0 for person in party) / len(party)


def _tell_changed(user_ids: Collection[int]) -> None:
    ids = list(user_ids)
    transaction.on_commit(lambda: ticket_changed.send(sender=Ticket, user_ids=ids))


# --- what a ticket may say ----------------------------------------------------------------------

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def _counts_check(
    least: int | None, most: int | None, party: int, fewest: int, largest: int
) -> None:
    low = fewest if least is None else least
    high = largest if most is None else most
    if not fewest <= low <= largest:
        raise Refused(ApiCode.INVALID, {"least": [f"From {fewest} to {largest}."]})
    if not max(low, party) <= high <= largest:
        raise Refused(ApiCode.INVALID, {"most": [f"From {max(low, party)} to {largest}."]})


def _properties_checked(properties: Mapping[str, Any]) -> dict[str, Property]:
    _names_check("properties", properties)
    if RATING in properties:
        raise _wrong(f"properties.{RATING}", "A rating is earned, not said.")
    for name, value in properties.items():
        if isinstance(value, str):
            _text_check(f"properties.{name}", value)
        else:
            _number_check(f"properties.{name}", value)
    return dict(properties)


def _query_checked(query: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    _names_check("query", query)
    for name, wanted in query.items():
        field = f"query.{name}"
        if not isinstance(wanted, dict) or not wanted or not set(wanted) <= {"min", "max", "in"}:
            raise _wrong(field, 'Say {"min": …, "max": …} or {"in": […]}.')
        if "in" in wanted:
            _choices_check(field, wanted)
        else:
            for bound in wanted.values():
                _number_check(field, bound)
            if wanted.get("min", -PROPERTY_MAX) > wanted.get("max", PROPERTY_MAX):
                raise _wrong(field, "No number is as large as min and as small as max.")
    return {name: dict(wanted) for name, wanted in query.items()}


def _choices_check(field: str, wanted: Mapping[str, Any]) -> None:
    choices = wanted["in"]
    if len(wanted) > 1 or not isinstance(choices, list) or not 0 < len(choices) <= CHOICES_MAX:
        raise _wrong(field, f"`in` stands alone, and is a list of 1 to {CHOICES_MAX} texts.")
    for choice in choices:
        if not isinstance(choice, str):
            raise _wrong(field, "Not a text.")
        _text_check(field, choice)


def _names_check(field: str, named: Mapping[str, Any]) -> None:
    if len(named) > PROPERTIES_MAX:
        raise _wrong(field, f"At most {PROPERTIES_MAX}.")
    for name in named:
        if not _NAME.fullmatch(name):
            raise _wrong(field, "A name is lower_snake_case, at most 32 long.")


def _text_check(field: str, text: str) -> None:
    if len(text) > PROPERTY_CHARS_MAX or "\0" in text:
        raise _wrong(field, f"At most {PROPERTY_CHARS_MAX} characters.")


def _number_check(field: str, number: Any) -> None:
    if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
        raise _wrong(field, "A number or a text.")
    if abs(number) > PROPERTY_MAX:
        raise _wrong(field, f"Between -{PROPERTY_MAX:.0f} and {PROPERTY_MAX:.0f}.")


def _wrong(field: str, problem: str) -> Refused:
    return Refused(ApiCode.INVALID, {field: [problem]})
