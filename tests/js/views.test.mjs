/** A session whose views come as bits, or as plain values with a schema beside them. */

import assert from "node:assert/strict";
import test from "node:test";

import { Kind } from "../../games/static/games/kinds.js";
import { reuse, sight } from "../../games/static/games/patch.js";
import { Bench, delta, freeze, fromBits, welcome } from "./kit.mjs";

const SHARED = {
  kind: "record",
  fields: [
    ["phase", { kind: "enum", names: ["playing", "paused", "over"] }],
    ["seats", { kind: "json" }],
    ["result", { kind: "json" }],
    ["game", { kind: "record", fields: [["n", { kind: "int", low: 0, high: 255 }]] }],
  ],
};
const SHIPS = { kind: "table", rows: 100, columns: [["x", { kind: "int", low: 0, high: 100 }]], by_seat: true };
const OWN = {
  kind: "record",
  fields: [
    ["secret", { kind: "int", low: 0, high: 15 }],
    ["seen", { kind: "record", fields: [["ships", SHIPS]] }],
  ],
};

const shown = (n) => ({ phase: "playing", seats: {}, result: null, game: { n } });
const byte = (n) => n.toString(2).padStart(8, "0");
const whole = (n) => fromBits("00", "0001 10000000", "0001 11000000", byte(n));
/** A change of `n`, and of nothing else. */
const step = (tick, n, more = {}) => ({ t: "delta", tick, time: tick, change: fromBits("0001 1", byte(n)), ...more });
const print = (n) => new Kind(SHARED).fingerprint(shown(n));
/** The own view: 5 to keep, ships 2 and 3 in sight at 10 and 20. */
const ownWhole = fromBits("0101", "0010 00010 10 00", "0001010 0010100");

function live({ own = null, ...more } = {}) {
  const bench = new Bench();
  bench.session.open("ticket", bench.now);
  bench.hear(
    welcome({ time: 10, schema: { shared: SHARED, own: own && OWN }, ...more }),
    ...(own ? [{ t: "own", tick: 10, view: own }] : []),
    { t: "snapshot", tick: 10, time: 10, view: whole(0) },
  );
  bench.said();
  bench.events = [];
  return bench;
}

test("views and changes in bits are read by the schema of the welcome", () => {
  const bench = live();
  assert.deepEqual(bench.session.shared.view, shown(0));
  const { seats } = bench.session.shared.view;
  bench.hear(step(11, 7));
  assert.deepEqual(bench.session.state, { n: 7 });
  assert.equal(bench.session.shared.view.seats, seats);
  assert.deepEqual(bench.told("state").map(([now, before]) => [now.n, before.n]), [[7, 0]]);
  assert.deepEqual(bench.said(), []);
});

test("a delta says how many ticks back the view lies that it changes", () => {
  const bench = live();
  bench.hear(step(14, 4, { back: 4 }));
  assert.deepEqual(bench.session.state, { n: 4 });
  bench.hear(step(16, 6));
  assert.deepEqual(bench.said(), [{ t: "resync", tick: 14 }]);
  bench.hear(step(16, 6, { back: 2 }));
  assert.deepEqual(bench.session.state, { n: 6 });
});

test("a delta without any change moves the tick and nothing else", () => {
  for (const change of [new Uint8Array(), {}]) {
    const bench = live();
    const { view } = bench.session.shared;
    bench.hear({ t: "delta", tick: 12, time: 12, change, back: 2 });
    assert.equal(bench.session.shared.view, view);
    assert.equal(bench.session.shared.tick, 12);
  }
});

test("the same schema and plain values say the same", () => {
  const bench = live();
  bench.hear({ t: "snapshot", tick: 11, time: 11, view: shown(1) }, delta(12, 11, { n: 2 }));
  bench.hear({ ...delta(13, 12, { n: 3 }), hash: print(3) });
  assert.deepEqual(bench.session.state, { n: 3 });
  assert.equal(bench.session.drifts, 0);
});

test("a view that is the room's is known by its fingerprint", () => {
  const bench = live();
  bench.hear(step(11, 7, { hash: print(7) }));
  assert.deepEqual([bench.session.drifts, bench.told("drift"), bench.said()], [0, [], []]);
});

