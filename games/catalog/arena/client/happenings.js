/**
 * What must have happened between two states; nobody tells, so it is seen from what is different.
 *
 * Rules of this file: pure; states are only read.
 */

/**
 * @param {object} before the state that was
 * @param {object} after the state that is
 * @returns {object[]} `{kind, …}`: hurt, destroyed, arrived, taken
 */
export function happenings(before, after) {
  return [
    ...hullsHurt(before, after),
    ...shipsArrived(before, after),
    ...kitsTaken(before, after),
  ];
}

function hullsHurt(before, after) {
  const found = [];
  for (const [key, { hp }] of Object.entries(after.hulls)) {
    const old = before.hulls[key];
    const ship = before.ships[key] ?? after.ships[key];
    if (!old || !ship || hp >= old.hp) continue;
    const { x, y, vx, vy } = ship;
    const at = { seat: Number(key), x, y, vx, vy };
    if (hp > 0) found.push({ kind: "hurt", ...at });
    else found.push({ kind: "destroyed", ...at, by: after.scores[key]?.by ?? -1 });
  }
  return found;
}

function shipsArrived(before, after) {
  return Object.entries(after.ships)
    .filter(([key]) => !(key in before.ships))
    .map(([key, { x, y }]) => ({ kind: "arrived", seat: Number(key), x, y }));
}

function kitsTaken(before, after) {
  const found = [];
  for (const [key, { x, y, kind: what }] of Object.entries(before.kits)) {
    if (key in after.kits) continue;
    const rows = Object.entries(after.ships).map(([seat, ship]) => ({
      seat: Number(seat),
      far: Math.hypot(ship.x - x, ship.y - y),
    }));
    const taker = rows.sort((a, b) => a.far - b.far)[0];
    found.push({ kind: "taken", x, y, what, seat: taker?.seat ?? -1 });
  }
  return found;
}
