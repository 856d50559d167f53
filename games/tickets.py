"""The signed pass from the lobby to a room, and the token to come back with.

A ticket is short-lived and opens a seat once: who takes it in spends its nonce in the room store. A
resume token lives as long as a match may, is bound to seat and client session, and needs no store.
Neither needs the database where it is read.
"""

import secrets

import msgspec
from django.core import signing

from games.limits import RESUME_TTL_S, TICKET_TTL_S
from games.protocol.codes import Close, Code, ProtocolError

_TICKET_SALT = "evertick.ticket"
_RESUME_SALT = "evertick.resume"


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """The right to a place at a match.

    Attributes:
        match: Its id.
        seat: Number of the seat, or None to watch.
        user: Whose it is.
        name: As the others see it.
        grant: The token or session that asked for the ticket, by a name that opens nothing: when it
            ends, so do the sockets that came in with it. Empty: nobody can end it.
        nonce: Of a ticket: spent once.
        session: Of a resume token: the client session it was given to.
        visit: Of a resume token: how many welcomes lie before it. So of two sockets of one session
            it is known which is the later one, whichever of them a room hears of first.
    """

    match: str
    seat: int | None
    user: int
    name: str = ""
    grant: str = ""
    nonce: str = ""
    session: str = ""
    visit: int = 0


def ticket_issue(*, match: str, seat: int | None, user: int, name: str, grant: str = "") -> str:
    """A ticket for ``seat``, or to watch; valid for ``TICKET_TTL_S`` and one use."""
    nonce = secrets.token_urlsafe(16)
    issued = Pass(match=match, seat=seat, user=user, name=name, grant=grant, nonce=nonce)
    return signing.dumps(msgspec.to_builtins(issued), salt=_TICKET_SALT)


def ticket_read(ticket: str) -> Pass:
    """What ``ticket`` gives the right to; its nonce is still to be spent.

    Raises:
        ProtocolError: ``ticket_expired`` or ``ticket_invalid``.
    """
    return _read(ticket, _TICKET_SALT, TICKET_TTL_S, Code.TICKET_EXPIRED, Code.TICKET_INVALID)


def resume_issue(*, right: Pass, session: str) -> str:
    """A token that brings this client ``session`` back to the place it has."""
    kept = msgspec.structs.replace(right, nonce="", session=session, visit=right.visit + 1)
    return signing.dumps(msgspec.to_builtins(kept), salt=_RESUME_SALT)


def resume_read(token: str, *, session: str) -> Pass:
    """The place that ``session`` had.

    Raises:
        ProtocolError: ``resume_invalid``: forged, expired, or of another session.
    """
    right = _read(token, _RESUME_SALT, RESUME_TTL_S, Code.RESUME_INVALID, Code.RESUME_INVALID)
    if right.session != session:
        raise ProtocolError(Code.RESUME_INVALID, Close.UNAUTHORIZED)
    return right


def _read(token: str, salt: str, ttl_s: int, expired: Code, invalid: Code) -> Pass:
    try:
        return msgspec.convert(signing.loads(token, salt=salt, max_age=ttl_s), Pass)
    except signing.SignatureExpired as error:
        raise ProtocolError(expired, Close.UNAUTHORIZED) from error
    except (signing.BadSignature, msgspec.ValidationError, ValueError) as error:
        raise ProtocolError(invalid, Close.UNAUTHORIZED) from error
