"""What somebody may ask about matches, and how those are shown."""

from uuid import UUID

from games.catalog import TITLES
from games.models import Match, Seat
from games.selectors import match_as_watched, match_for_viewer, matches, seat_of, seats_of
from lobby.codes import ApiCode, Refused
from lobby.limits import EXPORT_ROWS_MAX
from lobby.models.accounts import User
from lobby.models.lobbies import Member
from lobby.selectors.base import Shown
from lobby.selectors.ratings import changes_shown, with_changes


def match_seen_by(*, match_id: UUID, user: User) -> Match:
    """A match that ``user`` may see: public, or with a seat of theirs, or played in their lobby.

    Raises:
        Refused: ``not_found``.
    """
    match = match_for_viewer(match_id=match_id, user_id=user.id)
    if match is None and _in_lobby_of(match_id, user):
        match = matches().filter(id=match_id).first()
    if match is None:
        raise Refused(ApiCode.NOT_FOUND)
    return match if seat_of(match, user.id) else match_as_watched(match)


def match_over_for(*, match_id: UUID, user: User) -> Match:
    """A match that ``user`` may see and that has ended.

    Raises:
        Refused: ``not_found``, ``match_not_over``.
    """
    match = match_seen_by(match_id=match_id, user=user)
    if match.live:
        raise Refused(ApiCode.MATCH_NOT_OVER)
    return match


def seat_for_ticket(*, match: Match, user: User, spectate: bool) -> Seat | None:
    """The seat that ``user`` may sit down on, or None if they may watch.

    Raises:
        Refused: ``match_over``, ``seat_gone``, ``no_seat``, ``not_public``.
    """
    if not match.live:
        raise Refused(ApiCode.MATCH_OVER)
    seat = seat_of(match, user.id)
    if seat is not None and not spectate:
        if seat.left:
            raise Refused(ApiCode.SEAT_GONE)
        return seat
    if not spectate and _in_lobby_of(match.id, user):
        raise Refused(ApiCode.NO_SEAT)
    if not match.public:
        raise Refused(ApiCode.NOT_PUBLIC)
    return None


def matches_known(user: User) -> list[Shown]:
    """Somebody's matches, for the export of their account; of the others' seats, what all saw."""
    mine = with_changes(seats_of(user_id=user.id))[:EXPORT_ROWS_MAX]
    return [match_shown(seat.match, user_id=user.id) for seat in mine]


def match_shown(match: Match, *, user_id: int) -> Shown:
    """A match in somebody's history; ``seat`` is theirs, or null."""
    game = TITLES.get(match.title)
    mine = seat_of(match, user_id)
    return {
        "id": str(match.id),
        "title": match.title,
        "title_name": game.name if game else match.title,
        "status": match.status,
        "public": match.public,
        "rated": match.rated,
        "settings": match.settings,
        "seats": _seats_shown(match),
        "seat": mine.number if mine else None,
        "reason": match.reason,
        "created": match.created.isoformat(),
        "started": match.started.isoformat() if match.started else None,
        "ended": match.ended.isoformat() if match.ended else None,
    }


def result_shown(match: Match) -> Shown:
    """What came of a match; no ``ranking`` where it was abandoned or its rules failed."""
    return {
        "match": str(match.id),
        "status": match.status,
        "rated": match.rated,
        "reason": match.reason,
        "ranking": match.ranking,
        "seats": _seats_shown(match),
        "ended": match.ended.isoformat() if match.ended else None,
    }


def speaks_in(match: Match, user: User) -> bool:
    """Whether ``user`` has a say in this match: by a seat that was not taken from them, or as one
    of its lobby."""
    seat = seat_of(match, user.id)
    if seat is not None:
        return seat.left != Seat.Left.KICKED
    return _in_lobby_of(match.id, user)


def _in_lobby_of(match_id: UUID, user: User) -> bool:
    """Whether ``user`` is in the lobby that this match is played in."""
    return Member.objects.filter(user=user, lobby__match_id=match_id, lobby__closed=False).exists()


def _seats_shown(match: Match) -> list[Shown]:
    changes = changes_shown(match)
    game = TITLES.get(match.title)
    return [
        _seat_shown(seat, changes.get(seat.number))
        | {"team": game.team_of(seat.number) if game else None}
        for seat in match.seats.all()
    ]


def _seat_shown(seat: Seat, change: Shown | None) -> Shown:
    return {
        "number": seat.number,
        "name": seat.name,
        "bot": seat.bot,
        "user": seat.user_id,
        "left": seat.left,
        "place": seat.place,
        "rating": change,
    }
