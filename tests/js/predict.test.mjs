import assert from "node:assert/strict";
import test from "node:test";

import { Pace, Predictor, alike } from "../../games/static/games/predict.js";
import { Weather } from "../../games/static/games/weather.js";
import { chance } from "./chance.mjs";

const HZ = 20;
const PERIOD = 1000 / HZ;

/** A ship that goes by what is held; whole numbers, as rules are. */
const fly = ({ x, v }, { push }) => ({ v: v + push, x: x + v + push });
const push = (seq) => ({ push: [1, 1, 0, -1, 0, 0, 2, -2][(seq >> 3) % 8] });

/**
 * A client at 60 frames a second and a server at 20 ticks, with weather between them.
 * @returns what was shown in each frame, and both in the end
 */
function match({
  ticking = false, weather: how = { latency: 150, jitter: 40 }, seconds = 20, seed = 7, step = fly, input = push,
  tellEvery = 1, stopAfter = Infinity, rest = () => false, meddle = () => {}, fps = 60, options = {},
} = {}) {
  const weather = new Weather(chance(seed));
  weather.set(how);
  const predictor = new Predictor({ step, ticking, stepMs: PERIOD, ...options });
  const pace = new Pace(HZ);
  const server = { own: { x: 0, v: 0 }, waiting: [], settled: 0, tick: 0, held: { push: 0 }, told: null };
  const frames = [];
  let [now, seq, tickAt] = [0, 0, 20];
  const hear = (own, settled, tick, inbox, toldSettled, toldTick) => {
    if (inbox > 0) pace.heard(inbox);
    predictor.ticked(tick, settled);
    predictor.reconcile(own, toldSettled, now, toldTick);
  };
  const tick = () => {
    server.tick += 1;
    const inbox = server.waiting.length;
    for (const taken of server.waiting.splice(0)) {
      server.settled = taken.seq;
      server.held = taken.data;
      if (!ticking) server.own = step(server.own, taken.data);
    }
    if (ticking) server.own = step(server.own, server.held);
    meddle(server);
    if (server.tick % tellEvery === 0 || server.told === null) {
      server.told = [server.own, server.settled, server.tick];
    }
    const [own, toldSettled, toldTick] = server.told;
    const { settled, tick: number } = server;
    weather.pass("in", () => hear(own, settled, number, inbox, toldSettled, toldTick), now);
  };
  for (let frame = 0; frame < seconds * fps; frame++) {
    now = (frame * 1000) / fps;
    for (; tickAt <= now; tickAt += PERIOD) tick();
    weather.run(now);
    for (let due = rest(now) ? 0 : pace.due(now); due > 0 && seq < stopAfter; due--) {
      const sent = { seq: ++seq, data: input(seq) };
      predictor.input(sent.seq, sent.data, now, pace.take(now));
      weather.pass("out", () => server.waiting.push(sent), now);
    }
    frames.push({ now, own: predictor.own(now), corrections: predictor.corrections.count, ahead: predictor.ahead });
  }
  return { frames, predictor, server };
}

test("where inputs alone move the ship, 150 ms and 40 ms of jitter cost no correction at all", () => {
  const { predictor, server } = match({ stopAfter: 350 });
  assert.equal(server.settled, 350);
  assert.deepEqual(predictor.corrections, { count: 0, last: 0, max: 0 });
  assert.deepEqual(predictor.predicted, server.own);
  assert.equal(predictor.inputs.length, 0);
});

test("an input is seen in the same frame, however far the server is", () => {
  const predictor = new Predictor({ step: fly });
  predictor.reconcile({ x: 0, v: 0 }, 0, 0);
  predictor.input(1, { push: 10 }, 100);
  assert.equal(predictor.predicted.x, 10);
  assert.equal(predictor.own(125).x, 5);
  assert.equal(predictor.own(150).x, 10);
});

test("where ticks move the ship, one input for each tick costs no correction", () => {
  const { predictor, server } = match({ ticking: true });
  assert.equal(predictor.corrections.count, 0);
  assert.ok(server.settled > 380);
});

test("where ticks move the ship, jitter costs a correction only where the controls changed just then", () => {
  const weather = { latency: 150, jitter: 80 }; // more than a period: ticks find none, or two, or three
  const steady = match({ ticking: true, weather, input: (seq) => ({ push: seq < 20 ? 1 : 0 }) });
  const late = steady.frames.slice(180);
  assert.ok(late.at(-1).corrections - late[0].corrections <= 3); // where the beat itself has moved on
  const counting = match({ ticking: true, weather }).predictor.corrections.count;
  const naive = match({ ticking: true, weather, options: { ticking: false } }).predictor.corrections.count;
  assert.ok(naive > 100 && counting < naive / 3, `${counting} against ${naive}`);
});

