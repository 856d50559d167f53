/**
 * The own part of the world, shown before the server has answered.
 *
 * What a player does is sent, and carried out here at once by the same rules. Each state of the
 * server that follows says which inputs are in it; from there the others are carried out again. As
 * long as both come to the same, nothing is seen of that; where they do not, the difference is
 * corrected, and what is on the screen goes there gently.
 *
 * A page uses `room.predict({ read, step })`, and in each frame:
 *
 * ```js
 * const me = room.predict({
 *   read: (secret, state) => state.ships[room.seat] ?? null,  // the server's word on what is ours
 *   step: (ship, input) => fly(ship, input),                   // a new object; one input is one period
 *   smooth: { x: "lerp", y: "lerp", angle: "angle" }, turn: 256,
 * });
 * for (let due = me.due(); due > 0; due--) me.send(controls());
 * draw(me.own());
 * ```
 *
 * These classes are what stands behind it. Rules of this file:
 * - No clock is read; `now` is in milliseconds that only rise.
 * - `step` changes nothing that it is given. It is called again for the same input whenever the
 *   server has spoken, so it makes no sounds and draws no chance.
 */

import { columnsOf, differenceOf, distance, mixed, remaining, shifted } from "./interpolate.js";

/** An error is gone from the screen after this time: seen as a drift, not as a jump. */
const EASE_MS = 120;
/** Differences that no one means: of floats that were added in another order. */
const TOLERANCE = 1e-6;

/** Inputs that are carried out again at the most; what is older stays carried out. */
const INPUTS_MAX = 256;
/** Settled inputs that are kept where the server moves by ticks: it may have taken some early. */
const EARLY_MAX = 16;
/** Ticks of which the middle one tells how far inputs are behind them: a second at 20 Hz … */
const LAGS_MAX = 21;
/** … where inputs come; after so many ticks without, nobody sends any … */
const IDLE_TICKS = 3;
/** … if it is the same for so many ticks; each change of it is a correction. */
const LAG_HOLDS = 8;

export class Predictor {
  /**
   * @param {object} options
   * @param {(own: any, input: any) => any} options.step what an input makes of the own state
   * @param {boolean} [options.ticking] the server moves what is ours once in each tick, by the last
   *   input it has, and not once for each input
   * @param {number} [options.easeMs] how long an error takes to vanish from the screen
   * @param {Record<string, "lerp" | "angle" | "snap">} [options.smooth] what glides on the screen, by
   *   key; every number if absent
   * @param {number | Record<string, number>} [options.turn] the full circle of "angle"; 2π if absent
   * @param {number} [options.jump] an error further than this is a teleport and is not eased
   * @param {number} [options.stepMs] how long one step takes on the screen
   * @param {number} [options.tolerance] smaller differences are no corrections
   */
  constructor({
    step, ticking = false, easeMs = EASE_MS, smooth = null, turn, jump = Infinity, stepMs = 50,
    tolerance = TOLERANCE,
  }) {
    this.step = step;
    this.ticking = ticking;
    this.easeMs = easeMs;
    this.columns = smooth === null ? null : columnsOf(smooth, turn);
    this.jump = jump;
    this.stepMs = stepMs;
    this.tolerance = tolerance;
    /** The server's last word, and null where nothing is ours. */
    this.authority = null;
    /** The present prediction, without any gentleness. */
    this.predicted = null;
    this.base = null; // the authority, and what inputs too old to be kept made of it
    this.from = 0; // number of the last input that is in it
    this.inputs = []; // {seq, data}
    this.fresh = false; // inputs went without being settled: what they did is to be undone
    this.lags = []; // of the last ticks: their number less that of the last input taken, and sent
    this.lag = null; // what it usually is
    this.lagged = 0; // the last input that a tick took, and …
    this.lagTick = -Infinity; // … which tick that was
    this.otherLag = 0; // ticks in a row that say otherwise
    /** How often the server came to something else, and how far off we were. */
    this.corrections = { count: 0, last: 0, max: 0 };
    this.before = null; // what the last step started from
    this.steppedAt = -Infinity;
    this.error = null; // {at, difference}: what is still on the screen of an error
  }

  /** How many inputs are carried out here that the server's last word does not have. */
  get ahead() {
    return this.inputs.filter(({ seq }) => seq > this.from).length;
  }

