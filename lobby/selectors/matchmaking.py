"""What may be asked about those who wait for a match."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, Max, Min, Prefetch, QuerySet
from django.utils import timezone

from games.catalog import TITLES
from games.models import Match, Seat
from games.selectors import category_of
from games.sim import Game, Mode
from lobby import matching
from lobby.codes import ApiCode, Refused
from lobby.limits import (
    BACKFILL_ROOMS_MAX,
    ESTIMATE_KEPT_S,
    ESTIMATE_MATCHES,
    ESTIMATE_PAST_S,
    SPREAD_MAX,
    SPREAD_PER_S,
    SPREAD_START,
    TICKETS_COUNTED_S,
)
from lobby.matching import Rules, Want, Widening
from lobby.matching_ports import ports
from lobby.models.accounts import User
from lobby.models.matchmaking import Matcher, Ticket, Waiter
from lobby.selectors.accounts import user_shown
from lobby.selectors.base import Shown

Pool = tuple[str, str]
"""Title and mode: who waits in one is matched with others in it."""


class PoolShown(NamedTuple):
    """A pool, as operators see it."""

    title: str
    mode: str
    tickets: int
    people: int
    oldest_s: float


# --- titles and modes ---------------------------------------------------------------------------


def mode_of(game: type[Game[Any]], name: str) -> Mode:
    """A mode by its name; the title's first, if none is named.

    Raises:
        Refused: ``unknown_mode``.
    """
    if not name:
        return game.modes[0]
    found = next((mode for mode in game.modes if mode.name == name), None)
    if found is None:
        raise Refused(ApiCode.UNKNOWN_MODE)
    return found


def rules_of(game: type[Game[Any]], mode: Mode) -> Rules:
    """How the people of a mode are put together."""
    seats = mode.seats or game.seats
    return Rules(
        least=seats.start,
        most=seats.stop - 1,
        teams=game.teams or 1,
        fill_s=mode.fill_s,
        bots_after_s=mode.bots_after_s if game.has_bot() else None,
        bots_to=mode.bots_to,
        widening=Widening(SPREAD_START, SPREAD_PER_S, SPREAD_MAX),
    )


# --- tickets ------------------------------------------------------------------------------------


def tickets() -> QuerySet[Ticket]:
    """All tickets with their people, newest first, in two queries."""
    people = Waiter.objects.select_related("user")
    return Ticket.objects.prefetch_related(Prefetch("people", queryset=people))


def tickets_of(*, user_id: int) -> QuerySet[Ticket]:
    """Those with which somebody waits or waited, newest first."""
    return tickets().filter(people__user_id=user_id)


def ticket_for_member(*, ticket_id: int, user: User) -> Ticket:
    """A ticket with which ``user`` waits or waited.

    Raises:
        Refused: ``not_found``.
    """
    ticket = tickets_of(user_id=user.id).filter(id=ticket_id).first()
    if ticket is None:
        raise Refused(ApiCode.NOT_FOUND)
    return ticket


def tickets_latest(*, user_ids: Iterable[int]) -> dict[int, Ticket]:
    """The newest ticket of each of these people."""
    rows = Waiter.objects.filter(user_id__in=list(user_ids)).order_by().values("user_id")
    newest = dict(rows.annotate(newest=Max("ticket_id")).values_list("user_id", "newest"))
    found = tickets().in_bulk(set(newest.values()))
    return {user_id: found[ticket] for user_id, ticket in newest.items() if ticket in found}


def waiting_count() -> int:
    """How many tickets wait, or did a moment ago."""
    key = "matchmaking:waiting"
    known = cache.get(key)
    if known is None:
        known = Ticket.objects.filter(state=Ticket.State.WAITING).count()
        cache.set(key, known, TICKETS_COUNTED_S)
    return int(known)


def wait_estimate(ticket: Ticket) -> float | None:
    """For how long one like this waits in all, in seconds, if anything is known of it: as half of
    the last in its pool did, else until bots come."""
    key = f"matchmaking:wait:{ticket.title}:{ticket.mode}"
    known = cache.get(key)
    if known is None:
        known = _wait_of_late(ticket.title, ticket.mode)
        cache.set(key, known, ESTIMATE_KEPT_S)
    if known >= 0:
        return float(known)
    mode = _mode_known(ticket)
    if mode is not None and TITLES[ticket.title].has_bot() and ticket.bots:
        return float(mode.bots_after_s)
    return None


def _mode_known(ticket: Ticket) -> Mode | None:
    """A ticket's mode; None where a newer version of the title has it no longer."""
    game = TITLES.get(ticket.title)
    modes = game.modes if game else ()
    return next((mode for mode in modes if mode.name == ticket.mode), None)


