/** The arena in the browser: its ship flies as the server's to the last bit, its shots hit as seen. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Pilot } from "../../games/catalog/arena/client/pilot.js";
import { Shots, flightOf, meets } from "../../games/catalog/arena/client/shots.js";
import { cosine, fired, sine, step } from "../../games/catalog/arena/client/step.js";
import { RELOAD, SHOT_LIFE } from "../../games/catalog/arena/client/world.js";
import { Pace, Predictor } from "../../games/static/games/predict.js";
import { chance as chanceOf } from "./chance.mjs";

const told = JSON.parse(readFileSync(new URL("fixtures/arena.json", import.meta.url), "utf8"));
const NAMES = ["x", "y", "vx", "vy", "angle", "spin", "reload"];
const ship = (row) => Object.fromEntries(NAMES.map((name, index) => [name, row[index]]));
const rocksOf = (flight) => flight.rocks.map(([x, y, r]) => ({ x, y, r }));

test("its table of sines is the server's", () => {
  told.sine.forEach((value, angle) => assert.strictEqual(sine(angle), value));
  told.cosine.forEach((value, angle) => assert.strictEqual(cosine(angle), value));
});

test("a ship flies, turns, bounces and reloads as on the server, to the last bit", () => {
  for (const [number, flight] of told.flights.entries()) {
    const rocks = rocksOf(flight);
    const changes = new Map(flight.held);
    let own = ship(flight.start);
    let held = {};
    flight.states.forEach((row, period) => {
      held = changes.get(period) ?? held;
      own = step(own, held, rocks);
      assert.deepStrictEqual(own, ship(row), `flight ${number}, period ${period}`);
    });
  }
});

test("the flights bounce off rocks and off every wall", () => {
  const found = new Set();
  for (const { rocks, states } of told.flights) {
    for (const [x, y] of states) {
      if (x === 34 * 32) found.add("west");
      if (x === (3200 - 34) * 32) found.add("east");
      if (y === 34 * 32) found.add("north");
      if (y === (1800 - 34) * 32) found.add("south");
      const off = ([rx, ry, r]) => Math.hypot(x - rx * 32, y - ry * 32) - (r + 34) * 32;
      if (rocks.some((rock) => Math.abs(off(rock)) < 2)) found.add("rock");
    }
  }
  assert.deepEqual([...found].sort(), ["east", "north", "rock", "south", "west"]);
});

test("a step leaves the ship that it was given alone", () => {
  const before = ship(told.flights[0].start);
  const kept = { ...before };
  step(before, { thrust: true, turn: 1 }, []);
  assert.deepEqual(before, kept);
});

test("the gun goes off when it is loaded, and not again before it is", () => {
  let own = ship([40000, 40000, 0, 0, 0, 0, 0]);
  const shots = [];
  for (let period = 0; period < 11; period += 1) {
    own = step(own, { fire: true }, []);
    if (fired(own)) shots.push(period);
  }
  assert.deepEqual(shots, [0, 5, 10]);
});

// --- shots --------------------------------------------------------------------------------------

const EAST = { x: 500, y: 900, vx: 64, vy: 0, time: 100 % 32, seat: 1 };
const OF = { seat: 0, rocks: [], ships: [], time: 100, now: 0 };
/** A ship with fine parts that looks east from the middle of the arena. */
const OWN = ship([1600 * 32, 900 * 32, 0, 0, 0, 0, RELOAD]);

function frame(shots, scene) {
  return shots.frame({ now: 0, seen: 0, time: 0, ships: [], ...scene });
}

test("a shot ends at a wall, at a rock, or when it has flown long enough", () => {
  assert.equal(flightOf(EAST, []), SHOT_LIFE);
  assert.equal(flightOf({ ...EAST, x: 3000 }, []), 4);
  assert.equal(flightOf(EAST, [{ x: 1000, y: 900, r: 100 }]), 7);
});

