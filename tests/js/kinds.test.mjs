import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";

import { canonical, crc32 } from "../../games/static/games/fingerprint.js";
import { Kind, LayoutError } from "../../games/static/games/kinds.js";
import { patch } from "../../games/static/games/patch.js";
import { fixture, freeze, fromBits, fromHex, random } from "./kit.mjs";

const int = (low, high) => ({ kind: "int", low, high });
const bool = { kind: "bool" };
const list = (of, max = 100) => ({ kind: "list", of, max });
const map = (of, max = 100) => ({ kind: "map", of, max });
const optional = (of) => ({ kind: "optional", of });
const record = (fields) => ({ kind: "record", fields: Object.entries(fields) });
const table = (columns, more = {}) => ({ kind: "table", rows: 1000, columns: Object.entries(columns), ...more });
const text = { kind: "text", max: 100 };
const json = { kind: "json" };

const ascii = (letters) => Array.from(letters, (letter) => letter.charCodeAt(0).toString(2).padStart(8, "0")).join("");

/** "a" as a text. */
const A = `0001 ${ascii("a")}`;
const B = `0001 ${ascii("b")}`;

/** Each kind, a value of it, and the bits of that by the layout. */
const WHOLE = [
  [int(0, 5), 5, "101"],
  [int(-3, 4), -1, "010"],
  [int(7, 7), 7, ""],
  [int(0, 2 ** 53 - 1), 2 ** 53 - 1, "1".repeat(53)],
  [int(-(2 ** 52), 2 ** 52 - 1), -1, "0" + "1".repeat(52)],
  [optional(int(0, 2 ** 53 - 1)), 2 ** 53 - 1, "1" + "0".repeat(53)],
  [{ kind: "fixed", low: -8, high: 7, step: 0.25 }, -1.75, "0001"],
  [{ kind: "fixed", low: -8, high: 7, step: 0.1 }, 3 * 0.1, "1011"],
  [{ kind: "angle", steps: 256 }, 255, "11111111"],
  [bool, true, "1"],
  [{ kind: "enum", names: ["red", "green", "blue"] }, "blue", "10"],
  [{ kind: "enum", names: ["only"] }, "only", ""],
  [optional(int(0, 2)), null, "00"],
  [optional(int(0, 2)), 2, "11"],
  [text, "a", A],
  [text, "ä", "0010 11000011 10100100"],
  [optional(text), null, "0"],
  [optional(text), "a", "1" + A],
  [list(bool), [true, false, true], "0011 101"],
  [list(int(1, 1)), [1, 1], "0010"],
  [map(bool), { a: true, b: false }, `0010 ${A} 1 ${B} 0`],
  [record({ on: bool, n: int(0, 3) }), { on: true, n: 2 }, "1 10"],
  [record({}), {}, ""],
  [json, [1], "0010 10010001 00000001"],
  [table({ n: int(0, 3) }), {}, "0000"],
  [table({ n: int(0, 3), on: bool }), { 2: { n: 3, on: true }, 4: { n: 0, on: false } }, "0010 00010 10 01", "11 1 00 0"],
  [table({}), { 0: {}, 1: {} }, "0010 00000"],
  [table({ n: int(0, 1) }), { 2147483647: { n: 1 } }, "0001 11111", "1".repeat(31), "1"],
];

for (const [schema, value, ...bits] of WHOLE) {
  test(`${JSON.stringify(value)} of ${JSON.stringify(schema)} is read from its bits`, () => {
    assert.deepEqual(new Kind(schema).whole(fromBits(...bits)), value);
  });
}

test("the fingerprint is the checksum of the same bits, with JSON written in its own way", () => {
  for (const [schema, value, ...bits] of WHOLE) {
    const written = schema === json ? [`0101 ${ascii("[i1;]")}`] : bits;
    assert.equal(new Kind(schema).fingerprint(value), crc32(fromBits(...written)), JSON.stringify(schema));
  }
});

test("the checksum is that of zlib", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
});

