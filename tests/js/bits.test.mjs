import assert from "node:assert/strict";
import test from "node:test";

import { BitReader, BitWriter, LayoutError, bitLength } from "../../games/static/games/bits.js";
import { fromBits, toHex } from "./kit.mjs";

test("numbers stand one after another, most significant bit first", () => {
  const reader = new BitReader(fromBits("101 0 11111111 0000000001 10"));
  assert.deepEqual([3, 1, 8, 10, 0, 2].map((width) => reader.bits(width)), [5, 0, 255, 1, 0, 2]);
  reader.done();
});

test("32 bits are a number that is not negative, wherever they begin", () => {
  for (let before = 0; before < 8; before++) {
    const reader = new BitReader(fromBits("1".repeat(before), "1".repeat(31), "0", "01"));
    reader.bits(before);
    assert.equal(reader.bits(32), 2 ** 32 - 2);
    assert.equal(reader.bits(2), 1);
  }
});

test("what is written is read again, in every width up to 54 bits and from every position", () => {
  for (let width = 0; width <= 54; width++) {
    const highest = Math.min(2 ** width - 1, 2 ** 53);
    for (let before = 0; before < 8; before++) {
      for (const value of [0, Math.floor(highest / 3), highest]) {
        const writer = new BitWriter();
        writer.bits(1, before);
        writer.wide(value, width);
        writer.bits(1, 1);
        const reader = new BitReader(writer.take());
        reader.bits(before);
        assert.deepEqual([reader.wide(width), reader.bits(1)], [value, 1], `${width} bits`);
        reader.done();
      }
    }
  }
});

test("a number's length in bits is known up to 2 ** 53", () => {
  const known = [[0, 0], [1, 1], [2, 2], [3, 2], [255, 8], [256, 9], [2 ** 32 - 1, 32], [2 ** 32, 33], [2 ** 53 - 1, 53], [2 ** 53, 54]];
  for (const [value, length] of known) assert.equal(bitLength(value), length, String(value));
});

test("a count is written in groups of three bits, the lowest first", () => {
  const known = [[0, "0000"], [7, "0111"], [8, "1000 0001"], [1000, "1000 1101 1111 0001"]];
  for (const [value, bits] of known) {
    const writer = new BitWriter();
    writer.count(value);
    assert.equal(toHex(writer.take()), toHex(fromBits(bits)));
    assert.equal(new BitReader(fromBits(bits)).count(), value);
  }
});

test("texts are UTF-8 with a count before them, and need not begin at a byte", () => {
  for (const before of [0, 3]) {
    const writer = new BitWriter();
    writer.bits(0, before);
    for (const text of ["", "e2e4", "Zoë 🚀", "\ufeffmarked", "x".repeat(2000)]) writer.text(text);
    const reader = new BitReader(writer.take());
    reader.bits(before);
    assert.deepEqual(["", "e2e4", "Zoë 🚀", "\ufeffmarked"].map(() => reader.text()), ["", "e2e4", "Zoë 🚀", "\ufeffmarked"]);
    assert.equal(reader.text().length, 2000);
    reader.done();
  }
});

test("what is cut off, too much, or promised without end throws", () => {
  const misfits = [
    () => new BitReader(fromBits("1111")).bits(9),
    () => new BitReader(fromBits("0111 0000")).text(),
    () => new BitReader(fromBits("1111".repeat(40))).count(),
    () => new BitReader(fromBits("0101")).count(4),
    () => new BitReader(fromBits("0010 11111111 11111110")).text(),
    () => new BitReader(new Uint8Array(1)).done(),
    () => {
      const reader = new BitReader(fromBits("1000 0001"));
      reader.bits(4);
      reader.done();
    },
  ];
  for (const misfit of misfits) assert.throws(misfit, LayoutError, String(misfit));
});
