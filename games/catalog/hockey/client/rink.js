/**
 * The rink a period later: `step` of rink.py, to the last bit, for all who are on the ice.
 *
 * A rink is a list of numbers, as that is quick to copy and to compare; `rinkOf` makes one of a
 * state, and `skaterAt` and `puckIn` read it. Its first number is in how many periods the puck is
 * free: until then nobody moves.
 *
 * Rules of this file: whole numbers only, none as large as 2**52, and never -0; a rink that is
 * given is not changed. No clock, no canvas.
 */

export const WIDTH = 1600; // units
export const HEIGHT = 840;
export const FINE = 32;
export const WAYS = 32;
export const SKATER = 44;
export const PUCK = 24;
export const CORNER = 190;
export const GOAL = 150;
export const DEPTH = 84;
export const POST = 10;
export const RELOAD = 9;

const [RIGHT, BOTTOM, MIDDLE] = [WIDTH * FINE, HEIGHT * FINE, (HEIGHT / 2) * FINE];
const THRUST = 30;
const THRUST_AIMING = 20;
const DRAG = 16;
const PUCK_DRAG = 72;
const PUCK_SPEED_MAX = 46 * FINE;
const SHOT = 30 * FINE;
const REACH = (SKATER + PUCK + 16) * FINE;
const STEPS = 2;

/** Nowhere near a tie, so that every browser rounds to the same. */
const SINE = Array.from({ length: WAYS }, (_, way) => Math.round(1024 * Math.sin((way * 2 * Math.PI) / WAYS)) + 0);
const sine = (way) => SINE[way & (WAYS - 1)];
const cosine = (way) => sine(way + WAYS / 4);

// Where things stand in a rink; of a disc: x, y, vx, vy.
const FROZEN = 0;
const ICE = 1; // the puck
const FIRST = 5; // the first skater …
const SIZE = 8; // … and so many numbers each:
const [VX, VY, WAY, GO, SHOOT, LOADING] = [2, 3, 4, 5, 6, 7];

/** What glides on the screen, for a rink of so many skaters: as `room.predict` wants to know it. */
export function gliding(count) {
  const smooth = { [ICE]: "lerp", [ICE + 1]: "lerp" };
  const turn = {};
  for (let seat = 0; seat < count; seat += 1) {
    const at = FIRST + seat * SIZE;
    Object.assign(smooth, { [at]: "lerp", [at + 1]: "lerp", [at + WAY]: "angle" });
    turn[at + WAY] = WAYS;
  }
  return { smooth, turn };
}

/** The rink of a state of that time. */
export function rinkOf(state, time) {
  const puck = state.puck["0"];
  const frozen = state.phase === "face_off" ? Math.max(1, state.until - time) : 0;
  const rink = [frozen, puck.x, puck.y, puck.vx, puck.vy];
  for (let seat = 0; `${seat}` in state.skaters; seat += 1) {
    const { x, y, vx, vy, way, go, shoot, reload } = state.skaters[seat];
    rink.push(x, y, vx, vy, way, go, Number(shoot), reload);
  }
  return rink;
}

/** The puck, in units and units a period. */
export const puckIn = (rink) => unitsOf(rink, ICE);

/** A seat's skater, in units; `way` is a step of the circle, `go` is -1 who glides. */
export function skaterAt(rink, seat) {
  const at = FIRST + seat * SIZE;
  return { ...unitsOf(rink, at), way: rink[at + WAY], go: rink[at + GO], shoot: rink[at + SHOOT] === 1, reload: rink[at + LOADING] };
}

/** How many skaters there are. */
export const skatersIn = (rink) => (rink.length - FIRST) / SIZE;

const unitsOf = (rink, at) => ({
  x: rink[at] / FINE,
  y: rink[at + 1] / FINE,
  vx: rink[at + VX] / FINE,
  vy: rink[at + VY] / FINE,
});

/**
 * The rink a period later, in which this seat's player holds this down.
 *
 * @param {number[]} before
 * @param {number} seat
 * @param {{go?: number, shoot?: boolean}} held
 * @returns {number[]}
 */
export function step(before, seat, held) {
  const rink = before.slice();
  const own = FIRST + seat * SIZE;
  rink[own + GO] = held.go ?? -1;
  rink[own + SHOOT] = Number(held.shoot ?? false);
  if (rink[FROZEN] > 0) rink[FROZEN] -= 1;
  if (rink[FROZEN] === 0) pass(rink);
  return rink;
}