test("JSON has one form for its fingerprint, whatever the encoding made of numbers and keys", () => {
  const written = (value) => Buffer.from(canonical(value)).toString("latin1");
  assert.equal(written([null, true, false, 1, -0, -7]), "[ntfi1;i0;i-7;]");
  assert.equal(written(2 ** 53 - 1), "i9007199254740991;");
  assert.equal(written(1e22), "i10000000000000000000000;");
  assert.equal(written(0.5), "d\x3f\xe0\0\0\0\0\0\0");
  assert.equal(written("ä"), "s2:\xc3\xa4");
  assert.equal(written({ b: 1, a: { c: "" }, 10: 2, 9: 3 }), "{s2:10i2;s1:9i3;s1:a{s1:cs0:}s1:bi1;}");
  const keys = written({ "\u{1f680}": 1, "\uffee": 2 });
  assert.ok(keys.indexOf("i2;") < keys.indexOf("i1;"), "keys ascend by code point");
});

/** {"gone": ["k"]} in MessagePack. */
const GONE_K = "10000001 10100100 01100111 01101111 01101110 01100101 10010001 10100001 01101011";

/** Each kind, a view, the bits of a change, and the view after it. */
const CHANGES = [
  [int(0, 5), 1, 4, "100"],
  [text, "b", "a", A],
  [json, { n: 1 }, 7, "0 0001 00000111"],
  [json, { n: 1, k: 2 }, { n: 1 }, "1 1001 0001", GONE_K],
  [optional(int(0, 2)), null, 1, "10"],
  [optional(text), null, "a", "0 1" + A],
  [optional(text), "a", null, "0 0"],
  [optional(list(bool)), [true], [true, false], "1 1 0000 0001 0"],
  [list(bool), [true, true], [true], "0 0001 1"],
  [list(int(0, 3)), [0, 1, 2], [0, 3, 2, 1], "1 0001 0001 11 0001 01"],
  [map(bool), { a: true }, { b: false }, `0001 ${A} 0001 ${B} 0 0000`],
  [map(bool), { a: true, b: true }, { a: false, b: true }, `0000 0000 0001 ${A} 0`],
  [record({ on: bool, n: int(0, 3) }), { on: true, n: 2 }, { on: true, n: 1 }, "01 01"],
];

const SHIPS = table({ x: int(0, 100), turn: { kind: "angle", steps: 8 } });
const FLYING = { ...table({ x: int(0, 99), v: int(-5, 5) }), moves: { x: "v" } };
const ship = (x, turn) => ({ x, turn });
const FLEET = { 2: ship(10, 0), 3: ship(50, 7), 9: ship(0, 4) };
CHANGES.push(
  // none gone, none new, two of three changed: a mark each; x by -1 (1) and +3 (110), turns by -1 (1) and +1 (10)
  [SHIPS, FLEET, { 2: ship(9, 7), 3: ship(53, 0), 9: ship(0, 4) }, "0000 0000 0010 110", "0011 010", "001 01 110 10"],
  // the second gone, by position; number 5 is new; all that stay change, so there are no marks
  [SHIPS, FLEET, { 2: ship(11, 0), 5: ship(100, 1), 9: ship(1, 4) }, "0001 00001 1", "0001 00011 101 1100100 001", "0010 0010 000 10 10"],
  // went on by the new speed, which is 4; and one less than that
  [FLYING, { 1: { x: 10, v: 3 } }, { 1: { x: 14, v: 4 } }, "0000 0000 0001", "0000 010", "10"],
  [FLYING, { 1: { x: 10, v: 3 } }, { 1: { x: 12, v: 3 } }, "0000 0000 0001", "0001 000", "1"],
  [SHIPS, {}, { 0: ship(1, 2) }, "0000 0001 00000 0000001 010 0000"],
  [SHIPS, FLEET, {}, "0011 00000", "0000 0000"],
);

for (const [schema, before, after, ...bits] of CHANGES) {
  test(`a change leads from ${JSON.stringify(before)} to ${JSON.stringify(after)}`, () => {
    const kind = new Kind(schema);
    const base = freeze(structuredClone(before));
    assert.deepEqual(kind.change(fromBits(...bits), base), after);
    assert.deepEqual(base, before);
  });
}

test("a change of no bytes changes nothing", () => {
  const view = { n: 1 };
  assert.equal(new Kind(record({ n: int(0, 3) })).change(new Uint8Array(), view), view);
});

test("differences of 32 bits lead from one end of a column to the other", () => {
  const kind = new Kind(table({ n: int(0, 2 ** 31 - 1) }));
  const [low, high] = [{ 0: { n: 0 } }, { 0: { n: 2 ** 31 - 1 } }];
  assert.deepEqual(kind.change(fromBits("0000 0000 0001 100000", "1".repeat(31), "0"), low), high);
  assert.deepEqual(kind.change(fromBits("0000 0000 0001 100000", "1".repeat(30), "01"), high), low);
});

