/** What the tests of the SDK share: fixtures, a session with its events, and a world without time. */

import { readFileSync } from "node:fs";

import { CLIENT, SUBPROTOCOLS, decode, encode } from "../../games/static/games/codec.js";
import { Session } from "../../games/static/games/session.js";

export const fixture = (name) =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf8"));

export const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** Bytes from bits as they are read aloud: "1 0010 …"; zeros fill up the last one. */
export function fromBits(...parts) {
  const bits = parts.join("").replace(/\s/g, "");
  const bytes = bits.match(/.{1,8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => parseInt(byte.padEnd(8, "0"), 2));
}

/** The same value, and nobody can change it any more. */
export function freeze(value) {
  if (value === null || typeof value !== "object" || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}

/** Whole numbers below what is asked for, the same ones for each seed. */
export function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export const toHex = (bytes) => Buffer.from(bytes).toString("hex");

export const welcome = (more = {}) => ({
  t: "welcome", v: 1, match: "m1", title: "arena", seat: 0, hz: 20, realtime: true, time: 0,
  settings: {}, schema: { shared: { kind: "json" }, own: { kind: "json" } }, resume: "r.1", ...more,
});

export const snapshot = (tick, game = {}, more = {}) => ({
  t: "snapshot", tick, time: tick,
  view: { phase: "playing", seats: { 0: { name: "Ada", status: "here", until: null } }, result: null, game, ...more },
});

/** A change of the title's view. */
export const delta = (tick, base, set = {}) => ({
  t: "delta", tick, time: tick, change: { in: { game: { set } } }, back: tick - base,
});

/** The end of the match. */
export const ending = (tick, base) => ({
  t: "delta", tick, time: tick,
  change: { set: { phase: "over", result: { ranking: [[0], [1]], reason: "checkmate" } } },
  back: tick - base,
});

export const settled = (number, refused = [], tick = number) => ({
  t: "own", tick, settled: number, ...(refused.length ? { refused } : {}),
});

/** A session that keeps what it said and what it told, at a time that the test moves. */
export class Bench {
  constructor() {
    this.now = 1000;
    this.events = [];
    this.session = new Session("0123456789abcdef", (...event) => this.events.push(event));
  }

  /** A session that is live at tick 10. */
  static live(more = {}) {
    const bench = new Bench();
    bench.session.open("ticket", bench.now);
    bench.hear(welcome({ time: 10, ...more }), snapshot(10, { n: 0 }));
    bench.said();
    bench.events = [];
    return bench;
  }

  hear(...messages) {
    this.session.receive(messages, this.now);
  }

  send(data, seen) {
    return this.session.send(data, this.now, seen);
  }

  /** What is to be sent; pings and reports of what arrived aside. */
  said() {
    return this.session.take().filter(({ t }) => t !== "ping" && t !== "got");
  }

  /** The numbers of the inputs that are to be sent. */
  inputs() {
    return this.said().filter(({ t }) => t === "input").map(({ seq }) => seq);
  }

  after(ms) {
    this.now += ms;
    this.session.poll(this.now);
    return this;
  }

  told(name) {
    return this.events.filter(([event]) => event === name).map(([, ...args]) => args);
  }
}

/** A browser's world, with sockets that the test plays and time that it moves. */
export class World {
  constructor() {
    this.time = 0;
    this.timers = new Map();
    this.sockets = [];
    this.tickets = 0;
    const world = this;
    this.env = {
      now: () => world.time,
      setTimeout: (call, ms) => {
        const id = Symbol("timer");
        world.timers.set(id, { call, at: world.time + ms });
        return id;
      },
      clearTimeout: (id) => world.timers.delete(id),
      random: () => 1,
      page: null,
      WebSocket: class extends FakeSocket {
        constructor(url, protocols) {
          super(url, protocols);
          world.sockets.push(this);
        }
      },
    };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  options(more = {}) {
    return {
      match: "m1", url: "ws://test/ws/room/m1", encoding: "json", env: this.env,
      getTicket: async () => `ticket ${++this.tickets}`, ...more,
    };
  }

  /** Lets time pass, with every timer at its time. */
  async pass(ms) {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const due = [...this.timers].filter(([, { at }]) => at <= end);
      if (due.length === 0) break;
      const [id, { call, at }] = due.reduce((a, b) => (b[1].at < a[1].at ? b : a));
      this.timers.delete(id);
      this.time = Math.max(this.time, at);
      call();
    }
    this.time = end;
    await settle();
  }
}

class FakeSocket {
  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    this.protocol = protocols[0];
    this.readyState = 0;
    this.sent = [];
  }

  send(frame) {
    this.sent.push(...decode(frame, CLIENT));
  }

  close(code) {
    this.readyState = 3;
    this.closedWith = code;
  }

  // what the server does
  accept() {
    this.readyState = 1;
    this.onopen({});
  }

  say(...messages) {
    const json = this.protocol === SUBPROTOCOLS.json;
    const parts = messages.map((message) => encode(message, json ? "json" : "msgpack"));
    this.onmessage({ data: json ? parts.join("\n") : new Uint8Array(Buffer.concat(parts)).buffer });
  }

  drop(code) {
    this.readyState = 3;
    this.onclose({ code });
  }

  inputs() {
    return this.sent.filter(({ t }) => t === "input").map(({ seq }) => seq);
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
