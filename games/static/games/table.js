/**
 * Tables of a view: many rows of numbers under ids, which is most of what a real-time title shows.
 *
 * A table is shown as a plain object of rows by decimal id. Beside each one its ids and codes are
 * kept, so that the next change is added to numbers and need not be found in the rows again.
 *
 * Rules of this file:
 * - Tables and rows are never changed in place; a row that did not change is the same object.
 * - What is kept beside a table may be missing, as for one that came as JSON; then it is made anew.
 */

import { LayoutError, bitLength } from "./bits.js";
import { assign, note } from "./patch.js";

const ID_MAX = 2 ** 31 - 1;

export class Table {
  /** @type {WeakMap<object, {ids: Int32Array, codes: Int32Array, rows: object[]}>} */
  #kept = new WeakMap();

  /**
   * @param {number} most rows
   * @param {string[]} names of the columns
   * @param {import("./kinds.js").Scalar[]} scalars their kinds
   * @param {boolean} bySeat whether rows may come into and leave sight
   * @param {{place: number, speed: number, least: number}[]} movers places of columns that others
   *   move, and of these, each with what its code 0 stands for in steps
   */
  constructor(most, names, scalars, bySeat, movers) {
    this.most = most;
    this.names = names;
    this.scalars = scalars;
    this.bySeat = bySeat;
    this.movers = movers;
    /** Of each column, the bits that tell how wide its differences are. */
    this.sizes = scalars.map(({ top }, place) => bitLength(bitLength(top + this.#farthest(place)) + 1));
  }

  /** How far its speed takes a column at the most, in steps. */
  #farthest(place) {
    const mover = this.movers.find((moved) => moved.place === place);
    if (mover === undefined) return 0;
    return Math.max(Math.abs(mover.least), Math.abs(mover.least + this.scalars[mover.speed].top));
  }

  whole(reader) {
    const { ids, codes } = this.#readRows(reader, this.most);
    return this.#table(ids, codes, this.#rows(codes, ids.length));
  }

  /** @param {{entered: object, left: object}} news told of rows that only came into or left sight */
  change(reader, base, news, path) {
    const old = this.#held(base);
    const stay = this.#withoutGone(reader, old, news, path);
    const added = this.#readRows(reader, this.most - stay.ids.length);
    if (this.bySeat) for (const id of added.ids) if (reader.flag()) note(news.entered, path, id);
    this.#readChanged(reader, stay);
    if (added.ids.length === 0) return this.#table(stay.ids, stay.codes, stay.rows);
    return this.#merged(stay, { ...added, rows: this.#rows(added.codes, added.ids.length) });
  }

  write(writer, table) {
    const { ids, codes } = this.#held(table);
    writer.count(ids.length);
    if (ids.length === 0) return;
    writeIds(writer, ids);
    const widths = this.scalars.map(({ width }) => width);
    for (let i = 0, at = 0; i < ids.length; i++) {
      for (let column = 0; column < widths.length; column++) writer.bits(codes[at++], widths[column]);
    }
  }

  // --- reading ---------------------------------------------------------------------------------

  #readRows(reader, most) {
    const ids = readIds(reader, reader.count(most), ID_MAX);
    const { scalars } = this;
    const codes = new Int32Array(ids.length * scalars.length);
    for (let i = 0, at = 0; i < ids.length; i++) {
      for (let column = 0; column < scalars.length; column++) codes[at++] = scalars[column].read(reader);
    }
    return { ids, codes };
  }

  /** The rows that stay, in copies that may be changed. */
  #withoutGone(reader, { ids, codes, rows }, news, path) {
    const gone = readIds(reader, reader.count(ids.length), ids.length - 1);
    if (this.bySeat) for (const at of gone) if (reader.flag()) note(news.left, path, ids[at]);
    if (gone.length === 0) return { ids, codes: codes.slice(), rows: rows.slice() };
    const width = this.scalars.length;
    const stay = fresh(ids.length - gone.length, width);
    for (let from = 0, to = 0, next = 0; from < ids.length; from++) {
      if (from === gone[next]) next += 1;
      else copyRow({ ids, codes, rows }, from, stay, to++, width);
    }
    return stay;
  }

  #readChanged(reader, { codes, rows }) {
    const { scalars } = this;
    const changed = reader.count(rows.length);
    if (changed === 0) return;
    const marks = changed < rows.length ? readMarks(reader, rows.length, changed) : null;
    const widths = this.sizes.map((size) => reader.bits(size));
    if (widths.some((width) => width > 32)) throw new LayoutError("a difference that is too wide");
    const differences = new Array(scalars.length);
    for (let i = 0; i < rows.length; i++) {
      if (marks !== null && marks[i] === 0) continue;
      const at = i * scalars.length;
      for (let column = 0; column < scalars.length; column++) {
        const zigzag = reader.bits(widths[column]);
        differences[column] = zigzag & 1 ? -(zigzag >>> 1) - 1 : zigzag >>> 1;
      }
      if (this.#move(codes, at, differences)) rows[i] = this.#row(codes, at);
    }
  }

