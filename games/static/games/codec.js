/**
 * The only place where frames become messages, and messages frames.
 *
 * A frame from the server carries one or more messages: in JSON (text) one a line, in MessagePack
 * (binary) one after another. A frame from the client carries one.
 */

import { decodeAll, encode as encodeMsgpack } from "./msgpack.js";

/** WebSocket subprotocols by encoding. */
export const SUBPROTOCOLS = { msgpack: "evertick.v1.msgpack", json: "evertick.v1.json" };

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
  return encoding === "json" ? JSON.stringify(message) : encodeMsgpack(message);
}

/**
 * The messages of one frame; throws if any part of it is no message.
 * @param {string | ArrayBuffer | Uint8Array} frame
 * @returns {{t: string}[]}
 */
export function decode(frame) {
  const messages = typeof frame === "string" ? lines(frame) : decodeAll(frame);
  for (const message of messages) {
    if (message === null || typeof message !== "object" || typeof message.t !== "string") {
      throw new TypeError("a frame with what is no message");
    }
  }
  return messages;
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
  const message = { t: "input", seq: Number.MAX_SAFE_INTEGER, data: copy };
  const bytes = Math.max(JSON.stringify(message).length, encodeMsgpack(message).length);
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
