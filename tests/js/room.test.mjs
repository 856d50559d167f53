import assert from "node:assert/strict";
import test from "node:test";

import { join } from "../../games/static/games/evertick.js";
import { Link } from "../../games/static/games/link.js";
import { World, delta, ending, settled, snapshot, welcome } from "./kit.mjs";

async function live(more = {}, greeting = {}) {
  const world = new World();
  const room = join(world.options(more));
  const events = [];
  for (const name of ["ready", "status", "error", "state", "refused", "result"]) {
    room.on(name, (...args) => events.push([name, ...args]));
  }
  await world.pass(0);
  world.socket.accept();
  world.socket.say(welcome(greeting), snapshot(1, { n: 0 }));
  return { world, room, events, told: (name) => events.filter(([event]) => event === name).map((e) => e[1]) };
}

test("joining fetches a ticket, says hello with it, and goes live with the snapshot", async () => {
  const { world, room, told } = await live();
  assert.deepEqual(world.socket.protocols, ["evertick.v1.json"]);
  assert.equal(world.socket.sent[0].ticket, "ticket 1");
  assert.match(world.socket.sent[0].session, /^[0-9a-f]{32}$/);
  assert.deepEqual(told("status"), ["live"]);
  assert.deepEqual([room.state, room.seat, room.hz, room.title, room.phase], [{ n: 0 }, 0, 20, "arena", "playing"]);
  assert.deepEqual([room.info.tick, room.info.time], [1, 1]);
  room.close();
});

test("MessagePack is spoken unless JSON is asked for", async () => {
  const { world, room } = await live({ encoding: undefined });
  assert.deepEqual(world.socket.protocols, ["evertick.v1.msgpack"]);
  assert.deepEqual(room.state, { n: 0 });
  room.send({ thrust: true });
  assert.deepEqual(world.socket.sent.at(-1), { t: "input", seq: 1, data: { thrust: true } });
  room.close();
});

for (const code of [1001, 1006, 1011, 1012, 4408, 4503]) {
  test(`a socket closed with ${code} is opened again with the resume token`, async () => {
    const { world, room, told } = await live();
    const first = world.socket;
    first.drop(code);
    assert.equal(room.status, "reconnecting");
    await world.pass(249);
    assert.equal(world.socket, first);
    await world.pass(1);
    world.socket.accept();
    assert.equal(world.socket.sent[0].resume, "r.1");
    assert.equal(world.socket.sent[0].session, first.sent[0].session);
    assert.equal(world.tickets, 1);
    world.socket.say(welcome(), snapshot(5, { n: 5 }));
    assert.deepEqual(told("status"), ["live", "reconnecting", "live"]);
    room.close();
  });
}

for (const code of [4400, 4403, 4404, 4409, 4410, 4500]) {
  test(`a socket closed with ${code} stays closed, and the reason is told`, async () => {
    const { world, room, told } = await live();
    const waiting = room.send("x");
    world.socket.drop(code);
    assert.equal(room.status, "closed");
    assert.equal(room.closed.close, code);
    assert.equal(told("error").length, 1);
    assert.equal(told("error")[0].fatal, true);
    assert.deepEqual(await waiting, { seq: 1, refused: "closed" });
    await world.pass(60_000);
    assert.equal(world.sockets.length, 1);
    assert.equal(world.timers.size, 0);
  });
}

test("a normal close after the result is no error", async () => {
  const { world, room, told } = await live();
  world.socket.say(ending(2, 1));
  world.socket.drop(1000);
  assert.deepEqual([room.status, told("error"), room.closed], ["closed", [], { close: 1000, error: null }]);
  assert.equal(room.result.reason, "checkmate");
});

test("the error that the server told before closing is the one that counts", async () => {
  const { world, told } = await live();
  world.socket.say({ t: "error", code: "seat_gone", message: "This seat was given up." });
  world.socket.drop(4403);
  assert.deepEqual(told("error"), [{ code: "seat_gone", message: "This seat was given up.", fatal: true }]);
});

test("a refused resume token is replaced by a new ticket at once", async () => {
  const { world, room } = await live();
  world.socket.drop(1006);
  await world.pass(250);
  world.socket.accept();
  world.socket.drop(4401);
  await world.pass(0);
  assert.equal(world.sockets.length, 3);
  world.socket.accept();
  assert.equal(world.socket.sent[0].ticket, "ticket 2");
  assert.equal(world.socket.sent[0].resume, undefined);
  world.socket.say(welcome(), snapshot(9));
  assert.equal(room.status, "live");
  room.close();
});

test("tickets that are refused again and again end the session", async () => {
  const world = new World();
  const room = join(world.options());
  for (let i = 0; i < 3; i++) {
    await world.pass(6000);
    world.socket.accept();
    world.socket.drop(4401);
  }
  await world.pass(60_000);
  assert.deepEqual([room.status, world.tickets, room.closed.error.code], ["closed", 3, "ticket_invalid"]);
});

test("after a flood the way back is slower than after a loss", () => {
  const now = 1000;
  for (const random of [0, 0.5, 1]) {
    const flooded = new Link(() => random);
    flooded.begin(now);
    flooded.welcomed(now);
    assert.ok(flooded.closed(4429, now));
    assert.ok(flooded.retryAt >= now + 5000);
    flooded.wake(now);
    assert.equal(flooded.due(now + 4999), false);
  }
});

