/** A room with all that makes it smooth: tracks, predictions, watchers, weather. */

import assert from "node:assert/strict";
import test from "node:test";

import { join } from "../../games/static/games/evertick.js";
import { chance } from "./chance.mjs";
import { World, delta, settled, snapshot, welcome } from "./kit.mjs";

const PERIOD = 50;

async function live({ game = { ships: {} }, greeting = {}, options = {}, more = [] } = {}) {
  const world = new World();
  const room = join(world.options(options));
  await world.pass(0);
  world.socket.accept();
  world.socket.say(welcome({ time: 1, ...greeting }), snapshot(1, game), ...more);
  return { world, room };
}

/** Ticks from `first` on, each a period later, with what they change. */
async function ticks(world, first, changes) {
  for (const [index, set] of changes.entries()) {
    await world.pass(PERIOD);
    world.socket.say(delta(first + index, first + index - 1, set));
  }
}

const line = (from, count) => Array.from({ length: count }, (_, index) => ({ ships: { 3: { x: (from + index) * 10 } } }));

test("a tracked table is shown as it was a moment ago, between two states", async () => {
  const { world, room } = await live({ game: { ships: { 3: { x: 10 } } } });
  const ships = room.track("ships", { x: "lerp" });
  await ticks(world, 2, line(2, 30));
  await world.pass(25);
  const { 3: ship } = ships.at();
  assert.ok(Math.abs(ship.x - ships.time * 10) < 1e-6, `${ship.x} at ${ships.time}`);
  assert.ok(ships.delay > 50 && ships.delay < 60);
  assert.ok(ships.buffer > 20 && ships.tick === 30 && ships.time < 31);
  assert.ok(Math.abs(room.stats.delay - ships.delay) < 1e-9);
  ships.stop();
  room.close();
});

test("columns go as the title declared them, unless the page says otherwise", async () => {
  const record = (...fields) => ({ kind: "record", fields });
  const columns = [
    ["x", { kind: "fixed", low: 0, high: 9, step: 0.5 }],
    ["angle", { kind: "angle", steps: 256 }],
    ["hp", { kind: "int", low: 0, high: 9 }],
  ];
  const table = { kind: "table", rows: 9, columns };
  const shared = record(["game", record(["ships", table])]);
  const { declaredColumns } = await import("../../games/static/games/screen.js");
  assert.deepEqual(declaredColumns({ shared, own: null }, "ships"), {
    modes: { x: "lerp", angle: "angle", hp: "snap" }, turn: { angle: 256 },
  });
  const own = record(["secret", { kind: "json" }], ["seen", record(["near", table])]);
  assert.equal(declaredColumns({ shared, own }, "near").modes.x, "lerp");
  const rows = { kind: "map", max: 9, of: record(...columns) };
  const map = record(["game", { kind: "optional", of: record(["a", rows]) }]);
  assert.equal(declaredColumns({ shared: map }, "a").turn.angle, 256);
  for (const path of ["nothing", "ships.3.x", ""]) assert.deepEqual(declaredColumns({ shared }, path), { modes: {}, turn: {} });
  assert.deepEqual(declaredColumns(undefined, "ships"), { modes: {}, turn: {} });
});

test("in a pause the screen catches up with the last state", async () => {
  const { world, room } = await live({ game: { ships: { 3: { x: 10 } } } });
  const ships = room.track("ships", { x: "lerp" }, { delayMs: 100 });
  await ticks(world, 2, line(2, 9));
  assert.equal(ships.at()[3].x, 80);
  world.socket.say({ t: "delta", tick: 11, time: 11, change: { set: { phase: "paused" } }, back: 1 });
  for (let frame = 0; frame < 20; frame++) {
    await world.pass(16);
    ships.at();
  }
  assert.equal(ships.at()[3].x, 100);
  room.close();
});

test("an input names the tick on the screen where something is tracked, else what it is told to", async () => {
  const { world, room } = await live();
  const seen = () => world.socket.sent.filter(({ t }) => t === "input").at(-1).seen;
  room.send("a");
  assert.equal(seen() ?? -1, -1);
  room.send("b", { seen: 1 });
  assert.equal(seen(), 1);
  const ships = room.track("ships", {}, { delayMs: 100 });
  await ticks(world, 2, line(2, 9));
  ships.at();
  room.send("c");
  assert.equal(seen(), 8);
  room.close();
});

