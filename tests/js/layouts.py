"""Views under all kinds of declarations, tick by tick, and how they are told: for the browser SDK.

Each case is a schema and a few steps. A step says the view as it is then: plain, whole as bits, as
the change since the step before in both encodings, and its fingerprint. Where nothing changed, and
in the first step, there is no change.
"""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from games.sim import (
    Angle,
    Bool,
    Enum,
    Fixed,
    Held,
    Int,
    Json,
    Kind,
    List,
    Map,
    Optional,
    Record,
    Rows,
    Table,
    Text,
    describe,
    fingerprint,
    hold,
    pack,
    pack_change,
    patch,
    plain,
    plain_change,
    same,
    unpack,
    unpack_change,
)

SAFE = 2**53 - 1
SEATS = Map(
    Record(
        name=Text(30),
        status=Enum("here", "away", "bot", "gone"),
        until=Optional(Int(0, SAFE)),
    ),
    16,
)
SHIPS = Table(
    300,
    x=Fixed(0, 3200, 0.125),
    y=Fixed(-900, 900, 0.1),
    angle=Angle(256),
    hp=Int(0, 100),
    team=Enum("red", "green", "blue"),
    aim=Optional(Int(0, 299)),
    fires=Bool(),
    still=Int(7, 7),
)
WIDE = Table(
    9,
    a=Int(-(2**30), 2**30 - 1),
    b=Int(0, 2**31 - 1),
    c=Angle(5),
    d=Optional(Angle(7)),
    e=Angle(2**31 - 1),
)
MOVED = Table(
    9,
    x=Int(0, 3200),
    vx=Int(-128, 127),
    vy=Fixed(-9, 3.5, 0.5),
    y=Fixed(-20, 1800, 0.5),
    angle=Angle(256),
    spin=Int(-9, 9),
    moves={"x": "vx", "y": "vy", "angle": "spin"},
)
SEEN = Table(20, by_seat=True, x=Int(0, 99), y=Int(0, 99))
TEXTS = ["", "a", "Grüße", "将棋", "🚀 ahoy", 'a "quoted"\nline', "x" * 30]
KEYS = ["", "0", "10", "2", "a", "b", "é", "\ue000", "🚀"]


def layouts() -> list[dict[str, Any]]:
    """All cases; the same ones each time."""
    rng = random.Random(11)
    return [case(kind, steps) for kind, steps in _cases(rng)]


def case(kind: Kind, held: list[Held]) -> dict[str, Any]:
    """How these values, one after the other, are told."""
    steps, before = [], None
    for now in held:
        steps.append(_step(kind, before, now))
        before = now
    return {"schema": describe(kind), "steps": steps}


def _step(kind: Kind, before: Held, now: Held) -> dict[str, Any]:
    whole = pack(kind, now)
    assert same(kind, unpack(kind, whole), now)
    change = None if before is None else pack_change(kind, before, now)
    json_change = None
    if change is not None:
        assert same(kind, unpack_change(kind, before, change), now)
        json_change = plain_change(kind, before, now)
        assert patch(plain(kind, before), json_change) == plain(kind, now)
    return {
        "plain": plain(kind, now),
        "whole": whole.hex(),
        "change": None if change is None else change.hex(),
        "json_change": json_change,
        "fingerprint": fingerprint(kind, now),
    }


