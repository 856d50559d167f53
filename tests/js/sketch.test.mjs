/** Sketch in the browser: its board is the server's, and lines are sent in few points. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  HEIGHT, POINTS_PER_INPUT_MAX, WIDTH, cellOf, inOrder, pieces, step, thinned, xOf, yOf,
} from "../../games/catalog/sketch/client/strokes.js";
import { describeResult, lengths, spoken } from "../../games/catalog/sketch/client/words.js";

const run = (...inputs) => inputs.reduce(step, {});
const ink = (...points) => ({ t: "ink", colour: 1, size: 2, points });

test("a cell is a place on the board, and what is off it goes to its edge", () => {
  for (const [x, y] of [[0, 0], [799, 599], [12, 34]]) {
    assert.deepStrictEqual([xOf(cellOf(x, y)), yOf(cellOf(x, y))], [x, y]);
  }
  assert.strictEqual(cellOf(-5, 2), cellOf(0, 2));
  assert.strictEqual(cellOf(9000, 9000), WIDTH * HEIGHT - 1);
});

test("strokes begin, go on, are taken back and wiped off as on the server", () => {
  const board = run(ink(1), { t: "more", points: [2, 3] }, { t: "fill", colour: 4, cell: 9 });
  assert.deepStrictEqual(board, {
    1: { tool: "brush", colour: 1, size: 2, points: [1, 2, 3] },
    2: { tool: "fill", colour: 4, size: 0, points: [9] },
  });
  assert.deepStrictEqual(step(board, { t: "more", points: [5] }), board); // an area does not go on
  assert.deepStrictEqual(Object.keys(step(board, { t: "undo" })), ["1"]);
  assert.deepStrictEqual(Object.keys(run(ink(1), ink(2), { t: "undo" }, ink(3))), ["1", "2"]);
  assert.deepStrictEqual(step(board, { t: "clear" }), {});
  assert.deepStrictEqual(step({}, { t: "undo" }), {});
});

test("an input leaves the board as it was that it is carried out on", () => {
  const board = run(ink(1));
  const before = structuredClone(board);
  for (const input of [ink(2), { t: "more", points: [3] }, { t: "undo" }, { t: "clear" }]) step(board, input);
  assert.deepStrictEqual(board, before);
});

test("strokes come in the order of their numbers, beyond nine as well", () => {
  const board = run(...Array.from({ length: 12 }, (_, index) => ink(index)));
  assert.deepStrictEqual(inOrder(board).map(({ points }) => points[0]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("a straight line takes its end alone, a bend its corner too", () => {
  const right = Array.from({ length: 30 }, (_, x) => cellOf(10 + 3 * x, 50));
  const down = Array.from({ length: 20 }, (_, y) => cellOf(97, 53 + 3 * y));
  assert.deepStrictEqual(thinned(right), [right.at(-1)]);
  assert.deepStrictEqual(thinned([...right, ...down]), [right.at(-1), down.at(-1)]);
  assert.deepStrictEqual(thinned([right[0]]), []);
  assert.deepStrictEqual(thinned([]), []);
});

test("what is left of a curve is nowhere a cell away from it", () => {
  const circle = Array.from({ length: 200 }, (_, at) =>
    cellOf(400 + 150 * Math.cos(at / 32), 300 + 150 * Math.sin(at / 32)));
  const few = [circle[0], ...thinned(circle)];
  assert.ok(few.length < 60, `${few.length} of 200`);
  for (const [index, cell] of few.entries()) {
    if (index === 0) continue;
    const [x, y] = [(xOf(cell) + xOf(few[index - 1])) / 2, (yOf(cell) + yOf(few[index - 1])) / 2];
    assert.ok(Math.abs(Math.hypot(x - 400, y - 300) - 150) < 2);
  }
});

test("long lines go in pieces that one input holds", () => {
  const points = Array.from({ length: 2 * POINTS_PER_INPUT_MAX + 1 }, (_, at) => at);
  assert.deepStrictEqual(pieces(points).map(({ length }) => length), [POINTS_PER_INPUT_MAX, POINTS_PER_INPUT_MAX, 1]);
  assert.deepStrictEqual(pieces(points).flat(), points);
});

test("a mask is counted, and read aloud", () => {
  assert.strictEqual(lengths("___ __ ___"), "3 + 2 + 3");
  assert.strictEqual(spoken("_a-_"), "2 + 1 letters: blank a - blank");
  assert.strictEqual(spoken(""), "");
});

test("the end is worded for winners, those who share it, others, and who looked on", () => {
  const names = { 0: "Ada", 1: "Ben", 2: "Cy" };
  const end = (ranking, seat) => describeResult({ ranking, reason: "all_drawn" }, names, seat);
  assert.strictEqual(end([[1], [0], [2]], 1).headline, "You won");
  assert.strictEqual(end([[1], [0], [2]], 2).headline, "Third place");
  assert.strictEqual(end([[1, 2], [0]], 0).headline, "Third place");
  assert.strictEqual(end([[1, 2], [0]], 1).headline, "A shared victory");
  assert.match(end([[1, 2], [0]], 0).detail, /Ben and Cy share/);
  assert.match(end([[1], [0, 2]], 0).detail, /level with Cy/);
  assert.strictEqual(end([[1], [0, 2]], null).headline, "Ben won");
});
