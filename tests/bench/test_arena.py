"""Colyseus plays by the rules of arena: the same ships and controls lead to the same places."""

import shutil
import subprocess

import msgspec
import pytest

from bench.contenders.colyseus import HERE
from games.catalog.arena import world
from games.catalog.arena.world import Controls, Score, Ship, State
from games.sim import Rng

TICKS = 99  # at the hundredth a kit comes, by chance
SHIPS = 10
ROCKS = [(900, 700, 120), (1700, 950, 100), (2300, 500, 140)]
SHOWN = ("x", "y", "vx", "vy", "angle", "spin", "reload", "hp", "safeUntil", "backAt")
OURS = (*SHOWN[:-2], "safe_until", "back_at")

PLAY = """
import { readFileSync } from "node:fs";
import { World } from "%s";
const { ships, controls, ticks, rocks, shown } = JSON.parse(readFileSync(0));
const world = new World(3200, 1800);
world.rocks = rocks.map(([x, y, r]) => ({ x, y, r }));
world.spawn = () => {};
for (const place of ships) Object.assign(world.join(world.ships.length), place);
const seen = [];
for (let tick = 0; tick < ticks; tick++) {
  world.ships.forEach((ship, seat) => Object.assign(ship, controls[tick][seat]));
  world.step();
  seen.push([
    world.ships.map((ship) => shown.map((name) => ship[name])),
    [...world.shots].map(([key, shot]) => [key, shot.seat, shot.x, shot.y, shot.vx, shot.vy]),
    world.ships.map((ship) => [ship.kills, ship.deaths, ship.by]),
  ]);
}
console.log(JSON.stringify(seen));
"""


@pytest.mark.parametrize("seed", range(8))
def test_colyseus_ships_fly_shoot_and_meet_as_ours_do(seed, monkeypatch):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    chance = Rng(seed)
    ships = [
        # Close together, so that they meet each other, and shots find somebody.
        {"x": chance.between(40_000, 60_000), "y": chance.between(20_000, 34_000)}
        | {"vx": chance.between(-900, 900), "vy": chance.between(-900, 900)}
        | {"angle": chance.below(256), "hp": 1 + chance.below(5)}
        for _ in range(SHIPS)
    ]
    controls = [
        [
            {"turn": chance.between(-1, 1), "thrust": chance.below(2) == 1}
            | {"fire": chance.below(3) > 0}
            for _ in range(SHIPS)
        ]
        for _ in range(TICKS)
    ]
    monkeypatch.setattr(world, "spawn", lambda state, ship: None)  # by chance too
    ours = list(played(ships, controls))
    asked = {"ships": ships, "controls": controls, "ticks": TICKS, "rocks": ROCKS, "shown": SHOWN}
    done = subprocess.run(
        [node, "--input-type=module", "--eval", PLAY % (HERE / "arena.js").as_uri()],
        input=msgspec.json.encode(asked),
        capture_output=True,
        check=True,
    )
    theirs = msgspec.json.decode(done.stdout)
    assert any(shots for _, shots, _ in ours)
    assert any(score != [0, 0, -1] for score in ours[-1][2])
    for tick, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert one == other, f"tick {tick}"


def played(ships, controls):
    """The same by our own rules, tick by tick."""
    state = State(Rng(1), 10**6, 0, rocks=ROCKS)
    for seat, place in enumerate(ships):
        state.ships[seat] = Ship(**place)
        state.scores[seat] = Score()
    for held in controls:
        for seat, ship in state.ships.items():
            ship.held = Controls(**held[seat])
        world.step(state)
        yield [
            [[getattr(ship, name) for name in OURS] for ship in state.ships.values()],
            [
                [key, shot.seat, shot.x, shot.y, shot.vx, shot.vy]
                for key, shot in state.shots.items()
            ],
            [[score.kills, score.deaths, score.by] for score in state.scores.values()],
        ]
