import assert from "node:assert/strict";
import test from "node:test";

import { decode as decodeFrame, encode as encodeMessage, encodingOf, plain } from "../../games/static/games/codec.js";
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

test("frames of several messages say the same in both encodings", () => {
  for (const { messages, json, hex } of fixture("frames")) {
    assert.deepEqual(decodeFrame(json), decodeAll(fromHex(hex)));
    const said = decodeFrame(json);
    assert.equal(said.length, messages.length);
    said.forEach((message, i) => assert.deepEqual({ ...messages[i], ...message }, messages[i]));
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
  for (const { message, json } of fixture("client")) {
    assert.deepEqual(decode(encode(message)), message);
    assert.deepEqual({ ...message, ...JSON.parse(json) }, JSON.parse(encodeMessage(message, "json")));
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
  for (const data of bad) assert.throws(() => plain(data));
});

test("data is copied as it is sent, so that later changes do not reach the room", () => {
  const data = { at: [1, 2], left: undefined };
  const copy = plain(data);
  data.at.push(3);
  assert.deepEqual(copy, { at: [1, 2] });
});
