import assert from "node:assert/strict";
import test from "node:test";

import { RoomClock } from "../../games/static/games/clock.js";
import { Playback, Track } from "../../games/static/games/interpolate.js";
import { chance } from "./chance.mjs";

const HZ = 20;
const PERIOD = 1000 / HZ;

/** A track with a state at each of these times. */
function track(modes, options, states) {
  const made = new Track(modes, options);
  for (const [time, rows] of Object.entries(states)) made.push(Number(time), rows);
  return made;
}

/** States of `ticks` periods, delayed by 75 ms and up to 40 ms more, in order; a frame each 16 ms. */
function played({ ticks = 400, seed = 3, delayMs = null, rowsAt, modes, options = {}, arrival }) {
  const random = chance(seed);
  const clock = new RoomClock(HZ, true);
  const playback = new Playback(HZ, { delayMs });
  const made = new Track(modes, { hz: HZ, ...options });
  const frames = [];
  let [now, tick, due, last] = [0, 0, 0, 0];
  const late = arrival ?? (() => 75 + random() * 40);
  for (due = late(0); tick < ticks; now += 1000 / 60) {
    while (tick < ticks && due <= now) {
      clock.sample(tick, due);
      playback.heard({ tick, time: tick, late: (clock.time(due) - tick) * PERIOD, now: due });
      made.spacing = playback.spacing;
      made.push(tick, rowsAt(tick));
      last = due;
      tick += 1;
      due = Math.max(last, tick * PERIOD + late(tick));
    }
    if (tick > 0) {
      const moment = playback.moment(clock.time(now), now);
      frames.push({ now, moment, rows: made.at(moment), buffer: playback.buffer });
    }
  }
  return { frames, playback };
}

test("a row is between two states what it is by its column's mode", () => {
  const states = { 0: { a: { x: 0, angle: 250, hp: 5 } }, 1: { a: { x: 10, angle: 4, hp: 3 } } };
  const made = track({ x: "lerp", angle: "angle" }, { turn: 256 }, states);
  assert.deepEqual(made.at(0.5), { a: { x: 5, angle: 255, hp: 5 } });
  assert.deepEqual(made.at(0.9), { a: { x: 9, angle: 3, hp: 5 } });
  assert.deepEqual(made.at(1), { a: { x: 10, angle: 4, hp: 3 } });
});

test("rows that are lists are followed by the number of the column", () => {
  const made = track({ 0: "lerp" }, {}, { 0: { 7: [0, "a"] }, 1: { 7: [10, "b"] } });
  assert.deepEqual(made.at(0.5), { 7: [5, "a"] });
});

test("a row that did not change is the same object, and states are left as they were", () => {
  const still = { x: 1 };
  const states = { 0: { a: still, b: { x: 0 } }, 1: { a: still, b: { x: 2 } } };
  const copy = structuredClone(states);
  const made = track({ x: "lerp" }, {}, states);
  assert.equal(made.at(0.5).a, still);
  assert.deepEqual(states, copy);
});

test("a new row appears when the screen gets to its state, and one that went stays until then", () => {
  const made = track({ x: "lerp" }, {}, { 0: { a: { x: 0 } }, 1: { b: { x: 5 } } });
  assert.deepEqual(made.at(0.9), { a: { x: 0 } });
  assert.deepEqual(made.at(1), { b: { x: 5 } });
});

test("a row that went flies on until then where its column extrapolates", () => {
  const made = track({ x: "extrapolate" }, {}, { 0: { a: { x: 0 } }, 1: { a: { x: 10 } }, 2: {} });
  assert.deepEqual(made.at(1.5), { a: { x: 15 } });
  assert.deepEqual(made.at(2), {});
});

test("what went further than the jump is shown at the old place, then at the new", () => {
  const made = track({ x: "lerp", y: "lerp" }, { jump: 100 }, { 0: { a: { x: 0, y: 0 } }, 1: { a: { x: 80, y: 80 } } });
  assert.deepEqual(made.at(0.99), { a: { x: 0, y: 0 } });
  assert.deepEqual(made.at(1), { a: { x: 80, y: 80 } });
});

