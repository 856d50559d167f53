/**
 * What the world looked like at a moment between two states.
 *
 * States come twenty times a second and not quite evenly. The screen shows a moment a little in the
 * past, for which the states on both sides are known already, so that ships glide.
 *
 * Rules of this file: no clock, no canvas; times are handed in, in periods.
 */

import { FINE, SHOT_LIFE, TURN } from "./world.js";

/** States that are kept: over a second and a half. */
const KEPT_MAX = 32;
/** Where no newer state is known, ships fly on for so long, then they stand. */
const AHEAD_MAX = 3;

export class Timeline {
  constructor() {
    /** @type {{time: number, state: object}[]} oldest first */
    this.past = [];
  }

  /** A state arrived; one that is older than the last starts anew. */
  push(time, state) {
    const last = this.past.at(-1);
    if (last && time < last.time) this.past = [];
    else if (last && time === last.time) this.past.pop();
    this.past.push({ time, state });
    if (this.past.length > KEPT_MAX) this.past.shift();
  }

  /** The states before and after a moment, and how far it is from one to the other, 0 to 1. */
  around(time) {
    const { past } = this;
    let index = past.length - 1;
    while (index > 0 && past[index].time > time) index -= 1;
    const before = past[index];
    const after = past[index + 1] ?? before;
    if (!before) return null;
    if (after === before || time <= before.time) {
      const ahead = Math.max(0, Math.min(time - before.time, AHEAD_MAX));
      return { before: before.state, after: before.state, share: 0, ahead };
    }
    // Where periods are missing nothing had changed, until shortly before the later state.
    const start = Math.max(before.time, after.time - 2);
    const share = Math.max(0, (time - start) / (after.time - start));
    return { before: before.state, after: after.state, share, ahead: 0 };
  }
}

/** Ships at a moment: `{seat, x, y, vx, vy, angle}`, in units, units a period, and radians. */
export function shipsAt({ before, after, share, ahead }) {
  const ships = [];
  for (const [key, row] of Object.entries(before.ships)) {
    const next = after.ships[key] ?? row;
    // One that is not there any more flies on to where it was destroyed. Speeds are half units.
    const flown = (key in after.ships ? ahead : share) / 2;
    const short = ((next[4] - row[4] + 384) & 255) - 128;
    ships.push({
      seat: Number(key),
      x: row[0] + (next[0] - row[0]) * share + row[2] * flown,
      y: row[1] + (next[1] - row[1]) * share + row[3] * flown,
      vx: row[2] / 2,
      vy: row[3] / 2,
      angle: (row[4] + short * share) * TURN,
    });
  }
  return ships;
}

/** Where a shot is at a moment, as its row tells for its whole life. */
export function shotAt(row, time) {
  const flown = Math.min(Math.max(0, time - row[4]), SHOT_LIFE);
  return { x: row[0] + (row[2] / FINE) * flown, y: row[1] + (row[3] / FINE) * flown };
}
