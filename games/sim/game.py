"""What a game answers, so that Evertick can play it.

The world changes for two reasons only: a seat did something, or time passed. A title is one class
that says what becomes of the state then, who may see what of it, and when it is over.

Rules of a title:
- State is changed in place, in ``setup``, ``join``, ``leave``, ``apply`` and ``advance`` alone; the
  other methods only read.
- Nothing is read but the arguments: no clock, no ``random``, no files, no globals that change.
- Time is counted in periods of ``1 / tick_hz`` seconds. Chance comes from the ``rng`` of ``setup``;
  who needs it later keeps it in the state.
- State is made of what msgspec can encode (structs, lists, dicts, integers, strings). Prefer
  integers to floats and lists to sets, wherever rounding or order could leak into the outcome.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from games.sim.area import Circle
from games.sim.kinds import Record
from games.sim.rng import Rng

State = TypeVar("State")

View = dict[str, Any]
"""What one audience may know: JSON-like, with text keys: ``{"score": [1, 2], "turn": 0}``. What a
title declares in ``view_type`` may be shown as that says, tables as ``Rows`` too."""


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """What may be chosen about a match before it starts; a title extends this with typed fields.

    Every field needs a default, and bounds where numbers have some:
    ``length_s: Annotated[int, Meta(ge=60, le=600, title="Length in seconds")] = 180``.
    """


class Refusal(msgspec.Struct, frozen=True):
    """Why an input was not carried out: the state is as it was before.

    ``code`` is for programs, ``lower_snake_case``; the title's browser client words it for people.
    """

    code: str


class Outcome(msgspec.Struct, frozen=True):
    """How a match ended.

    Attributes:
        ranking: Groups of seats, best first; seats of one group tied. ``[[1], [0]]``: seat 1 won.
            ``[[0, 1]]``: a draw. Every seat that ever played stands in exactly one group.
        reason: A code, ``lower_snake_case``: ``checkmate``, ``time_up``, ``forfeit``.
    """

    ranking: list[list[int]]
    reason: str


class Away(StrEnum):
    """What happens to a seat whose player stays disconnected beyond the title's grace time."""

    FORFEIT = "forfeit"
    """The seat is given up: ``leave`` is called with ``why="forfeit"``."""
    BOT = "bot"
    """The title's bot plays the seat until its player returns."""
    PAUSE = "pause"
    """Time stands still for everybody until the player returns, within a limit; then forfeit."""
    STAY = "stay"
    """Nothing: the seat is theirs as long as the rules let the match last. Where nobody looks on
    and nothing is due within a minute, a match by turns then leaves memory until somebody comes."""


