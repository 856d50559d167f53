"""What may be done to matches: each write is one keyword-only function.

Those who run rooms call the lower half, always with the worker they are: a worker that lost a match
must not write its result. Nothing here knows sockets or REST; what must reach a running room goes
through the port ``rooms``, which hosting implements and ``gameserver`` plugs in; so does the lobby
with ``grants``, by which workers hear who was signed out.
"""

import logging
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone

from games import journals
from games.catalog import TITLES
from games.models import Match, Seat, Sleep, Worker
from games.sim import Outcome

logger = logging.getLogger(__name__)

match_changed = Signal()
"""Sent after the commit with ``match_id``, when a match started, changed seats or ended."""


class RoomPort(Protocol):
    """How running rooms are told something, from any thread of any process.

    A message may be lost; the rows say the same, and workers sweep them.

    Attributes:
        admits: Whether sockets may come in at this process.
    """

    @property
    def admits(self) -> bool: ...

    def end(self, *, match_id: UUID) -> None:
        """End the match now, without a result."""

    def vacate(self, *, match_id: UUID, seat: int, why: str) -> None:
        """Give up a seat: ``left`` or ``kicked``."""

    def sign_out(self, *, grants: Collection[str]) -> None:
        """Close all sockets that came in with these tokens or sessions, at every worker; what was
        signed for them opens nothing any more."""


class _NoRooms:
    """Where nothing runs rooms (a shell, a migration): the sweep of a worker finds the rows."""

    admits = True

    def end(self, *, match_id: UUID) -> None:
        return

    def vacate(self, *, match_id: UUID, seat: int, why: str) -> None:
        return

    def sign_out(self, *, grants: Collection[str]) -> None:
        return


rooms: RoomPort = _NoRooms()


class GrantPort(Protocol):
    """What workers ask those who know accounts: who of the people at their sockets still may be
    there. A grant is the name of a token or session."""

    def good(self, *, grants: Collection[str]) -> set[str]:
        """Those of them that are still good; asks the database, once."""

    def held(self) -> set[str]:
        """Those of the sockets in this process that look at no match."""

    def end(self, *, grants: Collection[str]) -> None:
        """Close those sockets, on the loop that serves them."""


class _NoGrants:
    """Where nobody knows accounts: nothing ends."""

    def good(self, *, grants: Collection[str]) -> set[str]:
        return set(grants)

    def held(self) -> set[str]:
        return set()

    def end(self, *, grants: Collection[str]) -> None:
        return


grants: GrantPort = _NoGrants()


class Player(msgspec.Struct, frozen=True):
    """Who takes a seat."""

    user_id: int
    name: str


