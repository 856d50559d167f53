"""Writes what the browser's rink of hockey must agree with: plays of the real one.

Run from the project's root after a change to how things move on the ice, and commit what it
writes::

    python -m tests.js.make_hockey
"""

import json
from pathlib import Path
from typing import Any

from games.catalog.hockey import rink
from games.catalog.hockey.rink import FINE, HEIGHT, WAYS, WIDTH, Controls, Disc, Skater
from games.sim.rng import Rng

HERE = Path(__file__).parent
PLAYS = 40
PERIODS = 40
SEED = 31


def main(folder: Path = HERE / "fixtures") -> None:
    """Write the fixture."""
    plays = [_play(Rng(SEED + number), number) for number in range(PLAYS)]
    text = json.dumps({"sine": rink.SINE, "plays": plays}, separators=(",", ":"))
    (folder / "hockey.json").write_text(text.replace('{"held"', '\n{"held"') + "\n")


def _play(rng: Rng, number: int) -> dict[str, Any]:
    """Some skaters and the puck: all of them after every period, and what seat 0 held meanwhile.

    The others hold the same throughout, as a browser takes them to do.
    """
    skaters = [_skater(rng) for _ in range(2 + number % 5)]
    puck = _disc(rng, 40 * FINE)
    if number % 3 == 0:  # at a goal, or at a post
        puck.y, puck.vx = rink.MIDDLE + rng.between(-160, 160) * FINE, rng.choice((-1400, 1400))
        puck.x = rng.choice((150, WIDTH - 150)) * FINE
    start, held, states = row(puck, skaters), [], []
    for period in range(PERIODS):
        if period % 6 == 0:
            skaters[0].held = _controls(rng)
            held.append([period, _told(skaters[0].held)])
        rink.step(puck, skaters)
        states.append(row(puck, skaters))
    return {"held": held, "start": start, "states": states}


def _disc(rng: Rng, fast: int) -> Disc:
    return Disc(
        x=rng.between(60, WIDTH - 60) * FINE,
        y=rng.between(60, HEIGHT - 60) * FINE,
        vx=rng.between(-fast, fast),
        vy=rng.between(-fast, fast),
    )


def _skater(rng: Rng) -> Skater:
    at = _disc(rng, 15 * FINE)
    return Skater(at.x, at.y, at.vx, at.vy, way=rng.below(WAYS), held=_controls(rng))


def _controls(rng: Rng) -> Controls:
    return Controls(
        go=rng.below(WAYS) if rng.below(5) else None,
        shoot=rng.below(3) == 0,
    )


def _told(held: Controls) -> dict[str, Any]:
    """As a client writes it, without what stands at its default."""
    told: dict[str, Any] = {} if held.go is None else {"go": held.go}
    return told | ({"shoot": True} if held.shoot else {})


def row(puck: Disc, skaters: list[Skater]) -> list[int]:
    """A rink as the browser writes it."""
    numbers = [0, puck.x, puck.y, puck.vx, puck.vy]
    for skater in skaters:
        go = -1 if skater.held.go is None else skater.held.go
        numbers += [skater.x, skater.y, skater.vx, skater.vy, skater.way, go]
        numbers += [int(skater.held.shoot), skater.reload]
    return numbers


if __name__ == "__main__":
    main()