  /**
   * An input was sent under this number: carry it out.
   * @param {number} seq
   * @param {any} data
   * @param {number} now
   * @param {number} [at] when it was due; a little before `now`, as frames come when they come
   */
  input(seq, data, now, at = now) {
    this.inputs.push({ seq, data });
    this.#fold();
    if (this.predicted === null) return;
    this.before = this.#steady(at);
    this.steppedAt = at;
    this.predicted = this.step(this.predicted, data);
  }

  /**
   * The server says what is ours.
   * @param {any} own null where nothing is
   * @param {number} settled number of the last input that is in it
   * @param {number} now
   * @param {number | null} [tick] the tick that it is of
   */
  reconcile(own, settled, now, tick = null) {
    const from = this.#from(settled, tick);
    if (own === this.authority && from === this.from && !this.fresh) return;
    if (own !== this.authority) this.base = own ?? null;
    [this.authority, this.from, this.fresh] = [own ?? null, from, false];
    const kept = from - (this.ticking ? EARLY_MAX : 0);
    this.inputs = this.inputs.filter(({ seq }) => seq > kept);
    if (this.base === null || this.predicted === null) return this.#begin();
    const [before, predicted] = this.#again();
    if (!alike(this.predicted, predicted, this.tolerance)) this.#correct(before, predicted, now);
  }

  /** Up to this tick inputs up to this number were taken. Only where the server moves by ticks this matters. */
  ticked(tick, settled) {
    if (settled > this.lagged) this.lagTick = tick;
    this.lagged = settled;
    if (settled === 0 || tick - this.lagTick > IDLE_TICKS) return; // nobody sends: that is no lag
    const lag = tick - settled;
    if (this.lag !== null && Math.abs(lag - this.lag) > EARLY_MAX) this.forget(); // nobody sent for a while
    this.lags.push({ lag, sent: tick - (this.inputs.at(-1)?.seq ?? settled) });
    if (this.lags.length > LAGS_MAX) this.lags.shift();
    const middle = this.#usual();
    this.otherLag = middle === this.lag ? 0 : this.otherLag + 1;
    if (this.lag !== null && this.otherLag < LAG_HOLDS) return;
    this.lag = middle;
    this.otherLag = 0;
  }

  /** Inputs of which this is so will never be settled. */
  drop(isLost) {
    const rest = this.inputs.filter(({ seq }) => !isLost(seq));
    this.fresh ||= rest.length < this.inputs.length;
    this.inputs = rest;
  }

  /** The connection is another one: ticks and inputs may meet differently. */
  forget() {
    this.lags = [];
    this.lag = null;
  }

  /**
   * The own state to be drawn, or null.
   * @param {number} now
   */
  own(now) {
    if (this.predicted === null) return null;
    const steady = this.#steady(now);
    if (this.error === null) return steady;
    const rest = remaining((now - this.error.at) / this.easeMs);
    if (rest === 0) this.error = null;
    return rest === 0 ? steady : shifted(this.#columns(), steady, this.error.difference, rest);
  }

  /** The middle one; but what was not even sent is in no state, save for one tick in seven: pages stall. */
  #usual() {
    const at = (name, share) => {
      const sorted = this.lags.map((tick) => tick[name]).sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length * share)];
    };
    return Math.max(at("lag", 1 / 2), at("sent", 6 / 7));
  }

  /**
   * The last input that counts as being in a state. Where the server moves by ticks, a tick that
   * found none moved all the same, and the next finds two and moves once; what counts then is how
   * many ticks inputs are usually behind.
   */
  #from(settled, tick) {
    if (!this.ticking || tick === null || this.lag === null) return settled;
    const newest = this.inputs.at(-1)?.seq ?? settled;
    return Math.max(settled - EARLY_MAX, Math.min(tick - this.lag, newest));
  }

  /** From the server's last word through all inputs that it does not have: the last two states. */
  #again() {
    let [before, predicted] = [this.base, this.base];
    for (const { seq, data } of this.inputs) {
      if (seq > this.from) [before, predicted] = [predicted, this.step(predicted, data)];
    }
    return [before, predicted];
  }

  /** Where the server has nothing new to say for long, what it said last is carried on. */
  #fold() {
    if (this.inputs.length <= INPUTS_MAX) return;
    const { seq, data } = this.inputs.shift();
    if (seq > this.from && this.base !== null) this.base = this.step(this.base, data);
  }

  /** From nothing to something, or back: that is no error. */
  #begin() {
    this.predicted = this.base === null ? null : this.#again()[1];
    this.before = this.predicted;
    this.error = null;
  }

  #correct(before, predicted, now) {
    const columns = this.#columns();
    const size = distance(columns, this.predicted, predicted);
    const { count, max } = this.corrections;
    this.corrections = { count: count + 1, last: size, max: Math.max(max, size) };
    const shown = this.own(now);
    const far = size > this.jump;
    [this.before, this.predicted] = [far ? predicted : before, predicted];
    const difference = far ? null : differenceOf(columns, shown, this.#steady(now));
    this.error = difference === null ? null : { at: now, difference };
  }

  /** Between the last two steps, without what is left of an error. */
  #steady(now) {
    const share = (now - this.steppedAt) / this.stepMs;
    if (share >= 1 || this.before === this.predicted) return this.predicted;
    // What does not glide answers at once.
    const columns = this.#columns();
    return onlyColumns(columns, this.predicted, mixed(columns, this.before, this.predicted, share));
  }

  #columns() {
    if (this.columns !== null) return this.columns;
    const numbers = Object.keys(this.predicted).filter((key) => typeof this.predicted[key] === "number");
    return numbers.map((key) => ({ key, mode: "lerp", turn: 0 }));
  }
}

