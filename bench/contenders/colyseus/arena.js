/**
 * The rules of arena, as `games/catalog/arena/world.py` has them: the same numbers, whole numbers
 * only, the same order within a tick. Left out: rewinding shots to what their player saw, which
 * spares this server work. Chance is Math.random, since nothing is replayed here.
 *
 * Ships and shots are plain objects with all their fields from the start, so that the engine keeps
 * one shape for each; a tick allocates for new shots alone.
 */

export const FINE = 32;
export const ANGLES = 256;
export const HP = 5;

const SHIP_RADIUS = 34 * FINE;
const THRUST = 35;
const DRAG = 32;
const SPEED_MAX = 2 * THRUST * DRAG;
const SPIN_MAX = 9;
const SPIN_GAIN = 3;
const SHOT_SPEED = 64 * FINE;
const SHOT_LIFE = 24;
const SHOT_REACH = SHIP_RADIUS + 6 * FINE;
const SHOT_NEAR = SHOT_REACH + SHOT_SPEED + 3 * SPEED_MAX;
const RELOAD = 5;
const SPREAD = 9;
const BACK_AFTER = 50;
const SAFE_FOR = 40;
const TRIPLE_FOR = 200;
const ROCKS = 7;
const KITS_MAX = 4;
const KIT_EVERY = 100;
const KIT_REACH = SHIP_RADIUS + 30 * FINE;
const DRIFT_EVERY = 8;

const SINE = Int32Array.from({ length: ANGLES }, (_, at) =>
  Math.round(1024 * Math.sin((at * 2 * Math.PI) / ANGLES)));
const sine = (angle) => SINE[angle & (ANGLES - 1)];
const cosine = (angle) => SINE[(angle + ANGLES / 4) & (ANGLES - 1)];

const between = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
const clamp = (value, low, high) => (value < low ? low : value > high ? high : value);

