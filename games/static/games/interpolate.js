/**
 * What a table of rows looks like at the moment that is on the screen.
 *
 * States come some twenty times a second and not quite evenly; screens draw sixty times. So the
 * screen shows a moment a little in the past, for which the states on both sides are known already,
 * and rows glide from one to the next. How little is measured: as much as states are apart, and as
 * much as they come unevenly, within a bound.
 *
 * A page uses `room.track("ships", { x: "lerp", y: "lerp", angle: "angle" })` and `.at()`; these
 * classes are what stands behind it:
 *
 * ```js
 * const playback = new Playback(20);             // which moment: one for a room
 * playback.heard({ tick, time, late, now });     // a state arrived, `late` milliseconds after the clock
 * const moment = playback.moment(roomTime, now, standing);
 *
 * const track = new Track({ x: "lerp" }, { jump: 200 });   // what a table looks like then
 * track.push(time, { 7: { x: 10 } });
 * track.at(moment);                              // { 7: { x: 10.25 } }
 * ```
 *
 * Rules of this file:
 * - No clock is read. `now` is in milliseconds that only rise, `time` in periods of the room.
 * - The moment never runs back, unless the room itself did; a row that does not change is given as
 *   the same object again. What is given is not to be changed.
 */

/** How a column gets from one state to the next. @typedef {"snap" | "lerp" | "extrapolate" | "angle"} Mode */

export const MODES = ["snap", "lerp", "extrapolate", "angle"];

/** States kept for their lateness: three seconds at 20 Hz, so that the 95th in a hundred is known. */
const HEARD_MAX = 64;
/** Of so many states, one may come later than the buffer is deep. */
const LATE_ONE_IN = 20;
/** What a frame of the screen and a busy page add to a state that came in time. */
const MARGIN_MS = 4;
/** The adaptive delay is never longer than this: what is older is not worth seeing smoothly. */
const DELAY_MAX_MS = 300;
/** The moment runs faster or slower by this share while the delay changes; that is not seen. */
const DELAY_SLEW = 0.1;
/** A page that did not look for so long has slept; nothing needs to be gentle then. */
const ASLEEP_MS = 500;
/** Later than this is no jitter: the state is old, as a snapshot of a room in which nothing happens. */
const LATE_MAX_MS = 1000;
/** In a turn room states are no film; what moved glides in this time. */
const GLIDE_MS = 200;
/** The room is so much behind what is shown that it must have gone back itself. */
const BACK_MS = 1000;

/** Which moment is on the screen, by how evenly states come. */
export class Playback {
  /**
   * @param {number} hz periods a second
   * @param {{delayMs?: number | null, realtime?: boolean, maxMs?: number}} [options] `delayMs`: how
   *   far in the past the screen is; measured if absent, at most `maxMs`
   */
  constructor(hz, { delayMs = null, realtime = true, maxMs = DELAY_MAX_MS } = {}) {
    this.perMs = hz / 1000;
    this.fixed = delayMs;
    this.maxMs = maxMs;
    /** Periods from one state to the next, as is usual. */
    this.spacing = realtime ? 1 : GLIDE_MS * this.perMs;
    this.realtime = realtime;
    this.states = []; // {tick, time}, oldest first
    this.lates = []; // milliseconds, of the last states
    /** How unevenly states come, in milliseconds, as RFC 3550 (6.4.1) counts it. */
    this.jitter = 0;
    /** How far in the past the screen is, in milliseconds. */
    this.delay = delayMs ?? this.#wanted();
    this.shown = null;
    this.at = null;
    this.heardAt = null;
  }

  /** A state arrived at `now`, `late` milliseconds after the room's clock here said its time. */
  heard({ tick, time, late, now }) {
    const last = this.states.at(-1);
    while (this.states.length && this.states.at(-1).time >= time) this.states.pop();
    this.states.push({ tick, time });
    if (this.states.length > HEARD_MAX) this.states.shift();
    if (last && time > last.time && late < LATE_MAX_MS) this.#count(time - last.time, late, now);
    this.heardAt = now;
  }