test("own states that are told every fourth tick are enough", () => {
  const { predictor } = match({ tellEvery: 4 });
  assert.equal(predictor.corrections.count, 0);
});

test("a word of the server that stays the same for long costs nothing, and is carried on", () => {
  const { predictor, server } = match({ tellEvery: 1000, seconds: 60 });
  assert.equal(predictor.corrections.count, 0);
  assert.ok(predictor.inputs.length <= 256);
  assert.ok(server.tick > 1100 && predictor.from > 900);
});

test("a page that draws eight frames a second, and sends two inputs at once, is predicted all the same", () => {
  const input = (seq) => ({ push: seq < 10 ? 1 : 0 });
  for (const weather of [{}, { latency: 150 }]) {
    const { predictor } = match({ ticking: true, fps: 8, weather, input });
    assert.ok(predictor.corrections.count < 30, `${predictor.corrections.count} in 400 ticks`);
  }
});

test("after more inputs than are kept, one that is refused is still undone exactly", () => {
  const predictor = new Predictor({ step: fly });
  predictor.reconcile({ x: 0, v: 1 }, 0, 0);
  for (let seq = 1; seq <= 300; seq++) predictor.input(seq, { push: 0 }, seq * PERIOD);
  assert.equal(predictor.predicted.x, 300);
  predictor.drop((seq) => seq === 300);
  predictor.reconcile(predictor.authority, 0, 300 * PERIOD);
  assert.equal(predictor.predicted.x, 299);
});

test("a dead ship's inputs are not kept for ever", () => {
  const predictor = new Predictor({ step: fly });
  for (let seq = 1; seq <= 1000; seq++) predictor.input(seq, { push: 0 }, seq * PERIOD);
  assert.equal(predictor.inputs.length, 256);
});

test("where ticks move the ship, who did not send for a while is predicted again at once", () => {
  const rest = (now) => now > 5000 && now < 12_000;
  const { frames } = match({ ticking: true, rest, input: () => ({ push: 0 }), weather: { latency: 150 } });
  const after = frames.filter(({ now }) => now > 12_400);
  assert.ok(after.every(({ ahead }) => ahead >= 3 && ahead <= 6), `${after.map(({ ahead }) => ahead).slice(0, 40)}`);
});

test("what the server alone knows is corrected, counted, and goes there gently", () => {
  const meddle = (server) => {
    if (server.tick === 200) server.own = { ...server.own, x: server.own.x + 60 };
  };
  const { frames, predictor, server } = match({ meddle, input: () => ({ push: 0 }), stopAfter: 350 });
  assert.deepEqual(predictor.corrections, { count: 1, last: 60, max: 60 });
  assert.deepEqual(predictor.predicted, server.own);
  const steps = frames.slice(1).map(({ own }, index) => (own?.x ?? 0) - (frames[index].own?.x ?? 0));
  assert.ok(Math.max(...steps) < 20, `jumped by ${Math.max(...steps)} in a frame`);
  assert.ok(Math.min(...steps) >= 0);
  assert.equal(frames.at(-1).own.x, 60);
});

test("an error further than the jump is a teleport: it is shown at once", () => {
  const predictor = new Predictor({ step: fly, jump: 500 });
  predictor.reconcile({ x: 0, v: 0 }, 0, 0);
  predictor.reconcile({ x: 400, v: 0 }, 0, 100);
  assert.ok(predictor.own(101).x < 20);
  predictor.reconcile({ x: 2000, v: 0 }, 0, 300);
  assert.equal(predictor.own(301).x, 2000);
});

test("a heading is corrected the short way round", () => {
  const turn = ({ angle }, by) => ({ angle: (angle + by + 256) % 256 });
  const predictor = new Predictor({ step: turn, smooth: { angle: "angle" }, turn: 256, easeMs: 100 });
  predictor.reconcile({ angle: 250 }, 0, 0);
  predictor.reconcile({ angle: 10 }, 0, 100);
  const seen = [100, 125, 150, 175, 200].map((now) => predictor.own(now).angle);
  assert.deepEqual(seen.map((angle) => (angle + 128) % 256), seen.map((angle) => (angle + 128) % 256).sort((a, b) => a - b));
  assert.deepEqual([seen[0], seen.at(-1)], [250, 10]);
});

test("what does not glide answers at once, and is never between two values", () => {
  const step = ({ x, hp }, input) => ({ x: x + 10, hp: hp - input });
  const predictor = new Predictor({ step, smooth: { x: "lerp" } });
  predictor.reconcile({ x: 0, hp: 5 }, 0, 0);
  predictor.input(1, 2, 100);
  assert.deepEqual(predictor.own(125), { x: 5, hp: 3 });
});

