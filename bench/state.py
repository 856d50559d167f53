"""What a tick's state costs to tell: time and bytes, beside the ways in which others tell it.

    python -m bench.state

A table of so many rows × 8 columns, of which a tenth, or all, moved since the tick before. Each
time is the best of several rounds, from what the title's view returns to the bytes: for our change
that is hold, compare and encode; the others take the same arrays through ``tolist``, as a title
would that shows plain values. JSON delta is our own change for the JSON encoding.
"""

import timeit
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from games.sim import Angle, Fixed, Int, Rows, Table, hold, pack_change, plain_change

COLUMNS = {
    "x": Fixed(0, 4000, 0.125),
    "y": Fixed(0, 4000, 0.125),
    "vx": Int(-200, 200),
    "vy": Int(-200, 200),
    "angle": Angle(256),
    "hp": Int(0, 100),
    "score": Int(0, 10_000),
    "flags": Int(0, 15),
}
MOVES = {"x": 12, "y": 12, "vx": 3, "vy": 3, "angle": 4, "hp": 2, "score": 1, "flags": 1}
"""How far a row's cell goes in a tick, at most, in steps."""
KIND = Table.of(1000, COLUMNS, by_seat=False, spectators=True)

Columns = dict[str, np.ndarray]


def main() -> None:
    """Print the table."""
    print("| rows | changed | ours | JSON delta | whole as msgpack | whole as JSON |")
    print("|---|---|---|---|---|---|")
    chance = np.random.default_rng(5)
    for count in (10, 100, 1000):
        for share, name in ((0.1, "a tenth"), (1.0, "all")):
            cells = " | ".join(_measured(chance, count, share))
            print(f"| {count:,} | {name} | {cells} |")


def _measured(chance: np.random.Generator, count: int, share: float) -> list[str]:
    ids = np.arange(count) * 3
    before = _some(chance, count)
    after = _moved(chance, before, share)
    held = hold(KIND, Rows.of(ids, **before))

    def ours() -> bytes:
        change = pack_change(KIND, held, hold(KIND, Rows.of(ids, **after)))
        assert change is not None
        return change

    def json_delta() -> bytes:
        change = plain_change(KIND, held, hold(KIND, Rows.of(ids, **after)))
        return msgspec.json.encode(change)

    def plain() -> dict[str, Any]:
        rows = zip(*(column.tolist() for column in after.values()), strict=True)
        keys = map(str, ids.tolist())
        return {
            key: dict(zip(after, row, strict=True)) for key, row in zip(keys, rows, strict=True)
        }

    return [
        _cost(ours),
        _cost(json_delta),
        _cost(lambda: msgspec.msgpack.encode(plain())),
        _cost(lambda: msgspec.json.encode(plain())),
    ]


def _some(chance: np.random.Generator, count: int) -> Columns:
    """Rows anywhere, in whole steps: the others tell short numbers in fewer bytes."""
    return {
        name: chance.integers(kind.least, kind.least + kind.codes, count) * (kind.step or 1)
        for name, kind in COLUMNS.items()
    }


def _moved(chance: np.random.Generator, before: Columns, share: float) -> Columns:
    """The same a tick later."""
    count = len(before["x"])
    moves = np.zeros(count, np.int64)
    moves[chance.permutation(count)[: max(1, round(count * share))]] = 1
    after: Columns = {}
    for name, kind in COLUMNS.items():
        steps = chance.integers(-MOVES[name], MOVES[name] + 1, count) * moves
        if name == "x":
            steps[(steps == 0) & (moves == 1)] = 1  # whoever moves has moved
        step = kind.step or 1
        low, high = kind.least * step, (kind.least + kind.codes - 1) * step
        after[name] = np.clip(before[name] + steps * step, low, high)
    return after


def _cost(call: Callable[[], bytes]) -> str:
    timer = timeit.Timer(call)
    loops = max(1, int(0.02 / max(timer.timeit(1), 1e-6)))
    best = min(timer.repeat(7, loops)) / loops
    return f"{best * 1e6:,.0f} µs, {len(call()):,} B"


if __name__ == "__main__":
    main()
