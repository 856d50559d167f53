"""Writes what the browser SDK must agree with: bytes of the real codec, changes of the real diff.

Run from the project's root after a change to either, and commit what it writes::

    python -m tests.js.make_fixtures
"""

import json
import random
from pathlib import Path
from typing import Any

import msgspec

from games.protocol import codec
from games.protocol import messages as m
from games.sim.diff import diff, patch
from tests import bodies
from tests.js import make_arena, make_hockey
from tests.js.layouts import layouts

HERE = Path(__file__).parent

VALUES: list[Any] = [
    None,
    True,
    False,
    *(0, 1, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53 - 1),
    *(-1, -32, -33, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1, -(2**53) + 1),
    *(0.5, -0.1, 1e300, 5e-324, 3.141592653589793),
    *("", "e2e4", "x" * 31, "x" * 32, "x" * 255, "x" * 256),
    *("Grüße", "将棋", "🚀 ahoy", 'a "quoted"\nline'),
    *([], [1, "two", None], list(range(15)), list(range(16)), list(range(300))),
    *({}, {"a": {"b": [{"c": None}]}}, {f"k{i}": i for i in range(15)}),
    {f"k{i}": i for i in range(16)},
]

CLIENT = [
    m.Hello(v=1, session="0123456789abcdef", ticket="t.1"),
    m.Hello(v=1, session="0123456789abcdef", resume="r.1"),
    m.Input(seq=1, data={"move": "e2e4", "n": [1, -2, 0.5, True, None]}),
    m.Input(seq=2**40, data=None),
    m.Resync(tick=41),
    m.Input(seq=2, data={"turn": 1}, seen=70),
    m.Ping(n=3),
    m.Leave(),
    m.Got(n=17),
]


def main(folder: Path = HERE / "fixtures") -> None:
    """Write every fixture."""
    _write(folder / "msgpack.json", [_golden(value) for value in VALUES])
    _write(folder / "patch.json", _patches(random.Random(7), 260))
    _write(folder / "frames.json", _frames())
    _write(folder / "client.json", [_client(message) for message in CLIENT])
    _write(folder / "kinds.json", layouts())
    make_arena.main(folder)
    make_hockey.main(folder)


def _golden(value: Any) -> dict[str, Any]:
    return {"value": value, "hex": msgspec.msgpack.encode(value).hex()}


def _client(message: m.ClientMessage) -> dict[str, Any]:
    """What the server reads; fields at their default may be there or not."""
    return {
        "message": msgspec.to_builtins(message),
        "json": codec.encode(message, "json").decode(),
        "hex": codec.encode(message, "msgpack").hex(),
    }


def _frames() -> list[dict[str, Any]]:
    """Frames of several messages, in both encodings, and what they say."""
    view = {"phase": "playing", "seats": {}, "result": None, "game": {"n": 1, "name": "Zoë\n🚀"}}
    welcome = m.Welcome(
        v=1,
        match="m1",
        title="arena",
        seat=0,
        hz=20,
        realtime=True,
        time=60,
        settings={},
        schema=bodies.SCHEMA,
    )
    frames = [
        [
            welcome,
            m.Own(tick=3, view=bodies.OwnView({"mine": None})),
            m.Snapshot(tick=3, time=60, view=bodies.View(view)),
        ],
        [
            m.Own(tick=4, settled=7, refused=[(6, "not_your_turn")]),
            m.Delta(tick=4, time=61, change=bodies.Change({"in": {"game": {"set": {"n": 2}}}})),
        ],
        [
            m.Own(tick=9, change=bodies.OwnChange({"set": {"mine": 5}}), back=6, inbox=3),
            m.Delta(tick=9, time=66, change=bodies.Change({"set": {"x": 1}}), back=5, hash=77),
        ],
        [
            m.Own(tick=5, settled=9),
            m.Delta(tick=5, change=bodies.Change({"set": {"x": 2}})),
        ],
        [m.Own(tick=8, settled=9, change=bodies.OwnChange({"set": {"mine": 6}}), back=3)],
        [m.Pong(n=1)],
        [m.Again(next=3, code="busy"), m.Error(code="flood", message="Too many messages.")],
        [m.Move()],
    ]
    return [
        {
            "messages": json.loads(f"[{','.join(_as_json(message) for message in frame)}]"),
            "json": codec.frame(*frame, encoding="json").decode(),
            "hex": codec.frame(*frame, encoding="msgpack").hex(),
        }
        for frame in frames
    ]


def _as_json(message: m.ServerMessage) -> str:
    return codec.encode(message, "json").decode()


def _patches(rng: random.Random, count: int) -> list[dict[str, Any]]:
    cases = []
    while len(cases) < count:
        base = _map(rng, 3)
        view = _mutated(rng, base) if rng.random() < 0.85 else _map(rng, 3)
        change = diff(base, view)
        assert patch(base, change) == view
        cases.append({"base": base, "change": change, "view": view})
    return cases


def _map(rng: random.Random, depth: int) -> dict[str, Any]:
    keys = rng.sample(
        ["a", "b", "c", "0", "1", "set", "in", "gone", "push", "ä"], rng.randint(0, 4)
    )
    return {key: _value(rng, depth - 1) for key in keys}


def _value(rng: random.Random, depth: int) -> Any:
    kind = rng.randrange(8 if depth > 0 else 5)
    if kind >= 6:
        return _map(rng, depth)
    if kind == 5:
        return [_value(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    return [None, rng.random() < 0.5, rng.randint(-300, 300), rng.randint(0, 9) / 4, "text"][kind]


def _mutated(rng: random.Random, value: Any) -> Any:
    """Like ``value``, with a few things changed somewhere inside."""
    if isinstance(value, dict):
        result = {
            key: _mutated(rng, item) if rng.random() < 0.5 else item
            for key, item in value.items()
            if rng.random() < 0.9
        }
        return result | (_map(rng, 2) if rng.random() < 0.3 else {})
    if isinstance(value, list):
        items = [_mutated(rng, item) if rng.random() < 0.4 else item for item in value]
        items += [_value(rng, 1) for _ in range(rng.choice([0, 0, 1, 2]))]
        return items[: len(items) - rng.choice([0, 0, 0, 1])]
    return _value(rng, 1) if rng.random() < 0.6 else value


def _write(path: Path, data: list[Any]) -> None:
    lines = ",\n".join(json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in data)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
