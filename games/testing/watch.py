"""A title under watch: whatever its methods do that rules may not do is a fault that names it.

The watch is Python's own profiler hook: it hears of every call that is made while a method of the
title runs, so it does not matter under which name, or by what road, the function came there.

Rules of this file:
- Nothing is replaced and nothing prevented: what is heard is noted, and raised when the method
  has returned, where the title cannot catch it.
- Modules that are imported while a method runs are left to do so; what they do then is Python's.
"""

import datetime
import gc
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import BuiltinFunctionType, FrameType
from typing import Any

import msgspec

from games.sim import Game

CHANGING = ("setup", "join", "leave", "apply", "apply_seen", "advance")
READING = ("due", "outcome", "view", "secret", "sees", "bot")

BUILT_IN = {
    "time": "the clock",
    "_random": "chance that no state keeps",
    "random": "chance that no state keeps",
    "posix": "the system",
    "nt": "the system",
    "io": "files",
    "_io": "files",
    "_socket": "the network",
    "socket": "the network",
    "_thread": "threads",
    "_ssl": "the network",
    "_uuid": "the system",
}
"""Modules written in C, and what their functions read; ``FINE`` are those that read nothing."""

WRITTEN = {
    "random": "chance that no state keeps",
    "secrets": "chance that no state keeps",
    "os": "the system",
    "socket": "the network",
    "subprocess": "other programs",
    "threading": "threads",
    "asyncio.events": "an event loop",
    "asyncio.runners": "an event loop",
    "asyncio.tasks": "an event loop",
    "urllib.request": "the network",
    "http.client": "the network",
}
"""The same of modules written in Python."""

NAMED = {
    ("uuid", "uuid1"): "the clock",
    ("uuid", "uuid4"): "chance that no state keeps",
    ("uuid", "getnode"): "the system",
    ("tempfile", "mkstemp"): "files",
}
"""Functions of modules of which others are harmless."""

FINE = {"fspath", "get_ident", "RLock", "allocate_lock", "text_encoding", "_get_sep"}
TODAY = {"now", "today", "utcnow"}  # of datetime's classes


class TitleFault(AssertionError):
    """A title breaks a rule; the message names the title, the method and what it did."""


def guarded(kind: type[Game[Any]], *, watch: bool = True) -> Game[Any]:
    """An instance of the title whose methods are watched.

    Each of them raises TitleFault if it fails, if it reads what is not handed to it (with
    ``watch``), or if it changes a state that it may only read.
    """
    own = {name for name in (*CHANGING, *READING) if getattr(kind, name) is not getattr(Game, name)}
    methods = {name: _guarded(kind, name, watch) for name in own}
    made = type(kind.__name__, (kind,), {**methods, "__module__": kind.__module__})
    return made()


def _guarded(kind: type[Game[Any]], name: str, watch: bool) -> Callable[..., Any]:
    method = getattr(kind, name)
    reads = name in READING and name != "bot"

    @wraps(method)
    def called(self: Any, *args: Any) -> Any:
        before = encoded(kind, args[0]) if reads else b""
        watcher = _Watcher(kind) if watch and not _Watcher.busy else None
        try:
            answer = watcher.call(method, self, *args) if watcher else method(self, *args)
        except TitleFault:
            raise
        except Exception as error:
            raise TitleFault(f"{kind.title}: {name} raises {error!r}") from error
        if watcher and watcher.heard:
            raise TitleFault(f"{kind.title}: {name} {watcher.heard}")
        if reads and encoded(kind, args[0]) != before:
            raise TitleFault(f"{kind.title}: {name} changes the state, which it may only read")
        return answer

    return called


def encoded(kind: type[Game[Any]], state: Any) -> bytes:
    """The state, in bytes that differ if it does."""
    try:
        return msgspec.msgpack.encode(state)
    except (TypeError, OverflowError) as error:
        raise TitleFault(f"{kind.title}: its state cannot be written down: {error}") from error


class _Watcher:
    """Hears the calls that one method makes, and remembers the first that it should not."""

    busy = False
    """Whether one is at work: methods that call others of the title are heard by the first."""

    def __init__(self, kind: type[Game[Any]]) -> None:
        self.home = home(kind)
        self.heard = ""
        self._importing: FrameType | None = None

    def call(self, method: Callable[..., Any], *args: Any) -> Any:
        numpy, before = _numpy_chance(), sys.getprofile()
        collects = gc.isenabled()
        gc.disable()  # what is collected meanwhile, and who listens to that, is none of the title's
        _Watcher.busy = True
        sys.setprofile(self._hear)
        try:
            return method(*args)
        finally:
            sys.setprofile(before)
            _Watcher.busy = False
            if collects:
                gc.enable()
            if numpy != _numpy_chance() and not self.heard:
                self.heard = "draws from numpy.random, which is chance that no state keeps"

    def _hear(self, frame: FrameType, event: str, function: Any) -> None:
        if self._importing is not None:
            if event == "return" and frame is self._importing:
                self._importing = None
        elif event == "c_call":
            if function.__name__ in SUSPECT:
                self._suspect(frame, function)
        elif event == "call":
            self._enter(frame)

    def _enter(self, frame: FrameType) -> None:
        module = frame.f_globals.get("__name__", "")
        name = frame.f_code.co_name
        if module == "importlib._bootstrap" and name == "_find_and_load":
            self._importing = frame
        what = WRITTEN.get(module) or NAMED.get((module, name))
        if what and name not in FINE:
            self._note(frame.f_back, f"{module}.{name}", what)

    def _suspect(self, frame: FrameType, function: BuiltinFunctionType) -> None:
        name, owner = function.__name__, getattr(function, "__self__", None)
        if isinstance(owner, type) and issubclass(owner, datetime.date):
            if name in TODAY:
                self._note(frame, f"{owner.__module__}.{owner.__qualname__}.{name}", "the clock")
            return
        of = type(owner) if type(owner).__module__ in ("random", "_random") else function
        module = of.__module__ or ""
        if module in BUILT_IN and name not in FINE:
            shown = {"posix": "os", "nt": "os", "_io": "io"}.get(module, module.lstrip("_"))
            self._note(frame, f"{shown}.{name}", BUILT_IN[module])

    def _note(self, frame: FrameType | None, call: str, what: str) -> None:
        """Keep the first one, with the line of the title that led there."""
        if self.heard:
            return
        while frame and not _within(frame.f_globals.get("__name__", ""), self.home):
            frame = frame.f_back
        file = Path(frame.f_code.co_filename) if frame else None
        where = f" ({file.name}, line {frame.f_lineno})" if file and frame else ""
        self.heard = f"calls {call}{where}: it reads {what}"


def _suspects() -> set[str]:
    """Names of functions in C that may be among those which rules must not call."""
    names = {*TODAY, "open", "open_code"}
    for module in ("time", "posix", "nt", "_socket", "_thread", "_random", "_uuid"):
        names |= {name for name in dir(sys.modules.get(module)) if not name.startswith("__")}
    return names | {"random", "getrandbits", "seed", "getstate", "setstate"}


SUSPECT = _suspects()


def _numpy_chance() -> Any:
    """Where numpy's own generator stands: its functions are of a kind that the hook misses."""
    numpy = sys.modules.get("numpy.random")
    if numpy is None:
        return None
    state = numpy.get_state(legacy=False)["state"]
    return state["pos"], int(state["key"][0])


# --- Whose code it is -----------------------------------------------------------------------------


def home(kind: type[Game[Any]]) -> str:
    """The package of a title, or its module where that stands alone."""
    module = kind.__module__
    return module.rpartition(".")[0] or module


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