  /**
   * The room's time that is to be shown, in periods.
   * @param {number} roomTime what time it is in the room, in periods
   * @param {number} now
   * @param {boolean} [standing] the room's time stands still; the screen catches up then
   */
  moment(roomTime, now, standing = false) {
    const passed = this.at === null ? Infinity : Math.max(0, now - this.at);
    this.at = Math.max(now, this.at ?? now);
    this.#slew(passed);
    if (this.shown === null) this.shown = standing ? roomTime : roomTime - this.delay * this.perMs;
    else if (standing) this.shown = Math.min(this.shown + passed * this.perMs, Math.max(this.shown, roomTime));
    else this.shown = this.#onwards(roomTime - this.delay * this.perMs);
    return this.shown;
  }

  /** The tick of the state that is nearest to what is on the screen; -1 if there is none. */
  get seen() {
    const { states, shown } = this;
    if (shown === null || states.length === 0) return states.at(-1)?.tick ?? -1;
    let index = states.length - 1;
    while (index > 0 && states[index].time > shown) index -= 1;
    const next = states[index + 1];
    return next && next.time - shown < shown - states[index].time ? next.tick : states[index].tick;
  }

  /** How much is known beyond what is on the screen, in milliseconds; below 0: too little. */
  get buffer() {
    const last = this.states.at(-1);
    return last === undefined || this.shown === null ? 0 : (last.time - this.shown) / this.perMs;
  }

  /** States of before say nothing about the next connection; the moment goes on. */
  forget() {
    this.lates = [];
    this.heardAt = null;
  }

  #count(gap, late, now) {
    this.lates.push(Math.max(0, late));
    if (this.lates.length > HEARD_MAX) this.lates.shift();
    if (this.heardAt !== null) {
      const uneven = Math.abs(now - this.heardAt - gap / this.perMs);
      if (uneven < LATE_MAX_MS) this.jitter += (uneven - this.jitter) / 16;
    }
    if (this.realtime) this.#space();
  }

  /** The middle one of the last gaps: rooms that tell less often are so all the time. */
  #space() {
    const times = this.states.slice(-9).map(({ time }) => time);
    const gaps = times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b);
    const usual = gaps[(gaps.length - 1) >> 1] ?? 1;
    this.spacing = Math.max(1, Math.min(usual, (this.maxMs / 2) * this.perMs));
  }

  #wanted() {
    const sorted = this.lates.slice().sort((a, b) => b - a);
    const late = sorted[Math.floor(sorted.length / LATE_ONE_IN)] ?? 0;
    return Math.min(this.spacing / this.perMs + late + MARGIN_MS, this.maxMs);
  }

  #slew(passed) {
    if (this.fixed !== null) return;
    const wanted = this.#wanted();
    const most = passed > ASLEEP_MS ? Infinity : passed * DELAY_SLEW;
    this.delay += Math.max(-most, Math.min(most, wanted - this.delay));
  }

  #onwards(target) {
    return this.shown - target > BACK_MS * this.perMs ? target : Math.max(this.shown, target);
  }
}

/** States kept: over three seconds at 20 Hz. */
const KEPT_MAX = 64;
/** Where no newer state is known, "extrapolate" goes on for so many milliseconds. */
const AHEAD_MS = 150;
/** A row that stood because states were late catches up in this time. */
const CATCH_UP_MS = 120;
/** Where so many usual gaps lie between two states, nothing had changed until the last of them. */
const STILL = 2;

