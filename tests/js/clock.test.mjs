import assert from "node:assert/strict";
import test from "node:test";

import { RoomClock } from "../../games/static/games/clock.js";
import { chance } from "./chance.mjs";
import { Bench, delta, snapshot, welcome } from "./kit.mjs";

test("jitter on the way does not make the estimate tremble", () => {
  const clock = new RoomClock(20, true);
  const random = chance(3);
  const errors = [];
  const steps = [];
  let previous = null;
  let arrived = 0;
  for (let tick = 0; tick < 400; tick++) {
    arrived = Math.max(arrived, tick * 50 + 40 + random() * 80); // 40 to 120 ms on the way, in order
    clock.sample(tick, arrived);
    if (tick < 60) continue;
    const at = arrived + 1;
    const time = clock.time(at);
    errors.push(Math.abs(time - (at - 40) / 50)); // the best a client can know: least delay
    if (previous !== null && at > previous.at) steps.push((time - previous.time) / ((at - previous.at) / 50));
    previous = { time, at };
  }
  assert.ok(Math.max(...errors) < 0.35, `off by ${Math.max(...errors)} periods`);
  assert.ok(Math.min(...steps) > 0.75 && Math.max(...steps) < 1.25, `ran at ${Math.min(...steps)}–${Math.max(...steps)}`);
});

test("time never runs back while messages are merely late", () => {
  const clock = new RoomClock(20, true);
  const random = chance(5);
  let last = -Infinity;
  for (let now = 0; now < 20_000; now += 10) {
    if (now % 50 === 0) clock.sample(now / 50, now + random() * 9);
    const time = clock.time(now + 9.5);
    assert.ok(time >= last);
    last = time;
  }
});

test("time that the room dropped is dropped here within seconds", () => {
  const clock = new RoomClock(20, true);
  for (let tick = 0; tick < 100; tick++) clock.sample(tick, tick * 50);
  for (let tick = 100; tick < 160; tick++) clock.sample(tick, tick * 50 + 3000); // stood for 3 s
  assert.ok(Math.abs(clock.time(160 * 50 + 3000) - 160) < 0.5);
});

test("what a page finds waiting after a sleep does not turn its clock back", () => {
  const clock = new RoomClock(20, true);
  for (let tick = 0; tick < 100; tick++) clock.sample(tick, tick * 50 + 60);
  const wake = 100 * 50 + 60 + 5000;
  for (let tick = 100; tick < 201; tick++) { // five seconds of states at once, each read in a millisecond
    const now = wake + (tick - 100) * 0.1;
    clock.sample(tick, now);
    assert.ok(Math.abs(clock.time(now) - (now - 60) / 50) < 0.1, `${clock.time(now)} at ${now}`);
  }
});

test("a way that became longer for good is followed, gently", () => {
  const clock = new RoomClock(20, true);
  let last = -Infinity;
  for (let tick = 0; tick < 300; tick++) {
    const now = tick * 50 + (tick < 100 ? 40 : 240);
    clock.sample(tick, now);
    assert.ok(clock.time(now) > last);
    last = clock.time(now);
  }
  assert.ok(Math.abs(clock.error) < 1 && Math.abs(last - 299) < 0.05);
});

test("how far the estimate is still off is told", () => {
  const clock = new RoomClock(20, true);
  assert.equal(clock.error, 0);
  clock.sample(0, 100);
  clock.sample(1, 100); // it was 50 ms late
  assert.equal(clock.error, 50);
  clock.time(500);
  assert.ok(Math.abs(clock.error - 25) < 0.1);
  clock.stop(9);
  assert.equal(clock.error, 0);
});

test("in a turn room a late word after a long silence is outdone by what was known, then it counts", () => {
  const clock = new RoomClock(10, false);
  clock.sample(100, 0);
  clock.sample(700, 60_400); // 400 ms late, or the room has stood
  assert.ok(clock.time(60_400) > 703.9);
  assert.ok(Math.abs(clock.time(65_000) - 746) < 0.1);
});

test("a turn room's time goes on between its rare messages", () => {
  const clock = new RoomClock(10, false);
  clock.sample(100, 0);
  assert.equal(clock.time(60_000), 700);
});

test("the room's time stands still while the match is paused, and the countdown goes on", () => {
  const bench = Bench.live();
  bench.now += 1000;
  bench.hear({ t: "delta", tick: 30, back: 20, time: 30, change: { set: { phase: "paused" } } });
  bench.now += 1000;
  bench.hear({ ...delta(50, 30), time: 50 });
  assert.equal(bench.session.time(bench.now), 30);
  assert.equal(bench.session.clock.time(bench.now), 50);
  bench.hear({ t: "delta", tick: 51, time: 51, change: { set: { phase: "playing" } } });
  bench.now += 100;
  assert.ok(bench.session.time(bench.now) > 51.9);
});

test("the room's time stands still when the match is over", () => {
  const bench = Bench.live();
  bench.hear({ t: "delta", tick: 11, time: 11, change: { set: { phase: "over" } } });
  bench.now += 5000;
  assert.equal(bench.session.time(bench.now), 11);
});

test("a snapshot's time is that of its last change, so the welcome's is believed", () => {
  const bench = new Bench();
  bench.session.open("ticket", bench.now);
  bench.hear(welcome({ realtime: false, time: 900 }), snapshot(3));
  assert.equal(bench.session.time(bench.now), 900);
});