test("where states are missing nothing had changed until shortly before the later one", () => {
  const made = track({ x: "lerp" }, {}, { 0: { a: { x: 0 } }, 10: { a: { x: 10 } } });
  assert.deepEqual(made.at(8), { a: { x: 0 } });
  assert.deepEqual(made.at(9.5), { a: { x: 5 } });
});

test("without news what extrapolates goes on for a while, and is back when there still are none", () => {
  const made = track({ x: "extrapolate" }, { hz: 20, aheadMs: 100 }, { 0: { a: { x: 0 } }, 1: { a: { x: 10 } } });
  assert.deepEqual(made.at(2), { a: { x: 20 } });
  assert.deepEqual(made.at(3), { a: { x: 30 } });
  assert.deepEqual(made.at(4), { a: { x: 20 } });
  assert.deepEqual(made.at(60), { a: { x: 10 } });
});

test("nothing is shown of a table that is not there, and a value that is none snaps", () => {
  const made = new Track({ x: "lerp" });
  assert.deepEqual(made.at(3), {});
  made.push(1, null);
  made.push(2, { a: { x: null } });
  made.push(3, { a: { x: 4 } });
  assert.deepEqual([made.at(1.5), made.at(2.5), made.at(3)], [{}, { a: { x: null } }, { a: { x: 4 } }]);
});

test("a mode that nobody knows is a mistake", () => {
  assert.throws(() => new Track({ x: "glide" }), /no mode is called glide/);
});

test("with 75 to 115 ms on the way a ship in steady flight never stops, jumps or turns back", () => {
  const modes = { x: "lerp" };
  const { frames } = played({ modes, rowsAt: (tick) => ({ a: { x: tick * 20 } }) });
  const settled = frames.slice(180);
  for (const [index, { rows, now }] of settled.entries()) {
    if (index === 0) continue;
    const before = settled[index - 1];
    const speed = (rows.a.x - before.rows.a.x) / (now - before.now) / (20 / PERIOD);
    assert.ok(speed > 0.7 && speed < 1.3, `flew at ${speed} of its speed`);
  }
});

test("the measured delay covers the jitter, and hardly more", () => {
  const { frames, playback } = played({ modes: { x: "lerp" }, rowsAt: (tick) => ({ a: { x: tick } }) });
  assert.ok(playback.delay >= PERIOD + 30 && playback.delay < PERIOD + 50, `${playback.delay} ms`);
  const starved = frames.slice(180).filter(({ buffer }) => buffer < 0);
  assert.ok(starved.length < frames.length * 0.02, `${starved.length} of ${frames.length}`);
});

test("without jitter the delay is that of the ticks alone", () => {
  const { playback } = played({ modes: {}, rowsAt: () => ({}), arrival: () => 50 });
  assert.ok(playback.delay < PERIOD + 10, `${playback.delay} ms`);
});

test("a delay that was asked for stays as it is", () => {
  const { frames, playback } = played({ modes: {}, rowsAt: () => ({}), delayMs: 90 });
  assert.equal(playback.delay, 90);
  assert.ok(frames.length > 500);
});

test("however late states come, the delay has a bound and the moment never runs back", () => {
  const random = chance(9);
  const arrival = () => (random() < 0.1 ? 700 : 50);
  const { frames, playback } = played({ modes: { x: "lerp" }, rowsAt: (tick) => ({ a: { x: tick } }), arrival });
  assert.ok(playback.delay <= 300);
  for (let i = 1; i < frames.length; i++) assert.ok(frames[i].moment >= frames[i - 1].moment);
});