test("a shot of others leaves its ship when the screen gets there, and catches up", () => {
  const shots = new Shots(50);
  shots.tell({ 7: EAST }, { ...OF, time: 101 });
  assert.deepEqual(frame(shots, { seen: 99.5, time: 101 }), { flying: [], news: [] });
  const first = frame(shots, { seen: 100, time: 102 });
  assert.deepEqual(first.flying.map(({ x }) => x), [500]);
  assert.deepEqual(first.news.map(({ kind }) => kind), ["fired"]);
  const middle = frame(shots, { seen: 103, time: 105 });
  assert.deepEqual(middle.flying.map(({ x }) => x), [500 + 64 * 4]);
  const last = frame(shots, { seen: 108, time: 110 });
  assert.deepEqual(last.flying.map(({ x }) => x), [500 + 64 * 10]);
  assert.deepEqual([...middle.news, ...last.news], []);
});

test("an own shot flies before it is told, and is the same one then", () => {
  const shots = new Shots(50);
  shots.fire(OWN, 0, false, [], 1000);
  assert.equal(frame(shots, { now: 1049 }).flying.length, 0);
  const before = frame(shots, { now: 1150 }).flying;
  assert.deepEqual(before.map(({ x, y }) => [x, y]), [[1634 + 2 * 64, 900]]);
  const row = { x: 1634, y: 900, vx: 64, vy: 0, time: 77 % 32, seat: 0 };
  shots.tell({ 9: row }, { ...OF, time: 80, now: 1160 });
  const after = frame(shots, { now: 1200 });
  assert.deepEqual(after.flying.map(({ x, y }) => [x, y]), [[1634 + 3 * 64, 900]]);
  assert.deepEqual(after.news, []);
});

test("each shot of a triple is the one that was foretold in its direction", () => {
  const shots = new Shots(50);
  shots.fire(OWN, 0, true, [], 0);
  const told = Object.fromEntries([-1, 0, 1].map((side, index) => [
    index,
    { x: 1634, y: 900 + side * 8, vx: 62, vy: side * 14, time: 77, seat: 0 },
  ]));
  shots.tell(told, { ...OF, time: 78, now: 100 });
  assert.equal(frame(shots, { now: 200 }).flying.length, 3);
});

test("an own shot ends where it meets a ship on the screen, once", () => {
  const shots = new Shots(50);
  const row = { x: 1634, y: 900, vx: 64, vy: 0, time: 77, seat: 0 };
  const ships = [{ seat: 0, x: 1600, y: 900 }, { seat: 3, x: 1800, y: 910 }];
  shots.fire(OWN, 0, false, [], 0);
  shots.tell({ 9: row }, { ...OF, time: 78, now: 60 });
  assert.equal(frame(shots, { now: 100, ships }).flying.length, 1);
  const hit = frame(shots, { now: 250, ships });
  assert.equal(hit.flying.length, 0);
  assert.deepEqual(hit.news.map(({ kind, hit: met }) => [kind, met]), [["spark", true]]);
  shots.tell({}, { ...OF, time: 82, now: 300, ships });
  assert.deepEqual(frame(shots, { now: 301, ships }), { flying: [], news: [] });
});

test("an own shot that the room never tells of is forgotten without a word", () => {
  const shots = new Shots(50);
  shots.fire(OWN, 0, false, [], 0);
  shots.tell({}, { ...OF, now: 500 });
  assert.equal(frame(shots, { now: 510 }).flying.length, 1);
  shots.tell({}, { ...OF, now: 2000 });
  assert.deepEqual(frame(shots, { now: 2001 }), { flying: [], news: [] });
});

test("a shot that is told no more ends with a spark, a hit where a ship is near", () => {
  for (const [x, hit] of [[700, true], [2000, false]]) {
    const shots = new Shots(50);
    shots.tell({ 7: EAST }, OF);
    shots.tell({}, { ...OF, time: 103, ships: [{ seat: 5, x, y: 900 }] });
    const [spark] = frame(shots, {}).news;
    assert.deepEqual([spark.kind, spark.x, spark.hit], ["spark", 500 + 64 * 2.5, hit]);
  }
});

test("a fast shot does not pass through a ship between two frames", () => {
  const ships = [{ seat: 2, x: 700, y: 930 }];
  assert.equal(Math.round(meets(EAST, 0, 20, ships)), 3);
  assert.equal(meets(EAST, 0, 20, [{ seat: 2, x: 700, y: 945 }]), null);
  assert.equal(meets(EAST, 0, 20, [{ seat: 1, x: 700, y: 900 }]), null);
});

// --- the own ship -------------------------------------------------------------------------------

