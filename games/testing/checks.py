"""What is asked of every title, without a line by its author.

Each check raises ``TitleFault`` with a message that names the title and what is wrong, or says in
a line what it has shown. They need the title alone: no database, no server, no clock.
"""

import dis
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from hashlib import blake2b
from types import ModuleType
from typing import Any

import msgspec

from games.catalog.declared import declared
from games.rooms.sight import Sight
from games.sim import Game, Rng
from games.testing.play import Match, play
from games.testing.samples import draw_data
from games.testing.told import Teller, difference
from games.testing.watch import TitleFault, encoded, guarded, home

Kind = type[Game[Any]]

SEEDS = range(12)
"""Matches that are played; the first two with the settings as they stand by default."""
FEWER = range(6)
"""Those of them for which the costly questions are asked."""
HASH_SEEDS = ("1", "2")
"""Of the processes that play the matches again; sets of texts have another order in each."""
ELSEWHERE_S_MAX = 100
"""Of such a process; one that takes longer hangs."""
HIDDEN_MIN = 20
"""One in so many times at least, ``conceal`` must change what some other seat knows."""


def check_declaration(kind: Kind) -> str:
    """The class says all that it must."""
    try:
        declared(kind)
    except TypeError as error:
        raise TitleFault(str(error)) from error
    return "the class says all that it must"


def check_play(kind: Kind) -> str:
    """Whatever is played: nothing raises, nothing is read but the arguments (no clock, no chance
    but the state's, no files), a refusal leaves no trace, reading changes nothing, and everything
    shown is of the types declared."""
    counts = Counter[str]()
    for seed in SEEDS:
        game = guarded(kind, watch=seed in FEWER)
        teller = Teller(game)
        check_category(game, seed)
        for match in play(game, seed):
            for seat in (None, *match.seats):
                teller.told(match.state, seat)
            if not game.realtime and not match.over:
                game.due(match.state)
            counts["ticks"] += 1
        counts += match.counts
        counts["ended"] += match.outcome is not None
    if not counts["inputs"]:
        raise TitleFault(f"{kind.title}: no input could be made, so nothing is shown; add a bot")
    return (
        f"{len(SEEDS)} matches of {counts['ticks']} ticks, {counts['inputs']} inputs "
        f"({counts['refused']} refused), {counts['ended']} to the end: "
        "no exception, no clock, no foreign chance, no files; refusals and views change nothing"
    )


def check_category(game: Game[Any], seed: int) -> None:
    """Whatever settings are chosen, a match with them is of one of the categories."""
    if not game.categories:
        return
    settings = draw_data(game.Settings, Rng(seed))
    found = game.category(msgspec.convert(settings, game.Settings))
    if found not in {category.name for category in game.categories}:
        raise TitleFault(f"{game.title}: category says {found!r} of {settings}, which is none")


# --- Replay -------------------------------------------------------------------------------------


def check_replay(kind: Kind) -> str:
    """The same seed and inputs give the same states: again, in another order of matches, from a
    state that was written and read, and where sets have another order."""
    game = guarded(kind, watch=False)
    before = _held(type(game))
    once = {seed: _history(game, seed) for seed in SEEDS}
    again = {seed: _history(game, seed, written=True) for seed in reversed(SEEDS)}
    changed = [place for place, value in _held(type(game)).items() if before.get(place) != value]
    kept = [place for place in changed if place.startswith(f"{kind.__name__}.")]
    kept += [f"self.{name}" for name in vars(game)]
    if kept:
        raise TitleFault(f"{kind.title}: {kept[0]} changed in play; only the state may hold things")
    for seed in SEEDS:
        if once[seed] != again[seed]:
            hint = f"; meanwhile {', '.join(changed)} changed" if changed else ""
            where = _parting(once[seed], again[seed])
            raise TitleFault(f"{kind.title}: the same match played twice differs {where}{hint}")
    _check_elsewhere(kind, [_digests(once[seed]) for seed in FEWER])
    return (
        f"{len(SEEDS)} matches came out the same when played again, when their states had been "
        "written and read, and where sets have another order"
    )


def _history(game: Game[Any], seed: int, written: bool = False) -> list[tuple[bytes, bytes]]:
    """The state after each tick, and what all are told of it; with ``written``, it goes on with
    what was written and read."""
    teller, history = Teller(game), []
    for match in play(game, seed):
        if written:
            match.state = _written_and_read(game, match.state)
        state = encoded(type(game), match.state)
        sent = [teller.told(match.state, seat).sent for seat in (None, *match.seats)]
        history.append((state, b"".join(sent)))
    return history


def _written_and_read(game: Game[Any], state: Any) -> Any:
    before = encoded(type(game), state)
    try:
        again = msgspec.msgpack.decode(before, type=type(state))
    except (TypeError, msgspec.ValidationError) as error:
        raise TitleFault(f"{game.title}: its state cannot be read back: {error}") from error
    if encoded(type(game), again) != before:
        raise TitleFault(f"{game.title}: its state is another one when it was written and read")
    return again


