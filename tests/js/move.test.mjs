import assert from "node:assert/strict";
import test from "node:test";

import { join } from "../../games/static/games/evertick.js";
import { World, delta, settled, snapshot, welcome } from "./kit.mjs";

/** A room that is live at tick 1, and was asked to move: `old` is the socket it has. */
async function asked(greeting = {}) {
  const world = new World();
  const room = join(world.options());
  const events = [];
  for (const name of ["status", "error", "state"]) room.on(name, (...args) => events.push([name, ...args]));
  await world.pass(0);
  const old = world.socket;
  old.accept();
  old.say(welcome(greeting), snapshot(1, { n: 0 }));
  await world.pass(100); // its first ping
  old.say({ t: "move" });
  const told = (name) => events.filter(([event]) => event === name).map(([, first]) => first);
  return { world, room, old, next: world.socket, told };
}

/** The sockets' fate, and what the player was told: nothing. */
function movedUnnoticed({ room, old, told }) {
  assert.deepEqual([old.readyState, room.status, room.stats.moves], [3, "live", 1]);
  assert.deepEqual([told("status"), told("error")], [["live"], []]);
}

test("asked to move, a page opens a second socket and uses the first until it is welcome there", async () => {
  const page = await asked();
  const { world, room, old, next } = page;
  assert.equal(world.sockets.length, 2);
  next.accept();
  const [hello] = next.sent;
  assert.deepEqual([hello.t, hello.resume, hello.session], ["hello", "r.1", old.sent[0].session]);
  assert.equal(world.tickets, 1);
  old.say(delta(2, 1, { n: 2 }));
  room.send("a");
  assert.deepEqual([room.state, old.inputs(), next.inputs()], [{ n: 2 }, [1], []]);
  next.say(welcome(), snapshot(2, { n: 2 }));
  assert.deepEqual(next.inputs(), [1], "what is not settled is sent again there");
  movedUnnoticed(page);
  old.say(delta(3, 2, { n: 99 }));
  next.say(delta(3, 2, { n: 3 }));
  assert.deepEqual(room.state, { n: 3 });
  room.close();
});

test("what the new socket received is counted from its own beginning", async () => {
  const { room, old, next } = await asked({ seat: null });
  for (let tick = 2; tick < 12; tick++) old.say(delta(tick, tick - 1));
  next.accept();
  next.say(welcome({ seat: null }), snapshot(10));
  for (let tick = 11; tick < 25; tick++) next.say(delta(tick, tick - 1));
  const reports = () => next.sent.filter(({ t }) => t === "got").map(({ n }) => n);
  assert.deepEqual(reports(), []);
  next.say(delta(25, 24));
  assert.deepEqual(reports(), [16]);
  room.close();
});

test("that the seat was taken from the old socket is no news, before the welcome or after it", async () => {
  for (const first of ["welcome", "error", "close"]) {
    const page = await asked();
    const { room, old, next } = page;
    next.accept();
    const error = () => old.say({ t: "error", code: "seat_replaced", message: "Elsewhere." });
    if (first !== "welcome") error();
    if (first === "close") old.drop(4409);
    room.send("a");
    next.say(welcome(), snapshot(2, { n: 2 }));
    if (first === "welcome") error();
    if (first !== "close") old.drop(4409);
    movedUnnoticed(page);
    assert.deepEqual([room.state, next.inputs()], [{ n: 2 }, [1]]);
    room.close();
  }
});

test("a seat that somebody else took ends a session which is not on its way elsewhere", async () => {
  const { room, old, next, told } = await asked();
  old.drop(4409); // the second socket is not open, so this is not of its making
  assert.deepEqual([room.status, room.closed.close, next.closedWith], ["closed", 4409, 1000]);
  assert.equal(told("error")[0].code, "seat_replaced");
});

