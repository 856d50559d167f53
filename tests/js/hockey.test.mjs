/** Hockey in the browser: everything on the ice moves as on the server, to the last bit. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FINE, HEIGHT, PUCK, WIDTH, gliding, puckIn, rinkOf, skaterAt, skatersIn, step } from "../../games/catalog/hockey/client/rink.js";
import { Predictor } from "../../games/static/games/predict.js";

const { plays } = JSON.parse(readFileSync(new URL("fixtures/hockey.json", import.meta.url), "utf8"));

test("skaters and the puck move, meet, bounce and are shot as on the server, to the last bit", () => {
  for (const [number, play] of plays.entries()) {
    const changes = new Map(play.held);
    let held = {};
    let rink = play.start;
    play.states.forEach((state, period) => {
      held = changes.get(period) ?? held;
      rink = step(rink, 0, held);
      assert.deepStrictEqual(rink, state, `play ${number}, period ${period}`);
    });
  }
});

test("in those plays there are goals, saves by posts, boards and shots", () => {
  const found = new Set();
  for (const { start, states } of plays) {
    [start, ...states].forEach((rink, period, all) => {
      const { x, y } = puckIn(rink);
      if (x < -PUCK || x > WIDTH + PUCK) found.add("goal");
      if (y === PUCK || y === HEIGHT - PUCK) found.add("board");
      for (let seat = 0; seat < skatersIn(rink); seat += 1) {
        if (skaterAt(rink, seat).reload > (period ? skaterAt(all[period - 1], seat).reload : 0)) found.add("shot");
      }
      if (Math.abs(Math.hypot(Math.min(x, WIDTH - x), Math.abs(y - HEIGHT / 2) - 150) - PUCK - 10) < 2 / FINE) found.add("post");
    });
  }
  assert.deepEqual([...found].sort(), ["board", "goal", "post", "shot"]);
});

test("a step leaves the rink that it was given alone", () => {
  const before = plays[0].start.slice();
  step(plays[0].start, 0, { go: 3, shoot: true });
  assert.deepEqual(plays[0].start, before);
});

test("nobody moves before the puck is free", () => {
  const state = stateOf({ phase: "face_off", until: 45 });
  let rink = rinkOf(state, 43);
  rink = step(rink, 0, { go: 0 });
  assert.deepEqual(skaterAt(rink, 0).x, 560);
  rink = step(rink, 0, { go: 0 }); // it is the 45th period
  assert.ok(skaterAt(rink, 0).x > 560);
});

test("what others do is foretold by what they hold, and costs no correction while they hold it", () => {
  const [play] = plays;
  const { smooth, turn } = gliding(skatersIn(play.start));
  const me = new Predictor({ step: (rink, held) => step(rink, 0, held), ticking: true, smooth, turn });
  const changes = new Map(play.held);
  let held = {};
  me.reconcile(play.start, 0, 0, 0);
  play.states.forEach((state, period) => {
    held = changes.get(period) ?? held;
    me.input(period + 1, held, period * 33);
    if (period < 3) return; // three periods behind, as news are
    me.reconcile(play.states[period - 3], period - 2, period * 33 + 20, period - 2);
    assert.deepEqual(me.predicted, state);
  });
  assert.equal(me.corrections.count, 0);
  assert.ok(me.own(10_000).length === play.start.length);
});

function stateOf(more) {
  const at = (x) => ({ x: x * FINE, y: 420 * FINE, vx: 0, vy: 0, way: 0, go: -1, shoot: false, reload: 0 });
  return { puck: { 0: { x: 800 * FINE, y: 420 * FINE, vx: 0, vy: 0 } }, skaters: { 0: at(560), 1: at(1040) }, ...more };
}