def _parting(one: list[tuple[bytes, bytes]], other: list[tuple[bytes, bytes]]) -> str:
    """Where two histories first differ."""
    for tick, (mine, yours) in enumerate(zip(one, other, strict=False)):
        if mine[0] != yours[0]:
            one_state, other_state = map(msgspec.msgpack.decode, (mine[0], yours[0]))
            return f"after tick {tick} at {difference(one_state, other_state, 'state')}"
        if mine != yours:
            return f"after tick {tick} in what is told of the same state"
    return f"in its length: {len(one)} ticks, or {len(other)}"


def _digests(history: list[tuple[bytes, bytes]]) -> list[str]:
    return [blake2b(b"".join(tick), digest_size=6).hexdigest() for tick in history]


def _held(kind: Kind) -> dict[str, str]:
    """What the class, its ancestors and the modules of its code hold, by place."""
    held = {
        f"{kind.__name__}.{name}": repr(value)
        for base in reversed(kind.__mro__[: kind.__mro__.index(Game)])
        for name, value in vars(base).items()
        if not name.startswith("__") and not callable(value)
    }
    for module in _modules(sys.modules[kind.__module__], home(kind), set()):
        for name, value in vars(module).items():
            if not name.startswith("__") and not callable(value) and not _is_module(value):
                held[f"{module.__name__}.{name}"] = repr(value)
    return held


def _modules(module: ModuleType, package: str, found: set[str]) -> Iterator[ModuleType]:
    """This module, and those of its package that it uses."""
    found.add(module.__name__)
    yield module
    for value in vars(module).values():
        name = value.__name__ if _is_module(value) else getattr(value, "__module__", None)
        if isinstance(name, str) and name not in found and name.startswith(f"{package}."):
            yield from _modules(sys.modules[name], package, found)


def _is_module(value: Any) -> bool:
    return isinstance(value, ModuleType)


# --- The same elsewhere -------------------------------------------------------------------------


def _check_elsewhere(kind: Kind, played: list[list[str]]) -> None:
    """The same matches, in processes in which ``hash`` of a text gives other numbers."""
    if "<locals>" in kind.__qualname__:
        raise TitleFault(f"{kind.title}: its class stands in a function; no new process finds it")
    asked = [_ask(kind, seed) for seed in HASH_SEEDS]
    try:
        answers = [process.communicate(timeout=ELSEWHERE_S_MAX) for process in asked]
    finally:
        for process in asked:
            process.kill()
    why = "in a new process: the rules, or what they read, are others than when this one began"
    if len({out for out, _ in answers}) > 1:
        why = "in a process with another PYTHONHASHSEED: it goes through a set, or uses hash()"
    for process, (out, err) in zip(asked, answers, strict=True):
        if process.returncode:
            raise TitleFault(f"{kind.title}: cannot be played in a new process: {err[-500:]}")
        for seed, digests in enumerate(json.loads(out)):
            if digests != played[seed]:
                when = _turn(digests, played[seed])
                raise TitleFault(f"{kind.title}: match {seed} comes out differently {when} {why}")


def _turn(one: list[str], other: list[str]) -> str:
    ticks = (tick for tick, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])
    return f"after tick {next(ticks, 'the last')}"