  /** Make a row's codes what they are now; whether any is another. Speeds go before what they move. */
  #move(codes, at, differences) {
    const { scalars, movers } = this;
    let differs = false;
    for (const { place, speed, least } of movers) {
      differences[place] += scalars[speed].moved(codes[at + speed], differences[speed]) + least;
    }
    for (let column = 0; column < scalars.length; column++) {
      if (differences[column] === 0) continue;
      codes[at + column] = scalars[column].moved(codes[at + column], differences[column]);
      differs = true;
    }
    return differs;
  }

  // --- rows and tables ---------------------------------------------------------------------------

  #row(codes, at) {
    const { names, scalars } = this;
    const row = {};
    for (let column = 0; column < names.length; column++) {
      assign(row, names[column], scalars[column].value(codes[at + column]));
    }
    return row;
  }

  #rows(codes, count) {
    const rows = new Array(count);
    for (let i = 0; i < count; i++) rows[i] = this.#row(codes, i * this.scalars.length);
    return rows;
  }

  #table(ids, codes, rows) {
    const table = {};
    for (let i = 0; i < ids.length; i++) table[ids[i]] = rows[i];
    this.#kept.set(table, { ids, codes, rows });
    return table;
  }

  #merged(stay, added) {
    const width = this.scalars.length;
    const all = fresh(stay.ids.length + added.ids.length, width);
    for (let to = 0, left = 0, right = 0; to < all.ids.length; to++) {
      const [a, b] = [stay.ids[left] ?? Infinity, added.ids[right] ?? Infinity];
      if (a === b) throw new LayoutError(`row ${a} is there already`);
      if (a < b) copyRow(stay, left++, all, to, width);
      else copyRow(added, right++, all, to, width);
    }
    return this.#table(all.ids, all.codes, all.rows);
  }

  /** What is kept beside `table`, made from its values where it came without. */
  #held(table) {
    const kept = this.#kept.get(table);
    if (kept !== undefined) return kept;
    if (!isMap(table)) throw new LayoutError("no table");
    const keys = Object.keys(table); // such keys are ascending by themselves
    const held = fresh(keys.length, this.scalars.length);
    keys.forEach((key, i) => {
      const [id, row] = [Number(key), table[key]];
      if (!(id >= 0 && id <= ID_MAX && String(id) === key && isMap(row))) throw new LayoutError(`no row ${key}`);
      held.ids[i] = id;
      held.rows[i] = row;
      this.scalars.forEach((scalar, column) => {
        held.codes[i * this.scalars.length + column] = scalar.codeOf(row[this.names[column]]);
      });
    });
    this.#kept.set(table, held);
    return held;
  }
}

/** Whether something may be read like a map. */
export function isMap(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function fresh(count, width) {
  return { ids: new Int32Array(count), codes: new Int32Array(count * width), rows: new Array(count) };
}

function copyRow(from, i, to, j, width) {
  to.ids[j] = from.ids[i];
  to.rows[j] = from.rows[i];
  for (let column = 0; column < width; column++) to.codes[j * width + column] = from.codes[i * width + column];
}

/** Ascending numbers up to `highest`, written as the gaps between them. */
function readIds(reader, count, highest) {
  const ids = new Int32Array(count);
  if (count === 0) return ids;
  const width = reader.bits(5);
  for (let i = 0, next = 0; i < count; i++) {
    const id = next + reader.bits(width);
    if (id > highest) throw new LayoutError(`${id} where at most ${highest} may be`);
    ids[i] = id;
    next = id + 1;
  }
  return ids;
}

function writeIds(writer, ids) {
  let widest = 0;
  for (let i = 0; i < ids.length; i++) widest = Math.max(widest, gap(ids, i));
  const width = bitLength(widest);
  writer.bits(width, 5);
  for (let i = 0; i < ids.length; i++) writer.bits(gap(ids, i), width);
}

function gap(ids, i) {
  return i === 0 ? ids[0] : ids[i] - ids[i - 1] - 1;
}

function readMarks(reader, count, expected) {
  const marks = new Uint8Array(count);
  let found = 0;
  for (let i = 0; i < count; i++) found += marks[i] = reader.bits(1);
  if (found !== expected) throw new LayoutError(`${found} marks for ${expected} rows`);
  return marks;
}
