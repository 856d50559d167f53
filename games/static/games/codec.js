/**
 * The only place where frames become messages, and messages frames.
 *
 * A frame from the server carries one or more messages: in JSON (text) one a line, in MessagePack
 * (binary) one after another. A frame from the client carries one. In JSON a message is a map with
 * its kind under `t`; in MessagePack it is an array of its kind's number and its fields in order.
 * On this side of the codec both are the map. A view in MessagePack stays the bytes that it is. What
 * the server says in nearly every tick has a short form there, which begins with no array.
 */

import { Reader, encode as encodeMsgpack } from "./msgpack.js";

/** WebSocket subprotocols by encoding. */
export const SUBPROTOCOLS = { msgpack: "evertick.v1.msgpack", json: "evertick.v1.json" };

/** Stands for a field that is always said. */
const SAID = Symbol("said");

/** What the client says: the kinds by number, and what each field is where it is left out. */
export const CLIENT = [
  ["hello", { v: SAID, session: SAID, ticket: "", resume: "" }],
  ["input", { seq: SAID, data: null, seen: -1 }],
  ["resync", { tick: -1 }],
  ["ping", { n: SAID }],
  ["leave", {}],
  ["got", { n: SAID }],
];

/** What the server says. */
export const SERVER = [
  ["welcome", {
    v: SAID, match: SAID, title: SAID, seat: SAID, hz: SAID, realtime: SAID, time: SAID,
    settings: SAID, schema: SAID, settled: 0, resume: "",
  }],
  ["snapshot", { tick: SAID, time: SAID, view: SAID }],
  ["delta", { tick: SAID, change: SAID, back: 1, time: null, hash: null }],
  ["own", { tick: SAID, settled: null, change: null, view: null, back: 1, inbox: 1, refused: [], hash: null }],
  ["again", { next: SAID, code: SAID }],
  ["pong", { n: SAID }],
  ["error", { code: SAID, message: SAID }],
  ["move", {}],
];

/** The short forms, by their first byte; `near` is what is known: `{tick, settled}`. */
const SHORT = [
  (reader, near) => ({
    t: "own", tick: nearest(near.tick, reader.uint(1), 0x100), settled: nearest(near.settled, reader.uint(2)),
  }),
  (reader, near) => ({
    t: "own", tick: nearest(near.tick, reader.uint(2)), settled: nearest(near.settled, reader.uint(2)),
    back: reader.uint(1), change: reader.binary(reader.uint(1)),
  }),
  (reader, near) => ({ t: "delta", tick: nearest(near.tick, reader.uint(2)), change: reader.binary(reader.uint(1)) }),
];
const NOTHING_KNOWN = { tick: 0, settled: 0 };

/** `{tag, fields}` by name; no name is used by both sides. */
const KINDS = new Map([CLIENT, SERVER].flatMap((kinds) => kinds.map(([t, fields], tag) => [t, { tag, fields }])));

const utf8 = new TextEncoder();

/** Bytes of one message that the server takes. */
const FRAME_BYTES_MAX = 4096;
/** Lists and maps within each other that the server takes in an input's data. */
const DEPTH_MAX = 7;

/**
 * The encoding that the server chose; JSON where it named none.
 * @param {string} protocol of the open socket
 * @returns {"json" | "msgpack"}
 */
export function encodingOf(protocol) {
  return protocol === SUBPROTOCOLS.msgpack ? "msgpack" : "json";
}

/**
 * One message as the frame that carries it.
 * @param {object} message
 * @param {"json" | "msgpack"} encoding
 * @returns {string | Uint8Array}
 */
export function encode(message, encoding) {
  return encoding === "json" ? JSON.stringify(message) : encodeMsgpack(row(message));
}

/**
 * The messages of one frame, without those of a kind that is not known; throws if any part of it
 * is no message.
 * @param {string | ArrayBuffer | Uint8Array} frame
 * @param {typeof SERVER} kinds of the side that sent it
 * @param {{tick: number, settled: number}} near the tick of the shared view that is held, and the
 *   last input that is settled: short forms tell the lowest bits of such numbers
 * @returns {{t: string}[]}
 */
export function decode(frame, kinds = SERVER, near = NOTHING_KNOWN) {
  const parts = typeof frame === "string" ? lines(frame) : stream(frame, kinds, near);
  const messages = parts.filter((part) => part !== undefined);
  for (const message of messages) {
    if (message === null || typeof message !== "object" || typeof message.t !== "string") {
      throw new TypeError("a frame with what is no message");
    }
  }
  return messages;
}

function stream(frame, kinds, near) {
  const reader = new Reader(frame);
  const parts = [];
  while (!reader.ended) {
    const short = kinds === SERVER ? SHORT[reader.next] : undefined;
    if (short === undefined) parts.push(named(reader.value(0), kinds));
    else parts.push((reader.take(1), short(reader, near)));
  }
  return parts;
}

/** The number nearest to a known one that ends in the same bits as `low`; none below 0 is. */
function nearest(known, low, turn = 0x10000) {
  const number = known + ((((low - known) % turn) + 1.5 * turn) % turn) - turn / 2;
  return number >= 0 ? number : low;
}

/** The array that stands for a message; what is left out at its end is what is so by default. */
function row(message) {
  const { tag, fields } = KINDS.get(message.t);
  const values = [];
  let length = 0;
  for (const [name, otherwise] of Object.entries(fields)) {
    const value = message[name] ?? (otherwise === SAID ? null : otherwise);
    values.push(value);
    if (!isDefault(value, otherwise)) length = values.length;
  }
  return [tag, ...values.slice(0, length)];
}

/** The message for which an array stands; undefined if its kind is not known. */
function named(part, kinds) {
  if (!Array.isArray(part) || !Number.isInteger(part[0])) throw new TypeError("a frame with what is no message");
  if (!Object.hasOwn(kinds, part[0])) return undefined;
  const [t, fields] = kinds[part[0]];
  const message = { t };
  Object.entries(fields).forEach(([name, otherwise], i) => {
    if (i + 1 < part.length) message[name] = part[i + 1];
    else if (otherwise === SAID) throw new TypeError(`a frame with a ${t} that ends early`);
  });
  return message;
}

function isDefault(value, otherwise) {
  return value === otherwise || (Array.isArray(otherwise) && Array.isArray(value) && value.length === 0);
}

/**
 * A copy of an input's data that is safe to keep and send.
 *
 * The server closes the socket of a client that sends what no client should, so it is found here.
 * @param {unknown} data
 * @returns {unknown}
 */
export function plain(data) {
  const copy = copyPlain(data ?? null, DEPTH_MAX);
  const message = { t: "input", seq: Number.MAX_SAFE_INTEGER, data: copy, seen: Number.MAX_SAFE_INTEGER };
  const bytes = Math.max(utf8.encode(encode(message, "json")).length, encode(message, "msgpack").length);
  if (bytes > FRAME_BYTES_MAX) throw new RangeError(`an input of ${bytes} bytes is too large`);
  return copy;
}

function copyPlain(value, depth) {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${value} cannot be sent`);
    return value;
  }
  if (typeof value !== "object") throw new TypeError(`a ${typeof value} cannot be sent`);
  if (depth === 0) throw new RangeError("an input that is nested too deeply");
  if (Array.isArray(value)) return Array.from(value, (item) => copyPlain(item ?? null, depth - 1));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError(`a ${value.constructor?.name ?? "special object"} cannot be sent`);
  }
  const kept = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(kept.map(([key, item]) => [key, copyPlain(item, depth - 1)]));
}

function lines(frame) {
  return frame
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));
}