def _cases(rng: random.Random) -> Iterator[tuple[Kind, list[Held]]]:
    for kind, values in _small():
        record = Record(v=kind)
        yield record, [hold(record, {"v": value}) for value in values]
        if kind.codes and kind.codes <= 2**31:
            table = Table(5, v=kind)
            yield table, [hold(table, {1: (value,), 4: (values[0],)}) for value in values]
    many = Table(300, x=Int(0, 3200), y=Int(0, 3200), angle=Angle(256), hp=Int(0, 100))
    yield many, [hold(many, _few_columns(shown)) for shown in _ships(rng, 300, 2)]
    for _ in range(4):
        yield SHIPS, [hold(SHIPS, value) for value in _ships(rng, rng.randint(0, 9), 5)]
    yield MOVED, [hold(MOVED, value) for value in _moved(rng)]
    yield WIDE, [hold(WIDE, value) for value in _wide(rng)]
    for _ in range(4):
        kind = Record(seen=SEEN)
        yield kind, [{"seen": rows} for rows in _sights(rng)]
    room = Record(
        phase=Enum("playing", "paused", "over"),
        seats=SEATS,
        result=Json(),
        game=Record(ends_at=Int(0, 12000), ships=SHIPS, log=List(Text(30), 9), secret=Json()),
    )
    for _ in range(6):
        yield room, [hold(room, value) for value in _room(rng)]
    for _ in range(30):
        kind = Record(v=_kind(rng, 2), w=_kind(rng, 1))
        values = [_value(rng, kind)]
        for _ in range(3):
            values.append(_later(rng, kind, values[-1]))
        yield kind, [hold(kind, value) for value in values]


def _small() -> Iterator[tuple[Kind, list[Any]]]:
    """Each kind by itself, at its bounds."""
    yield Int(0, 0), [0, 0]
    yield Int(-3, 4), [-3, 4, 0]
    yield Int(-SAFE + 2**52, 2**52), [-SAFE + 2**52, 2**52, 0]
    yield Int(0, SAFE), [0, SAFE, 2**32, 2**32 - 1, 2**31]
    yield Fixed(-1, 1, 0.1), [-1, 1, 0.3, -0.7, 0]
    yield Fixed(0, 3200, 0.125), [0, 3200, 17.3]
    yield Fixed(-(2.0**47), 2.0**47, 0.125), [-(2.0**47), 2.0**47, 1 / 3]
    yield Angle(256), [0, 255, 127, 128, 0]
    yield Angle(5), [0, 4, 1, 3, 0, 2]
    yield Angle(1), [0, 0]
    yield Bool(), [True, False]
    yield Enum("one"), ["one"]
    yield Enum("a", "b", "ç"), ["a", "ç", "b"]
    yield Optional(Int(0, 3)), [None, 3, 0, None]
    yield Optional(Enum("one")), [None, "one"]
    yield Optional(Bool()), [True, None, False]
    yield Optional(Int(0, SAFE)), [None, SAFE, 0]
    yield Text(30), TEXTS
    yield (
        Json(),
        [None, {}, {"a": [1, {"b": 0.5}]}, {"a": [1, {"b": 1.5}], "c": "é"}, [], [1], [1, 2]],
    )
    yield Json(), [[0.1, 1.0, -0.0, 2**53, 1e21, 5e-324, True, None], [-1, 2**40, -(2**40), "🚀"]]
    yield Json(), [{key: key for key in KEYS}, dict.fromkeys(KEYS[3:])]
    yield Optional(Text(30)), [None, "", "a", "a", None]
    yield Optional(Record(a=Int(0, 5), b=Bool())), [None, {"a": 1, "b": 0}, {"a": 1, "b": 1}, None]
    yield List(Bool(), 9), [[], [1], [1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 1, 0], [0, 0, 0, 0, 0], [0]]
    yield (
        List(Record(a=Bool(), b=Text(9)), 9),
        [
            [{"a": 1, "b": "x"}],
            [{"a": 0, "b": "x"}, {"a": 1, "b": "y"}],
            [{"a": 0, "b": "x"}, {"a": 1, "b": "z"}],
        ],
    )
    yield (
        Map(Int(0, 9), 9),
        [{}, {"b": 1, "a": 2, "🚀": 3, "\ue000": 4}, {"a": 3, "": 1, "\ue000": 4}, {}],
    )
    yield Map(Map(Bool(), 3), 3), [{"a": {}}, {"a": {"b": 1}}, {"a": {"b": 0}, "c": {}}]
    yield Record(), [{}, {}]
    yield Table(9), [{}, {0: (), 1: ()}, {1: (), 5: ()}, {2**31 - 1: ()}]
    yield Table(9, n=Int(0, 9)), [{2**31 - 1: (1,)}, {0: (9,), 2**31 - 1: (1,)}, {0: (9,)}, {}]


