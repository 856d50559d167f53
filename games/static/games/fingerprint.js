/**
 * The number by which two sides tell whether they hold the same view.
 *
 * It is a CRC-32 of the view's layout in bits. What a view has of free JSON is written in one way
 * only there, as its encodings leave open how a number or the order of keys is written.
 */

const encoder = new TextEncoder();

/** What one byte does to the sum; the polynomial is that of zlib and PNG, bits reversed. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

/**
 * @param {Uint8Array} bytes
 * @returns {number} 32 bits, not negative
 */
export function crc32(bytes) {
  let sum = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) sum = TABLE[(sum ^ bytes[i]) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/**
 * The one way in which a JSON-like value is written for its fingerprint.
 * @param {unknown} value
 * @returns {Uint8Array}
 */
export function canonical(value) {
  const parts = [];
  write(value, parts);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Orders texts by their code points; by itself, JavaScript would order by halves of them. */
export function byCodePoint(a, b) {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Halves of a pair stand for code points above all others. */
function rank(unit) {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

function write(value, parts) {
  if (value === null || value === undefined) parts.push(encoder.encode("n"));
  else if (typeof value === "boolean") parts.push(encoder.encode(value ? "t" : "f"));
  else if (typeof value === "number") parts.push(number(value));
  else if (typeof value === "string") text(value, parts);
  else if (Array.isArray(value)) {
    parts.push(encoder.encode("["));
    for (const item of value) write(item, parts);
    parts.push(encoder.encode("]"));
  } else map(value, parts);
}

function number(value) {
  // A whole number beyond 2 ** 53 has digits that only a BigInt shows.
  if (Number.isInteger(value)) return encoder.encode(`i${Number.isSafeInteger(value) ? value : BigInt(value)};`);
  const bytes = new Uint8Array(9);
  bytes[0] = 0x64;
  new DataView(bytes.buffer).setFloat64(1, value);
  return bytes;
}

function text(value, parts) {
  const bytes = encoder.encode(value);
  parts.push(encoder.encode(`s${bytes.length}:`), bytes);
}

function map(value, parts) {
  parts.push(encoder.encode("{"));
  for (const key of Object.keys(value).sort(byCodePoint)) {
    text(key, parts);
    write(value[key], parts);
  }
  parts.push(encoder.encode("}"));
}
