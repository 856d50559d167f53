/**
 * Numbers and texts as bits, most significant first, as views travel in MessagePack.
 *
 * Rules of this file:
 * - Reading never goes beyond the bytes: what is cut off throws, and nothing reserves memory for
 *   what a length merely promises.
 * - JavaScript shifts 32 bits at once, so wider numbers are read and written in two parts.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Groups of a count: enough for 33 bits, and an end for bits that promise more without end. */
const COUNT_GROUPS_MAX = 11;
const TWO_32 = 2 ** 32;

/** Bytes that are no view of their kind, or a view that does not fit it. */
export class LayoutError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "LayoutError";
  }
}

/**
 * How many bits a number needs.
 * @param {number} value whole, from 0 to 2 ** 53
 * @returns {number} 0 for 0
 */
export function bitLength(value) {
  return value < TWO_32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / TWO_32));
}

export class BitReader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.source = bytes;
    /** Position of the next bit. */
    this.at = 0;
    this.end = bytes.length * 8;
  }

  /**
   * The number in the next bits.
   * @param {number} width 0 to 32
   */
  bits(width) {
    const { source } = this;
    let { at } = this;
    if (at + width > this.end) throw new LayoutError("cut off");
    let value = 0;
    for (let left = width; left > 0; ) {
      const open = 8 - (at & 7);
      const taken = open < left ? open : left;
      value = (value << taken) | ((source[at >>> 3] >>> (open - taken)) & ((1 << taken) - 1));
      at += taken;
      left -= taken;
    }
    this.at = at;
    return value >>> 0;
  }

  /** The same for up to 54 bits. */
  wide(width) {
    if (width <= 32) return this.bits(width);
    const high = this.bits(width - 32);
    return high * TWO_32 + this.bits(32);
  }

  /** The next bit, as a truth. */
  flag() {
    return this.bits(1) === 1;
  }

  /**
   * A number of things, in groups of three bits, lowest first.
   * @param {number} most more than this throws
   */
  count(most = Infinity) {
    let value = 0;
    for (let group = 0, unit = 1; group < COUNT_GROUPS_MAX; group++, unit *= 8) {
      const bits = this.bits(4);
      value += (bits & 7) * unit;
      if (bits < 8) {
        if (value > most) throw new LayoutError(`${value} where at most ${most} may be`);
        return value;
      }
    }
    throw new LayoutError("a count without end");
  }

  /** That many bytes, wherever they begin. */
  bytes(length) {
    if (this.at + 8 * length > this.end) throw new LayoutError("cut off");
    const start = this.at >>> 3;
    const shift = this.at & 7;
    this.at += 8 * length;
    if (shift === 0) return this.source.subarray(start, start + length);
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      bytes[i] = (this.source[start + i] << shift) | (this.source[start + i + 1] >>> (8 - shift));
    }
    return bytes;
  }

  /** @param {number} most bytes of it */
  text(most = Infinity) {
    const bytes = this.bytes(this.count(most));
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new LayoutError("text that is no UTF-8", { cause });
    }
  }

  /** All is read: what is left may only fill up the last byte, with zeros. */
  done() {
    const left = this.end - this.at;
    if (left >= 8 || this.bits(left) !== 0) throw new LayoutError("more than there should be");
  }
}

export class BitWriter {
  #bytes = new Uint8Array(256);
  #at = 0; // position of the next bit

  /**
   * @param {number} value whole and not negative; its lowest bits are written
   * @param {number} width 0 to 32
   */
  bits(value, width) {
    if (this.#at + width > this.#bytes.length * 8) this.#grow(width);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let left = width; left > 0; ) {
      const open = 8 - (at & 7);
      const taken = open < left ? open : left;
      const part = (value >>> (left - taken)) & ((1 << taken) - 1);
      bytes[at >>> 3] |= part << (open - taken);
      at += taken;
      left -= taken;
    }
    this.#at = at;
  }

  /** The same for up to 54 bits. */
  wide(value, width) {
    if (width > 32) this.bits(Math.floor(value / TWO_32), width - 32);
    this.bits(value % TWO_32, Math.min(width, 32));
  }

  flag(value) {
    this.bits(value ? 1 : 0, 1);
  }

  count(value) {
    let rest = value;
    for (; rest > 7; rest = Math.floor(rest / 8)) this.bits(8 + (rest % 8), 4);
    this.bits(rest, 4);
  }

  /** Bytes, with their count before them. */
  bytes(bytes) {
    this.count(bytes.length);
    this.#grow(8 * bytes.length);
    if ((this.#at & 7) === 0) {
      this.#bytes.set(bytes, this.#at >>> 3);
      this.#at += 8 * bytes.length;
    } else for (const byte of bytes) this.bits(byte, 8);
  }

  text(value) {
    this.bytes(encoder.encode(value));
  }

  /** All that was written, filled up to whole bytes with zeros. */
  take() {
    return this.#bytes.slice(0, (this.#at + 7) >>> 3);
  }

  #grow(bits) {
    const needed = (this.#at + bits + 7) >>> 3;
    if (needed <= this.#bytes.length) return;
    const wider = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    wider.set(this.#bytes);
    this.#bytes = wider;
  }
}