class Mode(msgspec.Struct, frozen=True, kw_only=True):
    """One way to play a title with whom the matchmaker finds.

    Attributes:
        name: For programs, ``lower_snake_case``.
        label: For people.
        seats: How many may play in it; None: as many as the title says. Where the title has teams,
            their sizes are equal: ``range(4, 5)`` is two against two.
        rated: Whether its matches are rated, where all who play have accounts, no bot does, and
            nobody is put in later (``backfill_s`` is 0, or the title has no ``drop_in``).
        settings: Of its matches, as a lobby would choose them.
        fill_s: Seconds for which a full match is waited for; then fewer will do.
        bots_after_s: Seconds after which bots take what seats are left, where the title has a bot.
        bots_to: With how many players such a match begins, if people are fewer.
        backfill_s: For how many seconds after its start people are put into a running match, where
            the title has ``drop_in``.
    """

    name: str = "standard"
    label: str = "Standard"
    seats: range | None = None
    rated: bool = True
    settings: dict[str, Any] = {}
    fill_s: int = 10
    bots_after_s: int = 20
    bots_to: int = 2
    backfill_s: int = 120


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of play of a title that is rated by itself: who is quick need not be thorough.

    Attributes:
        name: For programs, ``lower_snake_case``.
        label: For people.
    """

    name: str
    label: str


class Game(Generic[State]):
    """One title: its rules and what the lobby must know of it.

    An instance holds nothing; one serves any number of matches.
    """

    title: ClassVar[str]
    """The name it is registered under: a letter, then letters, digits or ``_``; at most 32."""
    name: ClassVar[str]
    """The name that people read: "Chess"."""
    summary: ClassVar[str] = ""
    """One sentence for the lobby."""
    version: ClassVar[int] = 1
    """Of the rules; raised when the same inputs would no longer give the same state."""
    seats: ClassVar[range]
    """How many may play: ``range(2, 3)`` is exactly two."""
    tick_hz: ClassVar[int] = 20
    """Periods a second: the unit of all time in this title."""
    realtime: ClassVar[bool] = True
    """True: one tick each period. False: a tick only when an input arrives or ``due`` says so."""
    drop_in: ClassVar[bool] = False
    """True: players may come and go while the match runs; each one's arrival calls ``join``."""
    grace_s: ClassVar[int] = 30
    """How long a disconnected player is waited for, in seconds."""
    away: ClassVar[Away] = Away.FORFEIT
    """What happens after the grace time; ``away_in`` may say otherwise for some settings."""
    bot_every: ClassVar[int] = 1
    """Periods between two questions to ``bot`` for one seat."""
    rewind_max: ClassVar[int] = 0
    """How many periods back ``apply_seen`` may be told that a sender was looking; 0: titles that do
    not rewind. Keep it small: who is hit sees it that much later."""
    spectator_delay_s: ClassVar[int] = 0
    """Seconds by which all that spectators are told is held back, the result included."""
    rateable: ClassVar[bool] = True
    """Whether its matches may be rated. False where a result says little of who is better: pure
    chance, one player, people who help each other."""
    categories: ClassVar[tuple[Category, ...]] = ()
    """Kinds of play that are rated apart, the first of which is what leaderboards show; which one a
    match is of, ``category`` says. None: all matches of the title are rated as one kind."""
    teams: ClassVar[int] = 0
    """Sides that seats belong to, seat ``n`` to side ``n % teams``, see ``team_of``; 0: everybody
    plays alone. A side wins or loses as a whole: its seats stand in one group of an outcome. At the
    start no side has two seats more than another; in rated matches, and in those that the
    matchmaker makes, all have the same."""
    team_names: ClassVar[tuple[str, ...]] = ()
    """What people call the sides, in order; empty: they are numbered. On pages side ``n`` has the
    colour ``--seat-n``."""
    modes: ClassVar[tuple[Mode, ...]] = (Mode(),)
    """How it is played with whom the matchmaker finds; the first is what "Play now" means."""
    Settings: ClassVar[type[Settings]] = Settings
    Input: ClassVar[Any] = Any
    """The type of what a seat may send, as msgspec understands it; what does not fit is refused
    with the code ``invalid`` before ``apply`` hears of it."""
    view_type: ClassVar[Record | None] = None
    """What ``view`` returns, field by field: ``Record(turn=Int(0, 1), ships=Table(16, x=…))``. What
    is declared is told in few bits, and checked at each tick. None: anything JSON-like."""
    secret_type: ClassVar[Record | None] = None
    """What ``secret`` returns, in the same way; a title that declares it has a secret for each
    seat. None: anything JSON-like, or nothing."""

    def setup(self, seats: int, settings: Any, rng: Rng) -> State:
        """The state before the first tick.

        Args:
            seats: How many are taken at the start, numbered from 0. In a drop-in title: how many
                there can be at the most; each player then comes in by ``join``, from the first.
            settings: An instance of this title's ``Settings``, already checked.
            rng: Chance; keep it in the state to draw from it later.
        """
        raise NotImplementedError

    def away_in(self, settings: Any) -> Away:
        """What happens after the grace time in a match with these settings."""
        return self.away

    def category(self, settings: Any) -> str:
        """The name of the category in which a match with these settings is rated; a pure function,
        as ratings are worked out again from old matches."""
        return ""

    def join(self, state: State, seat: int) -> None:
        """A player sits down; called in drop-in titles only."""

    def leave(self, state: State, seat: int, why: str) -> None:
        """A player is gone for good (``left``, ``kicked``, ``forfeit``).

        In a title without drop-in, whoever is the last one left wins, unless ``outcome`` says
        otherwise.
        """

    def apply(self, state: State, seat: int, input: Any) -> Refusal | None:
        """Carry out what a seat asks for, or say why not and leave the state untouched."""
        raise NotImplementedError

    def apply_seen(self, state: State, seat: int, input: Any, ago: int) -> Refusal | None:
        """The same, for titles that rewind: what the sender was looking at was ``ago`` periods old.

        Args:
            ago: From 0 to ``rewind_max``; it may only select from a past that the state keeps.
        """
        return self.apply(state, seat, input)

    def advance(self, state: State, elapsed: int) -> None:
        """Let ``elapsed`` periods pass; always 1 in real-time titles."""

    def due(self, state: State) -> int | None:
        """Periods until something happens by itself (a clock runs out); None if nothing will.

        Only asked where ``realtime`` is False.
        """
        return None

    def outcome(self, state: State) -> Outcome | None:
        """How it ended, or None while it goes on."""
        raise NotImplementedError

    def view(self, state: State) -> View:
        """What everybody may see."""
        raise NotImplementedError

    def secret(self, state: State, seat: int) -> View | None:
        """What this seat alone may see besides."""
        return None

    def sees(self, state: State, table: str, seat: int) -> Circle | Collection[int] | None:
        """Which rows of a ``by_seat`` table this seat sees now: those within a circle, or of these
        ids; None is all of them."""
        return None

    def conceal(self, state: State, seat: int, rng: Rng) -> None:
        """Change what ``seat`` may not know into something that it would hold equally possible.

        Nothing calls this in play. The test kit does, and demands that the seat is told the same.
        Titles with a ``secret`` or a ``by_seat`` table have it; where they hide nothing from
        anybody, as an empty body.
        """
        raise NotImplementedError

    def migrate(self, state: Any, version: int) -> Any:
        """The state of a match that began under an older ``version`` of the rules, for these ones.

        It goes on from a tick at which a worker with the older rules left it in good order.

        Args:
            state: As it was written: dicts, lists, numbers, text.
        Returns:
            The same in the shape of today's state.
        Raises:
            NotImplementedError: such matches cannot go on; they are marked as abandoned.
        """
        raise NotImplementedError

    def bot(self, seat: int, view: View, secret: View | None, rng: Rng) -> Any:
        """What a bot on this seat would send now, or None; it sees what a player sees."""
        return None

    @classmethod
    def team_of(cls, seat: int) -> int | None:
        """The side that a seat belongs to; None where everybody plays alone."""
        return seat % cls.teams if cls.teams else None

    @classmethod
    def has_bot(cls) -> bool:
        """Whether this title brings a bot of its own."""
        return cls.bot is not Game.bot

    @classmethod
    def can_be_rated(cls) -> bool:
        """Whether a match of this title can say who of several is better."""
        return cls.rateable and cls.seats.stop > 2