def _row(rng: random.Random) -> list[Any]:
    return [
        rng.randint(0, 25600) / 8,
        rng.uniform(-900, 900),
        rng.randrange(256),
        rng.randint(0, 100),
        rng.choice(["red", "green", "blue"]),
        rng.choice([None, rng.randrange(300)]),
        rng.random() < 0.5,
        7,
    ]


def _moved(rng: random.Random) -> Iterator[Any]:
    """Rows that go where their speed takes them, or stay, or are put somewhere."""
    rows = {n: (rng.randint(0, 3200), 0, 0.0, rng.randint(0, 1800), 250, 0) for n in range(5)}
    for _ in range(12):
        for n, (x, old_vx, old_vy, y, angle, old_spin) in list(rows.items()):
            vx = max(-128, min(127, old_vx + rng.randint(-40, 40)))
            vy = max(-9.0, min(3.5, old_vy + rng.randint(-3, 3) / 2))
            spin = max(-9, min(9, old_spin + rng.randint(-3, 3)))
            to_x, to_y = max(0, min(3200, x + vx)), max(-20, min(1800, y + vy))
            there = (to_x, vx, vy, to_y, (angle + spin) % 256, spin)
            away = (
                rng.randint(0, 3200),
                vx,
                -9.0,
                rng.randint(-20, 1800),
                rng.randrange(256),
                spin,
            )
            rows[n] = rng.choice([there, there, there, (x, vx, vy, y, angle, 0), rows[n], away])
        yield dict(rows)


def _ships(rng: random.Random, count: int, steps: int) -> Iterator[Any]:
    """Ships that move, come and go."""
    ships = {number: _row(rng) for number in rng.sample(range(2 * count), count)}
    for _ in range(steps):
        yield {number: list(row) for number, row in ships.items()}
        for number in list(ships):
            what = rng.random()
            if what < 0.1:
                del ships[number]
            elif what < 0.6:
                ship = ships[number]
                ship[0] = min(3200, max(0, ship[0] + rng.randint(-20, 20) / 8))
                ship[2] = (ship[2] + rng.randint(-9, 9)) % 256
            elif what < 0.65:
                ships[number] = _row(rng)
        while len(ships) < count + 3 <= 300 and rng.random() < 0.5:
            ships[rng.randrange(1000)] = _row(rng)