test("a ship that is destroyed and comes back elsewhere is no correction", () => {
  const predictor = new Predictor({ step: fly });
  assert.equal(predictor.own(0), null);
  predictor.input(1, { push: 1 }, 10);
  predictor.reconcile({ x: 5, v: 0 }, 0, 20);
  assert.equal(predictor.predicted.x, 6);
  predictor.reconcile(null, 1, 30);
  assert.equal(predictor.own(31), null);
  predictor.input(2, { push: 1 }, 40);
  predictor.reconcile({ x: 900, v: 0 }, 2, 60);
  assert.deepEqual(predictor.own(61), { x: 900, v: 0 });
  assert.equal(predictor.corrections.count, 0);
});

test("an input that was refused is undone at the server's next word, though that is the same", () => {
  const predictor = new Predictor({ step: fly });
  const own = { x: 0, v: 0 };
  predictor.reconcile(own, 0, 0);
  predictor.input(1, { push: 5 }, 10);
  predictor.drop((seq) => seq === 1);
  predictor.reconcile(own, 0, 200);
  assert.equal(predictor.predicted.x, 0);
  assert.equal(predictor.corrections.count, 1);
});

test("the same word again, or in another object, changes nothing that is seen", () => {
  const predictor = new Predictor({ step: fly });
  predictor.reconcile({ x: 0, v: 5 }, 0, 0);
  predictor.input(1, { push: 0 }, 100);
  const before = predictor.own(120);
  predictor.reconcile({ x: 0, v: 5 }, 0, 120);
  assert.deepEqual(predictor.own(120), before);
  assert.equal(predictor.corrections.count, 0);
});

test("the ship glides evenly between inputs, though frames do not come when inputs are due", () => {
  const step = ({ x }) => ({ x: x + 30, v: 0 });
  const { frames } = match({ weather: {}, step, seconds: 3, fps: 77 });
  const steps = frames.slice(30).map(({ own }, index) => own.x - frames[index + 29].own.x);
  const even = (30 / PERIOD) * (1000 / 77);
  assert.ok(steps.slice(1).every((step) => Math.abs(step - even) < 0.15 * even), `${Math.min(...steps)} to ${Math.max(...steps)}`);
});

test("one input is due in each period, none is made up for after a sleep", () => {
  const pace = new Pace(HZ);
  const taken = (now) => {
    const due = pace.due(now);
    for (let i = 0; i < due; i++) pace.take(now);
    return due;
  };
  assert.equal(taken(1000), 1);
  assert.equal(taken(1049), 0);
  assert.equal(taken(1050), 1);
  assert.equal(taken(1170), 2);
  assert.equal(taken(61_000), 1);
  let sum = 0;
  for (let now = 61_000; now < 71_000; now += 16.7) sum += taken(now);
  assert.ok(Math.abs(sum - 200) <= 1, `${sum}`);
});

test("inputs that arrive right at the tick are moved away from it", () => {
  // Arrivals are up to 10 ms uneven; where they come at the edge of a tick, it finds 0 or 2.
  const random = chance(5);
  const pace = new Pace(HZ);
  const [found, arrivals] = [[], []];
  let tickAt = 0;
  for (let now = 0; now < 20_000; now += 1) {
    for (let due = pace.due(now); due > 0; due--) arrivals.push(pace.take(now) + 30 + random() * 10);
    if (now < tickAt) continue;
    const inbox = arrivals.filter((at) => at <= now).length;
    arrivals.splice(0, inbox);
    found.push(inbox);
    if (inbox > 0) pace.heard(inbox);
    tickAt += PERIOD;
  }
  assert.ok(found.slice(200).every((inbox) => inbox === 1), found.slice(200).join(""));
});

test("where jitter is longer than a period the beat does not run away", () => {
  const random = chance(8);
  const pace = new Pace(HZ);
  let sent = 0;
  for (let now = 0; now < 60_000; now += 5) {
    for (let due = pace.due(now); due > 0; due--, sent++) pace.take(now);
    if (now % 50 === 0) pace.heard(1 + Math.floor(random() * 3));
  }
  assert.ok(sent > 1190, `${sent} of 1200`);
});

test("two states are alike but for the last digits", () => {
  assert.ok(alike({ a: [0.1 + 0.2, "b"] }, { a: [0.3, "b"] }, 1e-9));
  assert.ok(!alike({ a: 1 }, { a: 1, b: 2 }, 1));
  assert.ok(!alike([1], { 0: 1 }));
});
