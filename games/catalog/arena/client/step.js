/**
 * What the own ship does by itself in one period: `pilot` of world.py, to the last bit.
 *
 * With this the ship answers at once, and is where the server will say it is. What others do to it
 * (a push, a hit) is not foretold; the server tells of it at once.
 *
 * Rules of this file: whole numbers only, none as large as 2**53, and never -0. `>>` rounds down,
 * as in Python, but is for numbers below 2**31; for others there is `floored`. No clock, no canvas.
 */

import {
  ANGLES, DRAG, FINE, HEIGHT, RELOAD, SHIP_RADIUS, SPIN_GAIN, SPIN_MAX, THRUST, TURN, WIDTH,
} from "./world.js";

const RADIUS = SHIP_RADIUS * FINE;

/** Nowhere near a tie, so that every browser rounds to the same. */
const SINE = Array.from({ length: ANGLES }, (_, at) => Math.round(1024 * Math.sin(at * TURN)) + 0);

/**
 * A ship as its player knows it: places and speeds in fine parts of a unit, `reload` in periods.
 *
 * @typedef {{x: number, y: number, vx: number, vy: number, angle: number, spin: number,
 *   reload: number}} Own
 * @typedef {{turn?: -1 | 0 | 1, thrust?: boolean, fire?: boolean, aim?: number | null}} Held
 * @typedef {{x: number, y: number, r: number}} Rock in units
 */

/**
 * The ship a period later.
 * @param {Own} own not changed
 * @param {Held} held
 * @param {Rock[]} rocks in the order of their numbers
 * @returns {Own}
 */
export function step(own, held, rocks) {
  const ship = { ...own };
  steer(ship, held);
  move(ship, rocks);
  ship.reload = Math.max(0, ship.reload - 1);
  if (held.fire && ship.reload === 0) ship.reload = RELOAD;
  return ship;
}

/** Whether the gun went off in the period that led to this. */
export function fired(own) {
  return own.reload === RELOAD;
}

/** The sine of a step of an angle, in 1024ths. */
export function sine(angle) {
  return SINE[angle & (ANGLES - 1)];
}

/** Its cosine. */
export function cosine(angle) {
  return sine(angle + ANGLES / 4);
}

function steer(ship, held) {
  const turn = held.turn ?? 0;
  if (held.aim != null) {
    const short = ((held.aim - ship.angle + ANGLES / 2) & (ANGLES - 1)) - ANGLES / 2;
    ship.spin = within(-SPIN_MAX, SPIN_MAX, short);
  } else if (turn * ship.spin > 0) {
    ship.spin = within(-SPIN_MAX, SPIN_MAX, ship.spin + turn * SPIN_GAIN);
  } else {
    ship.spin = turn * SPIN_GAIN;
  }
  ship.angle = (ship.angle + ship.spin) & (ANGLES - 1);
  ship.vx -= drag(ship.vx);
  ship.vy -= drag(ship.vy);
  if (held.thrust) {
    ship.vx += (THRUST * cosine(ship.angle) + 512) >> 10;
    ship.vy += (THRUST * sine(ship.angle) + 512) >> 10;
  }
}

function drag(speed) {
  return floored(speed > 0 ? speed + DRAG - 1 : speed, DRAG);
}

function move(ship, rocks) {
  [ship.x, ship.vx] = bounced(ship.x + ship.vx, ship.vx, WIDTH * FINE - RADIUS);
  [ship.y, ship.vy] = bounced(ship.y + ship.vy, ship.vy, HEIGHT * FINE - RADIUS);
  for (const rock of rocks) {
    const dx = ship.x - rock.x * FINE;
    const dy = ship.y - rock.y * FINE;
    const reach = rock.r * FINE + RADIUS;
    const square = dx * dx + dy * dy;
    if (square >= reach * reach) continue;
    // Exact below 2**52, as the nearest double to a root never reaches the next whole number.
    const away = Math.floor(Math.sqrt(square)) || 1;
    ship.x = rock.x * FINE + floored(dx * reach, away);
    ship.y = rock.y * FINE + floored(dy * reach, away);
    const inward = ship.vx * dx + ship.vy * dy;
    if (inward < 0) {
      ship.vx -= floored(7 * inward * dx, 4 * away * away);
      ship.vy -= floored(7 * inward * dy, 4 * away * away);
    }
  }
}

/** Place and speed after a bounce off the walls, if there is one. */
function bounced(place, speed, high) {
  if (place < RADIUS) return [RADIUS, floored(Math.abs(speed) * 3, 4)];
  if (place > high) return [high, floored(-Math.abs(speed) * 3, 4)];
  return [place, speed];
}

/** A quotient rounded down; exact, as no quotient of such numbers comes near enough to the next. */
function floored(number, by) {
  return Math.floor(number / by) + 0;
}

function within(low, high, value) {
  return Math.max(low, Math.min(high, value));
}