def _few_columns(ships: dict[int, list[Any]]) -> dict[int, Any]:
    return {key: (int(row[0]), int(row[0]) // 2, *row[2:4]) for key, row in ships.items()}


def _wide(rng: random.Random) -> Iterator[Any]:
    for count in (0, 3, 3, 5, 2):
        yield {
            number: [
                rng.choice([-(2**30), 2**30 - 1, rng.randint(-9, 9)]),
                rng.choice([0, 2**31 - 1, rng.randint(0, 9)]),
                rng.randrange(5),
                rng.choice([None, rng.randrange(7)]),
                rng.choice([0, 2**31 - 2, 2**30, 2**30 - 1]),
            ]
            for number in range(count)
        }


def _sights(rng: random.Random) -> Iterator[Rows]:
    """What one seat sees of rows that come, go and move, in and out of its sight."""
    rows = {number: [rng.randrange(100), rng.randrange(100)] for number in range(12)}
    for _ in range(6):
        whole = hold(SEEN, rows)
        seen = [number for number, (x, _) in rows.items() if x < 50]
        places = whole.positions(seen)
        yield Rows(whole.ids[places], whole.cells[places], np.array(sorted(rows), np.int64))
        for number in list(rows):
            rows[number][0] = (rows[number][0] + rng.randint(-20, 20)) % 100
            if rng.random() < 0.15:
                del rows[number]
        rows[rng.randrange(12, 99)] = [rng.randrange(100), rng.randrange(100)]


def _room(rng: random.Random) -> Iterator[Any]:
    seats: dict[str, Any] = {}
    log: list[str] = []
    for tick, ships in enumerate(_ships(rng, 5, 4)):
        seat = str(rng.randrange(12))
        until = rng.choice([None, rng.randrange(2**40)])
        status = rng.choice(["here", "away", "bot", "gone"])
        seats[seat] = {"name": rng.choice(TEXTS), "status": status, "until": until}
        log = [*log, rng.choice(TEXTS)][-3:]
        yield {
            "phase": "over" if tick == 3 else "playing",
            "seats": {key: dict(value) for key, value in seats.items()},
            "result": {"ranking": [[1], [0]], "reason": "time_up"} if tick == 3 else None,
            "game": {"ends_at": 5 + tick // 2, "ships": ships, "log": log, "secret": _json(rng, 2)},
        }


# --- kinds and values by chance ----------------------------------------------------------------


def _kind(rng: random.Random, depth: int) -> Kind:
    if depth:
        inner = [_kind(rng, depth - 1) for _ in range(rng.randint(1, 3))]
        may_be_none = [kind for kind in inner if not isinstance(kind, Optional | Json)]
        return rng.choice(
            [
                Record(**dict(zip("cab", inner, strict=False))),
                Record(**dict(zip("xyz", inner, strict=False))),
                List(inner[0], 4),
                Map(inner[0], 4),
                *map(Optional, may_be_none[:1]),
            ]
        )
    return rng.choice(
        [
            Int(rng.randint(-9, 0), rng.randint(0, 300)),
            Fixed(-10, 10, rng.choice([0.1, 0.25, 1 / 3])),
            Enum("a", "b", "c"),
            Text(9),
            Json(),
            Table(5, by_seat=True, x=Int(0, 9), a=Angle(rng.randint(1, 9))),
        ]
    )


def _value(rng: random.Random, kind: Kind) -> Any:
    match kind:
        case Optional(of=of):
            return rng.choice([None, _value(rng, of)])
        case List(of=of):
            return [_value(rng, of) for _ in range(rng.randint(0, 4))]
        case Map(of=of):
            return {key: _value(rng, of) for key in rng.sample(KEYS, rng.randint(0, 4))}
        case Record(fields=fields):
            return {name: _value(rng, part) for name, part in fields.items()}
        case Table(columns=columns):
            ids = rng.sample([0, 1, 2, 9, 1000, 2**31 - 1], rng.randint(0, 5))
            steps = columns["a"].codes
            return {key: (rng.randint(0, 9), rng.randrange(steps)) for key in ids}
    return _leaf(rng, kind)


def _leaf(rng: random.Random, kind: Kind) -> Any:
    match kind:
        case Int(low=low, high=high):
            return rng.randint(low, high)
        case Fixed(low=low, high=high, step=step):
            return rng.randint(low, high) * step
        case Enum(names=names):
            return rng.choice(names)
        case Text():
            return rng.choice(TEXTS)[:9]
    return _json(rng, 2)


def _later(rng: random.Random, kind: Kind, value: Any) -> Any:
    """Much of it stays."""
    if rng.random() < 0.2:
        return _value(rng, kind)
    match kind:
        case Record(fields=fields):
            return {name: _later(rng, part, value[name]) for name, part in fields.items()}
        case List(of=of):
            more = [_value(rng, of)] if rng.random() < 0.3 else []
            return ([_later(rng, of, item) for item in value] + more)[:4]
        case Map(of=of):
            return {key: _later(rng, of, item) for key, item in value.items() if rng.random() < 0.8}
        case Optional(of=of) if value is not None:
            return _later(rng, of, value)
    return value


def _json(rng: random.Random, depth: int) -> Any:
    what = rng.randrange(8 if depth else 5)
    if what >= 6:
        return {key: _json(rng, depth - 1) for key in rng.sample(KEYS, rng.randint(0, 3))}
    if what == 5:
        return [_json(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return [None, rng.random() < 0.5, rng.randint(-300, 300), rng.randint(0, 9) / 4, "text"][what]