test("the wait doubles up to five seconds, and begins anew after a good connection", () => {
  const link = new Link(() => 1);
  const waits = [];
  for (let i = 0; i < 7; i++) {
    link.begin(0);
    link.closed(1006, 0);
    waits.push(link.retryAt);
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
  link.begin(0);
  link.welcomed(0);
  link.closed(1006, 5000);
  assert.equal(link.retryAt, 5250);
});

test("a connection that is lost again at once does not begin the waits anew", () => {
  const link = new Link(() => 1);
  for (let i = 0; i < 3; i++) {
    link.begin(0);
    link.welcomed(0);
    link.closed(1006, 100);
  }
  assert.equal(link.retryAt, 1100);
});

test("the network's return ends the wait", async () => {
  const page = new EventTarget();
  const { world, room } = await live();
  room.close();
  const again = join(world.options({ env: { ...world.env, page } }));
  await world.pass(0);
  for (let i = 0; i < 6; i++) {
    world.socket.drop(1006);
    await world.pass(i < 5 ? 5000 : 10);
  }
  const sockets = world.sockets.length;
  page.dispatchEvent(new Event("online"));
  await world.pass(0);
  assert.equal(world.sockets.length, sockets + 1);
  again.close();
});

test("inputs of the time without a connection arrive after it, in order and once", async () => {
  const { world, room } = await live();
  const sent = [room.send("a"), room.send("b")];
  world.socket.say(settled(1), delta(2, 1));
  world.socket.drop(1006);
  sent.push(room.send("c"));
  await world.pass(250);
  world.socket.accept();
  world.socket.say(welcome({ settled: 1 }), snapshot(3));
  assert.deepEqual(world.socket.inputs(), [2, 3]);
  world.socket.say(settled(3), delta(4, 3));
  assert.deepEqual((await Promise.all(sent)).map(({ refused }) => refused), [null, null, null]);
  room.close();
});

test("a socket that says nothing for six seconds is given up and replaced", async () => {
  const { world, room } = await live();
  const silent = world.socket;
  await world.pass(5999);
  assert.equal(room.status, "live");
  await world.pass(1);
  assert.equal(room.status, "reconnecting");
  assert.equal(silent.readyState, 3);
  await world.pass(250);
  assert.equal(world.sockets.length, 2);
  silent.say(delta(2, 1, { n: 99 })); // what it still had to say is nobody's
  assert.deepEqual(room.state, { n: 0 });
  room.close();
});

test("a connection that never opens is given up and tried again", async () => {
  const world = new World();
  const room = join(world.options());
  await world.pass(10_300);
  assert.equal(world.sockets.length, 2);
  assert.equal(room.status, "connecting");
  room.close();
});

test("a frame that cannot be read ends the connection and not the session", async (t) => {
  t.mock.method(console, "error", () => {});
  const { world, room } = await live();
  const first = world.socket;
  first.onmessage({ data: '{"t":"delta","ti' });
  assert.equal(first.closedWith, 4000);
  assert.equal(room.status, "reconnecting");
  assert.equal(console.error.mock.callCount(), 1);
  room.close();
});

test("a handler that throws is reported, and the others are told all the same", async (t) => {
  t.mock.method(console, "error", () => {});
  const { world, room } = await live();
  const heard = [];
  room.on("state", () => { throw new Error("a handler's own mistake"); });
  const stop = room.on("state", (state) => heard.push(state.n));
  world.socket.say(delta(2, 1, { n: 1 }));
  stop();
  world.socket.say(delta(3, 2, { n: 2 }));
  assert.deepEqual(heard, [1]);
  assert.equal(console.error.mock.callCount(), 2);
  assert.equal(room.status, "live");
  room.close();
});

test("a ticket that is refused for good ends the session; a failing network does not", async () => {
  const world = new World();
  const answers = [new Error("network"), Object.assign(new Error("Not yours."), { code: "not_found", fatal: true })];
  const room = join(world.options({ getTicket: async () => { throw answers.shift(); } }));
  const errors = [];
  room.on("error", (error) => errors.push([error.code, error.fatal]));
  await world.pass(0);
  assert.equal(room.status, "connecting");
  await world.pass(250);
  assert.equal(room.status, "closed");
  assert.deepEqual(errors, [["no_ticket", false], ["not_found", true]]);
  assert.equal(world.sockets.length, 0);
});

test("leaving tells the room, and is done when the room says goodbye", async () => {
  const { world, room } = await live();
  let done = false;
  const left = room.leave().then(() => { done = true; });
  assert.equal(world.socket.sent.at(-1).t, "leave");
  await world.pass(10);
  assert.equal(done, false);
  world.socket.drop(1000);
  await left;
  assert.equal(room.status, "closed");
});

test("leaving without a connection waits for one, but not for long", async () => {
  const { world, room } = await live();
  world.socket.drop(1006);
  const left = room.leave();
  await world.pass(250);
  world.socket.accept();
  world.socket.say(welcome(), snapshot(3));
  assert.equal(world.socket.sent.filter(({ t }) => t === "leave").length, 1);
  await world.pass(3000);
  await left;
  assert.equal(room.status, "closed");
});

test("who watches, or is at the end, has nothing to give up and leaves at once", async () => {
  const watcher = await live({}, { seat: null });
  await watcher.room.leave();
  const winner = await live();
  winner.world.socket.say(ending(2, 1));
  await winner.room.leave();
  for (const { world, room } of [watcher, winner]) {
    assert.equal(room.status, "closed");
    assert.equal(world.socket.sent.some(({ t }) => t === "leave"), false);
  }
});

test("closing keeps the seat: nothing is said but goodbye", async () => {
  const { world, room } = await live();
  room.close();
  assert.equal(world.socket.closedWith, 1000);
  assert.equal(world.socket.sent.some(({ t }) => t === "leave"), false);
  assert.deepEqual([room.status, world.timers.size], ["closed", 0]);
});