test("a view of the new socket that is behind waits until it is not, and time never runs back", async () => {
  const page = await asked({ seat: null });
  const { room, old, next } = page;
  const ticks = [];
  room.on("state", (_, __, { tick }) => ticks.push(tick));
  next.accept();
  old.say(delta(2, 1, { n: 2 }));
  old.say(delta(3, 2, { n: 3 }));
  next.say(welcome({ seat: null }), snapshot(1, { n: 0 }));
  next.say(delta(2, 1, { n: 2 }));
  assert.equal(old.readyState, 1);
  next.say(delta(3, 2, { n: 3 }));
  movedUnnoticed(page);
  next.say(delta(4, 3, { n: 4 }));
  assert.deepEqual(ticks, [2, 3, 3, 4]);
  assert.deepEqual(room.state, { n: 4 });
  room.close();
});

test("while the new socket is refused for now, the old one goes on, and it is tried again later", async () => {
  const page = await asked();
  const { world, room, old } = page;
  for (const wait of [250, 500]) {
    world.socket.accept();
    world.socket.say({ t: "error", code: "shutting_down", message: "Later." });
    world.socket.drop(4503);
    const { length } = world.sockets;
    await world.pass(wait - 1);
    assert.equal(world.sockets.length, length);
    await world.pass(1);
    assert.equal(world.sockets.length, length + 1);
    old.say(delta(room.tick + 1, room.tick, { n: room.tick + 1 }));
  }
  assert.deepEqual(room.state, { n: 3 });
  world.socket.accept();
  world.socket.say(welcome(), snapshot(3, { n: 3 }));
  movedUnnoticed(page);
  room.close();
});

test("a new socket that never opens is given up", async () => {
  const { world, room, old, next } = await asked();
  for (let i = 0; i < 11; i++) {
    old.say(delta(room.tick + 1, room.tick));
    await world.pass(1000);
  }
  assert.deepEqual([next.readyState, world.sockets.length, room.status], [3, 3, "live"]);
  room.close();
});

test("where the new socket is refused for good, the old one goes on as long as it is there", async () => {
  const { world, room, old, next } = await asked();
  next.accept();
  next.drop(4403);
  await world.pass(5000);
  assert.deepEqual([world.sockets.length, room.status], [2, "live"]);
  old.drop(4503);
  await world.pass(250);
  assert.equal(world.sockets.length, 3, "it comes back as after any loss");
  room.close();
});

test("one move at a time, however often it is asked for; and another one after it", async () => {
  const { world, room, old, next } = await asked();
  old.say({ t: "move" });
  next.accept();
  old.say({ t: "move" });
  await world.pass(50);
  assert.equal(world.sockets.length, 2);
  next.say(welcome(), snapshot(1));
  await world.pass(50);
  assert.equal(world.sockets.length, 2);
  next.say({ t: "move" });
  await world.pass(0);
  assert.equal(world.sockets.length, 3);
  room.close();
});

test("if the old socket closes meanwhile, the one that is on its way leads back", async () => {
  for (const open of [true, false]) {
    const { world, room, old, next, told } = await asked();
    if (open) next.accept();
    old.drop(4503);
    assert.equal(room.status, "reconnecting");
    if (!open) next.accept();
    assert.equal(next.sent.filter(({ t }) => t === "hello").length, 1);
    next.say(welcome(), snapshot(5, { n: 5 }));
    assert.deepEqual(told("status"), ["live", "reconnecting", "live"]);
    await world.pass(5000);
    assert.equal(world.sockets.length, 2);
    room.close();
  }
});

test("a seat lost to a second socket that failed is come back to", async () => {
  const { world, room, old, next } = await asked();
  next.accept();
  next.drop(1006);
  old.drop(4409);
  assert.equal(room.status, "reconnecting");
  await world.pass(250);
  assert.equal(world.sockets.length, 3);
  room.close();
});

test("closing the room closes both sockets", async () => {
  const { world, room, old, next } = await asked();
  room.close();
  assert.deepEqual([old.closedWith, next.closedWith, world.timers.size], [1000, 1000, 0]);
});

test("an input that the old socket's room has settled is not sent again", async () => {
  const { room, old, next } = await asked();
  const sent = [room.send("a"), room.send("b")];
  old.say(settled(1, [], 2), delta(2, 1));
  next.accept();
  next.say(welcome({ settled: 1 }), snapshot(2));
  assert.deepEqual(next.inputs(), [2]);
  next.say(settled(2, [], 3), delta(3, 2));
  assert.deepEqual((await Promise.all(sent)).map(({ refused }) => refused), [null, null]);
  room.close();
});
