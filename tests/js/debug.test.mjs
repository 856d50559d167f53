/** What of the debug panel needs no page. */

import assert from "node:assert/strict";
import test from "node:test";

import { Rates, graph, inShort } from "../../games/static/games/debug.js";

const stats = (bytesIn, more = {}) => ({ bytesIn, bytesOut: 0, framesIn: 0, framesOut: 0, corrections: 0, ...more });

test("rates are what was counted since the last look, for each second", () => {
  const rates = new Rates();
  assert.equal(rates.of(stats(500), 1000).rate.bytesIn, 0);
  const { rate, rtt } = rates.of(stats(1500, { corrections: 1, rtt: 40 }), 1500);
  assert.deepEqual([rate.bytesIn, rate.corrections, rtt], [2000, 2, 40]);
});

test("a graph ends at its right edge, and its highest value at the top", () => {
  assert.equal(graph([0, 5, 10], 20, 10, 3), "0.0,10.0 10.0,5.0 20.0,0.0");
  assert.equal(graph([3], 20, 10, 3), "20.0,0.0");
  assert.equal(graph([0, -4], 20, 10, 3), "10.0,10.0 20.0,10.0");
});

test("a value is told in one line", () => {
  assert.deepEqual([null, 1.5, "a", [1, 2], { a: 1 }, undefined].map(inShort), ["null", "1.5", '"a"', "[2]", "{1}", "–"]);
  assert.equal(inShort("x".repeat(100)).length, 60);
});
