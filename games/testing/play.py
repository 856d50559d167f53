"""Matches that are played for the sake of finding faults, each fixed by a seed.

Seats do what a bot would, or anything that the title's ``Input`` lets through; they leave, and in
drop-in titles come. Time passes as a room would let it: one period a tick in real time, and never
beyond what is due in turn titles.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from games.sim import Game, Outcome, Refusal, Rng
from games.testing.samples import CannotDrawError, draw_data
from games.testing.told import Teller
from games.testing.watch import TitleFault, encoded

STEPS = 60
SEATS_MORE = 3  # than the fewest that may play
CODE = re.compile(r"[a-z][a-z0-9_]*")


def play(game: Game[Any], seed: int, steps: int = STEPS) -> "Iterator[Match]":
    """A match, at its start and after each of its ticks, until it is over.

    Raises:
        TitleFault: the title does what none may; the message says so.
    """
    match = Match(game, seed)
    yield match
    for number in range(steps):
        if match.over:
            break
        match.did = []
        match.number = number + 1
        match.tick()
        yield match


class Match:
    """A title's state, and how it came about.

    Attributes:
        seats: Who sits there now.
        did: What this tick did, as methods of the title and their arguments after the state.
        counts: How many inputs there were, and how many of them were refused.
    """

    def __init__(self, game: Game[Any], seed: int) -> None:
        self.game = game
        self.number = 0
        self.did: list[tuple[str, tuple[Any, ...]]] = []
        self.counts: Counter[str] = Counter()
        self.outcome: Outcome | None = None
        self._rng = rng = Rng(seed)
        self._wild = not game.has_bot() or seed % 2 == 1  # else bots play, nearly undisturbed
        self._teller = Teller(game)
        most = game.seats.stop - 1
        seats = rng.between(game.seats.start, min(most, game.seats.start + SEATS_MORE))
        settings = draw_data(game.Settings, rng) if seed >= 2 else {}
        typed = msgspec.convert(settings, game.Settings)
        self.state = game.setup(most if game.drop_in else seats, typed, rng.fork())
        self.seats = list(range(seats))
        self.all = set(self.seats)
        if game.drop_in:
            for seat in self.seats:
                game.join(self.state, seat)
        self._conclude()

    @property
    def over(self) -> bool:
        """Whether a room would play on; it ends a match in which one is left, or nobody is."""
        alone = 0 if self.game.drop_in or len(self.all) == 1 else 1
        return self.outcome is not None or len(self.seats) <= alone

    # --- one tick ------------------------------------------------------------------------------

    def tick(self) -> None:
        if self._wild and self._rng.below(30) == 0:
            self._come_and_go()
        if self.over:
            return
        if self.game.realtime:
            for seat in list(self.seats):
                if self._rng.below(2):
                    self._say(seat)
            self._do("advance", 1)
            self._conclude()
            return
        if elapsed := self._thinking():
            self._do("advance", elapsed)
            self._conclude()
        for seat in self._speakers():
            if not self.over:
                self._say(seat)
                self._conclude()

    def _come_and_go(self) -> None:
        seat = self._rng.below(self.game.seats.stop - 1)
        if seat in self.seats:
            self.seats.remove(seat)
            self._do("leave", seat, self._rng.choice(["left", "kicked", "forfeit"]))
            self._conclude()
        elif self.game.drop_in:
            self.seats.append(seat)
            self.all.add(seat)
            self._do("join", seat)

    def _thinking(self) -> int:
        """How many periods pass before the next input; in turn titles."""
        due, rng = self.game.due(self.state), self._rng
        if due is not None:
            if not isinstance(due, int):
                raise TitleFault(f"{self.game.title}: due answers {due!r}, no number of periods")
            due = max(0, due)
        if rng.below(8 if self._wild else 40) == 0:
            return 10**6 if due is None else due
        elapsed = rng.choice([0, 0, 1, 1 + rng.below(20), self.game.bot_every])
        return elapsed if due is None else min(elapsed, due)

    def _speakers(self) -> list[int]:
        """Who speaks in this tick of a turn title: one seat, or all of them by turns."""
        seats = list(self.seats)
        self._rng.shuffle(seats)
        return seats[:1] if self._wild else seats

    # --- what a seat sends -----------------------------------------------------------------------

    def _say(self, seat: int) -> None:
        game = self.game
        try:
            data = self._input(seat)
        except CannotDrawError:
            self.counts["not drawn"] += 1
            return
        if data is None and game.Input is not Any:
            return
        try:
            typed = msgspec.convert(data, game.Input)
        except msgspec.ValidationError as error:
            raise TitleFault(f"{game.title}: bot sends {data!r}, no Input: {error}") from error
        before = encoded(type(game), self.state)
        answer = self._do("apply_seen", seat, typed, self._rng.below(game.rewind_max + 1))
        self.counts["inputs"] += 1
        if isinstance(answer, Refusal):
            self.counts["refused"] += 1
            _check_code(game, "a refusal", answer.code)
            if encoded(type(game), self.state) != before:
                raise TitleFault(
                    f"{game.title}: apply refuses {data!r} ({answer.code}), and changes the state"
                )
        elif answer is not None:
            raise TitleFault(f"{game.title}: apply answers {answer!r}, no Refusal and not None")

    def _input(self, seat: int) -> Any:
        """A bot's thought, or anything at all; None for silence."""
        if self.game.has_bot() and self._rng.below(40) >= (25 if self._wild else 1):
            told = self._teller.told(self.state, seat)
            thought = self.game.bot(seat, told.view, told.secret, self._rng)
            return msgspec.to_builtins(thought)
        return draw_data(self.game.Input, self._rng)

    def _do(self, method: str, *args: Any) -> Any:
        self.did.append((method, args))
        return getattr(self.game, method)(self.state, *args)

    # --- the end -------------------------------------------------------------------------------

    def _conclude(self) -> None:
        outcome = self.game.outcome(self.state)
        if outcome is None or self.outcome is not None:
            return
        self.outcome = outcome
        title = self.game.title
        ranked = sorted(seat for tied in outcome.ranking for seat in tied)
        if ranked != sorted(self.all) or not all(outcome.ranking):
            raise TitleFault(
                f"{title}: outcome ranks {outcome.ranking}, but these played: {sorted(self.all)}"
            )
        _check_code(self.game, "the reason of an outcome", outcome.reason)
        groups = [{self.game.team_of(seat) for seat in tied} for tied in outcome.ranking]
        if self.game.teams and sum(map(len, groups)) > len(set[int | None]().union(*groups)):
            raise TitleFault(
                f"{title}: outcome ranks {outcome.ranking}, which parts seats of one team"
            )


def _check_code(game: Game[Any], what: str, code: object) -> None:
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise TitleFault(f"{game.title}: {what} is {code!r}, which is not lower_snake_case")
