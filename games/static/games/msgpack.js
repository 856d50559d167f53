/**
 * MessagePack, as much of it as the protocol uses: nil, booleans, numbers, text, bytes, lists and maps.
 *
 * Rules of this file:
 * - Decoding never reads beyond its bytes: what is cut off, or is no MessagePack, throws.
 * - Whole numbers are written as integers, others as float64, as the server does.
 */

const text = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Nested lists and maps; far beyond any view, and far below what a browser's stack can take. */
const DEPTH_MAX = 200;
/** Texts up to this many bytes are mostly keys, and quicker to read by hand. */
const SHORT_TEXT_BYTES = 32;

/** Bytes that are no MessagePack, or not all of it. */
export class MsgpackError extends Error {}

/**
 * The bytes of one value.
 * @param {unknown} value JSON-like, or bytes; `undefined` is left out of maps and becomes nil in lists
 * @returns {Uint8Array}
 */
export function encode(value) {
  const writer = new Writer();
  writer.value(value, 0);
  return writer.bytes.slice(0, writer.at);
}

/**
 * All values that stand one after another in `bytes`.
 * @param {Uint8Array | ArrayBuffer} bytes
 * @returns {unknown[]}
 */
export function decodeAll(bytes) {
  const reader = new Reader(bytes);
  const values = [];
  while (!reader.ended) values.push(reader.value(0));
  return values;
}

/**
 * The one value that `bytes` hold.
 * @param {Uint8Array | ArrayBuffer} bytes
 * @returns {unknown}
 */
export function decode(bytes) {
  const values = decodeAll(bytes);
  if (values.length !== 1) throw new MsgpackError(`${values.length} values instead of one`);
  return values[0];
}

class Writer {
  constructor() {
    this.bytes = new Uint8Array(128);
    this.data = new DataView(this.bytes.buffer);
    this.at = 0;
  }

