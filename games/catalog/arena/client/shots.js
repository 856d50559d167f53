/**
 * Shots on the screen. A shot is told once and flies straight; where it is follows from the time.
 *
 * - One of others leaves its ship when the screen gets there, and then catches up with the present:
 *   that much of its way the own ship, which is shown in the present, has to dodge it.
 * - An own one flies from the moment the gun goes off here, long before the server tells of it, and
 *   ends where it meets something on this screen; by the server's rules that is a hit there too.
 *
 * Rules of this file: no clock, no canvas. Times of the room in periods, `now` in milliseconds.
 */

import { cosine, sine } from "./step.js";
import {
  FINE, HEIGHT, SHIP_RADIUS, SHOT_CYCLE, SHOT_LIFE, SHOT_REACH, SHOT_SPEED, SPREAD, TURN, WIDTH,
} from "./world.js";

/** Periods of the screen in which a shot of others catches up with the present. */
const CATCH_UP = 6;
/** An own shot is the one that was foretold if it began this near, in units. */
const SAME_WITHIN = 150;
/** One that was foretold and never told did not happen. */
const FORGET_MS = 1500;
/** How long the trail of a shot is, in periods of its flight. */
const TRAIL = 0.75;
/** A hit is told apart from a miss by a ship this close, in units. */
const HIT_NEAR = 130;

/**
 * @typedef {object} Row as told: units, units a period, and the room's time at which it began, of
 *   which SHOT_CYCLE is left out as often as there is
 * @property {number} x
 * @property {number} y
 * @property {number} vx
 * @property {number} vy
 * @property {number} time
 * @property {number} seat
 */

export class Shots {
  #all = new Map(); // id, or a name of our own -> shot
  #foretold = 0;
  #news = [];

  /** @param {number} periodMs */
  constructor(periodMs) {
    this.periodMs = periodMs;
  }

  /**
   * The own gun went off: its shots are on their way as soon as the ship is shown there.
   * @param {import("./step.js").Own} own the ship just then
   */
  fire(own, seat, triple, rocks, now) {
    for (const turned of triple ? [-SPREAD, 0, SPREAD] : [0]) {
      const [cos, sin] = [cosine(own.angle + turned) / 1024, sine(own.angle + turned) / 1024];
      const row = {
        x: own.x / FINE + SHIP_RADIUS * cos,
        y: own.y / FINE + SHIP_RADIUS * sin,
        vx: SHOT_SPEED * cos + own.vx / FINE / 2,
        vy: SHOT_SPEED * sin + own.vy / FINE / 2,
        seat,
      };
      const shot = { ...made(row, rocks), bornAt: now + this.periodMs, told: false };
      this.#all.set(`own ${(this.#foretold += 1)}`, shot);
    }
  }

