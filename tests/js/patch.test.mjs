import assert from "node:assert/strict";
import test from "node:test";

import { patch } from "../../games/static/games/patch.js";
import { fixture, freeze } from "./kit.mjs";

const cases = fixture("patch");

test("a view follows every change that the server's diff can make", () => {
  assert.ok(cases.length >= 200);
  for (const { base, change, view } of cases) assert.deepEqual(patch(base, change), view);
});

test("the base of a change is never touched", () => {
  for (const { base, change, view } of cases) assert.deepEqual(patch(freeze(base), freeze(change)), view);
});

test("what did not change is the same object, and what holds a change is a new one", () => {
  const base = { ships: [{ x: 1 }, { x: 2 }], map: { w: 9 } };
  const next = patch(base, { in: { ships: { in: { 1: { set: { x: 3 } } } } } });
  assert.equal(next.map, base.map);
  assert.equal(next.ships[0], base.ships[0]);
  assert.notEqual(next.ships, base.ships);
  assert.notEqual(next.ships[1], base.ships[1]);
  assert.deepEqual(next.ships, [{ x: 1 }, { x: 3 }]);
});

test("a change that does not fit its base throws", () => {
  const base = { list: [1, 2], map: { a: 1 }, n: 1 };
  const misfits = [
    { in: { nothing: { set: { a: 1 } } } },
    { in: { n: { set: { a: 1 } } } },
    { in: { list: { set: { 2: 3 } } } },
    { in: { list: { set: { x: 3 } } } },
    { in: { list: { gone: ["0"] } } },
    { in: { map: { push: [1] } } },
    { gone: ["nothing"] },
  ];
  for (const change of misfits) assert.throws(() => patch(base, change), JSON.stringify(change));
});