  value(value, depth) {
    if (depth > DEPTH_MAX) throw new MsgpackError("nested too deeply");
    if (value === null || value === undefined) this.byte(0xc0);
    else if (typeof value === "boolean") this.byte(value ? 0xc3 : 0xc2);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "string") this.text(value);
    else if (Array.isArray(value)) this.list(value, depth);
    else if (value instanceof Uint8Array) this.binary(value);
    else if (typeof value === "object") this.map(value, depth);
    else throw new MsgpackError(`a ${typeof value} cannot be sent`);
  }

  number(value) {
    if (!Number.isSafeInteger(value)) this.put(0xcb, 8, (at) => this.data.setFloat64(at, value));
    else if (value >= 0) this.positive(value);
    else this.negative(value);
  }

  positive(value) {
    if (value < 0x80) this.byte(value);
    else if (value < 0x100) this.put(0xcc, 1, (at) => this.data.setUint8(at, value));
    else if (value < 0x10000) this.put(0xcd, 2, (at) => this.data.setUint16(at, value));
    else if (value < 0x100000000) this.put(0xce, 4, (at) => this.data.setUint32(at, value));
    else this.put(0xcf, 8, (at) => this.data.setBigUint64(at, BigInt(value)));
  }

  negative(value) {
    if (value >= -0x20) this.byte(value & 0xff);
    else if (value >= -0x80) this.put(0xd0, 1, (at) => this.data.setInt8(at, value));
    else if (value >= -0x8000) this.put(0xd1, 2, (at) => this.data.setInt16(at, value));
    else if (value >= -0x80000000) this.put(0xd2, 4, (at) => this.data.setInt32(at, value));
    else this.put(0xd3, 8, (at) => this.data.setBigInt64(at, BigInt(value)));
  }

  text(value) {
    const bytes = text.encode(value);
    this.head(bytes.length, [0xa0, 32], 0xd9, 0xda, 0xdb);
    this.append(bytes);
  }

  binary(bytes) {
    this.head(bytes.length, [0, 0], 0xc4, 0xc5, 0xc6);
    this.append(bytes);
  }

  list(value, depth) {
    this.head(value.length, [0x90, 16], null, 0xdc, 0xdd);
    for (const item of value) this.value(item, depth + 1);
  }

  map(value, depth) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    this.head(keys.length, [0x80, 16], null, 0xde, 0xdf);
    for (const key of keys) {
      this.text(key);
      this.value(value[key], depth + 1);
    }
  }

  /** The shortest head that holds `length`. */
  head(length, [fixed, below], tag8, tag16, tag32) {
    if (length < below) this.byte(fixed | length);
    else if (tag8 !== null && length < 0x100) this.put(tag8, 1, (at) => this.data.setUint8(at, length));
    else if (length < 0x10000) this.put(tag16, 2, (at) => this.data.setUint16(at, length));
    else this.put(tag32, 4, (at) => this.data.setUint32(at, length));
  }

  append(bytes) {
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  byte(value) {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  put(tag, size, write) {
    this.room(1 + size);
    this.bytes[this.at] = tag;
    write(this.at + 1);
    this.at += 1 + size;
  }

  room(size) {
    if (this.at + size <= this.bytes.length) return;
    const wider = new Uint8Array(Math.max(this.bytes.length * 2, this.at + size));
    wider.set(this.bytes);
    this.bytes = wider;
    this.data = new DataView(wider.buffer);
  }
}

/** Takes values from bytes one after another, and what stands between them. */
export class Reader {
  /** @param {Uint8Array | ArrayBuffer} data */
  constructor(data) {
    const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
    this.bytes = bytes;
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  get ended() {
    return this.at >= this.bytes.length;
  }

  /** The byte that comes next. */
  get next() {
    return this.bytes[this.at];
  }

  /** A number in one byte or two, without a tag. */
  uint(size) {
    const start = this.take(size);
    return size === 1 ? this.data.getUint8(start) : this.data.getUint16(start);
  }

  value(depth) {
    if (depth > DEPTH_MAX) throw new MsgpackError("nested too deeply");
    const tag = this.bytes[this.take(1)];
    if (tag < 0x80) return tag;
    if (tag < 0x90) return this.map(tag & 0x0f, depth);
    if (tag < 0xa0) return this.list(tag & 0x0f, depth);
    if (tag < 0xc0) return this.text(tag & 0x1f);
    if (tag >= 0xe0) return tag - 0x100;
    return this.tagged(tag, depth);
  }

  tagged(tag, depth) {
    const { data } = this;
    switch (tag) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this.binary(data.getUint8(this.take(1)));
      case 0xc5: return this.binary(data.getUint16(this.take(2)));
      case 0xc6: return this.binary(data.getUint32(this.take(4)));
      case 0xca: return data.getFloat32(this.take(4));
      case 0xcb: return data.getFloat64(this.take(8));
      case 0xcc: return data.getUint8(this.take(1));
      case 0xcd: return data.getUint16(this.take(2));
      case 0xce: return data.getUint32(this.take(4));
      case 0xcf: return Number(data.getBigUint64(this.take(8)));
      case 0xd0: return data.getInt8(this.take(1));
      case 0xd1: return data.getInt16(this.take(2));
      case 0xd2: return data.getInt32(this.take(4));
      case 0xd3: return Number(data.getBigInt64(this.take(8)));
      case 0xd9: return this.text(data.getUint8(this.take(1)));
      case 0xda: return this.text(data.getUint16(this.take(2)));
      case 0xdb: return this.text(data.getUint32(this.take(4)));
      case 0xdc: return this.list(data.getUint16(this.take(2)), depth);
      case 0xdd: return this.list(data.getUint32(this.take(4)), depth);
      case 0xde: return this.map(data.getUint16(this.take(2)), depth);
      case 0xdf: return this.map(data.getUint32(this.take(4)), depth);
      default: throw new MsgpackError(`no value begins with 0x${tag.toString(16)}`);
    }
  }

  text(length) {
    const start = this.take(length);
    if (length <= SHORT_TEXT_BYTES) {
      let short = "";
      for (let i = start; i < this.at; i++) {
        if (this.bytes[i] > 0x7f) return this.utf8(start);
        short += String.fromCharCode(this.bytes[i]);
      }
      return short;
    }
    return this.utf8(start);
  }

  utf8(start) {
    try {
      return utf8.decode(this.bytes.subarray(start, this.at));
    } catch {
      throw new MsgpackError("text that is no UTF-8");
    }
  }

  binary(length) {
    const start = this.take(length);
    return this.bytes.slice(start, this.at);
  }

  list(length, depth) {
    this.require(length);
    const list = new Array(length);
    for (let i = 0; i < length; i++) list[i] = this.value(depth + 1);
    return list;
  }

  map(length, depth) {
    this.require(2 * length);
    const map = {};
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== "string") throw new MsgpackError("a key that is no text");
      const value = this.value(depth + 1);
      if (key === "__proto__") define(map, key, value);
      else map[key] = value;
    }
    return map;
  }

  /** Where the next `size` bytes begin; they count as read. */
  take(size) {
    this.require(size);
    const start = this.at;
    this.at += size;
    return start;
  }

  require(size) {
    if (this.at + size > this.bytes.length) throw new MsgpackError("cut off");
  }
}

/** A plain assignment to this one name would change what the object is. */
function define(map, key, value) {
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}