def _wait_of_late(title: str, mode: str) -> float:
    since = timezone.now() - timedelta(seconds=ESTIMATE_PAST_S)
    rows = Ticket.objects.filter(
        title=title, mode=mode, state=Ticket.State.MATCHED, ended__gte=since
    ).order_by("-ended")
    waits = [
        (ended - created).total_seconds()
        for created, ended in rows.values_list("created", "ended")[:ESTIMATE_MATCHES]
        if ended is not None
    ]
    return round(median(waits), 1) if waits else -1.0


def ticket_shown(ticket: Ticket) -> Shown:
    """A ticket, as those who wait with it see it."""
    game = TITLES.get(ticket.title)
    mode = _mode_known(ticket)
    waiting = ticket.state == Ticket.State.WAITING
    waited = ((ticket.ended or timezone.now()) - ticket.created).total_seconds()
    return {
        "id": ticket.id,
        "title": ticket.title,
        "title_name": game.name if game else ticket.title,
        "mode": ticket.mode,
        "mode_label": mode.label if mode else ticket.mode,
        "state": ticket.state,
        "people": [user_shown(waiter.user) for waiter in ticket.people.all()],
        "properties": ticket.properties,
        "query": ticket.query,
        "bots": ticket.bots,
        "least": ticket.least,
        "most": ticket.most,
        "created": ticket.created.isoformat(),
        "waited_s": max(0.0, round(waited, 1)),
        "estimate_s": wait_estimate(ticket) if waiting else None,
        "match": str(ticket.match_id) if ticket.match_id else None,
    }


def tickets_exported(user: User) -> Shown:
    """What is kept of somebody's tickets, for their export."""
    return {"tickets": [ticket_shown(ticket) for ticket in tickets_of(user_id=user.id)]}


def match_mode(*, match_id: Any, user_id: int) -> str | None:
    """The mode in which a match was found for somebody; None if it was not."""
    found = Ticket.objects.filter(match_id=match_id, people__user_id=user_id)
    return found.values_list("mode", flat=True).first()


# --- for operators ------------------------------------------------------------------------------


def pools_shown() -> list[PoolShown]:
    """Each pool in which somebody waits, the largest first."""
    now = timezone.now()
    waiting = Ticket.objects.filter(state=Ticket.State.WAITING).order_by()
    rows = waiting.values("title", "mode").annotate(count=Count("id"), oldest=Min("created"))
    people = Counter(
        Waiter.objects.filter(waiting=True).values_list("ticket__title", "ticket__mode")
    )
    found = [
        PoolShown(
            row["title"],
            row["mode"],
            row["count"],
            people[row["title"], row["mode"]],
            round((now - row["oldest"]).total_seconds(), 1),
        )
        for row in rows
    ]
    return sorted(found, key=lambda pool: (-pool.tickets, pool.title, pool.mode))


def matcher_now() -> Matcher | None:
    """The worker that finds matches, as its row says."""
    return Matcher.objects.first()


# --- for the matcher ----------------------------------------------------------------------------