/** A frame that comes later than so many periods does not make up for them all. */
const DUE_MAX = 7;
/** By how much of a period the beat shifts when the room found too many or too few inputs. */
const LATER = 0.06;
const SOONER = 0.04;
/** Ticks after a shift in which what is heard is still of before it. */
const SHIFTED_TICKS = 8;
/** So many ticks without a shift: the beat is well placed. */
const CALM_TICKS = 40;
/** After a whole period of shifts no place is good, as the jitter is longer; this is borne so long. */
const BORNE_TICKS = 600;

/**
 * When the next input is due: one a period, so placed that each tick finds one waiting.
 *
 * Two at once and then none says that they arrive right when the room ticks; the beat then moves
 * on a little, until they arrive between ticks.
 */
export class Pace {
  /** @param {number} hz periods a second */
  constructor(hz) {
    this.periodMs = 1000 / hz;
    /** When the last input was due. */
    this.at = null;
    this.shift = 0;
    this.quiet = 0; // ticks until the next shift may come
    this.shifts = 0; // of a period, since it was calm
  }

  /**
   * How many inputs are due. Each is taken with `take`.
   * @param {number} now
   */
  due(now) {
    const late = this.at === null ? Infinity : (now - this.at - this.shift) / this.periodMs;
    if (late < DUE_MAX + 1) return Math.max(0, Math.floor(late));
    this.at = now - this.periodMs; // the first, or the page has slept
    this.shift = 0;
    return 1;
  }

  /** One is sent: gives when it was due. */
  take(now) {
    const due = this.at === null ? now : this.at + this.periodMs + this.shift;
    this.shift = 0;
    this.at = due <= now && now - due < (DUE_MAX + 1) * this.periodMs ? due : now;
    return this.at;
  }

  /** A tick found so many inputs of this seat waiting. */
  heard(inbox) {
    this.quiet -= 1;
    if (this.quiet < -CALM_TICKS) this.shifts = 0;
    if (inbox === 1 || this.quiet > 0) return;
    const share = inbox > 1 ? LATER : -SOONER;
    this.shift = share * this.periodMs;
    this.shifts += Math.abs(share);
    this.quiet = this.shifts < 1 ? SHIFTED_TICKS : BORNE_TICKS;
    if (this.shifts >= 1) this.shifts = 0;
  }
}

/** Whether two states are the same, but for the last digits of floats. */
export function alike(a, b, tolerance = 0) {
  if (a === b) return true;
  if (typeof a === "number" && typeof b === "number") return Math.abs(a - b) <= tolerance;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && alike(a[key], b[key], tolerance));
}

/** The row with those of its columns that glide taken from another. */
function onlyColumns(columns, row, glided) {
  const result = Array.isArray(row) ? row.slice() : { ...row };
  for (const { key } of columns) if (key in glided && key in row) result[key] = glided[key];
  return result;
}