test("handlers are told of values, and of rows that came and went", async () => {
  const { world, room } = await live({ game: { ships: { 3: { hp: 5 } } } });
  const told = [];
  room.on("change", "ships.3.hp", (value, previous) => told.push(["hp", value, previous]));
  room.on("change", (state, previous) => told.push(["all", state.ships === previous.ships]));
  room.on("add", "ships", (row, id, { entered }) => told.push(["add", id, entered]));
  const stop = room.on("remove", "ships", (row, id, { left }) => told.push(["remove", id, left]));
  world.socket.say(delta(2, 1, { ships: { 3: { hp: 4 }, 4: { hp: 5 } } }));
  assert.deepEqual(told.splice(0), [["hp", 4, 5], ["all", false], ["add", "4", false]]);
  world.socket.say(delta(3, 2));
  assert.deepEqual(told.splice(0), []);
  world.socket.say(delta(4, 3, { ships: {} }));
  assert.deepEqual(told.splice(0), [["hp", undefined, 4], ["all", false], ["remove", "3", false], ["remove", "4", false]]);
  stop();
  world.socket.drop(1006);
  await world.pass(250);
  world.socket.accept();
  world.socket.say(welcome(), snapshot(9, { ships: {} }));
  assert.deepEqual(told, []);
  room.close();
});

test("rows of the first state come for whoever listens from the start", async () => {
  const world = new World();
  const room = join(world.options());
  const told = [];
  room.on("add", "ships", (row, id) => told.push(id));
  await world.pass(0);
  world.socket.accept();
  world.socket.say(welcome(), snapshot(1, { ships: { 3: {}, 4: {} } }));
  assert.deepEqual(told, ["3", "4"]);
  room.close();
});

// --- prediction ------------------------------------------------------------------------------------

const fly = ({ x }, input) => ({ x: x + input });
const own = (room) => room.predict({ read: (secret, state) => state.ships[0] ?? null, step: fly });

test("what is sent is carried out at once, and the room's word on it changes nothing", async () => {
  const { world, room } = await live({ game: { ships: { 0: { x: 0 } } } });
  const me = own(room);
  me.send(5);
  me.send(7);
  assert.equal(me.predicted.x, 12);
  assert.equal(me.unsettled, 2);
  await world.pass(60);
  assert.equal(me.own().x, 12);
  world.socket.say(settled(1, [], 2), delta(2, 1, { ships: { 0: { x: 5 } } }));
  assert.deepEqual([me.authority.x, me.predicted.x, me.unsettled], [5, 12, 1]);
  world.socket.say(settled(2, [], 3), delta(3, 2, { ships: { 0: { x: 12 } } }));
  assert.deepEqual([me.own().x, me.unsettled, me.corrections.count, room.stats.corrections], [12, 0, 0, 0]);
  room.close();
});

test("a handler of the state finds the prediction up to date", async () => {
  const { world, room } = await live({ game: { ships: { 0: { x: 0 } } } });
  const me = own(room);
  const seen = [];
  room.on("state", () => seen.push(me.predicted.x));
  world.socket.say(delta(2, 1, { ships: { 0: { x: 50 } } }));
  assert.deepEqual(seen, [50]);
  room.close();
});

test("an input that is refused without any change is undone", async () => {
  const { world, room } = await live({ game: { ships: { 0: { x: 0 } } } });
  const me = own(room);
  me.send(5);
  world.socket.say(settled(1, [[1, "too_far"]], 2));
  assert.deepEqual([me.predicted.x, me.corrections.count], [0, 1]);
  room.close();
});

test("a read that copies a seldom told secret carries inputs on for as long as it takes", async () => {
  const more = [{ t: "own", tick: 1, settled: 0, view: { secret: { x: 0 } } }];
  const { world, room } = await live({ game: { n: 0 }, more });
  const me = room.predict({ read: (secret) => secret && { ...secret }, step: fly });
  for (let seq = 1; seq <= 400; seq++) {
    me.send(1);
    world.socket.say(settled(seq, [], seq + 1), delta(seq + 1, seq, { n: seq }));
  }
  assert.deepEqual([me.predicted.x, me.corrections.count], [400, 0]);
  room.close();
});

test("an input that is refused is undone, though the secret is older", async () => {
  const more = [{ t: "own", tick: 1, settled: 0, view: { secret: { x: 0 } } }];
  const { world, room } = await live({ game: { n: 0 }, more });
  const me = room.predict({ read: (secret) => secret, step: fly });
  me.send(5);
  me.send(7);
  world.socket.say(settled(1, [[1, "too_far"]], 2), delta(2, 1, { n: 1 }));
  assert.equal(me.predicted.x, 7);
  room.close();
});

test("an input comes a little later where a tick found two", async () => {
  const { world, room } = await live({ game: { ships: { 0: { x: 0 } } } });
  const me = own(room);
  const duties = async (inbox) => {
    while (me.due() > 0) me.send(1);
    const number = world.socket.inputs().length;
    world.socket.say({ t: "own", tick: number + 1, settled: number, inbox }, delta(number + 1, number, { n: number }));
    const from = world.time;
    while (me.due() === 0) await world.pass(1);
    return world.time - from;
  };
  assert.deepEqual([await duties(1), await duties(1), await duties(2), await duties(1)], [50, 50, 53, 50]);
  room.close();
});