function pass(rink) {
  const skaters = [];
  for (let at = FIRST; at < rink.length; at += SIZE) skaters.push(at);
  for (const at of skaters) skate(rink, at);
  skaters.forEach((one, number) => {
    for (const other of skaters.slice(number + 1)) collide(rink, one, other, 2 * SKATER * FINE, 1, 1);
  });
  for (const at of skaters) keepIn(rink, at, SKATER * FINE);
  shots(rink, skaters);
  rink[ICE + VX] -= share(rink[ICE + VX], PUCK_DRAG);
  rink[ICE + VY] -= share(rink[ICE + VY], PUCK_DRAG);
  for (let part = 0; part < STEPS; part += 1) {
    slide(rink, part);
    for (const at of skaters) collide(rink, at, ICE, (SKATER + PUCK) * FINE, 1, 3);
    bound(rink);
  }
}

function skate(rink, at) {
  const go = rink[at + GO];
  rink[at + VX] -= share(rink[at + VX], DRAG);
  rink[at + VY] -= share(rink[at + VY], DRAG);
  if (go >= 0) {
    const thrust = rink[at + SHOOT] ? THRUST_AIMING : THRUST;
    rink[at + VX] += part(thrust * cosine(go), 1024);
    rink[at + VY] += part(thrust * sine(go), 1024);
    rink[at + WAY] = go;
  }
  rink[at] += rink[at + VX];
  rink[at + 1] += rink[at + VY];
  rink[at + LOADING] = Math.max(0, rink[at + LOADING] - 1);
}

function shots(rink, skaters) {
  let [vx, vy] = [part(rink[ICE + VX], 2), part(rink[ICE + VY], 2)];
  let shot = false;
  for (const at of skaters) {
    const dx = rink[ICE] - rink[at];
    const dy = rink[ICE + 1] - rink[at + 1];
    const square = dx * dx + dy * dy;
    if (!rink[at + SHOOT] || rink[at + LOADING] || square > REACH * REACH) continue;
    const away = root(square) || 1;
    vx += part(rink[at + VX], 2) + part(SHOT * dx, away);
    vy += part(rink[at + VY], 2) + part(SHOT * dy, away);
    rink[at + LOADING] = RELOAD;
    shot = true;
  }
  if (!shot) return;
  [rink[ICE + VX], rink[ICE + VY]] = [vx, vy];
  slow(rink);
}

function collide(rink, one, other, reach, give, gives) {
  let dx = rink[other] - rink[one];
  const dy = rink[other + 1] - rink[one + 1];
  let square = dx * dx + dy * dy;
  if (square >= reach * reach) return;
  if (square === 0) [dx, square] = [1, 1];
  const away = root(square);
  const both = give + gives;
  const deep = reach - away;
  rink[one] -= part(dx * deep * give, away * both);
  rink[one + 1] -= part(dy * deep * give, away * both);
  rink[other] += part(dx * deep * gives, away * both);
  rink[other + 1] += part(dy * deep * gives, away * both);
  const closing = (rink[other + VX] - rink[one + VX]) * dx + (rink[other + VY] - rink[one + VY]) * dy;
  if (closing >= 0) return;
  const pushed = -3 * closing;
  rink[one + VX] -= part(pushed * dx * give, 2 * square * both);
  rink[one + VY] -= part(pushed * dy * give, 2 * square * both);
  rink[other + VX] += part(pushed * dx * gives, 2 * square * both);
  rink[other + VY] += part(pushed * dy * gives, 2 * square * both);
}

function slide(rink, number) {
  slow(rink);
  const [vx, vy] = [rink[ICE + VX], rink[ICE + VY]];
  const [halfX, halfY] = [part(vx, STEPS), part(vy, STEPS)];
  rink[ICE] += number ? vx - halfX : halfX;
  rink[ICE + 1] += number ? vy - halfY : halfY;
}