def _ask(kind: Kind, hash_seed: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join(place for place in sys.path if place)
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    command = [sys.executable, "-m", "games.testing", kind.__module__, kind.__qualname__]
    return subprocess.Popen(  # noqa: S603 - this Python, and names of classes that it loaded
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def digests(kind: Kind) -> list[list[str]]:
    """What a process elsewhere is asked: a digest of each tick of each match."""
    game = guarded(kind, watch=False)
    return [_digests(_history(game, seed)) for seed in FEWER]


# --- Secrets ------------------------------------------------------------------------------------


def check_secrets(kind: Kind) -> str:
    """Two worlds that differ only in what a seat may not know tell that seat the same bytes, and
    spectators too. ``conceal`` makes the other world."""
    if kind.conceal is Game.conceal:
        if Sight(kind()).own is not None:
            raise TitleFault(
                f"{kind.title}: seats are told what others are not, but there is no conceal, "
                "so nobody can say whether it leaks"
            )
        return "everybody is told the same, and there is no conceal: nothing is hidden"
    if _is_empty(kind.conceal):
        return "conceal is empty: it says that nothing is hidden from anybody"
    worlds = _Worlds(guarded(kind, watch=False))
    for seed in SEEDS:
        for match in play(worlds.game, seed):
            worlds.compare(match, seed)
    for seed in FEWER:
        before = None
        for match in play(worlds.game, seed):
            if before is not None:
                worlds.compare_tick(before, match, seed)
            before = deepcopy(match.state)
    counts = worlds.counts
    if counts["hidden"] * HIDDEN_MIN < counts["worlds"]:
        raise TitleFault(
            f"{kind.title}: conceal changed what others know in {counts['hidden']} of "
            f"{counts['worlds']} worlds: too seldom to show that nothing leaks"
        )
    return (
        f"{counts['worlds']} worlds with other secrets ({counts['hidden']} in what another seat "
        "knows): nobody who may not know was told another byte, nor in "
        f"{counts['ticks']} ticks that came of them"
    )


class _Worlds:
    """Compares worlds that differ in what a seat may not know."""

    def __init__(self, game: Game[Any]) -> None:
        self.game = game
        self.counts: Counter[str] = Counter()
        self._teller = Teller(game)
        self._alone = game.seats.stop == 2 or type(game).secret is Game.secret
        self._loose = False  # whether conceal changes what no seat knows, like a deck of cards

    def compare(self, match: Match, seed: int) -> None:
        """Each seat is told the same in another world, and spectators where it is other to all."""
        state = match.state
        for seat in match.seats:
            world = self._other(state, seat, seed)
            self._demand_same(state, world, seat, f"after tick {match.number}")
            hidden = self._known(world, match, seat) != self._known(state, match, seat)
            self.counts["worlds"] += len(match.seats) > 1 or self._alone
            self.counts["hidden"] += hidden
            if not hidden:
                _lend_chance(state, world)
                self._loose |= encoded(type(self.game), world) != encoded(type(self.game), state)
        world = deepcopy(state)
        for seat in match.seats:
            self.game.conceal(world, seat, Rng(seed))
        self._demand_same(state, world, None, f"after tick {match.number}")

    def compare_tick(self, before: Any, match: Match, seed: int) -> None:
        """And so it stays after a tick in which nothing was revealed.

        Nothing was if, in either world, the other seats know the same as before it, and
        ``conceal`` still takes what they know in the other world to be possible.
        """
        if not self._goes_on(before, match):
            return
        for seat in match.seats:
            world = self._other(before, seat, seed)
            was, other = self._known(before, match, seat), self._known(world, match, seat)
            _lend_chance(before, world)
            for method, args in match.did:
                if self.game.outcome(world) is None:
                    getattr(self.game, method)(world, *deepcopy(args))
            possible = self._known(self._other(match.state, seat, seed), match, seat)
            still = self._known(match.state, match, seat) == was
            if still and was != other == possible == self._known(world, match, seat):
                self.counts["ticks"] += 1
                self._demand_same(match.state, world, seat, f"by tick {match.number}")

    def _goes_on(self, before: Any, match: Match) -> bool:
        """Whether a tick can be compared: all stay, and it does not turn what nobody knows."""
        methods = [method for method, _ in match.did]
        if not self._loose:
            return bool(methods) and {*methods} <= {"apply_seen", "advance"}
        if self.game.realtime or methods != ["advance"]:
            return False
        due = self.game.due(before)
        return due is None or match.did[0][1][0] < due

    def _other(self, state: Any, seat: int, seed: int) -> Any:
        """A copy of this world in which what ``seat`` may not know is replaced."""
        world = deepcopy(state)
        self.game.conceal(world, seat, Rng(seed))
        return world

    def _known(self, world: Any, match: Match, seat: int) -> Any:
        """What the other seats know, each for itself; all there is if none knows more than all."""
        if self._alone:
            return encoded(type(self.game), world)
        others = [other for other in match.seats if other != seat]
        return [self._teller.told(world, other).own for other in others]

    def _demand_same(self, state: Any, world: Any, seat: int | None, when: str) -> None:
        one, other = self._teller.told(state, seat), self._teller.told(world, seat)
        if one.sent != other.sent:
            who = "everybody" if seat is None else f"seat {seat}"
            raise TitleFault(
                f"{self.game.title}: {who} is told what it may not know, {when}: "
                f"{one.against(other)}"
            )


def _lend_chance(state: Any, world: Any) -> None:
    """Let both worlds draw the same numbers from now on."""
    for mine, yours in zip(_streams(state), _streams(world), strict=False):
        yours.seed = mine.seed


def _streams(value: Any) -> Iterator[Rng]:
    """The generators within a state."""
    if isinstance(value, Rng):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _streams(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _streams(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _streams(inner)


def _is_empty(method: Callable[..., Any]) -> bool:
    """Whether a method has no body but its docstring."""
    steps = {step.opname for step in dis.get_instructions(method)}
    return steps <= {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}


CHECKS: tuple[Callable[[Kind], str], ...] = (
    check_declaration,
    check_play,
    check_replay,
    check_secrets,
)
"""In the order in which their faults explain each other."""


def check_title(kind: Kind) -> list[str]:
    """Ask all of it, and say what was shown.

    Raises:
        TitleFault: the title breaks a rule; the message says which.
    """
    return [check(kind) for check in CHECKS]