test("a view that has drifted is counted, told, and replaced by a snapshot", () => {
  for (const wrong of [step(11, 7, { hash: print(8) }), { ...delta(11, 10, { n: 7 }), hash: print(8) }]) {
    const bench = live();
    bench.hear(wrong);
    assert.deepEqual(bench.told("drift"), [[{ view: "shared", tick: 11, reason: "hash" }]]);
    assert.equal(bench.session.drifts, 1);
    bench.hear(step(12, 9));
    assert.deepEqual(bench.said(), [{ t: "resync", tick: -1 }], "asked once, and for everything");
    assert.deepEqual(bench.session.state, { n: 7 }, "and nothing is built on it");
    bench.hear({ t: "snapshot", tick: 12, time: 12, view: whole(9) }, step(13, 10, { hash: print(10) }));
    assert.deepEqual(bench.session.state, { n: 10 });
    assert.deepEqual([bench.session.drifts, bench.said()], [1, []]);
  }
});

test("a change that does not fit the view that it names is a drift", () => {
  const misfits = [
    { t: "delta", tick: 11, time: 11, change: { in: { nothing: { set: { a: 1 } } } } },
    { t: "delta", tick: 11, time: 11, change: fromBits("0001 1 1") },
  ];
  for (const misfit of misfits) {
    const bench = live();
    bench.hear(misfit);
    assert.deepEqual(bench.told("drift"), [[{ view: "shared", tick: 10, reason: "change" }]]);
    assert.deepEqual([bench.session.state, bench.said()], [{ n: 0 }, [{ t: "resync", tick: -1 }]]);
  }
});

test("an own view that has drifted is replaced as well", () => {
  const bench = live({ own: ownWhole });
  bench.hear({ t: "own", tick: 11, change: fromBits("10 0110"), hash: 1 }, step(11, 1));
  assert.deepEqual(bench.told("drift"), [[{ view: "own", tick: 11, reason: "hash" }]]);
  assert.deepEqual(bench.said(), [{ t: "resync", tick: -1 }]);
  bench.hear({ t: "own", tick: 11, view: ownWhole }, { t: "snapshot", tick: 11, time: 11, view: whole(1) });
  assert.deepEqual([bench.session.secret, bench.session.state.n], [5, 1]);
  bench.after(2000);
  assert.deepEqual(bench.said(), []);
});

test("a drift does not outlive its socket", () => {
  const bench = live();
  bench.hear(step(11, 7, { hash: 1 }));
  bench.session.lost();
  bench.session.open(null, bench.now);
  const schema = { shared: SHARED, own: null };
  bench.hear(welcome({ schema }), { t: "snapshot", tick: 20, time: 20, view: whole(1) }, step(21, 2));
  assert.deepEqual(bench.session.state, { n: 2 });
});

test("the state holds the tables of which this seat sees a part, and the secret stands beside it", () => {
  const bench = live({ own: ownWhole });
  assert.deepEqual(bench.session.state, { n: 0, ships: { 2: { x: 10 }, 3: { x: 20 } } });
  assert.equal(bench.session.secret, 5);
  const { ships } = bench.session.state;
  bench.hear(step(11, 1));
  assert.equal(bench.session.state.ships, ships);
  const { state } = bench.session;
  bench.hear({ t: "own", tick: 12, back: 2, change: fromBits("10 0110") });
  assert.equal(bench.session.state, state, "only the secret has changed");
  assert.equal(bench.session.secret, 6);
});

test("a state tells which rows only came into sight or left it", () => {
  // ship 2 left sight, 4 came into it, 5 is new, 3 moved by one
  const bits = fromBits("01 1", "0001 00000 1", "0010 00011 100 000", "0000001 0000010", "10", "0001 0010 10");
  const json = { in: { seen: { in: { ships: {
    set: { 4: { x: 1 }, 5: { x: 2 } }, in: { 3: { set: { x: 21 } } }, gone: ["2"], enter: [4], leave: [2],
  } } } } };
  for (const change of [bits, json]) {
    const bench = live({ own: ownWhole });
    bench.hear({ t: "own", tick: 11, change }, step(11, 1));
    const [state, previous, info] = bench.told("state")[0];
    assert.deepEqual(state.ships, { 3: { x: 21 }, 4: { x: 1 }, 5: { x: 2 } });
    assert.deepEqual(Object.keys(previous.ships), ["2", "3"]);
    assert.deepEqual([info.entered, info.left], [{ ships: new Set(["4"]) }, { ships: new Set(["2"]) }]);
    bench.hear(step(12, 2));
    const next = bench.told("state")[1][2];
    assert.deepEqual([next.entered, next.left], [{}, {}]);
  }
});