  /**
   * The room told of these shots.
   * @param {Record<string, Row>} rows
   * @param {object} of `{seat, rocks, ships, time, now}`: the own seat, rocks and ships as told,
   *   the room's time of the state, and the page's
   */
  tell(rows, of) {
    for (const [id, shot] of this.#all) {
      const over = shot.told ? !(id in rows) : of.now > shot.bornAt + FORGET_MS;
      if (!over) continue;
      this.#all.delete(id);
      if (shot.told) this.#end(shot, Math.min(of.time - 0.5 - shot.time, shot.flight), of.ships);
    }
    for (const [id, row] of Object.entries(rows)) {
      if (!this.#all.has(id)) this.#all.set(id, this.#begin(row, of));
    }
  }

  /** Forget all, as after a gap. */
  clear() {
    this.#all.clear();
    this.#news = [];
  }

  /**
   * One frame.
   * @param {object} scene `{now, seen, time, ships}`: the ships that are shown; `seen` is the
   *   room's time that those of others are shown at, `time` the present one
   * @returns {{flying: object[], news: object[]}} `{x, y, from, seat}` of each, `from` being the
   *   end of its trail, and what happened: `{kind: "fired" | "spark", …}`
   */
  frame({ now, seen, time, ships }) {
    const flying = [];
    for (const shot of this.#all.values()) {
      if (shot.ended) continue;
      const { row, flight } = shot;
      const age = this.#age(shot, now, seen, time);
      if (age < 0) continue;
      const own = shot.bornAt !== null;
      if (shot.age === null && !own) this.#news.push({ kind: "fired", ...row });
      const hit = own ? meets(row, shot.age ?? 0, Math.min(age, flight), ships) : null;
      shot.age = age;
      if (hit !== null || age >= flight) this.#end(shot, hit ?? flight, ships);
      else {
        const from = placed(row, Math.max(0, age - TRAIL));
        flying.push({ ...placed(row, age), from, seat: row.seat });
      }
    }
    return { flying, news: this.#news.splice(0) };
  }

  #begin(row, { seat, rocks, time, now }) {
    const age = (((time - row.time) % SHOT_CYCLE) + SHOT_CYCLE) % SHOT_CYCLE;
    if (row.seat === seat) {
      for (const [name, shot] of this.#all) {
        if (shot.told || !alike(shot.row, row)) continue;
        this.#all.delete(name);
        return { ...shot, time: time - age, told: true };
      }
    }
    const bornAt = row.seat === seat ? now - age * this.periodMs : null;
    return { ...made(row, rocks), bornAt, time: time - age, told: true };
  }

  /** How many periods it has flown on the screen. */
  #age(shot, now, seen, time) {
    if (shot.bornAt !== null) return (now - shot.bornAt) / this.periodMs;
    const shown = seen - shot.time;
    return shown + Math.max(0, time - seen) * Math.min(1, Math.max(0, shown) / CATCH_UP);
  }

  #end(shot, age, ships) {
    if (shot.ended) return;
    shot.ended = true;
    const { row } = shot;
    const { x, y } = placed(row, Math.max(0, age));
    const near = (ship) => Math.hypot(ship.x - x, ship.y - y) < HIT_NEAR;
    const hit = ships.some((ship) => ship.seat !== row.seat && near(ship));
    this.#news.push({ kind: "spark", ...row, x, y, hit });
  }
}

/**
 * What is known of a shot. `age`: in periods, when it was drawn last; `bornAt`: of an own one, the
 * page's time at which its flight begins on the screen; `time`: the room's time, once it is told.
 */
function made(row, rocks) {
  const flight = flightOf(row, rocks);
  return { row, flight, age: null, bornAt: null, time: 0, told: false, ended: false };
}

/** Periods until it ends by itself: at a wall, at a rock, or because it has flown long enough. */
export function flightOf(row, rocks) {
  for (let age = 1; age < SHOT_LIFE; age += 1) {
    const { x, y } = placed(row, age);
    const outside = x < 0 || x >= WIDTH || y < 0 || y >= HEIGHT;
    if (outside || rocks.some((rock) => Math.hypot(x - rock.x, y - rock.y) < rock.r)) return age;
  }
  return SHOT_LIFE;
}

/** The age at which a shot first meets a ship between two ages; null if it meets none. */
export function meets(row, from, to, ships) {
  const a = placed(row, from);
  const [dx, dy] = [row.vx * (to - from), row.vy * (to - from)];
  const square = dx * dx + dy * dy || 1;
  let first = null;
  for (const ship of ships) {
    if (ship.seat === row.seat) continue;
    const share = Math.min(1, Math.max(0, ((ship.x - a.x) * dx + (ship.y - a.y) * dy) / square));
    const far = Math.hypot(a.x + dx * share - ship.x, a.y + dy * share - ship.y);
    const age = from + (to - from) * share;
    if (far <= SHOT_REACH && (first === null || age < first)) first = age;
  }
  return first;
}

function placed(row, age) {
  return { x: row.x + row.vx * age, y: row.y + row.vy * age };
}

/** Whether two rows are of the same shot, told and foretold. */
function alike(a, b) {
  const turned = Math.atan2(a.vx * b.vy - a.vy * b.vx, a.vx * b.vx + a.vy * b.vy);
  return Math.abs(turned) < (SPREAD / 2) * TURN && Math.hypot(a.x - b.x, a.y - b.y) < SAME_WITHIN;
}
