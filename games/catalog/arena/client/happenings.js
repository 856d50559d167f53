/**
 * What must have happened between two states; nobody tells, so it is seen from what is different.
 *
 * Rules of this file: pure; states are only read.
 */

import { shotAt } from "./interpolate.js";

/** A hit is told apart from a miss by a ship this close, in units. */
const HIT_NEAR = 130;

/**
 * @param {object} before the state that was
 * @param {object} after the state that is
 * @param {number} time of `after`, in periods
 * @returns {object[]} `{kind, …}`: fired, spark, hurt, destroyed, arrived, taken
 */
export function happenings(before, after, time) {
  return [
    ...shotsFired(before, after),
    ...shotsEnded(before, after, time),
    ...hullsHurt(before, after),
    ...shipsArrived(before, after),
    ...kitsTaken(before, after),
  ];
}

function shotsFired(before, after) {
  const found = [];
  for (const [key, row] of Object.entries(after.shots)) {
    if (key in before.shots) continue;
    found.push({ kind: "fired", seat: row[5], x: row[0], y: row[1], vx: row[2], vy: row[3] });
  }
  return found;
}

function shotsEnded(before, after, time) {
  const found = [];
  for (const [key, row] of Object.entries(before.shots)) {
    if (key in after.shots) continue;
    const place = shotAt(row, time - 0.5);
    const near = Object.entries(before.ships).find(
      ([seat, ship]) =>
        Number(seat) !== row[5] && Math.hypot(ship[0] - place.x, ship[1] - place.y) < HIT_NEAR,
    );
    found.push({ kind: "spark", ...place, seat: row[5], vx: row[2], vy: row[3], hit: !!near });
  }
  return found;
}

function hullsHurt(before, after) {
  const found = [];
  for (const [key, hull] of Object.entries(after.hulls)) {
    const old = before.hulls[key];
    const ship = before.ships[key] ?? after.ships[key];
    if (!old || !ship || hull[0] >= old[0]) continue;
    const at = { seat: Number(key), x: ship[0], y: ship[1], vx: ship[2] / 2, vy: ship[3] / 2 };
    found.push(
      hull[0] > 0
        ? { kind: "hurt", ...at }
        : { kind: "destroyed", ...at, by: after.scores[key]?.[2] ?? -1 },
    );
  }
  return found;
}

function shipsArrived(before, after) {
  return Object.entries(after.ships)
    .filter(([key]) => !(key in before.ships))
    .map(([key, row]) => ({ kind: "arrived", seat: Number(key), x: row[0], y: row[1] }));
}

function kitsTaken(before, after) {
  const found = [];
  for (const [key, [x, y, what]] of Object.entries(before.kits)) {
    if (key in after.kits) continue;
    const rows = Object.entries(after.ships).map(([seat, row]) => ({
      seat: Number(seat),
      far: Math.hypot(row[0] - x, row[1] - y),
    }));
    const taker = rows.sort((a, b) => a.far - b.far)[0];
    found.push({ kind: "taken", x, y, what, seat: taker?.seat ?? -1 });
  }
  return found;
}
