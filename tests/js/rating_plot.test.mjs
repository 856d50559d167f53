// The axis of a rating's plot: round numbers that hold all of it.

import assert from "node:assert/strict";
import test from "node:test";

import { span } from "../../lobby/static/lobby/rating_plot.js";

test("bounds are round and hold every value with some room", () => {
  for (const values of [[1500], [1421, 1579], [1200, 2450], [1499, 1501], [2990, 3010], [0, 9000]]) {
    const [low, high, step] = span(values);
    assert.ok(low % step === 0);
    assert.ok(high % step === 0);
    assert.ok(low < Math.min(...values) && high > Math.max(...values), `${values}`);
  }
});

test("there are never more lines than can be read", () => {
  for (let most = 1501; most < 9000; most += 37) {
    const [low, high, step] = span([1500, most]);
    assert.ok((high - low) / step <= 8, `${most}`);
    assert.ok((high - low) / step >= 2, `${most}`);
  }
});