test("a state of which only the seat's own part is new is as new as that", () => {
  for (const [realtime, time] of [[true, 13], [false, 10]]) {
    const bench = live({ own: ownWhole, realtime });
    bench.hear({ t: "own", tick: 13, back: 3, change: fromBits("10 0110") });
    const { info } = bench.session;
    assert.deepEqual([info.tick, info.time], [13, time]);
    bench.hear({ t: "own", tick: 14, change: fromBits("10 0111") }, step(14, 1, { back: 4 }));
    assert.deepEqual([bench.session.info.tick, bench.session.info.time], [14, 14]);
  }
});

test("the clock goes by what a seat hears, be it only its own part", () => {
  const [one, other] = [live({ own: ownWhole }), live({ own: ownWhole })];
  for (let tick = 11; tick < 60; tick++) {
    one.now = other.now += tick % 5 ? 60 : 45; // a room that is slower than it says, and uneven
    one.hear({ t: "own", tick, change: fromBits("10", tick % 2 ? "0110" : "0111") });
    other.hear(step(tick, tick));
  }
  assert.equal(one.session.time(one.now), other.session.time(other.now));
});

test("a snapshot shares with the known view what is equal", () => {
  const bench = live({ own: ownWhole });
  const { shared, own, state } = bench.session;
  bench.session.lost();
  bench.session.open(null, bench.now);
  const schema = { shared: SHARED, own: OWN };
  bench.hear(welcome({ schema }), { t: "own", tick: 12, view: ownWhole }, { t: "snapshot", tick: 12, time: 12, view: whole(1) });
  assert.equal(bench.session.shared.view.seats, shared.view.seats);
  assert.equal(bench.session.own.view, own.view);
  assert.equal(bench.session.state.ships, state.ships);
  assert.equal(bench.told("seats").length, 0);
});

test("a view that cannot be read is told and asked for again, and the known one stays", () => {
  const bench = live();
  bench.hear({ t: "snapshot", tick: 11, time: 11, view: fromBits("11") });
  assert.equal(bench.told("error")[0][0].code, "unreadable_view");
  assert.deepEqual([bench.session.state, bench.said()], [{ n: 0 }, [{ t: "resync", tick: -1 }]]);
  bench.hear(step(11, 7));
  assert.deepEqual(bench.said(), []);
  bench.after(1000);
  assert.deepEqual(bench.said(), [{ t: "resync", tick: -1 }]);
  bench.hear({ t: "snapshot", tick: 12, time: 12, view: whole(3) });
  assert.deepEqual(bench.session.state, { n: 3 });
});

test("a schema of kinds that are not known leaves plain values readable", () => {
  const bench = new Bench();
  bench.session.open("ticket", bench.now);
  bench.hear(welcome({ schema: { shared: { kind: "novel" }, own: null } }), { t: "snapshot", tick: 1, time: 1, view: shown(4) });
  assert.equal(bench.told("error")[0][0].code, "unreadable_view");
  bench.hear({ ...delta(2, 1, { n: 5 }), hash: 7 });
  assert.deepEqual([bench.session.state, bench.session.drifts], [{ n: 5 }, 0]);
});

test("what two views have in common is reused, and neither is touched", () => {
  const old = freeze({ ships: { 1: { x: 1 }, 2: { x: 2 } }, log: [[1], [2]], word: "a" });
  const next = freeze(structuredClone({ ...old, log: [[1], [3], [4]] }));
  const view = reuse(old, next);
  assert.deepEqual(view, next);
  assert.equal(view.ships, old.ships);
  assert.equal(view.log[0], old.log[0]);
  assert.notEqual(view.log[1], old.log[1]);
  assert.equal(reuse(old, structuredClone(old)), old);
  assert.deepEqual(reuse({ a: [1] }, { a: { 0: 1 } }), { a: { 0: 1 } });
  assert.deepEqual(reuse({ a: 1, b: 2 }, { a: 1 }), { a: 1 });
  assert.deepEqual(reuse([1, 2], [1]), [1]);
});

test("rows that came into sight are found in a change wherever their table stands", () => {
  const news = { entered: {}, left: {} };
  sight({ in: { a: { in: { b: { enter: [1], set: { 1: {} } } } }, c: { leave: [2, 3], gone: ["2", "3"] } } }, news);
  assert.deepEqual(news, { entered: { "a.b": new Set(["1"]) }, left: { c: new Set(["2", "3"]) } });
});