/** A room whose way there and back takes so many milliseconds, and a server with one ship. */
class Line {
  constructor({ delay, chance }) {
    this.delay = delay;
    this.chance = chance;
    this.seat = 0;
    this.next = 1;
    this.out = []; // {at, seq, data}
    this.back = []; // {at, apply}
    this.secret = null;
    this.state = { rocks: { 0: { x: 1200, y: 900, r: 120 }, 1: { x: 2200, y: 700, r: 140 } } };
    this.ship = ship([30000, 30000, 0, 0, 0, 0, 0]);
    this.held = {};
    this.settled = 0;
  }

  /** As `screen.js` does it. */
  predict({ read, ...options }) {
    const predictor = new Predictor({ stepMs: 50, ...options });
    const pace = new Pace(20);
    this.me = predictor;
    this.applied = ({ tick, settled, inbox, told }) => {
      pace.heard(inbox);
      predictor.ticked(tick, settled);
      if (told !== null) this.as = { tick, settled };
      this.secret = told ?? this.secret;
      const own = read(this.secret, this.state);
      predictor.reconcile(own, this.as?.settled ?? 0, this.now, this.as?.tick ?? null);
    };
    return {
      due: (now) => pace.due(now),
      send: (data) => {
        const seq = this.next++;
        const at = Math.max(this.out.at(-1)?.at ?? 0, this.now + this.#way());
        this.out.push({ at, seq, data });
        predictor.input(seq, data, this.now, pace.take(this.now));
        return Promise.resolve({ seq, refused: null });
      },
      own: (now) => predictor.own(now),
      get predicted() { return predictor.predicted; },
    };
  }

  /** A millisecond passes; in each fiftieth the server ticks as world.py does. */
  pass(now) {
    this.now = now;
    while (this.back.length && this.back[0].at <= now) this.back.shift().apply();
    if (now % 50 !== 0) return;
    const tick = now / 50;
    let inbox = 0;
    for (; this.out.length && this.out[0].at <= now; inbox += 1) {
      const { seq, data } = this.out.shift();
      [this.settled, this.held] = [seq, data];
    }
    this.ship = step(this.ship, this.held, Object.values(this.state.rocks));
    const told = tick % 4 === 0 ? { ship: { ...this.ship } } : null;
    const message = { tick, settled: this.settled, inbox, told };
    const at = Math.max(this.back.at(-1)?.at ?? 0, now + this.#way());
    this.back.push({ at, apply: () => this.applied?.(message) });
  }

  #way() {
    return this.delay + (this.chance ? this.chance() * 40 : 0);
  }
}

/** Have a player fly up to a moment; gives how often the server had to correct. */
function fly(line, until, from = 0) {
  const chance = chanceOf(5 + from);
  line.pilot ??= new Pilot(line);
  let held = {};
  for (let now = from; now < until; now += 1) {
    line.pass(now);
    if (now % 17 !== 0) continue;
    if (chance() < 0.05) {
      held = { turn: Math.floor(chance() * 3) - 1, thrust: chance() < 0.8, fire: true };
    }
    line.pilot.fly(now, held);
  }
  return line.me.corrections.count;
}

test("the own ship is foretold without a single correction on a steady line", () => {
  const line = new Line({ delay: 75, chance: null });
  fly(line, 1000); // until the beat is found
  const { count } = line.me.corrections;
  assert.equal(fly(line, 30_000, 1000) - count, 0);
});

test("with 40 ms of jitter there is hardly a correction, and none that one would see", () => {
  const line = new Line({ delay: 75, chance: chanceOf(3) });
  const count = fly(line, 60_000);
  assert.ok(count <= 12, `${count} corrections in a minute`);
  assert.ok(line.me.corrections.max < 25 * 32, `${line.me.corrections.max / 32} units`);
});

test("the ship answers in the very frame in which a key goes down", () => {
  const line = new Line({ delay: 200, chance: null });
  const pilot = new Pilot(line);
  for (let now = 0; now < 1000; now += 1) {
    line.pass(now);
    if (now % 10 === 0) pilot.fly(now, {});
  }
  const before = line.me.predicted.angle;
  line.pass(1000);
  for (let now = 1000; now < 1050; now += 10) pilot.fly(now, { turn: 1 });
  assert.equal(line.me.predicted.angle, before + 3);
});