test("an own state in the secret counts as of the secret's change, and stands while that stands", async () => {
  const say = (tick, number, view) => ({ t: "own", tick, settled: number, ...(view ? { view: { secret: view } } : {}) });
  const { world, room } = await live({ game: { n: 0 }, more: [say(1, 0, { x: 0 })] });
  const me = room.predict({ read: (secret) => secret && { x: secret.x }, step: fly });
  for (const input of [1, 2, 3, 4]) me.send(input);
  world.socket.say(say(2, 2), delta(2, 1, { n: 1 }));
  assert.deepEqual([me.predicted.x, me.unsettled], [10, 4]);
  world.socket.say(say(3, 3, { x: 6 }), delta(3, 2, { n: 2 }));
  assert.deepEqual([me.predicted.x, me.unsettled, me.corrections.count], [10, 1, 0]);
  room.close();
});

test("a read that itself carries on what a seldom told secret says is taken at its word", async () => {
  const { world, room } = await live({ game: { n: 0 }, more: [{ t: "own", tick: 1, settled: 0, view: { secret: { x: 0 } } }] });
  let carried = 0;
  const me = room.predict({ read: (secret) => ({ x: secret.x + carried }), step: fly });
  for (const input of [1, 2, 3, 4]) me.send(input);
  carried = 3;
  world.socket.say(settled(2, [], 2), delta(2, 1, { n: 1 }));
  assert.deepEqual([me.predicted.x, me.unsettled, me.corrections.count], [10, 2, 0]);
  room.close();
});

test("over a reconnect the prediction stands, and inputs of before are carried out once", async () => {
  const { world, room } = await live({ game: { ships: { 0: { x: 0 } } } });
  const me = own(room);
  me.send(5);
  me.send(7);
  world.socket.drop(1006);
  await world.pass(250);
  world.socket.accept();
  assert.equal(me.predicted.x, 12);
  world.socket.say(welcome({ settled: 1 }));
  assert.equal(me.predicted.x, 12);
  world.socket.say(snapshot(9, { ships: { 0: { x: 5 } } }));
  assert.deepEqual([me.predicted.x, me.unsettled, me.corrections.count], [12, 1, 0]);
  world.socket.say(settled(2, [], 10), delta(10, 9, { ships: { 0: { x: 12 } } }));
  assert.deepEqual([me.own().x, me.unsettled, me.corrections.count], [12, 0, 0]);
  room.close();
});

test("a room that forgot this page is believed: its state is the own one", async () => {
  const { world, room } = await live({ game: { ships: { 0: { x: 0 } } } });
  const me = own(room);
  const answers = [me.send(5), me.send(7)];
  world.socket.say(settled(1, [], 2), delta(2, 1, { ships: { 0: { x: 5 } } }));
  world.socket.drop(1006);
  await world.pass(250);
  world.socket.accept();
  world.socket.say(welcome({ settled: 0 }), snapshot(3, { ships: { 0: { x: 40 } } }));
  assert.deepEqual([me.predicted.x, me.unsettled], [40, 0]);
  assert.equal((await answers[1]).refused, "unknown");
  me.send(1);
  assert.deepEqual([me.predicted.x, me.unsettled], [41, 1]);
  room.close();
});

test("nothing is due while the match stands or nobody hears", async () => {
  const { world, room } = await live({ game: { ships: { 0: { x: 0 } } } });
  const me = own(room);
  assert.equal(me.due(), 1);
  world.socket.say({ t: "delta", tick: 2, time: 2, change: { set: { phase: "paused" } }, back: 1 });
  assert.equal(me.due(), 0);
  world.socket.say({ t: "delta", tick: 3, time: 3, change: { set: { phase: "playing" } }, back: 1 });
  assert.equal(me.due(), 1);
  world.socket.drop(1006);
  assert.equal(me.due(), 0);
  room.close();
});

test("a mistake in a title's step is told, and the connection lives", async (t) => {
  t.mock.method(console, "error", () => {});
  const { world, room } = await live({ game: { ships: { 0: { x: 0 } } } });
  let broken = false;
  const me = room.predict({ read: (secret, state) => state.ships[0], step: (ship, input) => {
    if (broken) throw new Error("a title's own mistake");
    return fly(ship, input);
  } });
  me.send(1);
  broken = true;
  world.socket.say(delta(2, 1, { ships: { 0: { x: 3 } } }));
  assert.equal(console.error.mock.callCount(), 1);
  assert.equal(room.status, "live");
  room.close();
});

// --- weather ---------------------------------------------------------------------------------------