/** What a table or map of rows looks like at a moment. */
export class Track {
  /**
   * @param {Record<string, Mode>} [modes] by column; the others snap
   * @param {object} [options]
   * @param {number} [options.hz] periods a second; 20 if absent
   * @param {number} [options.jump] a row that is this far from where it was did not go there: it
   *   is shown at the old place, then at the new. The distance is over all columns that glide.
   * @param {number | Record<string, number>} [options.turn] the full circle of "angle", or of each
   *   such column; 2π if absent
   * @param {number} [options.aheadMs] how long "extrapolate" goes on without news
   */
  constructor(modes = {}, { hz = 20, jump = Infinity, turn = 2 * Math.PI, aheadMs = AHEAD_MS } = {}) {
    this.columns = columnsOf(modes, turn);
    this.jump = jump;
    this.ahead = (aheadMs * hz) / 1000;
    this.catchUp = (CATCH_UP_MS * hz) / 1000;
    /** Periods from one state to the next, as is usual; see `Playback.spacing`. */
    this.spacing = 1;
    this.states = []; // {time, rows}, oldest first
    this.shownAt = null;
    this.shown = {};
    this.behind = null; // {at, rows: Map of id to differences by column}: what is still to be caught up
  }

  /** The table is `rows` at `time`. A time that is not later than the last starts anew from there. */
  push(time, rows) {
    const { states } = this;
    const late = this.shownAt !== null && states.length > 0 && states.at(-1).time < this.shownAt;
    while (states.length && states.at(-1).time >= time) states.pop();
    states.push({ time, rows: rows ?? {} });
    if (states.length > KEPT_MAX) states.shift();
    if (late) this.#fallBehind();
  }

  /**
   * The rows at `time`, by id, in the order of the table.
   * @param {number} time in periods
   * @returns {Record<string, any>}
   */
  at(time) {
    if (time === this.shownAt && this.states.at(-1) === this.newest) return this.shown;
    this.shown = this.#late(time, this.#rows(time));
    this.shownAt = time;
    this.newest = this.states.at(-1);
    return this.shown;
  }

  #rows(time) {
    const { states } = this;
    let index = states.length - 1;
    if (index < 0) return {};
    while (index > 0 && states[index].time > time) index -= 1;
    const [past, state, next] = [states[index - 1], states[index], states[index + 1]];
    if (next === undefined) return this.#beyond(past, state, Math.max(0, time - state.time));
    if (time <= state.time || next.rows === state.rows) return state.rows;
    return this.#between(past, state, next, time);
  }

  #between(past, state, next, time) {
    const start = this.#start(state, next);
    const share = Math.max(0, (time - start) / (next.time - start));
    const rows = {};
    for (const [id, row] of Object.entries(state.rows)) {
      const then = next.rows[id];
      if (then === row) rows[id] = row;
      else if (then === undefined) rows[id] = this.#onward(past, state, id, row, time - state.time);
      else rows[id] = this.#far(row, then) ? row : mixed(this.columns, row, then, share);
    }
    return rows;
  }

  /** No newer state is known. */
  #beyond(past, state, since) {
    const ahead = Math.min(since, Math.max(0, 2 * this.ahead - since)); // on, and back: it did stand
    if (ahead === 0 || past === undefined || past.rows === state.rows) return state.rows;
    const rows = {};
    for (const [id, row] of Object.entries(state.rows)) {
      rows[id] = this.#onward(past, state, id, row, ahead);
    }
    return rows;
  }

  /** A row that goes on as it went from the state before. */
  #onward(past, state, id, row, ahead) {
    const before = past?.rows[id];
    if (before === undefined || before === row || this.#far(before, row)) return row;
    const share = Math.min(ahead, this.ahead) / (state.time - this.#start(past, state));
    let onward = row;
    for (const { key, mode } of this.columns) {
      if (mode !== "extrapolate" || !numbers(before[key], row[key]) || before[key] === row[key]) continue;
      if (onward === row) onward = copyOf(row);
      onward[key] = row[key] + (row[key] - before[key]) * share;
    }
    return onward;
  }

  /** When the way from one state to the next begins. */
  #start(state, next) {
    const long = next.time - state.time > STILL * this.spacing;
    return long ? next.time - this.spacing : state.time;
  }

  #far(row, then) {
    return this.jump !== Infinity && distance(this.columns, row, then) > this.jump;
  }

  /** News came after the moment for it: nothing jumps there, it catches up. */
  #fallBehind() {
    const now = this.#rows(this.shownAt);
    const rows = new Map();
    for (const [id, row] of Object.entries(this.shown)) {
      const then = now[id];
      if (then === undefined || then === row || this.#far(row, then)) continue;
      const difference = differenceOf(this.columns, row, then);
      if (difference !== null) rows.set(id, difference);
    }
    this.behind = rows.size > 0 ? { at: this.shownAt, rows } : null;
  }

  #late(time, rows) {
    if (this.behind === null) return rows;
    const rest = remaining((time - this.behind.at) / this.catchUp);
    if (rest === 0) {
      this.behind = null;
      return rows;
    }
    const late = { ...rows };
    for (const [id, difference] of this.behind.rows) {
      if (id in rows) late[id] = shifted(this.columns, rows[id], difference, rest);
    }
    return late;
  }
}

