import assert from "node:assert/strict";
import test from "node:test";

import { CLIENT, SERVER, decode as decodeFrame, encode as encodeMessage, encodingOf, plain } from "../../games/static/games/codec.js";
import { MsgpackError, decode, decodeAll, encode } from "../../games/static/games/msgpack.js";
import { fixture, fromHex, toHex } from "./kit.mjs";

test("every value is written as the server writes it", () => {
  for (const { value, hex } of fixture("msgpack")) assert.equal(toHex(encode(value)), hex);
});

test("every value of the server is read as what it is", () => {
  for (const { value, hex } of fixture("msgpack")) assert.deepEqual(decode(fromHex(hex)), value);
});

test("long texts and lists come back as they were", () => {
  for (const value of ["ü".repeat(70_000), Array.from({ length: 70_000 }, (_, i) => i)]) {
    assert.deepEqual(decode(encode(value)), value);
  }
});

test("a value cut off anywhere throws and is never half read", () => {
  const whole = encode({ text: "a longer text than a short one is", list: [1, 70_000, -5, 0.25], no: null });
  for (let length = 1; length < whole.length; length++) {
    assert.throws(() => decode(whole.subarray(0, length)), MsgpackError, `${length} bytes`);
  }
});

test("a length that promises more than there is does not reserve it", () => {
  assert.throws(() => decode(fromHex("ddffffffff01")), MsgpackError);
  assert.throws(() => decode(fromHex("dfffffffffa161")), MsgpackError);
  assert.throws(() => decode(fromHex("dbffffffff61")), MsgpackError);
});

test("what is no MessagePack throws", () => {
  for (const hex of ["c1", "d40100", "81019a", "a2fffe"]) {
    assert.throws(() => decode(fromHex(hex)), MsgpackError, hex);
  }
});

test("nesting without end throws instead of exhausting the stack", () => {
  assert.throws(() => decode(new Uint8Array(100_000).fill(0x91)), MsgpackError);
});

test("a key named __proto__ is a key and nothing else", () => {
  const map = decode(fromHex("81a95f5f70726f746f5f5f81a16101"));
  assert.deepEqual(Object.keys(map), ["__proto__"]);
  assert.equal(map.a, undefined);
});

test("bytes come back as they were, and are no list", () => {
  for (const length of [0, 1, 255, 256, 65_535, 65_536]) {
    const bytes = new Uint8Array(length).fill(7);
    assert.deepEqual(decode(encode([bytes, length])), [bytes, length]);
  }
  assert.equal(toHex(encode(fromHex("c0ffee"))), "c403c0ffee");
});

test("a text that begins with a byte order mark keeps it", () => {
  assert.equal(decode(encode("\ufeff".repeat(20))), "\ufeff".repeat(20));
});

/** Messages, and the arrays that stand for them. */
const FROM_CLIENT = [
  [{ t: "hello", v: 1, session: "s", ticket: "t.1" }, [0, 1, "s", "t.1"]],
  [{ t: "hello", v: 1, session: "s", resume: "r.1" }, [0, 1, "s", "", "r.1"]],
  [{ t: "input", seq: 1, data: null }, [1, 1]],
  [{ t: "input", seq: 1, data: [2], seen: -1 }, [1, 1, [2]]],
  [{ t: "input", seq: 1, data: null, seen: 0 }, [1, 1, null, 0]],
  [{ t: "resync", tick: -1 }, [2]],
  [{ t: "resync", tick: 0 }, [2, 0]],
  [{ t: "ping", n: 7 }, [3, 7]],
  [{ t: "leave" }, [4]],
  [{ t: "got", n: 16 }, [5, 16]],
];
const BITS = fromHex("c0ffee");
const FROM_SERVER = [
  [{ t: "welcome", v: 1, match: "m", title: "x", seat: null, hz: 20, realtime: true, time: 0, settings: {}, schema: { shared: {}, own: null } },
    [0, 1, "m", "x", null, 20, true, 0, {}, { shared: {}, own: null }]],
  [{ t: "snapshot", tick: 1, time: 2, view: BITS }, [1, 1, 2, BITS]],
  [{ t: "delta", tick: 1, change: BITS }, [2, 1, BITS]],
  [{ t: "delta", tick: 3, change: BITS, back: 2, time: 2 }, [2, 3, BITS, 2, 2]],
  [{ t: "delta", tick: 3, change: BITS, hash: 0 }, [2, 3, BITS, 1, null, 0]],
  [{ t: "own", tick: 4 }, [3, 4]],
  [{ t: "own", tick: 4, settled: 7, refused: [[6, "no"]] }, [3, 4, 7, null, null, 1, 1, [[6, "no"]]]],
  [{ t: "own", tick: 4, settled: 7, inbox: 2, refused: [] }, [3, 4, 7, null, null, 1, 2]],
  [{ t: "again", next: 3, code: "gap" }, [4, 3, "gap"]],
  [{ t: "pong", n: 7 }, [5, 7]],
  [{ t: "error", code: "flood", message: "" }, [6, "flood", ""]],
];