def waiting_ids() -> list[int]:
    """All tickets that wait, the oldest first."""
    waiting = Ticket.objects.filter(state=Ticket.State.WAITING).order_by("id")
    return list(waiting.values_list("id", flat=True))


def tickets_read(*, ticket_ids: Collection[int]) -> dict[int, tuple[Pool, matching.Ticket]]:
    """Tickets as they are matched, with the pool of each, where the title is there."""
    found: dict[int, tuple[Pool, matching.Ticket]] = {}
    ids = list(ticket_ids)
    for first in range(0, len(ids), 500):
        some = ids[first : first + 500]
        people: dict[int, list[int]] = {}
        waiters = Waiter.objects.filter(ticket_id__in=some).order_by("id")
        for ticket_id, user_id in waiters.values_list("ticket_id", "user_id"):
            people.setdefault(ticket_id, []).append(user_id)
        rows = Ticket.objects.filter(id__in=some, state=Ticket.State.WAITING).order_by()
        for row in rows.values_list("title", "mode", "id", *_MATCHED):
            title, mode, ticket_id, *matched = row
            if title in TITLES and ticket_id in people:
                found[ticket_id] = (title, mode), _as_matched(ticket_id, people, *matched)
    return found


_MATCHED = ("created", "rating", "properties", "query", "least", "most", "bots")


def _as_matched(ticket_id: int, people: Mapping[int, list[int]], *matched: Any) -> matching.Ticket:
    created, rating, properties, query, least, most, bots = matched
    return matching.Ticket(
        id=ticket_id,
        since=created.timestamp(),
        people=tuple(people[ticket_id]),
        rating=rating,
        properties=properties,
        wants=wants_of(query),
        counts=(least or 1, most or 1 << 30),
        bots=bots,
    )


def wants_of(query: Mapping[str, Mapping[str, Any]]) -> tuple[Want, ...]:
    """A query, as it is matched; it was checked when the ticket was made."""
    return tuple(
        Want(name, among=frozenset(wanted["in"]))
        if "in" in wanted
        else Want(name, wanted.get("min", float("-inf")), wanted.get("max", float("inf")))
        for name, wanted in sorted(query.items())
    )


def rooms_open(*, title: str, mode: Mode, now: datetime) -> list[matching.Room]:
    """Matches of a pool that run and have seats left.

    Only those that the matchmaker made: who opened a lobby chose with whom to play in it.
    """
    seats = Prefetch("seats", queryset=Seat.objects.filter(left=Seat.Left.NOT), to_attr="taken")
    since = now - timedelta(seconds=mode.backfill_s)
    found = Ticket.objects.filter(title=title, mode=mode.name, state=Ticket.State.MATCHED)
    rows = (
        Match.objects.filter(
            id__in=found.filter(ended__gte=since).order_by().values("match_id"),
            status__in=Match.LIVE,
            rated=False,  # who plays for ratings was there from the start
            end_requested=False,
            created__gte=since,
        )
        .annotate(numbers=Count("seats"))
        .prefetch_related(seats)
        .order_by("-created")[:BACKFILL_ROOMS_MAX]
    )
    most = (mode.seats or TITLES[title].seats).stop - 1
    rooms = [(row, most - row.numbers) for row in rows]
    people = {seat.user_id for row, _ in rooms for seat in row.taken if seat.user_id}
    category = category_of(title=title, settings=mode.settings)
    rated = ports.ratings_of(people, title, category) if people else {}
    return [_as_room(row, free, rated) for row, free in rooms if free > 0]


def _as_room(row: Any, free: int, rated: Mapping[int, Any]) -> matching.Room:
    people = frozenset(seat.user_id for seat in row.taken if seat.user_id)
    points = [rated[person].mu if person in rated else 0.0 for person in people]
    return matching.Room(
        id=str(row.id),
        people=people,
        players=len(row.taken),
        free=free,
        rating=sum(points) / len(points) if points else 0.0,
    )
