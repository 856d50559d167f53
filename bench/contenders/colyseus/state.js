/** What players of a room are told: as few bits a field as Colyseus' schema has. */

import { schema, StateView, t } from "@colyseus/schema";

const Ship = schema({
  x: t.uint16(),
  y: t.uint16(),
  angle: t.uint8(),
  burning: t.boolean(),
  hp: t.uint8(),
  driftX: t.int8(),
  driftY: t.int8(),
  safeUntil: t.uint16(),
  tripleUntil: t.uint16(),
  backAt: t.uint16(),
  kills: t.uint16(),
  deaths: t.uint16(),
  by: t.int16(),
  ack: t.uint32(), // of the last numbered input; only those that measure latency number theirs
}, "Ship");

/** Told once: from where and when it flies, and how fast; clients work out the rest. */
const Shot = schema({
  x: t.uint16(),
  y: t.uint16(),
  vx: t.int16(),
  vy: t.int16(),
  time: t.uint16(),
  seat: t.uint16(),
}, "Shot");

const Kit = schema({ x: t.uint16(), y: t.uint16(), triple: t.boolean() }, "Kit");
const Rock = schema({ x: t.uint16(), y: t.uint16(), r: t.uint8() }, "Rock");

export const ArenaState = schema({
  ships: t.map(Ship),
  shots: t.map(Shot),
  kits: t.map(Kit),
  rocks: t.array(Rock),
}, "ArenaState");

/** The same where each player has a view of what is near. */
const CrowdState = schema({
  ships: t.map(Ship).view(),
  shots: t.map(Shot).view(),
  kits: t.map(Kit),
  rocks: t.array(Rock),
}, "CrowdState");

const SIGHT = 1000 * 32;

/** The state of a world, and what keeps it so. */
export class Told {
  constructor(world, state = new ArenaState()) {
    this.world = world;
    this.state = state;
    this.shots = new Map();
    this.kits = new Map();
    for (const rock of world.rocks) this.state.rocks.push(new Rock().assign(rock));
  }

  join(ship) {
    const told = new Ship();
    told.ack = 0;
    this.state.ships.set(String(ship.seat), told);
    tell(ship, told);
    return told;
  }

  leave(ship) {
    this.state.ships.delete(String(ship.seat));
  }

  fired() {}

  /** After a tick; a field that is set to what it was is no change. */
  tick() {
    const { world, state } = this;
    for (const ship of world.ships) tell(ship, ship.told);
    follow(world.shots, this.shots, state.shots, (shot) => {
      const told = new Shot();
      told.x = shot.x >> 5;
      told.y = shot.y >> 5;
      told.vx = shot.vx;
      told.vy = shot.vy;
      told.time = world.time;
      told.seat = shot.seat;
      return told;
    }, (shot, told) => this.fired(shot, told));
    follow(world.kits, this.kits, state.kits, (kit) => new Kit().assign(kit));
  }
}

/** Where everyone is told what is near: ships as they come and go, shots where they are fired. */
export class ToldNear extends Told {
  constructor(world) {
    super(world, new CrowdState());
    this.viewers = new Map();
  }

  join(ship, client) {
    const told = super.join(ship);
    client.view = new StateView();
    client.view.add(told);
    this.viewers.set(ship, { view: client.view, near: new Set([ship]) });
    return told;
  }

  leave(ship) {
    for (const { near } of this.viewers.values()) near.delete(ship);
    this.viewers.delete(ship);
    super.leave(ship);
  }

  tick() {
    super.tick();
    for (const [own, { view, near }] of this.viewers) {
      for (const ship of this.world.ships) {
        if (isNear(own, ship)) {
          if (!near.has(ship)) {
            near.add(ship);
            view.add(ship.told);
          }
        } else if (near.delete(ship)) {
          view.remove(ship.told);
        }
      }
    }
  }

  fired(shot, told) {
    for (const [own, { view }] of this.viewers) {
      if (isNear(own, shot)) view.add(told);
    }
  }
}

function isNear(own, other) {
  const dx = other.x - own.x;
  const dy = other.y - own.y;
  return dx * dx + dy * dy <= SIGHT * SIGHT;
}

function tell(ship, told) {
  told.x = ship.x >> 5;
  told.y = ship.y >> 5;
  told.angle = ship.angle;
  told.burning = ship.thrust;
  told.hp = ship.hp;
  told.driftX = ship.driftX;
  told.driftY = ship.driftY;
  told.safeUntil = ship.safeUntil;
  told.tripleUntil = ship.tripleUntil;
  told.backAt = ship.backAt;
  told.kills = ship.kills;
  told.deaths = ship.deaths;
  told.by = ship.by;
}

/** Bring a map of the state in line with one of the world. */
function follow(there, known, told, made, placed = () => {}) {
  for (const key of known.keys()) {
    if (!there.has(key)) {
      told.delete(known.get(key));
      known.delete(key);
    }
  }
  for (const [key, item] of there) {
    if (!known.has(key)) {
      const name = String(key);
      known.set(key, name);
      const shown = made(item);
      told.set(name, shown);
      placed(item, shown);
    }
  }
}