test("in bad weather everything comes as late as it says, in order, and the round trip shows it", async () => {
  const world = new World();
  world.env.random = chance(2);
  const room = join(world.options());
  room.weather = { latency: 200 };
  await world.pass(0);
  world.socket.accept();
  await world.pass(199);
  assert.equal(world.socket.sent.length, 0); // the opening was told after 100, and the hello needs 100
  await world.pass(1);
  assert.deepEqual(world.socket.sent.map(({ t }) => t), ["hello"]);
  world.socket.say(welcome({ time: 1 }), snapshot(1, { n: 0 }));
  await world.pass(99);
  assert.equal(room.state, null);
  await world.pass(1);
  assert.deepEqual([room.status, room.state], ["live", { n: 0 }]);
  await world.pass(100);
  const ping = world.socket.sent.find(({ t }) => t === "ping");
  world.socket.say({ t: "pong", n: ping.n });
  await world.pass(100);
  assert.equal(room.rtt, 200);
  room.close();
});

test("a cut breaks the connection, and it is not back before that is over", async () => {
  const { world, room } = await live();
  room.cut(3000);
  assert.equal(room.status, "reconnecting");
  await world.pass(300);
  assert.equal(world.sockets.length, 2);
  world.socket.accept();
  assert.equal(world.socket.sent.length, 0);
  await world.pass(2699);
  assert.equal(world.socket.sent.length, 0);
  await world.pass(1);
  assert.equal(world.socket.sent[0].resume, "r.1");
  world.socket.say(welcome(), snapshot(60, { ships: {} }));
  assert.equal(room.status, "live");
  room.close();
});

test("when the plug is pulled nobody is told, and what waited comes all at once", async () => {
  const { world, room } = await live({ game: { n: 0 } });
  room.cut(900, { silent: true });
  room.send("x");
  for (let tick = 2; tick < 12; tick++) world.socket.say(delta(tick, tick - 1, { n: tick }));
  await world.pass(899);
  assert.deepEqual([room.status, room.state.n, world.socket.inputs()], ["live", 0, []]);
  await world.pass(1);
  assert.deepEqual([room.status, room.state.n, world.socket.inputs()], ["live", 11, [1]]);
  room.close();
});

test("what is sent and heard is counted", async () => {
  const { world, room } = await live();
  const { bytesIn, bytesOut, framesIn, framesOut } = room.stats;
  assert.ok(bytesIn > 100 && bytesOut > 20 && framesIn === 1 && framesOut >= 1);
  world.socket.say(delta(2, 1, { n: 1 }));
  assert.equal(room.stats.framesIn, 2);
  assert.ok(room.stats.bytesIn > bytesIn && room.stats.drifts === 0);
  room.close();
});

test("a match over 150 ms and 40 ms of jitter: the own ship is never corrected, the other one glides", async () => {
  const world = new World();
  world.env.random = chance(11);
  const room = join(world.options());
  await world.pass(0);
  world.socket.accept();
  const other = (tick) => ({ x: tick * 20 });
  const server = { x: 0, tick: 1, taken: 0 };
  world.socket.say(welcome({ time: 1 }), snapshot(1, { ships: { 0: { x: 0 }, 3: other(1) } }));
  room.weather = { latency: 150, jitter: 40 };
  const me = own(room);
  const ships = room.track("ships", { x: "lerp" });
  const frames = [];
  let [sent, tickAt] = [0, world.time + PERIOD];
  for (let frame = 0; frame < 900; frame++) {
    await world.pass(1000 / 60);
    for (; tickAt <= world.time; tickAt += PERIOD) {
      server.tick += 1;
      const inputs = world.socket.sent.filter(({ t }) => t === "input").slice(server.taken);
      for (const { data } of inputs) server.x += data;
      server.taken += inputs.length;
      const word = { t: "own", tick: server.tick, settled: server.taken, inbox: inputs.length };
      world.socket.say(delta(server.tick, server.tick - 1, { ships: { 0: { x: server.x }, 3: other(server.tick) } }), word);
    }
    for (let due = frame < 800 ? me.due() : 0; due > 0; due--) {
      me.send(3 + (sent % 4));
      sent += 1;
    }
    frames.push({ at: world.time, mine: me.own()?.x ?? 0, other: ships.at()[3]?.x ?? 0 });
  }
  assert.ok(sent > 250 && server.taken === sent);
  assert.deepEqual([me.corrections.count, me.unsettled, me.predicted.x], [0, 0, server.x]);
  const speeds = frames.slice(120).map(({ at, other: x }, index) => {
    const before = frames[index + 119];
    return (x - before.other) / (at - before.at) / (20 / PERIOD);
  });
  assert.ok(Math.min(...speeds) > 0.7 && Math.max(...speeds) < 1.3, `${Math.min(...speeds)} to ${Math.max(...speeds)}`);
  assert.ok(frames.slice(60, 780).every(({ mine }, index) => mine >= (frames[index + 59]?.mine ?? 0)));
  assert.ok(room.stats.jitter > 5 && room.stats.buffer > 0);
  room.close();
});
