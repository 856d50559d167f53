/**
 * Arena on Colyseus: `node server.js <port> <stock|tuned> <report>`.
 *
 * `stock` is what its documentation shows: a simulation interval and a patch rate of 50 ms each. A
 * timer of Node is set anew when it has run, so what a tick takes is added to its period. `tuned`
 * has one timer a room, set to the time at which the next tick is due, and sends each patch right
 * behind its tick.
 *
 * On SIGHUP it writes to `report` what its ticks were like since the last one, and begins anew.
 */

import { renameSync, writeFileSync } from "node:fs";

import { Room, Server } from "@colyseus/core";
import { WebSocketTransport } from "@colyseus/ws-transport";

import { World } from "./arena.js";
import { Told, ToldNear } from "./state.js";

const [port, mode, report] = process.argv.slice(2);
const PERIOD_MS = 50;
const CATCH_UP_MS = 5 * PERIOD_MS;
const CROWD = 1000; // players from which on each is told what is near
const NEVER_MS = 2 ** 31 - 1; // the longest that a timer can wait

/** How late ticks were, in steps of 0.1 ms. */
class Meter {
  constructor() {
    this.ticks = 0;
    this.dropped = 0;
    this.max = 0;
    this.late = new Uint32Array(10_001);
  }

  tick(lateMs) {
    const late = Math.max(0, lateMs);
    this.ticks++;
    this.max = Math.max(this.max, late);
    this.late[Math.min(10_000, Math.floor(late * 10))]++;
  }

  quantile(share) {
    let seen = 0;
    const step = this.late.findIndex((count) => (seen += count) >= share * this.ticks);
    return Math.min(this.max, (step + 1) / 10);
  }
}

let meter = new Meter();

class Arena extends Room {
  maxClients = 1000;

  onCreate({ seats = 10 }) {
    const more = Math.sqrt(Math.max(1, seats / 10)); // ten have as much space each as a thousand
    this.world = new World(Math.round(3200 * more), Math.round(1800 * more));
    this.told = seats < CROWD ? new Told(this.world) : new ToldNear(this.world);
    this.state = this.told.state;
    this.free = [];
    this.onMessage("controls", (client, held) => {
      const ship = client.userData;
      ship.turn = held.turn;
      ship.thrust = held.thrust;
      ship.fire = held.fire;
      if (held.seq !== undefined) ship.told.ack = held.seq;
    });
    if (mode === "tuned") this.keepTime();
    else this.runStock();
  }

  runStock() {
    let due = performance.now() + PERIOD_MS;
    this.setSimulationInterval(() => {
      const now = performance.now();
      meter.tick(now - due);
      due = now + PERIOD_MS;
      this.tick();
    }, PERIOD_MS);
    this.patchRate = PERIOD_MS;
  }

  keepTime() {
    this.setSimulationInterval(() => {}, NEVER_MS); // else a timer of its own moves its clock
    this.patchRate = null;
    let due = performance.now() + PERIOD_MS;
    const run = () => {
      const late = performance.now() - due;
      if (late > CATCH_UP_MS) {
        meter.dropped += Math.floor(late / PERIOD_MS);
        due += Math.floor(late / PERIOD_MS) * PERIOD_MS;
      }
      meter.tick(late);
      this.clock.tick();
      this.tick();
      this.broadcastPatch();
      due += PERIOD_MS;
      this.timer = setTimeout(run, Math.max(0, due - performance.now()));
    };
    this.timer = setTimeout(run, PERIOD_MS);
  }

  tick() {
    this.world.step();
    this.told.tick();
  }

  onJoin(client) {
    const ship = this.world.join(this.free.pop() ?? this.world.ships.length);
    ship.told = this.told.join(ship, client);
    client.userData = ship;
  }

  onLeave(client) {
    this.world.leave(client.userData);
    this.told.leave(client.userData);
    this.free.push(client.userData.seat);
  }

  onDispose() {
    clearTimeout(this.timer);
  }
}

process.on("SIGHUP", () => {
  const said = {
    ticks: meter.ticks,
    dropped: meter.dropped,
    late_ms_p50: meter.quantile(0.5),
    late_ms_p99: meter.quantile(0.99),
    late_ms_max: meter.max,
  };
  meter = new Meter();
  writeFileSync(`${report}.half`, JSON.stringify(said));
  renameSync(`${report}.half`, report);
});

const server = new Server({ transport: new WebSocketTransport(), greet: false });
server.define("arena", Arena);
await server.listen(Number(port), "127.0.0.1");
console.log("listening");