/** A room's world: `width` × `height` units, `ships` by seat, `shots` and `kits` by number. */
export class World {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.time = 0;
    this.born = 0;
    this.ships = [];
    this.shots = new Map();
    this.kits = new Map();
    this.rocks = scatterRocks(width, height);
  }

  /** A new ship on this seat. */
  join(seat) {
    const ship = {
      seat, x: 0, y: 0, vx: 0, vy: 0, angle: 0, spin: 0, reload: 0, hp: 0,
      turn: 0, thrust: false, fire: false, driftX: 0, driftY: 0,
      safeUntil: 0, tripleUntil: 0, backAt: 0, kills: 0, deaths: 0, by: -1,
    };
    this.spawn(ship);
    this.ships.push(ship);
    return ship;
  }

  leave(ship) {
    this.ships.splice(this.ships.indexOf(ship), 1);
  }

  /** Let one period pass. */
  step() {
    this.time++;
    for (const [key, shot] of this.shots) {
      if (!this.fly(shot)) this.shots.delete(key);
    }
    for (const ship of this.ships) {
      if (ship.hp) {
        if (this.pilot(ship)) this.fire(ship);
      } else if (this.time >= ship.backAt) {
        this.spawn(ship);
      }
    }
    this.jostle();
    this.offerKits();
    if (this.time % DRIFT_EVERY === 0) {
      for (const ship of this.ships) {
        if (!ship.hp) continue;
        ship.driftX = (ship.vx + FINE / 2) >> 5;
        ship.driftY = (ship.vy + FINE / 2) >> 5;
      }
    }
  }

  /** Move a ship on by what its player holds down; true if its gun goes off. */
  pilot(ship) {
    if (ship.turn * ship.spin > 0) {
      ship.spin = clamp(ship.spin + ship.turn * SPIN_GAIN, -SPIN_MAX, SPIN_MAX);
    } else {
      ship.spin = ship.turn * SPIN_GAIN;
    }
    ship.angle = (ship.angle + ship.spin) & (ANGLES - 1);
    ship.vx -= drag(ship.vx);
    ship.vy -= drag(ship.vy);
    if (ship.thrust) {
      ship.vx += (THRUST * cosine(ship.angle) + 512) >> 10;
      ship.vy += (THRUST * sine(ship.angle) + 512) >> 10;
    }
    this.move(ship);
    if (ship.reload > 0) ship.reload--;
    if (ship.fire && ship.reload === 0) {
      ship.reload = RELOAD;
      return true;
    }
    return false;
  }

  move(ship) {
    const right = this.width * FINE - SHIP_RADIUS;
    const bottom = this.height * FINE - SHIP_RADIUS;
    ship.x += ship.vx;
    if (ship.x < SHIP_RADIUS || ship.x > right) {
      const back = Math.abs(ship.vx) * 3;
      ship.vx = ship.x < SHIP_RADIUS ? back >> 2 : -back >> 2;
      ship.x = clamp(ship.x, SHIP_RADIUS, right);
    }
    ship.y += ship.vy;
    if (ship.y < SHIP_RADIUS || ship.y > bottom) {
      const back = Math.abs(ship.vy) * 3;
      ship.vy = ship.y < SHIP_RADIUS ? back >> 2 : -back >> 2;
      ship.y = clamp(ship.y, SHIP_RADIUS, bottom);
    }
    for (const rock of this.rocks) {
      const dx = ship.x - rock.x * FINE;
      const dy = ship.y - rock.y * FINE;
      const reach = rock.r * FINE + SHIP_RADIUS;
      if (dx <= -reach || dx >= reach || dy <= -reach || dy >= reach) continue;
      const square = dx * dx + dy * dy;
      if (square >= reach * reach) continue;
      const away = Math.floor(Math.sqrt(square)) || 1;
      ship.x = rock.x * FINE + Math.floor((dx * reach) / away);
      ship.y = rock.y * FINE + Math.floor((dy * reach) / away);
      const inward = ship.vx * dx + ship.vy * dy;
      if (inward < 0) {
        ship.vx -= Math.floor((7 * inward * dx) / (4 * away * away));
        ship.vy -= Math.floor((7 * inward * dy) / (4 * away * away));
      }
    }
  }

  /** Put a new ship where its nearest neighbour is farthest, of a few places. */
  spawn(ship) {
    let best = -1;
    for (let tries = 0; tries < 6; tries++) {
      const spot = this.freeSpot();
      let nearest = Infinity;
      for (const other of this.ships) {
        if (!other.hp) continue;
        const dx = other.x - spot.x;
        const dy = other.y - spot.y;
        nearest = Math.min(nearest, dx * dx + dy * dy);
      }
      if (nearest > best) {
        best = nearest;
        ship.x = spot.x;
        ship.y = spot.y;
      }
    }
    ship.vx = ship.vy = ship.spin = ship.reload = ship.tripleUntil = 0;
    ship.driftX = ship.driftY = 0;
    ship.angle = between(0, ANGLES - 1);
    ship.hp = HP;
    ship.safeUntil = this.time + SAFE_FOR;
  }

  freeSpot() {
    for (;;) {
      const x = between(150, this.width - 150);
      const y = between(150, this.height - 150);
      if (this.rocks.every((rock) => (x - rock.x) ** 2 + (y - rock.y) ** 2 > (rock.r + 90) ** 2)) {
        return { x: x * FINE, y: y * FINE };
      }
    }
  }

  fire(ship) {
    ship.safeUntil = 0;
    const spread = this.time < ship.tripleUntil ? SPREAD : 0;
    for (let turned = -spread; turned <= spread; turned += spread || 1) {
      const cos = cosine(ship.angle + turned);
      const sin = sine(ship.angle + turned);
      this.shots.set(++this.born, {
        seat: ship.seat,
        x: ship.x + ((SHIP_RADIUS * cos) >> 10),
        y: ship.y + ((SHIP_RADIUS * sin) >> 10),
        vx: ((SHOT_SPEED * cos) >> 10) + (ship.vx >> 1),
        vy: ((SHOT_SPEED * sin) >> 10) + (ship.vy >> 1),
        diesAt: this.time + SHOT_LIFE,
        by: ship,
      });
    }
  }

  /** Move a shot on and let it hit; false if that was its end. */
  fly(shot) {
    for (const ship of this.ships) {
      const dx = ship.x - shot.x;
      const dy = ship.y - shot.y;
      if (dx <= -SHOT_NEAR || dx >= SHOT_NEAR || dy <= -SHOT_NEAR || dy >= SHOT_NEAR) continue;
      if (ship.hp && ship.seat !== shot.seat && meets(dx, dy, shot.vx, shot.vy)) {
        if (this.time >= ship.safeUntil) this.hurt(ship, shot.by);
        return false;
      }
    }
    shot.x += shot.vx;
    shot.y += shot.vy;
    const x = shot.x >> 5;
    const y = shot.y >> 5;
    if (x < 0 || x >= this.width || y < 0 || y >= this.height || this.time >= shot.diesAt) {
      return false;
    }
    for (const rock of this.rocks) {
      const dx = x - rock.x;
      const dy = y - rock.y;
      if (dx * dx + dy * dy < rock.r * rock.r) return false;
    }
    return true;
  }

  hurt(ship, by) {
    if (--ship.hp === 0) {
      ship.backAt = this.time + BACK_AFTER;
      by.kills++;
      ship.deaths++;
      ship.by = by.seat;
    }
  }

  /** Ships that touch are moved apart, and trade the speeds at which they met. */
  jostle() {
    const wide = 2 * SHIP_RADIUS;
    const ships = this.ships;
    for (let one = 0; one < ships.length; one++) {
      const a = ships[one];
      if (!a.hp) continue;
      for (let other = one + 1; other < ships.length; other++) {
        const b = ships[other];
        const dx = b.x - a.x;
        if (dx <= -wide || dx >= wide || !b.hp) continue;
        const dy = b.y - a.y;
        if (dy <= -wide || dy >= wide) continue;
        const square = dx * dx + dy * dy;
        if (square === 0 || square >= wide * wide) continue;
        const away = Math.floor(Math.sqrt(square));
        const pushX = Math.floor((dx * (wide - away)) / (2 * away));
        const pushY = Math.floor((dy * (wide - away)) / (2 * away));
        a.x -= pushX;
        a.y -= pushY;
        b.x += pushX;
        b.y += pushY;
        const closing = (b.vx - a.vx) * dx + (b.vy - a.vy) * dy;
        if (closing < 0) {
          const x = Math.floor((closing * dx) / (away * away));
          const y = Math.floor((closing * dy) / (away * away));
          a.vx += x;
          a.vy += y;
          b.vx -= x;
          b.vy -= y;
        }
        this.settle(a);
        this.settle(b);
      }
    }
  }

  /** After a push: inside the walls, and not too fast. */
  settle(ship) {
    ship.x = clamp(ship.x, SHIP_RADIUS, this.width * FINE - SHIP_RADIUS);
    ship.y = clamp(ship.y, SHIP_RADIUS, this.height * FINE - SHIP_RADIUS);
    ship.vx = clamp(ship.vx, -SPEED_MAX, SPEED_MAX);
    ship.vy = clamp(ship.vy, -SPEED_MAX, SPEED_MAX);
  }

  /** Hand kits to the ships that reach them, and lay out a new one now and then. */
  offerKits() {
    for (const [key, kit] of this.kits) {
      for (const ship of this.ships) {
        const dx = ship.x - kit.x * FINE;
        const dy = ship.y - kit.y * FINE;
        if (ship.hp && dx * dx + dy * dy < KIT_REACH * KIT_REACH) {
          if (kit.triple) ship.tripleUntil = this.time + TRIPLE_FOR;
          else ship.hp = HP;
          this.kits.delete(key);
          break;
        }
      }
    }
    if (this.time % KIT_EVERY === 0 && this.kits.size < KITS_MAX) {
      const spot = this.freeSpot();
      const triple = Math.random() < 0.5;
      this.kits.set(++this.born, { x: spot.x >> 5, y: spot.y >> 5, triple });
    }
  }
}

/** What friction takes: rounded up, so that a ship comes to rest. */
function drag(speed) {
  return Math.floor((speed > 0 ? speed + DRAG - 1 : speed) / DRAG);
}

/** Whether a shot comes within reach that moves by (vx, vy), of what is (dx, dy) away. */
function meets(dx, dy, vx, vy) {
  const along = dx * vx + dy * vy;
  const whole = vx * vx + vy * vy;
  const reach = SHOT_REACH * SHOT_REACH;
  if (along <= 0) return dx * dx + dy * dy <= reach;
  if (along >= whole) return (dx - vx) ** 2 + (dy - vy) ** 2 <= reach;
  return (dx * vy - dy * vx) ** 2 / whole <= reach;
}

function scatterRocks(width, height) {
  const rocks = [];
  for (let tries = 0; tries < 60 && rocks.length < ROCKS; tries++) {
    const x = between(350, width - 350);
    const y = between(350, height - 350);
    const r = between(70, 140);
    if (rocks.every((rock) => (x - rock.x) ** 2 + (y - rock.y) ** 2 > (r + rock.r + 160) ** 2)) {
      rocks.push({ x, y, r });
    }
  }
  return rocks;
}