// --- rows and their columns; the predictor uses them as well -------------------------------------

/** Columns that do not snap: `{key, mode, turn}`. */
export function columnsOf(modes, turn = 2 * Math.PI) {
  return Object.entries(modes).flatMap(([key, mode]) => {
    if (!MODES.includes(mode)) throw new TypeError(`no mode is called ${mode}`);
    const circle = typeof turn === "number" ? turn : (turn[key] ?? 2 * Math.PI);
    return mode === "snap" ? [] : [{ key, mode, turn: circle }];
  });
}

/** The row that is `share` of the way from one to another; the same object where it makes no difference. */
export function mixed(columns, row, then, share) {
  if (share <= 0 || row === then) return row;
  if (share >= 1) return then;
  const mix = copyOf(row);
  for (const { key, mode, turn } of columns) {
    const [from, to] = [row[key], then[key]];
    if (!numbers(from, to) || from === to) continue;
    mix[key] = mode === "angle" ? around(from + short(to - from, turn) * share, turn) : from + (to - from) * share;
  }
  return mix;
}

/** How far two rows are apart, over all columns that glide on a line. */
export function distance(columns, row, then) {
  let square = 0;
  for (const { key, mode } of columns) {
    if (mode !== "angle" && numbers(row[key], then[key])) square += (then[key] - row[key]) ** 2;
  }
  return Math.sqrt(square);
}

/** By how much `row` is off from `then`, by column; null if by nothing. */
export function differenceOf(columns, row, then) {
  let difference = null;
  for (const { key, mode, turn } of columns) {
    if (!numbers(row[key], then[key]) || row[key] === then[key]) continue;
    const off = row[key] - then[key];
    (difference ??= {})[key] = mode === "angle" ? short(off, turn) : off;
  }
  return difference;
}

/** The row, off by a share of a difference. */
export function shifted(columns, row, difference, share) {
  if (difference === null || share === 0) return row;
  const shift = copyOf(row);
  for (const { key, mode, turn } of columns) {
    if (!(key in difference) || typeof row[key] !== "number") continue;
    const value = row[key] + difference[key] * share;
    shift[key] = mode === "angle" ? around(value, turn) : value;
  }
  return shift;
}

/** What is left of an error after a share of the time it has to vanish: quickly first, then gently. */
export function remaining(share) {
  return share >= 1 ? 0 : (1 - Math.max(0, share)) ** 2;
}

function numbers(a, b) {
  return typeof a === "number" && typeof b === "number";
}

/** The short way round. */
function short(off, turn) {
  return off - turn * Math.round(off / turn);
}

function around(value, turn) {
  return ((value % turn) + turn) % turn;
}

function copyOf(row) {
  return Array.isArray(row) ? row.slice() : { ...row };
}
