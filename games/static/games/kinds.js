/**
 * The kinds of values that a view is made of, by the schema of the welcome.
 *
 * A `Kind` reads views and their changes from bits, and tells the fingerprint of a view, whichever
 * way that came. `docs/protocol.md` describes the bits.
 *
 * Rules of this file:
 * - Nothing is changed in place, and what did not change is the same object as before.
 * - Bits that say no view, or a change that does not fit its base, throw a `LayoutError`; there is
 *   no other error, and no input takes longer than its size and the schema allow.
 */

import { BitReader, BitWriter, LayoutError, bitLength } from "./bits.js";
import { byCodePoint, canonical, crc32 } from "./fingerprint.js";
import { decode } from "./msgpack.js";
import { assign, patch, reuse } from "./patch.js";
import { Table, isMap } from "./table.js";

export { LayoutError };

/**
 * @typedef {{entered: Record<string, Set<string>>, left: Record<string, Set<string>>}} News
 *   rows that only came into sight, or left it, by the dotted path of their table
 */

/** Views of one schema. */
export class Kind {
  #root;

  /** @param {object} schema as the welcome brings it; throws a `LayoutError` if it is of no known kind */
  constructor(schema) {
    this.schema = schema;
    this.#root = compiled(schema);
  }

  /**
   * A view from nothing.
   * @param {Uint8Array} bytes
   */
  whole(bytes) {
    const reader = new BitReader(bytes);
    const view = this.#root.whole(reader);
    reader.done();
    return view;
  }

  /**
   * The view that a change leads to from `base`.
   * @param {Uint8Array} bytes none at all: nothing changed
   * @param {any} base
   * @param {News} [news] is added to
   */
  change(bytes, base, news = { entered: {}, left: {} }) {
    if (bytes.length === 0) return base;
    const reader = new BitReader(bytes);
    const view = this.#root.change(reader, base, news, "");
    reader.done();
    return view;
  }

  /**
   * 32 bits by which two sides tell whether they hold the same.
   * @param {any} view read from bits or from JSON
   * @returns {number}
   */
  fingerprint(view) {
    const writer = new BitWriter();
    this.#root.write(writer, view);
    return crc32(writer.take());
  }
}

// --- scalars: a value is one of so many, and travels as its number ---------------------------------

export class Scalar {
  /**
   * @param {number} top the highest code
   * @param {(code: number) => any} value what a code stands for
   * @param {(value: any) => number} code the other way round
   * @param {boolean} circular whether the lowest code follows the highest
   */
  constructor(top, value, code, circular = false) {
    this.top = top;
    this.width = bitLength(top);
    this.value = value;
    this.code = code;
    this.circular = circular;
  }

  whole(reader) {
    return this.value(this.read(reader));
  }

  change(reader) {
    return this.whole(reader);
  }

  write(writer, value) {
    writer.wide(this.codeOf(value), this.width);
  }

  /** The next code. */
  read(reader) {
    const code = reader.wide(this.width);
    if (code > this.top) throw new LayoutError("a code that stands for nothing");
    return code;
  }

  /** The code that is `difference` away from `code`. */
  moved(code, difference) {
    const next = code + difference;
    if (next >= 0 && next <= this.top) return next;
    if (!this.circular) throw new LayoutError("a difference that leads too far");
    const steps = this.top + 1;
    return ((next % steps) + steps) % steps;
  }

  codeOf(value) {
    const code = this.code(value);
    if (!(code >= 0 && code <= this.top)) throw new LayoutError(`${value} is no value of its kind`);
    return code;
  }
}

function intOf({ low, high }) {
  return new Scalar(high - low, (code) => code + low, (value) => value - low);
}

function fixedOf({ low, high, step }) {
  return new Scalar(high - low, (code) => (code + low) * step, (value) => Math.round(value / step) - low);
}

function angleOf({ steps }) {
  return new Scalar(steps - 1, (code) => code, (value) => value, true);
}

function boolOf() {
  return new Scalar(1, (code) => code === 1, (value) => (typeof value === "boolean" ? Number(value) : -1));
}

function enumOf({ names }) {
  return new Scalar(names.length - 1, (code) => names[code], (value) => names.indexOf(value));
}

function optionalOf({ of }) {
  const inner = compiled(of);
  if (!(inner instanceof Scalar)) return new Optional(inner);
  return new Scalar(
    inner.top + 1,
    (code) => (code === 0 ? null : inner.value(code - 1)),
    (value) => (value === null ? 0 : 1 + inner.codeOf(value)),
  );
}

// --- everything else -------------------------------------------------------------------------------

class Text {
  constructor({ max }) {
    this.bytesMax = 4 * max;
  }

  whole(reader) {
    return reader.text(this.bytesMax);
  }

  change(reader) {
    return this.whole(reader);
  }

  write(writer, value) {
    if (typeof value !== "string") throw new LayoutError("no text");
    writer.text(value);
  }
}

class Json {
  whole(reader) {
    return fitting(() => decode(reader.bytes(reader.count())));
  }

  change(reader, base) {
    if (!reader.flag()) return reuse(base, this.whole(reader));
    const change = this.whole(reader);
    return fitting(() => patch(base, change));
  }

  write(writer, value) {
    writer.bytes(canonical(value));
  }
}

