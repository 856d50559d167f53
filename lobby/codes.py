"""What REST may answer besides what was asked for: each code, its status and its sentence.

Where a socket may be told the same thing, the code is the same (``games.protocol.codes``).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from games.protocol.codes import Code

Fields = Mapping[str, Sequence[str]]
"""What is wrong with each field: ``{"settings.length_s": ["Expected `int` <= 600"]}``."""


class ApiCode(StrEnum):
    """What went wrong, for programs."""

    # about the request
    INVALID = Code.INVALID.value
    MALFORMED = Code.MALFORMED.value
    TOO_LARGE = Code.TOO_LARGE.value
    NOT_AUTHENTICATED = "not_authenticated"
    TOKEN_INVALID = "token_invalid"  # noqa: S105  a code, no secret
    CREDENTIALS_WRONG = "credentials_wrong"
    CSRF_FAILED = "csrf_failed"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    THROTTLED = "throttled"
    INTERNAL = "internal"
    # about lobbies
    TOO_MANY_LOBBIES = "too_many_lobbies"
    LOBBY_FULL = "lobby_full"
    KICKED = Code.KICKED.value
    NOT_HOST = "not_host"
    NOT_READY = "not_ready"
    TOO_FEW_PLAYERS = "too_few_players"
    ALREADY_PLAYING = "already_playing"
    # about matchmaking
    ALREADY_WAITING = "already_waiting"
    UNKNOWN_MODE = "unknown_mode"
    PARTY_TOO_LARGE = "party_too_large"
    NOT_PARTY_LEADER = "not_party_leader"
    MATCHMAKING_FULL = "matchmaking_full"
    TICKET_OVER = "ticket_over"
    # about matches
    MATCH_FULL = "match_full"
    MATCH_OVER = Code.MATCH_OVER.value
    MATCH_NOT_OVER = "match_not_over"
    SEAT_GONE = Code.SEAT_GONE.value
    NO_SEAT = "no_seat"
    NOT_PUBLIC = "not_public"


ANSWERS: dict[ApiCode, tuple[int, str]] = {
    ApiCode.INVALID: (400, "Some of what was sent is not right; see the fields."),
    ApiCode.MALFORMED: (400, "The body is no JSON."),
    ApiCode.TOO_LARGE: (413, "The body is too large."),
    ApiCode.NOT_AUTHENTICATED: (401, "Log in first."),
    ApiCode.TOKEN_INVALID: (401, "The token is not valid, or not any more."),
    ApiCode.CREDENTIALS_WRONG: (401, "No account has this name and password."),
    ApiCode.CSRF_FAILED: (403, "The CSRF token is missing or wrong."),
    ApiCode.PERMISSION_DENIED: (403, "You may not do this."),
    ApiCode.NOT_FOUND: (404, "There is no such thing, or it is not yours to see."),
    ApiCode.METHOD_NOT_ALLOWED: (405, "This method is not for this path."),
    ApiCode.NOT_ACCEPTABLE: (406, "Answers are JSON only."),
    ApiCode.UNSUPPORTED_MEDIA_TYPE: (415, "Send JSON: Content-Type: application/json."),
    ApiCode.THROTTLED: (429, "Too many requests; wait as long as Retry-After says."),
    ApiCode.INTERNAL: (500, "Something failed here. It was noted."),
    ApiCode.TOO_MANY_LOBBIES: (409, "You are in too many lobbies; leave one first."),
    ApiCode.LOBBY_FULL: (409, "This lobby is full."),
    ApiCode.KICKED: (403, "You were removed from this lobby."),
    ApiCode.NOT_HOST: (403, "Only the host of the lobby may do this."),
    ApiCode.NOT_READY: (409, "Not everybody is ready yet."),
    ApiCode.TOO_FEW_PLAYERS: (409, "This game needs more players, or a bot."),
    ApiCode.ALREADY_PLAYING: (409, "A match is being played; wait for its end."),
    ApiCode.ALREADY_WAITING: (409, "You, or somebody of your party, wait for a match already."),
    ApiCode.UNKNOWN_MODE: (400, "This title has no such mode."),
    ApiCode.PARTY_TOO_LARGE: (409, "Your party is too large for this mode."),
    ApiCode.NOT_PARTY_LEADER: (403, "Only the leader of your party may do this."),
    ApiCode.MATCHMAKING_FULL: (503, "Too many wait for a match just now; try again soon."),
    ApiCode.TICKET_OVER: (409, "This ticket does not wait any more."),
    ApiCode.MATCH_FULL: (409, "The running match has no seat left."),
    ApiCode.MATCH_OVER: (409, "The match is over."),
    ApiCode.MATCH_NOT_OVER: (409, "The match is not over yet."),
    ApiCode.SEAT_GONE: (403, "You gave up your seat in this match, or lost it."),
    ApiCode.NO_SEAT: (403, "You have no seat in this match yet; join its lobby first."),
    ApiCode.NOT_PUBLIC: (403, "This match may not be watched."),
}


class Refused(Exception):
    """A request that is not carried out; nothing was changed. ``code`` says why."""

    def __init__(self, code: ApiCode, fields: Fields | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.fields: Fields = fields or {}