class SeatRefused(Exception):
    """No seat can be had; ``code`` says why: ``match_over``, ``not_drop_in``, ``match_full``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# --- for lobbies, REST and admin ---------------------------------------------------------------


@transaction.atomic
def match_start(
    *,
    title: str,
    settings: dict[str, object],
    players: Sequence[Player | None],
    bots: int = 0,
    public: bool = True,
    rated: bool = False,
) -> Match:
    """A new match with these players on seats 0, 1, 2, …, then bots; it waits for its first socket.

    Args:
        players: None is a bot that must sit just there, as in a team.
        settings: Already checked against the title's ``Settings``.
        rated: Whether its result is to change ratings. Nothing changes that later; who asks for it
            has seen to it that all players have accounts.
    """
    assert not (rated and bots), "bots have no rating"
    match = Match.objects.create(
        title=title,
        rules_version=TITLES[title].version,
        settings=settings,
        seed=secrets.randbits(63),
        public=public,
        rated=rated,
    )
    names = (f"Bot {number}" for number in count(1))
    seats = [
        Seat(match=match, number=number, name=next(names), bot=True)
        if player is None
        else Seat(match=match, number=number, user_id=player.user_id, name=player.name)
        for number, player in enumerate([*players, *[None] * bots])
    ]
    Seat.objects.bulk_create(seats)
    _tell_changed(match.id)
    return match


def match_seat_take(*, match_id: UUID, player: Player) -> Seat:
    """A seat in a running drop-in match: the one they had, else the lowest free number.

    Raises:
        SeatRefused: the match is over, full, or its title has no drop-in.
    """
    for _ in range(8):  # two may want the same number at once: the loser takes the next one
        try:
            with transaction.atomic():
                return _seat_take(match_id, player)
        except IntegrityError:
            continue
    raise SeatRefused("match_full")


def _seat_take(match_id: UUID, player: Player) -> Seat:
    match = Match.objects.filter(id=match_id).first()
    if match is None or not match.live:
        raise SeatRefused("match_over")
    game = TITLES[match.title]
    if not game.drop_in:
        raise SeatRefused("not_drop_in")
    seats = list(match.seats.all())
    mine = next((seat for seat in seats if seat.user_id == player.user_id), None)
    if mine is not None:
        if mine.left == Seat.Left.KICKED:
            raise SeatRefused("match_full")
        Seat.objects.filter(id=mine.id).update(left=Seat.Left.NOT)
        _tell_changed(match_id)
        return mine
    taken = {seat.number for seat in seats}
    free = next((number for number in range(game.seats.stop - 1) if number not in taken), None)
    if free is None:
        raise SeatRefused("match_full")
    seat = Seat.objects.create(match=match, number=free, user_id=player.user_id, name=player.name)
    _tell_changed(match_id)
    return seat


def match_end(*, match_id: UUID) -> bool:
    """End a live match without a result, as an operator does; False if it is over already."""
    if not Match.objects.filter(id=match_id, status__in=Match.LIVE).update(end_requested=True):
        return False
    # Nobody runs it yet, or it sleeps: nobody would mark it.
    _close(
        Q(id=match_id, worker=""),
        status=Match.Status.ABANDONED,
        reason="ended_by_operator",
    )
    transaction.on_commit(lambda: rooms.end(match_id=match_id))
    return True


def seat_vacate(*, match_id: UUID, user_id: int, why: Seat.Left) -> bool:
    """Give up a player's seat in a live match; False if they have none."""
    seat = Seat.objects.filter(
        match_id=match_id, user_id=user_id, left=Seat.Left.NOT, match__status__in=Match.LIVE
    ).first()
    if seat is None:
        return False
    Seat.objects.filter(id=seat.id).update(left=why)
    Sleep.objects.filter(match_id=match_id).update(wake_at=timezone.now())  # it must hear of it
    number = seat.number
    transaction.on_commit(lambda: rooms.vacate(match_id=match_id, seat=number, why=str(why)))
    _tell_changed(match_id)
    return True


# --- for those who run rooms -------------------------------------------------------------------


class Slept(msgspec.Struct, frozen=True):
    """A room that left its worker's memory.

    Attributes:
        tick: Its last.
        room: The whole room after it.
        ticked_at: When that was; from then on it was thought about.
    """

    tick: int
    room: bytes
    ticked_at: datetime


class RoomSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker must know to run a match.

    Attributes:
        seats: Number, name, whether a bot plays it, as it was when the match began.
        slept: As it is to go on, where it slept until now.
    """

    match: str
    title: str
    settings: dict[str, Any]
    seed: int
    seats: list[tuple[int, str, bool]]
    slept: Slept | None = None


class Load(NamedTuple):
    """What a worker has to do."""

    rooms: int
    sockets: int


class MatchLost(Exception):
    """A match that ran cannot go on: the room store does not know it any more."""


def match_open(
    *, match_id: UUID, worker: str, epoch: int = 1, resumable: bool = False
) -> RoomSpec | None:
    """Mark a match as run by ``worker``; None if it is over, or a later owner runs it.

    Args:
        epoch: Of the worker's lease; a smaller one than the row's is that of an owner before.
        resumable: Whether the room store has the room. If it has not, and the match ran already,
            it goes on from its sleep; with none, nobody can go on with it, and it is marked as
            abandoned.
    Raises:
        MatchLost: it was marked as abandoned just now.
    """
    match = Match.objects.filter(id=match_id, status__in=Match.LIVE).first()
    if match is None:
        return None
    slept = None
    if match.status == Match.Status.STARTING and _begin(match_id, worker, epoch):
        _tell_changed(match_id)
    else:
        slept = _go_on(match_id, worker, epoch, resumable=resumable)
    match = Match.objects.filter(id=match_id, status=Match.Status.RUNNING, worker=worker).first()
    return None if match is None else _spec(match, slept)


def _go_on(match_id: UUID, worker: str, epoch: int, *, resumable: bool) -> Slept | None:
    """Mark a match that ran already; what it is to go on from, if it slept."""
    running = Q(id=match_id, status=Match.Status.RUNNING, epoch__lt=epoch)
    row = Sleep.objects.filter(match_id=match_id).first()
    if resumable and row is not None:
        match_woken(match_id=match_id)  # what the room store has is newer
        row = None
    # An epoch as high as the row's is that of a worker which was overtaken, and does not know.
    lost = not resumable and row is None
    if lost and _close(
        running & ~Q(worker=worker), status=Match.Status.ABANDONED, reason="room_lost"
    ):
        raise MatchLost
    handed_over = Q(worker=worker, epoch=epoch - 1)  # by the owner before; no other has this epoch
    Match.objects.filter(running).exclude(handed_over).update(worker=worker, epoch=epoch)
    return None if row is None else Slept(row.tick, bytes(row.room), row.ticked_at)


@transaction.atomic
def _begin(match_id: UUID, worker: str, epoch: int) -> bool:
    """Whether the match runs from now on; who sits there is what its room begins with."""
    starting = Match.objects.filter(id=match_id, status=Match.Status.STARTING)
    seats = list(Seat.objects.filter(match_id=match_id).values_list("number", "name", "bot"))
    return bool(
        starting.update(
            status=Match.Status.RUNNING,
            worker=worker,
            epoch=epoch,
            started=timezone.now(),
            opening=seats,
        )
    )


def _spec(match: Match, slept: Slept | None = None) -> RoomSpec:
    opening = match.opening
    if opening is None:  # it began before that was kept
        opening = match.seats.values_list("number", "name", "bot")
    return RoomSpec(
        match=str(match.id),
        title=match.title,
        settings=match.settings,
        seed=match.seed,
        seats=[(number, name, bot) for number, name, bot in opening],
        slept=slept,
    )


def matches_hand_over(*, epochs: Mapping[UUID, int], worker: str, heir: str) -> set[UUID]:
    """Matches of ``worker``, with the epochs of its leases, are about to go to another, which then
    has nothing to ask or to write before it goes on; those of which that is so. Should yet another
    be quicker, it is as free to open them as before."""
    running = Match.objects.filter(status=Match.Status.RUNNING)
    handed: set[UUID] = set()
    for epoch in sorted(set(epochs.values())):
        ids = [match_id for match_id, its in epochs.items() if its == epoch]
        for first in range(0, len(ids), 500):
            some = running.filter(id__in=ids[first : first + 500])
            some.filter(worker=worker, epoch__lte=epoch).update(worker=heir, epoch=epoch)
            handed.update(some.filter(worker=heir, epoch=epoch).values_list("id", flat=True))
    return handed


@transaction.atomic
def match_sleep(
    *, match_id: UUID, worker: str, epoch: int, slept: Slept, wake_at: datetime | None
) -> bool:
    """Keep a room here while nobody needs it; False if ``worker`` does not run this match any
    more. Nothing may be told of it until ``match_open``."""
    asleep = Match.objects.filter(
        id=match_id,
        worker=worker,
        epoch__lte=epoch,
        status=Match.Status.RUNNING,
        end_requested=False,
    ).update(worker="", epoch=epoch)
    if asleep:
        Sleep.objects.update_or_create(
            match_id=match_id,
            defaults={
                "tick": slept.tick,
                "room": slept.room,
                "ticked_at": slept.ticked_at,
                "wake_at": wake_at,
            },
        )
    return bool(asleep)


def match_woken(*, match_id: UUID) -> None:
    """The room store has the room again."""
    Sleep.objects.filter(match_id=match_id).delete()


@transaction.atomic
def match_finish(*, match_id: UUID, worker: str, outcome: Outcome) -> bool:
    """Record the result; False if ``worker`` does not run this match any more."""
    finished = _close(
        Q(id=match_id, worker=worker),
        status=Match.Status.FINISHED,
        reason=outcome.reason,
        ranking=outcome.ranking,
    )
    if finished:
        for place, seats in _places(outcome.ranking):
            Seat.objects.filter(match_id=match_id, number__in=seats).update(place=place)
    return bool(finished)


def match_abandon(*, match_ids: Iterable[UUID], worker: str, reason: str) -> int:
    """Mark matches of ``worker`` as ended without a result; how many there were."""
    return _close(
        Q(id__in=list(match_ids), worker=worker), status=Match.Status.ABANDONED, reason=reason
    )


def match_fault(*, match_id: UUID, worker: str, traceback: str) -> bool:
    """Mark a match as stopped by a bug in its rules."""
    return bool(
        _close(
            Q(id=match_id, worker=worker),
            status=Match.Status.FAULTED,
            reason="faulted",
            fault=traceback,
        )
    )


def worker_seen(*, worker: str, role: str, address: str, load: Load, draining: bool) -> bool:
    """Write down that a worker lives, for operators; whether one of them asks it to drain."""
    row, _ = Worker.objects.update_or_create(
        id=worker,
        defaults={
            "role": role,
            "address": address,
            "rooms": load.rooms,
            "sockets": load.sockets,
            "draining": draining,
        },
    )
    return row.drain_requested


def worker_gone(*, worker: str, unseen: timedelta) -> None:
    """A worker stops; and so did those who were not seen for so long."""
    before = timezone.now() - unseen
    Worker.objects.filter(Q(id=worker) | Q(seen__lt=before)).delete()


def worker_drain(*, worker: str) -> bool:
    """Ask a worker to give its rooms and sockets to others; it does within seconds."""
    return bool(Worker.objects.filter(id=worker).update(drain_requested=True))


class Closed(msgspec.Struct, frozen=True):
    """A match that is over, for those who archive it."""

    spec: RoomSpec
    outcome: Outcome | None
    ended: datetime


def match_closed(*, match_id: UUID) -> Closed | None:
    """What the rest of its journal is archived with; None if the match goes on."""
    match = Match.objects.filter(id=match_id, ended__isnull=False).first()
    if match is None or match.ended is None:
        return None
    outcome = None if match.ranking is None else Outcome(match.ranking, match.reason)
    return Closed(_spec(match), outcome, match.ended)


def match_archived(*, match_id: UUID) -> None:
    """Some of its journal is archived, or is about to be: it has files that will be removed."""
    Match.objects.filter(id=match_id).update(archived=timezone.now())


def matches_counted(*, match_ids: Iterable[UUID]) -> None:
    """The results of these rated matches are in the ratings."""
    Match.objects.filter(id__in=list(match_ids)).update(counted=timezone.now())


def match_counts_as(*, match_id: UUID, ended: datetime) -> None:
    """For ratings this match ended then: its result was heard of too late to count where it was."""
    Match.objects.filter(id=match_id).update(counts_as=ended)


def journals_prune(*, days: int, most: int) -> int:
    """Remove the journals of matches that ended so many days ago; of how many matches. Any number
    of workers may do it at the same time.

    Args:
        most: How many at once, oldest first.
    """
    before = timezone.now() - timedelta(days=days)
    old = Match.objects.filter(archived__isnull=False, ended__lt=before).order_by("ended")
    ids = list(old.values_list("id", flat=True)[:most])
    for match_id in ids:
        journals.remove(str(match_id))
        Match.objects.filter(id=match_id).update(archived=None)
    if ids:
        logger.info("the journals of %d matches were removed", len(ids))
    return len(ids)


def _close(which: Q, **fields: object) -> int:
    """End the live matches among ``which``; how many there were."""
    ids = list(Match.objects.filter(which, status__in=Match.LIVE).values_list("id", flat=True))
    now: datetime = timezone.now()
    closed = Match.objects.filter(id__in=ids, status__in=Match.LIVE).update(ended=now, **fields)
    Sleep.objects.filter(match_id__in=ids).delete()
    for match_id in ids:
        _tell_changed(match_id)
    return closed


def _places(ranking: list[list[int]]) -> Iterable[tuple[int, list[int]]]:
    """Each group's place: 1, then one more than all who are ahead."""
    ahead = 0
    for seats in ranking:
        yield ahead + 1, seats
        ahead += len(seats)


def _tell_changed(match_id: UUID) -> None:
    transaction.on_commit(lambda: match_changed.send(sender=Match, match_id=match_id))