/** A message with every field that it may have. */
function filled(message, kinds) {
  const [, fields] = kinds.find(([t]) => t === message.t);
  const defaults = Object.entries(fields).filter(([, otherwise]) => typeof otherwise !== "symbol");
  return { ...Object.fromEntries(defaults), ...message };
}

for (const [kinds, examples] of [[CLIENT, FROM_CLIENT], [SERVER, FROM_SERVER]]) {
  test(`what the ${kinds === CLIENT ? "client" : "server"} says is an array in MessagePack, without what goes without saying`, () => {
    for (const [message, row] of examples) {
      assert.deepEqual(decode(encodeMessage(message, "msgpack")), row);
      const [read] = decodeFrame(encode(row), kinds);
      assert.deepEqual(filled(read, kinds), filled(message, kinds));
    }
  });
}

test("messages and fields of a newer server are skipped", () => {
  const frame = Buffer.concat([[5, 7, "more"], [99, {}], [6, "flood", "", null, 1]].map(encode));
  assert.deepEqual(decodeFrame(frame), [{ t: "pong", n: 7 }, { t: "error", code: "flood", message: "" }]);
});

test("an array that is no message throws", () => {
  for (const part of [[], ["pong", 7], [1.5], [5], [2, 1], 7, null, { t: "pong", n: 7 }]) {
    assert.throws(() => decodeFrame(encode(part)), TypeError, JSON.stringify(part));
  }
});

test("frames of several messages say the same in both encodings", () => {
  for (const { messages, json, hex } of fixture("frames")) {
    const [said, packed] = [decodeFrame(json), decodeFrame(fromHex(hex))];
    assert.equal(said.length, messages.length);
    said.forEach((message, i) => {
      assert.deepEqual({ ...messages[i], ...message }, messages[i]);
      const { view, change, ...rest } = filled(message, SERVER);
      const { view: viewBits, change: changeBits, ...restPacked } = filled(packed[i], SERVER);
      assert.deepEqual(restPacked, rest);
      for (const [value, bits] of [[view, viewBits], [change, changeBits]]) {
        if (value == null) assert.equal(bits, value);
        else assert.ok(bits instanceof Uint8Array, "a view in MessagePack is bytes");
      }
    });
  }
});

test("a frame that ends within a message throws in both encodings", () => {
  const [{ json, hex }] = fixture("frames");
  assert.throws(() => decodeFrame(json.slice(0, -1)));
  assert.throws(() => decodeFrame(fromHex(hex.slice(0, -2))));
  assert.throws(() => decodeFrame("[1]"), TypeError);
  assert.throws(() => decodeFrame("null"), TypeError);
});

test("client messages are what the server reads", () => {
  for (const { message, json, hex } of fixture("client")) {
    assert.deepEqual({ ...message, ...JSON.parse(json) }, JSON.parse(encodeMessage(message, "json")));
    const packed = encodeMessage(message, "msgpack");
    if (hex !== undefined) assert.equal(toHex(packed), hex);
    assert.deepEqual(filled(decodeFrame(packed, CLIENT)[0], CLIENT), filled(message, CLIENT));
  }
});

test("where the server names no subprotocol, JSON is spoken", () => {
  assert.equal(encodingOf(""), "json");
  assert.equal(encodingOf("evertick.v1.msgpack"), "msgpack");
});

test("data that the server would close the socket for is found before it is sent", () => {
  const nested = (depth) => (depth === 0 ? 1 : [nested(depth - 1)]);
  assert.deepEqual(plain(nested(7)), nested(7));
  const bad = [NaN, Infinity, 10n, () => 1, new Map(), new Date(), { a: [NaN] }, nested(8), "x".repeat(4096)];
  bad.push('"ü'.repeat(1300)); // 3,900 characters, and more bytes
  for (const data of bad) assert.throws(() => plain(data));
});

test("data is copied as it is sent, so that later changes do not reach the room", () => {
  const data = { at: [1, 2], left: undefined };
  const copy = plain(data);
  data.at.push(3);
  assert.deepEqual(copy, { at: [1, 2] });
});