test("what did not change is the same object, rows and other tables included", () => {
  const kind = new Kind(record({ ships: SHIPS, rocks: SHIPS, log: list(record({ a: text })) }));
  const base = kind.whole(fromBits("0010 00000 0000001 000 0000001 000", "0001 00000 0000111 001", "0001", A));
  const next = kind.change(fromBits("100", "0000 0000 0001 01", "0010 000", "10"), base);
  assert.deepEqual(next.ships, { 0: ship(1, 0), 1: ship(2, 0) });
  assert.notEqual(next.ships, base.ships);
  assert.equal(next.ships[0], base.ships[0]);
  assert.notEqual(next.ships[1], base.ships[1]);
  assert.equal(next.rocks, base.rocks);
  assert.equal(next.log, base.log);
});

test("rows stay the same objects when others come and go", () => {
  const kind = new Kind(SHIPS);
  const base = kind.change(new Uint8Array(), FLEET);
  const next = kind.change(fromBits("0001 00001 1", "0001 00011 101 1100100 001", "0000"), base);
  assert.deepEqual(Object.keys(next), ["2", "5", "9"]);
  assert.equal(next[2], base[2]);
  assert.equal(next[9], base[9]);
});

test("old views can be changed again in another way, as they are never touched", () => {
  const kind = new Kind(SHIPS);
  const change = fromBits("0000 0000 0001 100", "0010 000", "10");
  const base = kind.whole(fromBits("0011 00000", "0000000 000".repeat(3)));
  const [one, two] = [kind.change(change, base), kind.change(change, base)];
  assert.deepEqual(one, two);
  assert.deepEqual(kind.change(change, one)[0], ship(2, 0));
  assert.deepEqual(base[0], ship(0, 0));
});

test("rows that only came into sight or left it are named, by the path of their table", () => {
  const kind = new Kind(record({ seen: record({ ships: table({ n: int(0, 1) }, { by_seat: true }) }) }));
  const base = { seen: { ships: { 1: { n: 0 }, 2: { n: 0 }, 7: { n: 1 } } } };
  const news = { entered: {}, left: {} };
  const next = kind.change(fromBits("1 1", "0010 00000 01", "0010 00010 11 01 1 0 01", "0000"), base, news);
  assert.deepEqual(next, { seen: { ships: { 3: { n: 1 }, 5: { n: 0 }, 7: { n: 1 } } } });
  assert.deepEqual(news, { entered: { "seen.ships": new Set(["5"]) }, left: { "seen.ships": new Set(["2"]) } });
});

test("a key named __proto__ is a key and nothing else", () => {
  const name = `1001 0001 ${ascii("__proto__")}`;
  const views = [
    new Kind(map(bool)).whole(fromBits("0001", name, "1")),
    new Kind({ kind: "record", fields: [["__proto__", bool]] }).whole(fromBits("1")),
    new Kind({ kind: "table", rows: 9, columns: [["__proto__", bool]] }).whole(fromBits("0001 00000 1"))[0],
  ];
  for (const view of views) {
    assert.deepEqual(Object.keys(view), ["__proto__"]);
    assert.equal(Object.getPrototypeOf(view), Object.prototype);
  }
});

test("bits that nobody writes are refused", () => {
  const misfits = [
    [int(0, 5), "110"],
    [{ kind: "enum", names: ["a", "b", "c"] }, "11"],
    [optional(int(0, 1)), "11"],
    [list(int(1, 1), 3), "0100"],
    [list(int(1, 1), 3), "1000 1000 1000 1000 0001"],
    [map(bool), `0010 ${A} 1 ${A} 0`],
    [table({ n: int(0, 4) }), "0001 00000 101"],
    [table({}, { rows: 1 }), "0010 00000"],
    [table({}), "0010 11111 " + "1".repeat(62)],
    [json, "0001 11000001"],
    [json, "0010 00000001 00000001"],
    [json, "0010 11111111"],
    [bool, "1 1"],
    [bool, "1 0000000 00000000"],
  ];
  for (const [schema, bits] of misfits) {
    assert.throws(() => new Kind(schema).whole(fromBits(bits)), LayoutError, `${JSON.stringify(schema)} ${bits}`);
  }
});