function bound(rink) {
  for (const x of [0, RIGHT]) {
    for (const y of [MIDDLE - GOAL * FINE, MIDDLE + GOAL * FINE]) offPost(rink, x, y);
  }
  const y = rink[ICE + 1];
  if (!(MIDDLE - GOAL * FINE < y && y < MIDDLE + GOAL * FINE)) keepIn(rink, ICE, PUCK * FINE);
  else if (rink[ICE] < -PUCK * FINE || rink[ICE] > RIGHT + PUCK * FINE) keepInNet(rink);
}

function keepInNet(rink) {
  const deepest = (DEPTH - PUCK) * FINE;
  const x = within(-deepest, RIGHT + deepest, rink[ICE]);
  const y = within(MIDDLE - (GOAL - PUCK) * FINE, MIDDLE + (GOAL - PUCK) * FINE, rink[ICE + 1]);
  if (x === rink[ICE] && y === rink[ICE + 1]) return;
  [rink[ICE], rink[ICE + 1], rink[ICE + VX], rink[ICE + VY]] = [x, y, 0, 0];
}

function keepIn(rink, at, radius) {
  const corner = CORNER * FINE;
  const [x, y] = [rink[at], rink[at + 1]];
  const centreX = x < corner ? corner : x > RIGHT - corner ? RIGHT - corner : null;
  const centreY = y < corner ? corner : y > BOTTOM - corner ? BOTTOM - corner : null;
  if (centreX !== null && centreY !== null) {
    keepInCorner(rink, at, centreX, centreY, corner - radius);
    return;
  }
  if (x < radius) bounce(rink, at, radius, 1);
  else if (x > RIGHT - radius) bounce(rink, at, RIGHT - radius, -1);
  if (y < radius) bounce(rink, at + 1, radius, 1);
  else if (y > BOTTOM - radius) bounce(rink, at + 1, BOTTOM - radius, -1);
}

/** Off a straight board; `at`: of the place, the speed is two further. */
function bounce(rink, at, place, side) {
  rink[at] = place;
  rink[at + VX] = side * part(Math.abs(rink[at + VX]) * 3, 4) + 0;
}

function keepInCorner(rink, at, x, y, reach) {
  const [dx, dy] = [rink[at] - x, rink[at + 1] - y];
  const square = dx * dx + dy * dy;
  if (square <= reach * reach) return;
  const away = root(square);
  rink[at] = x + part(dx * reach, away);
  rink[at + 1] = y + part(dy * reach, away);
  const outward = rink[at + VX] * dx + rink[at + VY] * dy;
  if (outward <= 0) return;
  rink[at + VX] -= part(7 * outward * dx, 4 * square);
  rink[at + VY] -= part(7 * outward * dy, 4 * square);
}

function offPost(rink, x, y) {
  let dx = rink[ICE] - x;
  const dy = rink[ICE + 1] - y;
  const reach = (PUCK + POST) * FINE;
  let square = dx * dx + dy * dy;
  if (square >= reach * reach) return;
  if (square === 0) [dx, square] = [x === 0 ? 1 : -1, 1];
  const away = root(square);
  rink[ICE] = x + part(dx * reach, away);
  rink[ICE + 1] = y + part(dy * reach, away);
  const inward = rink[ICE + VX] * dx + rink[ICE + VY] * dy;
  if (inward >= 0) return;
  rink[ICE + VX] -= part(7 * inward * dx, 4 * square);
  rink[ICE + VY] -= part(7 * inward * dy, 4 * square);
}

function slow(rink) {
  const [vx, vy] = [rink[ICE + VX], rink[ICE + VY]];
  const square = vx * vx + vy * vy;
  if (square <= PUCK_SPEED_MAX * PUCK_SPEED_MAX) return;
  const speed = root(square) + 1;
  rink[ICE + VX] = part(vx * PUCK_SPEED_MAX, speed);
  rink[ICE + VY] = part(vy * PUCK_SPEED_MAX, speed);
}

/** One part of so many, and never nothing while there is some. */
const share = (speed, of) => (speed > 0 ? Math.ceil(speed / of) : Math.floor(speed / of)) + 0;

/** A quotient, rounded towards zero; exact, as none of such numbers comes near enough to the next. */
const part = (number, by) => Math.trunc(number / by) + 0;

/** Rounded down; exact below 2**52, as the nearest double to a root never reaches the next number. */
const root = (square) => Math.floor(Math.sqrt(square));

const within = (low, high, value) => Math.max(low, Math.min(high, value));