class Optional {
  constructor(inner) {
    this.inner = inner;
  }

  whole(reader) {
    return reader.flag() ? this.inner.whole(reader) : null;
  }

  change(reader, base, news, path) {
    if (!reader.flag()) return this.whole(reader);
    if (base === null) throw new LayoutError("a change of nothing");
    return this.inner.change(reader, base, news, path);
  }

  write(writer, value) {
    writer.flag(value !== null);
    if (value !== null) this.inner.write(writer, value);
  }
}

class List {
  constructor({ of, max }) {
    this.inner = compiled(of);
    this.max = max;
  }

  whole(reader) {
    return this.#items(reader, reader.count(this.max));
  }

  change(reader, base, news, path) {
    if (!reader.flag()) return reuse(base, this.whole(reader));
    if (!Array.isArray(base)) throw new LayoutError("no list");
    const list = base.slice();
    for (let left = reader.count(list.length); left > 0; left--) {
      const index = reader.count(base.length - 1);
      list[index] = this.inner.change(reader, list[index], news, below(path, index));
    }
    for (const item of this.#items(reader, reader.count(this.max - list.length))) list.push(item);
    return list;
  }

  write(writer, list) {
    if (!Array.isArray(list)) throw new LayoutError("no list");
    writer.count(list.length);
    for (const item of list) this.inner.write(writer, item);
  }

  #items(reader, count) {
    const items = [];
    for (let i = 0; i < count; i++) items.push(this.inner.whole(reader));
    return items;
  }
}

class TextMap {
  constructor({ of, max }) {
    this.inner = compiled(of);
    this.max = max;
  }

  whole(reader) {
    return this.#add(reader, {}, this.max);
  }

  change(reader, base, news, path) {
    if (!isMap(base)) throw new LayoutError("no map");
    const map = { ...base };
    for (let left = reader.count(); left > 0; left--) {
      const key = present(map, reader.text());
      delete map[key];
    }
    this.#add(reader, map, this.max);
    for (let left = reader.count(this.max); left > 0; left--) {
      const key = present(map, reader.text());
      assign(map, key, this.inner.change(reader, map[key], news, below(path, key)));
    }
    return map;
  }

  write(writer, map) {
    if (!isMap(map)) throw new LayoutError("no map");
    const keys = Object.keys(map).sort(byCodePoint);
    writer.count(keys.length);
    for (const key of keys) {
      writer.text(key);
      this.inner.write(writer, map[key]);
    }
  }

  #add(reader, map, most) {
    for (let left = reader.count(most); left > 0; left--) {
      const key = reader.text();
      if (Object.hasOwn(map, key)) throw new LayoutError(`${key} is there already`);
      assign(map, key, this.inner.whole(reader));
    }
    return map;
  }
}

class Record {
  constructor({ fields }) {
    this.fields = fields.map(([name, schema]) => [name, compiled(schema)]);
  }

  whole(reader) {
    const record = {};
    for (const [name, kind] of this.fields) assign(record, name, kind.whole(reader));
    return record;
  }

  change(reader, base, news, path) {
    if (!isMap(base)) throw new LayoutError("no record");
    const changed = this.fields.filter(() => reader.flag());
    const record = { ...base };
    for (const [name, kind] of changed) {
      assign(record, name, kind.change(reader, base[name], news, below(path, name)));
    }
    return record;
  }

  write(writer, record) {
    if (!isMap(record)) throw new LayoutError("no record");
    for (const [name, kind] of this.fields) kind.write(writer, record[name] ?? null);
  }
}

function tableOf({ rows, columns, by_seat: bySeat = false, moves = {} }) {
  const scalars = columns.map(([name, schema]) => {
    const scalar = compiled(schema);
    if (!(scalar instanceof Scalar && scalar.width < 32)) throw new LayoutError(`column ${name} is no small scalar`);
    return scalar;
  });
  const names = columns.map(([name]) => name);
  const movers = Object.entries(moves).map(([name, by]) => {
    const [place, speed] = [names.indexOf(name), names.indexOf(by)];
    if (place < 0 || speed < 0) throw new LayoutError(`${by} cannot move ${name}`);
    return { place, speed, least: columns[speed][1].low };
  });
  return new Table(rows, names, scalars, bySeat, movers);
}

const KINDS = {
  int: intOf,
  fixed: fixedOf,
  angle: angleOf,
  bool: boolOf,
  enum: enumOf,
  text: (schema) => new Text(schema),
  optional: optionalOf,
  list: (schema) => new List(schema),
  map: (schema) => new TextMap(schema),
  record: (schema) => new Record(schema),
  table: tableOf,
  json: () => new Json(),
};

function compiled(schema) {
  const make = Object.hasOwn(KINDS, schema?.kind) ? KINDS[schema.kind] : null;
  if (make === null) throw new LayoutError(`no kind is called ${schema?.kind}`);
  return make(schema);
}

/** A key, if it is there. */
function present(map, key) {
  if (!Object.hasOwn(map, key)) throw new LayoutError(`no ${key}`);
  return key;
}

function below(path, name) {
  return path === "" ? String(name) : `${path}.${name}`;
}

/** Other parts of the SDK have errors of their own; here they all mean the same. */
function fitting(make) {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof LayoutError) throw cause;
    throw new LayoutError(cause.message, { cause });
  }
}
