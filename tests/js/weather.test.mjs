import assert from "node:assert/strict";
import test from "node:test";

import { Weather } from "../../games/static/games/weather.js";
import { chance } from "./chance.mjs";

/** When each of some frames, sent one every 10 ms, arrived. */
function arrivals(weather, count = 200, direction = "out") {
  const arrived = [];
  let now = 0;
  for (let frame = 0; frame < count; frame++, now += 10) {
    weather.run(now);
    const sent = now;
    weather.pass(direction, () => arrived.push({ frame, took: now - sent }), now);
  }
  for (; Number.isFinite(weather.dueAt()); now = Math.max(now, weather.dueAt())) weather.run(now);
  return arrived;
}

test("in fine weather everything passes at once", () => {
  assert.ok(arrivals(new Weather(chance(1))).every(({ took }) => took === 0));
});

test("half of the latency is added each way, and up to the jitter for each frame, in order", () => {
  const weather = new Weather(chance(1));
  weather.set({ latency: 150, jitter: 40 });
  for (const direction of ["in", "out"]) {
    const arrived = arrivals(weather, 200, direction);
    assert.deepEqual(arrived.map(({ frame }) => frame), [...Array(200).keys()]);
    assert.ok(arrived.every(({ took }) => took >= 75 && took <= 75 + 40 + 10));
    weather.forget();
  }
});

test("a lost frame comes late, those behind it wait, and none is missing", () => {
  const weather = new Weather(chance(4));
  weather.set({ latency: 100, loss: 0.05 });
  const arrived = arrivals(weather, 400);
  assert.deepEqual(arrived.map(({ frame }) => frame), [...Array(400).keys()]);
  assert.ok(weather.lost > 5 && weather.lost < 60, `${weather.lost}`);
  assert.ok(Math.max(...arrived.map(({ took }) => took)) >= 350);
});

test("while it is cut nothing passes, then all that waited, in order", () => {
  const weather = new Weather(chance(1));
  const told = [];
  weather.cut(500, 1000);
  for (const now of [1100, 1200, 1300]) weather.pass("in", () => told.push(now), now);
  weather.run(1499);
  assert.deepEqual(told, []);
  assert.equal(weather.dueAt(), 1500);
  weather.run(1500);
  assert.deepEqual(told, [1100, 1200, 1300]);
});

test("what is passed while something is done waits for its turn", () => {
  const weather = new Weather(chance(1));
  const told = [];
  weather.set({ latency: 100 });
  for (let frame = 0; frame < 20_000; frame++) {
    weather.pass("in", () => { told.push(frame); weather.run(50); }, 0);
  }
  weather.run(50);
  assert.deepEqual(told, [...Array(20_000).keys()]);
});

test("what is absent stays as it was, and nonsense is none", () => {
  const weather = new Weather(chance(1));
  weather.set({ latency: 80 });
  weather.set({ jitter: -5, loss: 7 });
  assert.deepEqual(weather.now, { latency: 80, jitter: 0, loss: 0.9 });
  weather.set({ latency: "much" });
  assert.equal(weather.now.latency, 0);
});

test("a connection that is gone takes with it what was on its way", () => {
  const weather = new Weather(chance(1));
  weather.set({ latency: 100 });
  weather.pass("out", assert.fail, 0);
  weather.forget();
  weather.run(1000);
  assert.equal(weather.dueAt(), Infinity);
});
