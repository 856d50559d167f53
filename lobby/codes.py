"""What REST may answer besides what was asked for: each code, its status and its sentence.

Where a socket may be told the same thing, the code is the same (``games.protocol.codes``).
"""

import math
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
    PROOF_NEEDED = "proof_needed"
    PASSWORD_WRONG = "password_wrong"  # noqa: S105  a code, no secret
    LINK_INVALID = "link_invalid"
    NOT_GUEST = "not_guest"
    IS_GUEST = "is_guest"
    EXTERNAL_FAILED = "external_failed"
    EXTERNAL_LAST = "external_last"
    INTERNAL = "internal"
    # about lobbies
    TOO_MANY_LOBBIES = "too_many_lobbies"
    LOBBY_FULL = "lobby_full"
    KICKED = Code.KICKED.value
    ACCOUNTS_ONLY = "accounts_only"
    NOT_HOST = "not_host"
    NOT_READY = "not_ready"
    TOO_FEW_PLAYERS = "too_few_players"
    ALREADY_PLAYING = "already_playing"
    LOBBY_PASSWORD_WRONG = "lobby_password_wrong"  # noqa: S105  a code, no secret
    TOO_MANY_TRIES = "too_many_tries"
    SEAT_TAKEN = "seat_taken"
    TEAMS_UNEVEN = "teams_uneven"
    # about people
    BLOCKED = "blocked"
    TOO_MANY_FRIENDS = "too_many_friends"
    TOO_MANY_REQUESTS = "too_many_requests"
    TOO_MANY_BLOCKS = "too_many_blocks"
    NOT_FRIENDS = "not_friends"
    INVITATION_OVER = "invitation_over"
    TOO_MANY_INVITATIONS = "too_many_invitations"
    NOT_LEADER = "not_leader"
    PARTY_FULL = "party_full"
    IN_A_PARTY = "in_a_party"
    # about what is said
    MAY_NOT_SPEAK = "may_not_speak"
    MUTED = "muted"
    TOO_FAST = "too_fast"
    TEXT_REFUSED = "text_refused"
    TOO_MANY_TALKS = "too_many_talks"
    TOO_MANY_REPORTS = "too_many_reports"
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
    ApiCode.PROOF_NEEDED: (403, "Give your password, or sign in again first."),
    ApiCode.PASSWORD_WRONG: (403, "This is not your password."),
    ApiCode.LINK_INVALID: (400, "This link is too old, or was used before; ask for a new one."),
    ApiCode.NOT_GUEST: (409, "This is an account already."),
    ApiCode.IS_GUEST: (409, "Guests have none; make this an account first."),
    ApiCode.EXTERNAL_FAILED: (502, "The other server does not answer as it should; try later."),
    ApiCode.EXTERNAL_LAST: (409, "It is your only way in; choose a password first."),
    ApiCode.INTERNAL: (500, "Something failed here. It was noted."),
    ApiCode.TOO_MANY_LOBBIES: (409, "You are in too many lobbies; leave one first."),
    ApiCode.LOBBY_FULL: (409, "This lobby is full."),
    ApiCode.KICKED: (403, "You were removed from this lobby."),
    ApiCode.ACCOUNTS_ONLY: (403, "Matches here are rated, so guests cannot join; make an account."),
    ApiCode.NOT_HOST: (403, "Only the host of the lobby may do this."),
    ApiCode.NOT_READY: (409, "Not everybody is ready yet."),
    ApiCode.TOO_FEW_PLAYERS: (409, "This game needs more players, or a bot."),
    ApiCode.ALREADY_PLAYING: (409, "A match is being played; wait for its end."),
    ApiCode.LOBBY_PASSWORD_WRONG: (403, "This lobby has a password, and this is not it."),
    ApiCode.TOO_MANY_TRIES: (429, "Too many wrong passwords; wait a minute."),
    ApiCode.SEAT_TAKEN: (409, "Somebody else has chosen this seat."),
    ApiCode.TEAMS_UNEVEN: (
        409,
        "One team has too many; somebody must change sides, or one more must come.",
    ),
    ApiCode.BLOCKED: (403, "One of you has blocked the other."),
    ApiCode.TOO_MANY_FRIENDS: (409, "One of you has as many friends as can be kept."),
    ApiCode.TOO_MANY_REQUESTS: (409, "Too many requests wait for an answer already."),
    ApiCode.TOO_MANY_BLOCKS: (409, "You have blocked as many people as can be kept."),
    ApiCode.NOT_FRIENDS: (403, "You are not friends."),
    ApiCode.INVITATION_OVER: (410, "This invitation is used up, or too old."),
    ApiCode.TOO_MANY_INVITATIONS: (409, "This lobby has many invitations; take one back first."),
    ApiCode.NOT_LEADER: (403, "Only the leader of the party may do this."),
    ApiCode.PARTY_FULL: (409, "This party has as many people as it may."),
    ApiCode.IN_A_PARTY: (409, "You are in another party; leave it first."),
    ApiCode.MAY_NOT_SPEAK: (403, "You may read this, and not speak here."),
    ApiCode.MUTED: (403, "You may not speak for a while."),
    ApiCode.TOO_FAST: (429, "Too much at once; wait a moment."),
    ApiCode.TOO_MANY_TALKS: (409, "This socket listens to too much already."),
    ApiCode.TOO_MANY_REPORTS: (409, "Many reports of yours wait to be looked at already."),
    ApiCode.TEXT_REFUSED: (400, "This cannot be said here."),
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
    """A request that is not carried out; nothing was changed. ``code`` says why.

    Attributes:
        wait: Seconds after which it may be, where that is known.
    """

    def __init__(
        self, code: ApiCode, fields: Fields | None = None, *, wait_s: float | None = None
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.fields: Fields = fields or {}
        self.wait = None if wait_s is None else math.ceil(wait_s)
