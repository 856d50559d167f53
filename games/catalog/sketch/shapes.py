"""Drawings that the bot knows, and doodles for the words that it does not.

Each is a list of lines through points of the board, in the order in which they are drawn. Shapes
are told in hundredths of a small square in the middle of the board.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from games.catalog.sketch.limits import BOARD_HEIGHT, BOARD_WIDTH
from games.sim import Rng

SCALE = 5
LEFT, TOP = (BOARD_WIDTH - 100 * SCALE) // 2, (BOARD_HEIGHT - 100 * SCALE) // 2

BLACK, GREY, RED, ORANGE, YELLOW, GREEN, LEAF, SKY, BLUE, PURPLE, PINK, BROWN = (
    *(1, 2, 4, 5, 6, 8, 7, 10, 11, 12, 13, 15),
)
THIN, MIDDLE, THICK = 0, 1, 2

Point = tuple[int, int]
Place = tuple[float, float]


class Line(NamedTuple):
    """One stroke of a drawing."""

    colour: int
    size: int
    points: list[Point]


def is_known(word: str) -> bool:
    """Whether there is a drawing of it."""
    return word in SHAPES


def drawing_of(word: str) -> list[Line]:
    """The lines of a word; of one that it cannot draw, a doodle."""
    shape = SHAPES.get(word)
    return shape() if shape else doodle(word)


def doodle(word: str) -> list[Line]:
    """Loops of nothing in particular, which are those of this word."""
    rng = Rng(int.from_bytes(word.encode()[:7]))
    lines = []
    for _ in range(3 + rng.below(3)):
        x, y = rng.between(20, 80), rng.between(20, 80)
        wide, high = rng.between(8, 26), rng.between(8, 26)
        turns, drift = rng.between(1, 3), rng.between(-20, 20)
        colour = rng.choice([BLACK, RED, BLUE, GREEN, ORANGE, PURPLE])
        steps = 16 * turns
        lines.append(
            _line(
                colour,
                MIDDLE,
                *(
                    (
                        x + wide * math.cos(math.tau * step / 16) + drift * step / steps,
                        y + high * math.sin(math.tau * step / 16),
                    )
                    for step in range(steps + 1)
                ),
            )
        )
    return lines


def _line(colour: int, size: int, *places: Place) -> Line:
    """A line through these places, with points in between where they are far apart."""
    points: list[Point] = []
    for at, (x, y) in enumerate(places):
        if at:
            from_x, from_y = places[at - 1]
            steps = int(math.hypot(x - from_x, y - from_y) // 14)
            points += [
                _point(
                    from_x + (x - from_x) * n / (steps + 1), from_y + (y - from_y) * n / (steps + 1)
                )
                for n in range(1, steps + 1)
            ]
        points.append(_point(x, y))
    return Line(colour, size, points)


def _point(x: float, y: float) -> Point:
    return (
        max(0, min(BOARD_WIDTH - 1, LEFT + round(SCALE * x))),
        max(0, min(BOARD_HEIGHT - 1, TOP + round(SCALE * y))),
    )


def _round(
    colour: int,
    size: int,
    x: float,
    y: float,
    wide: float,
    high: float | None = None,
    start: float = 0,
    end: float = 1,
) -> Line:
    """An ellipse, or a part of it; ``start`` and ``end`` in turns, from the right, clockwise."""
    high = wide if high is None else high
    steps = max(4, round(24 * abs(end - start)))
    angles = (math.tau * (start + (end - start) * step / steps) for step in range(steps + 1))
    return _line(
        colour, size, *((x + wide * math.cos(turn), y + high * math.sin(turn)) for turn in angles)
    )


def _box(colour: int, size: int, x: float, y: float, right: float, bottom: float) -> Line:
    return _line(colour, size, (x, y), (right, y), (right, bottom), (x, bottom), (x, y))


def _sun() -> list[Line]:
    rays = [
        _line(
            ORANGE,
            MIDDLE,
            *(
                (50 + far * math.cos(math.tau * ray / 10), 50 + far * math.sin(math.tau * ray / 10))
                for far in (30, 46)
            ),
        )
        for ray in range(10)
    ]
    return [_round(YELLOW, THICK, 50, 50, 22), *rays]


def _house() -> list[Line]:
    return [
        _box(BROWN, MIDDLE, 20, 45, 80, 95),
        _line(RED, MIDDLE, (12, 47), (50, 10), (88, 47)),
        _box(BROWN, MIDDLE, 43, 68, 58, 95),
        _box(SKY, MIDDLE, 26, 55, 38, 66),
        _box(SKY, MIDDLE, 63, 55, 75, 66),
    ]


def _tree() -> list[Line]:
    return [
        _line(BROWN, THICK, (50, 96), (50, 55)),
        _round(GREEN, THICK, 50, 32, 26, 24),
        _round(GREEN, MIDDLE, 34, 46, 14),
        _round(GREEN, MIDDLE, 66, 46, 14),
    ]


def _fish() -> list[Line]:
    return [
        _round(BLUE, MIDDLE, 45, 50, 32, 20),
        _line(BLUE, MIDDLE, (76, 50), (96, 32), (94, 68), (76, 50)),
        _round(BLACK, MIDDLE, 27, 45, 2),
        _round(BLUE, THIN, 40, 50, 10, 14, -0.2, 0.2),
    ]


def _star() -> list[Line]:
    corners = [
        (
            50 + 45 * math.cos(math.tau * (2 * at / 5 - 0.25)),
            52 + 45 * math.sin(math.tau * (2 * at / 5 - 0.25)),
        )
        for at in range(6)
    ]
    return [_line(YELLOW, MIDDLE, *corners)]


def _heart() -> list[Line]:
    side = [
        (
            16 * math.sin(turn) ** 3,
            -(13 * math.cos(turn) - 5 * math.cos(2 * turn) - 2 * math.cos(3 * turn)),
        )
        for turn in (math.tau * step / 28 for step in range(29))
    ]
    return [_line(RED, THICK, *((50 + 2.6 * x, 48 + 2.6 * y) for x, y in side))]


def _flower() -> list[Line]:
    petals = [
        _round(
            PINK,
            MIDDLE,
            50 + 19 * math.cos(math.tau * at / 6),
            32 + 19 * math.sin(math.tau * at / 6),
            10,
        )
        for at in range(6)
    ]
    stem = [
        _line(GREEN, MIDDLE, (50, 60), (49, 80), (50, 98)),
        _round(GREEN, MIDDLE, 60, 80, 10, 5),
    ]
    return [_round(YELLOW, THICK, 50, 32, 8), *petals, *stem]


def _cloud() -> list[Line]:
    return [
        _line(
            SKY,
            MIDDLE,
            *((22, 65), (14, 56), (20, 45), (31, 44), (36, 31), (52, 27), (64, 36), (78, 38)),
            *((86, 50), (82, 62), (70, 66), (46, 67), (22, 65)),
        )
    ]


def _moon() -> list[Line]:
    return [
        _round(YELLOW, MIDDLE, 50, 50, 36, 36, 0.15, 0.85),
        _round(YELLOW, MIDDLE, 64, 50, 24, 30, 0.78, 0.22),
    ]


def _apple() -> list[Line]:
    return [
        _round(RED, MIDDLE, 38, 56, 22, 28),
        _round(RED, MIDDLE, 60, 56, 22, 28),
        _line(BROWN, MIDDLE, (49, 32), (50, 20), (55, 12)),
        _round(LEAF, MIDDLE, 64, 16, 9, 4),
    ]


def _boat() -> list[Line]:
    waves = [(x, 88 + 3 * (-1) ** (x // 10)) for x in range(2, 100, 10)]
    return [
        _line(BROWN, MIDDLE, (12, 66), (88, 66), (74, 84), (26, 84), (12, 66)),
        _line(BLACK, MIDDLE, (50, 66), (50, 12)),
        _line(RED, MIDDLE, (52, 14), (82, 58), (52, 58), (52, 14)),
        _line(SKY, MIDDLE, *waves),
    ]


def _car() -> list[Line]:
    return [
        _line(
            RED,
            MIDDLE,
            *(
                (6, 70),
                (6, 54),
                (26, 50),
                (38, 32),
                (66, 32),
                (80, 50),
                (94, 54),
                (94, 70),
                (6, 70),
            ),
        ),
        _round(BLACK, MIDDLE, 26, 72, 10),
        _round(BLACK, MIDDLE, 74, 72, 10),
        _line(SKY, MIDDLE, (34, 50), (42, 37), (62, 37), (71, 50), (34, 50)),
    ]


def _umbrella() -> list[Line]:
    return [
        _round(PURPLE, MIDDLE, 50, 50, 42, 36, 0.5, 1),
        _line(PURPLE, MIDDLE, (8, 50), (22, 44), (36, 50), (50, 44), (64, 50), (78, 44), (92, 50)),
        _line(BROWN, MIDDLE, (50, 46), (50, 84), (46, 92), (38, 92), (35, 85)),
    ]


def _snowman() -> list[Line]:
    return [
        _round(GREY, MIDDLE, 50, 76, 22),
        _round(GREY, MIDDLE, 50, 44, 15),
        _round(GREY, MIDDLE, 50, 20, 11),
        _line(ORANGE, MIDDLE, (50, 20), (66, 23), (50, 24)),
        _round(BLACK, MIDDLE, 46, 16, 1),
        _round(BLACK, MIDDLE, 55, 16, 1),
        _line(BROWN, MIDDLE, (36, 42), (14, 30)),
        _line(BROWN, MIDDLE, (64, 42), (86, 30)),
    ]


def _ladder() -> list[Line]:
    rungs = [_line(BROWN, MIDDLE, (36, y), (64, y)) for y in range(18, 92, 14)]
    return [
        _line(BROWN, MIDDLE, (36, 6), (36, 96)),
        _line(BROWN, MIDDLE, (64, 6), (64, 96)),
        *rungs,
    ]


def _balloon() -> list[Line]:
    return [
        _round(RED, MIDDLE, 50, 32, 24, 28),
        _line(RED, MIDDLE, (50, 60), (45, 67), (55, 67), (50, 60)),
        _line(BLACK, THIN, (50, 67), (53, 76), (47, 86), (51, 98)),
    ]


def _cup() -> list[Line]:
    return [
        _line(BLUE, MIDDLE, (24, 34), (28, 88), (66, 88), (70, 34), (24, 34)),
        _round(BLUE, MIDDLE, 70, 58, 18, 15, -0.25, 0.25),
        _line(GREY, THIN, (38, 26), (34, 18), (40, 10)),
        _line(GREY, THIN, (54, 26), (50, 18), (56, 10)),
    ]


def _key() -> list[Line]:
    return [
        _round(ORANGE, MIDDLE, 24, 50, 16),
        _line(ORANGE, MIDDLE, (40, 50), (92, 50), (92, 64)),
        _line(ORANGE, MIDDLE, (78, 50), (78, 62)),
    ]


def _cat() -> list[Line]:
    return [
        _round(ORANGE, MIDDLE, 50, 55, 30, 27),
        _line(ORANGE, MIDDLE, (25, 40), (24, 12), (42, 29)),
        _line(ORANGE, MIDDLE, (75, 40), (76, 12), (58, 29)),
        _round(BLACK, MIDDLE, 39, 48, 3),
        _round(BLACK, MIDDLE, 61, 48, 3),
        _line(PINK, MIDDLE, (46, 60), (54, 60), (50, 65), (46, 60)),
        _line(BLACK, THIN, (20, 58), (2, 54)),
        _line(BLACK, THIN, (20, 64), (2, 68)),
        _line(BLACK, THIN, (80, 58), (98, 54)),
        _line(BLACK, THIN, (80, 64), (98, 68)),
    ]


def _eye() -> list[Line]:
    return [
        _round(BLACK, MIDDLE, 50, 62, 46, 40, 0.56, 0.94),
        _round(BLACK, MIDDLE, 50, 36, 46, 40, 0.06, 0.44),
        _round(BLUE, THICK, 50, 49, 14),
        _round(BLACK, THICK, 50, 49, 4),
    ]


def _flag() -> list[Line]:
    return [
        _line(BROWN, MIDDLE, (22, 6), (22, 98)),
        _line(RED, MIDDLE, (24, 10), (54, 16), (86, 10), (86, 46), (54, 52), (24, 46)),
    ]


def _mountain() -> list[Line]:
    return [
        _line(GREY, MIDDLE, (0, 90), (36, 22), (58, 62), (70, 44), (100, 90), (0, 90)),
        _line(SKY, MIDDLE, (25, 43), (32, 50), (38, 42), (46, 42)),
    ]


def _rainbow() -> list[Line]:
    colours = (RED, ORANGE, YELLOW, GREEN, BLUE, PURPLE)
    return [
        _round(colour, THICK, 50, 82, 46 - 6 * at, 56 - 7 * at, 0.5, 1)
        for at, colour in enumerate(colours)
    ]


def _clock() -> list[Line]:
    return [
        _round(BLACK, MIDDLE, 50, 50, 42),
        _line(BLACK, MIDDLE, (50, 22), (50, 50), (68, 60)),
        *(
            _line(
                GREY,
                THIN,
                *(
                    (50 + r * math.cos(math.tau * at / 12), 50 + r * math.sin(math.tau * at / 12))
                    for r in (34, 38)
                ),
            )
            for at in range(12)
        ),
    ]


def _mushroom() -> list[Line]:
    return [
        _round(RED, MIDDLE, 50, 50, 42, 38, 0.5, 1),
        _line(RED, MIDDLE, (8, 50), (92, 50)),
        _line(BROWN, MIDDLE, (40, 50), (38, 92), (62, 92), (60, 50)),
        _round(GREY, MIDDLE, 36, 34, 6),
        _round(GREY, MIDDLE, 62, 30, 7),
    ]


def _envelope() -> list[Line]:
    return [
        _box(BLUE, MIDDLE, 8, 24, 92, 80),
        _line(BLUE, MIDDLE, (8, 24), (50, 56), (92, 24)),
    ]


def _kite() -> list[Line]:
    return [
        _line(PURPLE, MIDDLE, (60, 6), (88, 34), (52, 64), (34, 26), (60, 6)),
        _line(PURPLE, THIN, (60, 6), (52, 64)),
        _line(PURPLE, THIN, (34, 26), (88, 34)),
        _line(BLACK, THIN, (52, 64), (44, 74), (50, 84), (38, 96)),
    ]


def _candle() -> list[Line]:
    return [
        _box(BLUE, MIDDLE, 40, 44, 60, 92),
        _line(BLACK, THIN, (50, 44), (50, 36)),
        _line(ORANGE, MIDDLE, (50, 36), (42, 26), (50, 8), (58, 26), (50, 36)),
    ]


def _lollipop() -> list[Line]:
    spiral = [
        (
            50 + (2 + 22 * step / 48) * math.cos(math.tau * step / 16),
            34 + (2 + 22 * step / 48) * math.sin(math.tau * step / 16),
        )
        for step in range(49)
    ]
    return [_line(PINK, MIDDLE, *spiral), _line(BROWN, MIDDLE, (50, 60), (50, 98))]


def _smile() -> list[Line]:
    return [
        _round(YELLOW, THICK, 50, 50, 42),
        _round(BLACK, MIDDLE, 36, 40, 3),
        _round(BLACK, MIDDLE, 64, 40, 3),
        _round(BLACK, MIDDLE, 50, 52, 24, 20, 0.04, 0.46),
    ]


def _snake() -> list[Line]:
    body = [(10 + 3.2 * step, 50 + 16 * math.sin(step / 3)) for step in range(25)]
    return [
        _line(GREEN, THICK, *body),
        _round(BLACK, THIN, body[-1][0], body[-1][1] - 3, 1),
        _line(RED, THIN, body[-1], (96, body[-1][1] - 4)),
    ]


def _igloo() -> list[Line]:
    return [
        _round(SKY, MIDDLE, 50, 82, 42, 52, 0.5, 1),
        _line(SKY, MIDDLE, (8, 82), (92, 82)),
        _round(BLUE, MIDDLE, 50, 82, 13, 24, 0.5, 1),
        _line(SKY, THIN, (16, 56), (84, 56)),
    ]


SHAPES: dict[str, Callable[[], list[Line]]] = {
    "apple": _apple,
    "balloon": _balloon,
    "boat": _boat,
    "candle": _candle,
    "car": _car,
    "cat": _cat,
    "clock": _clock,
    "cloud": _cloud,
    "cup": _cup,
    "envelope": _envelope,
    "eye": _eye,
    "fish": _fish,
    "flag": _flag,
    "flower": _flower,
    "heart": _heart,
    "house": _house,
    "igloo": _igloo,
    "key": _key,
    "kite": _kite,
    "ladder": _ladder,
    "lollipop": _lollipop,
    "moon": _moon,
    "mountain": _mountain,
    "mushroom": _mushroom,
    "rainbow": _rainbow,
    "sailboat": _boat,
    "smile": _smile,
    "snake": _snake,
    "snowman": _snowman,
    "star": _star,
    "sun": _sun,
    "tree": _tree,
    "umbrella": _umbrella,
}
