import assert from "node:assert/strict";
import test from "node:test";

import { happened, same, valueAt } from "../../games/static/games/watch.js";

const before = { ships: { 3: { hp: 5 }, 4: { hp: 2 } }, log: ["a"], at: 1 };

test("a path leads to what is its own, and to nothing else", () => {
  assert.equal(valueAt(before, "ships.3.hp"), 5);
  assert.equal(valueAt(before, "log.0"), "a");
  assert.equal(valueAt(before, ""), before);
  for (const path of ["ships.9.hp", "at.x", "constructor", "ships.__proto__", "log.length.x"]) {
    assert.equal(valueAt(before, path), undefined, path);
  }
  assert.equal(valueAt(null, "ships"), undefined);
});

test("a value that changed is told with what it was", () => {
  const now = { ...before, ships: { ...before.ships, 3: { hp: 4 } } };
  assert.deepEqual(happened("change", "ships.3.hp", now, before), [[4, 5]]);
  assert.deepEqual(happened("change", "ships.4", now, before), []);
  assert.deepEqual(happened("change", "", now, before), [[now, before]]);
  assert.deepEqual(happened("change", "ships.3.hp", now, null), [[4, undefined]]);
});

test("what is equal in another object is no change, as after a new connection", () => {
  const again = structuredClone(before);
  assert.deepEqual(happened("change", "", again, before), []);
  assert.deepEqual(happened("change", "ships", again, before), []);
  assert.deepEqual(happened("add", "ships", again, before), []);
});

test("rows that came and went are told by their ids", () => {
  const now = { ...before, ships: { 4: before.ships[4], 7: { hp: 1 }, 8: { hp: 3 } } };
  assert.deepEqual(happened("add", "ships", now, before), [
    [{ hp: 1 }, "7", { entered: false }], [{ hp: 3 }, "8", { entered: false }],
  ]);
  assert.deepEqual(happened("remove", "ships", now, before), [[{ hp: 5 }, "3", { left: false }]]);
});

test("rows that only came into sight or left it are told to be such", () => {
  const now = { ...before, ships: { 4: before.ships[4], 7: { hp: 1 } } };
  const info = { entered: { ships: new Set(["7"]) }, left: { ships: new Set(["3"]) } };
  assert.deepEqual(happened("add", "ships", now, before, info)[0][2], { entered: true });
  assert.deepEqual(happened("remove", "ships", now, before, info)[0][2], { left: true });
});

test("at the first state all rows come, and in a list what was added at its end", () => {
  assert.deepEqual(happened("add", "ships", before, null).map(([, id]) => id), ["3", "4"]);
  assert.deepEqual(happened("add", "log", { ...before, log: ["a", "b"] }, before), [["b", "1", { entered: false }]]);
});

test("a table that is gone lost all its rows", () => {
  assert.deepEqual(happened("remove", "ships", { at: 1 }, before).map(([, id]) => id), ["3", "4"]);
});

test("lists are not maps, and null is only null", () => {
  assert.ok(!same([], {}));
  assert.ok(!same(null, {}));
  assert.ok(same({ a: [1, { b: null }] }, { a: [1, { b: null }] }));
});
