"""Every error a client may be told, over the socket or by REST, and how a socket closes.

An error code says what went wrong; a close code says what the client should do about it.
"""

from enum import IntEnum, StrEnum

from games.protocol.messages import Error


class Close(IntEnum):
    """Why a socket was closed. From 4400 on: ours; the client's answer stands beside each."""

    NORMAL = 1000
    """The match is over, or the player left. Nothing to do."""
    BAD_MESSAGE = 4400
    """The client sent what no client should. A bug: do not reconnect by yourself."""
    UNAUTHORIZED = 4401
    """Ticket or resume token was refused. Fetch a new ticket, then reconnect."""
    FORBIDDEN = 4403
    """The seat was taken away (kicked), or the player was signed out. Do not reconnect."""
    NOT_FOUND = 4404
    """No such match, or it has ended. Do not reconnect."""
    TOO_SLOW = 4408
    """Nothing valid was said in time, or nothing was read for long. Reconnect and resume."""
    REPLACED = 4409
    """The same seat was opened elsewhere, and that one plays on. Do not reconnect by yourself."""
    GONE = 4410
    """The room was lost and will not come back. Do not reconnect."""
    FLOOD = 4429
    """Too many messages, after warnings. Reconnect later, and slower."""
    FAULTED = 4500
    """The rules of the title failed; the match was stopped. Do not reconnect."""
    UNAVAILABLE = 4503
    """The room cannot be reached just now, is full, or this server stops. Reconnect with backoff,
    and resume."""


class Code(StrEnum):
    """What went wrong, for programs. Messages for people stand beside each in ``MESSAGES``."""

    # about the socket and what was sent over it
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    UNKNOWN_MESSAGE = "unknown_message"
    UNEXPECTED_MESSAGE = "unexpected_message"
    WRONG_ENCODING = "wrong_encoding"
    UNSUPPORTED_VERSION = "unsupported_version"
    HELLO_TIMEOUT = "hello_timeout"
    TOO_SLOW = "too_slow"
    FLOOD = "flood"
    # about the right to join
    TICKET_INVALID = "ticket_invalid"
    TICKET_EXPIRED = "ticket_expired"
    TICKET_USED = "ticket_used"
    RESUME_INVALID = "resume_invalid"
    SEAT_REPLACED = "seat_replaced"
    SEAT_GONE = "seat_gone"
    KICKED = "kicked"
    SIGNED_OUT = "signed_out"
    SPECTATORS_SEND_NOTHING = "spectators_send_nothing"
    # about the room
    MATCH_OVER = "match_over"
    MATCH_ENDED = "match_ended"
    ROOM_FULL = "room_full"
    ROOM_UNREACHABLE = "room_unreachable"
    ROOM_LOST = "room_lost"
    ROOM_FAULTED = "room_faulted"
    WORKER_FULL = "worker_full"
    SHUTTING_DOWN = "shutting_down"
    # about one input (besides the title's own refusals)
    INVALID = "invalid"
    BUSY = "busy"
    GAP = "gap"
    PAUSED = "paused"


MESSAGES: dict[Code, str] = {
    Code.MALFORMED: "These bytes are no message.",
    Code.TOO_LARGE: "The message is too large.",
    Code.TOO_DEEP: "The message is nested too deeply.",
    Code.UNKNOWN_MESSAGE: "There is no message of this kind.",
    Code.UNEXPECTED_MESSAGE: "This message does not belong here; a socket opens with one hello.",
    Code.WRONG_ENCODING: "Text frames carry JSON, binary frames MessagePack; this socket uses one.",
    Code.UNSUPPORTED_VERSION: "This server does not speak that version of the protocol.",
    Code.HELLO_TIMEOUT: "No hello came in time.",
    Code.TOO_SLOW: "What was sent is not received; connect again.",
    Code.FLOOD: "Too many messages; slow down.",
    Code.TICKET_INVALID: "The ticket is not one of ours, or not for this match.",
    Code.TICKET_EXPIRED: "The ticket has expired; fetch a new one.",
    Code.TICKET_USED: "The ticket was used before; fetch a new one.",
    Code.RESUME_INVALID: "The resume token is not valid here; fetch a new ticket.",
    Code.SEAT_REPLACED: "You opened this match somewhere else; it goes on there.",
    Code.SEAT_GONE: "This seat was given up.",
    Code.KICKED: "You were removed from this match.",
    Code.SIGNED_OUT: "You were signed out; sign in again to go on.",
    Code.SPECTATORS_SEND_NOTHING: "Spectators watch; they send no inputs.",
    Code.MATCH_OVER: "The match is over.",
    Code.MATCH_ENDED: "The match was ended by an operator.",
    Code.ROOM_FULL: "Too many people look at this match already.",
    Code.ROOM_UNREACHABLE: "The match cannot be reached just now.",
    Code.ROOM_LOST: "Nobody knows the state of this match any more; it was abandoned.",
    Code.ROOM_FAULTED: "The rules of this game failed; the match was stopped.",
    Code.WORKER_FULL: "This server runs as many matches as it may.",
    Code.SHUTTING_DOWN: "The server is shutting down.",
    Code.INVALID: "The input does not have the shape this game expects.",
    Code.BUSY: "Too many inputs at once; send them again.",
    Code.PAUSED: "The match stands still for a missing player.",
    Code.GAP: "An input is missing before this one; send them again.",
}


class ProtocolError(Exception):
    """A broken client. It is told the code, and its socket is closed with ``close``."""

    def __init__(self, code: Code, close: Close = Close.BAD_MESSAGE) -> None:
        super().__init__(code.value)
        self.code = code
        self.close = close


def error_message(code: Code) -> Error:
    """What a client is told about ``code``."""
    return Error(code=code.value, message=MESSAGES[code])