test("a row that stood because news were late catches up without a jump, and never turns back", () => {
  const arrival = (tick) => (tick >= 200 && tick < 208 ? 50 + (208 - tick) * 50 : 50);
  const options = { jump: 1000 };
  const { frames } = played({ modes: { x: "lerp" }, rowsAt: (tick) => ({ a: { x: tick * 20 } }), arrival, options });
  const steps = frames.slice(181).map(({ rows }, index) => rows.a.x - frames[index + 180].rows.a.x);
  const even = (20 / PERIOD) * (1000 / 60);
  assert.ok(Math.min(...steps) > -1e-9, `went back by ${Math.min(...steps)}`);
  assert.ok(Math.max(...steps) < 8 * even, `jumped by ${Math.max(...steps) / even} steps`);
  assert.ok(frames.some(({ buffer }, index) => index > 180 && buffer < 0));
});

test("when the room's time stands still the screen catches up with it, and goes on from there", () => {
  const playback = new Playback(HZ, { delayMs: 100 });
  playback.heard({ tick: 10, time: 10, late: 0, now: 0 });
  assert.equal(playback.moment(10, 0), 8);
  assert.equal(playback.moment(10, 50, true), 9);
  assert.equal(playback.moment(10, 100, true), 10);
  assert.equal(playback.moment(10, 5000, true), 10);
  assert.equal(playback.moment(10.5, 5010), 10); // a short pause: it waits until it is as far behind as before
  assert.equal(playback.moment(110, 10_000), 108);
});

test("a tab that slept shows the present at once, and a room that went back is followed", () => {
  const playback = new Playback(HZ);
  playback.moment(100, 0);
  const woken = playback.moment(1300, 60_000);
  assert.ok(woken > 1298 && woken < 1300);
  assert.ok(playback.moment(900, 60_016) < 900);
});

test("a delay that became another while a tab slept is taken over at once", () => {
  const playback = new Playback(HZ);
  playback.moment(0, 0);
  for (let tick = 0; tick < 64; tick++) playback.heard({ tick, time: tick, late: 100, now: tick * 50 + 100 });
  playback.moment(64, 3300);
  assert.ok(playback.delay > 150);
});

test("an old snapshot says nothing about how late states come", () => {
  const playback = new Playback(HZ);
  for (let tick = 0; tick < 50; tick++) playback.heard({ tick, time: tick, late: 0, now: tick * 50 });
  for (let tick = 60; tick < 70; tick++) playback.heard({ tick, time: tick, late: 9000, now: 12_000 });
  for (let frame = 0; frame < 60; frame++) playback.moment(300, 12_000 + frame * 16);
  assert.ok(playback.delay < 60);
});

test("a room that tells every third tick is shown three ticks behind", () => {
  const playback = new Playback(HZ);
  for (let tick = 0; tick < 90; tick += 3) playback.heard({ tick, time: tick, late: 0, now: tick * 50 });
  assert.equal(playback.spacing, 3);
  playback.moment(90, 4500);
  playback.moment(110, 5500);
  assert.ok(playback.delay >= 150 && playback.delay < 165);
});

test("the tick that is seen is that of the state nearest to the screen", () => {
  const playback = new Playback(HZ, { delayMs: 100 });
  assert.equal(playback.seen, -1);
  for (const tick of [5, 6, 7, 8]) playback.heard({ tick, time: tick * 2, late: 0, now: tick * 50 });
  playback.moment(14.5, 400);
  assert.equal(playback.seen, 6);
  playback.moment(15.5, 410);
  assert.equal(playback.seen, 7);
  playback.moment(90, 500);
  assert.equal(playback.seen, 8);
});

test("where the room went back, states that are no more are forgotten", () => {
  const made = track({ x: "lerp" }, {}, { 0: { a: { x: 0 } }, 1: { a: { x: 1 } }, 2: { a: { x: 2 } } });
  made.push(1, { a: { x: 50 } });
  assert.deepEqual(made.at(1), { a: { x: 50 } });
  assert.deepEqual(made.at(2), { a: { x: 50 } });
});