test("a change that does not fit its base is refused", () => {
  const misfits = [
    [json, 5, "1 0001 10000000"],
    [json, { a: 1 }, "1 0001 00000111"],
    [optional(text), null, "1" + A],
    [list(bool), [true], "1 0001 0001 0 0000"],
    [list(bool), [], "1 0001 0000 0 0000"],
    [list(bool), {}, "1 0000 0001 0"],
    [map(bool), { b: true }, `0001 ${A} 0000 0000`],
    [map(bool), { a: true }, `0000 0001 ${A} 1 0000`],
    [map(bool), { b: true }, `0000 0000 0001 ${A} 1`],
    [map(bool), null, "0000 0000 0000"],
    [record({ on: bool }), [], "1 0"],
    [SHIPS, FLEET, "0001 00010 11"],
    [SHIPS, FLEET, "0000 0001 00010 10 0000000 000 0000"],
    [SHIPS, FLEET, "0000 0000 0001 110 0001 001 11"],
    [SHIPS, FLEET, "0000 0000 0001 001 0001 001 1 0"],
    [SHIPS, FLEET, "0000 0000 0100"],
    [table({ x: int(0, 2 ** 31 - 1) }), { 1: { x: 0 } }, "0000 0000 0001 100001"],
    [FLYING, { 1: { x: 10, v: 5 } }, "0000 0000 0001 0000 010 10"],
    [FLYING, { 1: { x: 1, v: -3 } }, "0000 0000 0001 0000 000"],
    [SHIPS, { x: ship(0, 0) }, "0000 0000 0000"],
    [SHIPS, { 1: { x: 101, turn: 0 } }, "0000 0000 0000"],
    [SHIPS, { 1: null }, "0000 0000 0000"],
    [SHIPS, [], "0000 0000 0000"],
  ];
  for (const [schema, base, bits] of misfits) {
    assert.throws(() => new Kind(schema).change(fromBits(bits), base), LayoutError, `${JSON.stringify(schema)} ${bits}`);
  }
});

test("a schema of kinds that are not known is refused", () => {
  for (const schema of [{ kind: "matrix" }, { kind: "toString" }, null, list({}), table({ a: text }), table({ a: int(0, 2 ** 31) }), { ...FLYING, moves: { x: "w" } }]) {
    assert.throws(() => new Kind(schema), LayoutError, JSON.stringify(schema));
  }
});

const EVERYTHING = record({
  phase: { kind: "enum", names: ["playing", "paused", "over"] },
  seats: map(record({ name: text, until: optional(int(0, 1000)) })),
  result: json,
  moves: list(list(text)),
  game: optional(record({ ships: table({ x: { kind: "fixed", low: 0, high: 999, step: 0.5 }, turn: { kind: "angle", steps: 8 } }, { by_seat: true }), at: int(0, 2 ** 40) })),
});

test("any bytes at all are a view or a LayoutError, and never take long", () => {
  const kind = new Kind(EVERYTHING);
  const next = random(7);
  const base = kind.whole(fromBits("00 0000 0001 11000000 0000 1", "0011 00010 00 01 10", "0000000001 001".repeat(3), "0".repeat(41)));
  let read = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: next(40) }, () => next(3) ? next(256) & next(256) : next(256));
    for (const attempt of [() => kind.whole(bytes), () => kind.fingerprint(kind.change(bytes, base))]) {
      try {
        attempt();
        read += 1;
      } catch (error) {
        assert.ok(error instanceof LayoutError, `${Buffer.from(bytes).toString("hex")}: ${error.stack}`);
      }
    }
  }
  assert.ok(read > 10, "some of it was something");
});

const vectors = existsSync(new URL("./fixtures/kinds.json", import.meta.url)) ? [fixture("kinds")].flat() : [];

test("views, changes and fingerprints are what the server says, in both encodings", { skip: !vectors.length }, () => {
  for (const { schema, steps } of vectors) {
    const kind = new Kind(schema);
    let [bits, values] = [null, null];
    for (const { plain, whole, change, json_change: jsonChange, fingerprint } of steps) {
      assert.deepEqual(kind.whole(fromHex(whole)), plain);
      if (change !== null && bits !== null) bits = kind.change(fromHex(change), freeze(bits));
      else bits ??= kind.whole(fromHex(whole));
      if (jsonChange && values !== null) values = patch(freeze(values), jsonChange);
      else values ??= plain;
      assert.deepEqual(bits, plain);
      assert.deepEqual(values, plain);
      for (const view of [bits, values, kind.whole(fromHex(whole))]) assert.equal(kind.fingerprint(view), fingerprint);
    }
  }
});
