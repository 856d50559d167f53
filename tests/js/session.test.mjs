import assert from "node:assert/strict";
import test from "node:test";

import { UNSETTLED_MAX } from "../../games/static/games/session.js";
import { Bench, delta, ending, settled, snapshot, welcome } from "./kit.mjs";

test("the first words are a hello with the ticket, and later the resume token", () => {
  const bench = new Bench();
  bench.session.open("t.1", bench.now);
  assert.deepEqual(bench.said(), [{ t: "hello", v: 1, session: "0123456789abcdef", ticket: "t.1" }]);
  bench.hear(welcome(), snapshot(1));
  bench.session.lost();
  bench.session.open(null, bench.now);
  assert.deepEqual(bench.said(), [{ t: "hello", v: 1, session: "0123456789abcdef", resume: "r.1" }]);
});

test("after the first snapshot everything is told once, ready first", () => {
  const bench = new Bench();
  bench.session.open("t.1", bench.now);
  bench.hear(welcome(), { t: "own", tick: 4, view: { secret: { hand: [1] } } }, snapshot(4, { n: 1 }));
  assert.deepEqual(bench.events.map(([name]) => name), ["ready", "phase", "seats", "state"]);
  const [state, previous, info] = bench.told("state")[0];
  assert.deepEqual([state, previous, info.tick], [{ n: 1 }, null, 4]);
  assert.deepEqual(bench.session.secret, { hand: [1] });
});

test("a frame is applied whole before anybody hears of it", () => {
  const bench = Bench.live();
  let secret;
  bench.session.emit = (name) => {
    if (name === "state") secret = bench.session.secret;
  };
  bench.hear({ t: "own", tick: 11, view: { secret: { hand: [2] } } }, delta(11, 10, { n: 1 }), delta(12, 11, { n: 2 }));
  assert.deepEqual(secret, { hand: [2] });
  assert.deepEqual(bench.session.shared.view.game, { n: 2 });
});

test("a previous state stays what it was", () => {
  const bench = Bench.live();
  bench.hear(delta(11, 10, { n: 1 }));
  bench.hear(delta(12, 11, { n: 2 }));
  assert.deepEqual(bench.told("state").map(([state, previous]) => [state.n, previous.n]), [[1, 0], [2, 1]]);
});

test("seats are told when they change, and not at every tick", () => {
  const bench = Bench.live();
  bench.hear(delta(11, 10, { n: 1 }));
  assert.equal(bench.told("seats").length, 0);
  bench.hear({ t: "delta", tick: 12, time: 12, change: { in: { seats: { in: { 0: { set: { status: "away", until: 600 } } } } } } });
  assert.equal(bench.told("seats")[0][0]["0"].status, "away");
});

test("a delta that is already known is skipped", () => {
  const bench = Bench.live();
  bench.hear(delta(11, 10, { n: 1 }));
  bench.hear(delta(11, 10, { n: 1 }), delta(9, 8, { n: 7 }));
  assert.deepEqual(bench.session.shared.view.game, { n: 1 });
  assert.deepEqual(bench.said(), []);
});

test("a gap is asked about once, and the old state stays until the answer", () => {
  const bench = Bench.live();
  bench.hear(delta(12, 11, { n: 2 }));
  bench.hear(delta(13, 12, { n: 3 }));
  assert.deepEqual(bench.said(), [{ t: "resync", tick: 10 }]);
  assert.deepEqual(bench.session.shared.view.game, { n: 0 });
  bench.hear(delta(11, 10, { n: 1 }), delta(12, 11, { n: 2 }), delta(13, 12, { n: 3 }));
  assert.deepEqual(bench.session.shared.view.game, { n: 3 });
  bench.hear(delta(14, 13, { n: 4 }));
  assert.deepEqual(bench.session.shared.view.game, { n: 4 });
  assert.deepEqual(bench.said(), []);
});

test("a gap without an answer is asked about again after a second", () => {
  const bench = Bench.live();
  bench.hear(delta(12, 11));
  bench.said();
  bench.after(900);
  assert.deepEqual(bench.said(), []);
  bench.after(100);
  assert.deepEqual(bench.said(), [{ t: "resync", tick: 10 }]);
});

test("a snapshot ends a gap, whatever its tick", () => {
  const bench = Bench.live();
  bench.hear(delta(100, 99));
  bench.said();
  bench.hear(snapshot(99, { n: 99 }));
  bench.hear(delta(100, 99, { n: 100 }));
  assert.deepEqual(bench.session.shared.view.game, { n: 100 });
  assert.deepEqual(bench.said(), []);
});


test("an own change builds on the own view, and a gap in it is asked about", () => {
  const bench = Bench.live();
  const push = (card) => ({ in: { secret: { in: { hand: { push: [card] } } } } });
  bench.hear({ t: "own", tick: 11, view: { secret: { hand: [1] } } }, delta(11, 10, { n: 1 }));
  bench.hear({ t: "own", tick: 12, change: push(2) }, delta(12, 11));
  assert.deepEqual([bench.session.own.tick, bench.session.secret], [12, { hand: [1, 2] }]);
  bench.hear({ t: "own", tick: 14, change: push(4) }, delta(13, 12));
  assert.deepEqual(bench.session.secret, { hand: [1, 2] });
  assert.deepEqual(bench.said(), [{ t: "resync", tick: 13 }]);
  bench.hear({ t: "own", tick: 14, view: { secret: { hand: [1, 2, 3, 4] } } });
  assert.deepEqual(bench.session.secret, { hand: [1, 2, 3, 4] });
});

test("a secret never runs ahead of the shared view that it belongs to", () => {
  const bench = Bench.live();
  bench.hear({ t: "own", tick: 10, view: { secret: 0 } });
  bench.hear({ t: "own", tick: 12, back: 2, change: { set: { secret: 2 } } }, delta(12, 11));
  assert.deepEqual([bench.session.own.tick, bench.session.secret], [10, 0]);
  assert.deepEqual(bench.said(), [{ t: "resync", tick: 10 }]);
});

test("an own view tells up to which input it is settled, also when only that has changed", () => {
  const bench = Bench.live();
  bench.hear({ t: "own", tick: 11, settled: 1, view: { secret: 0 } }, delta(11, 10));
  assert.equal(bench.session.own.settled, 1);
  bench.hear({ t: "own", tick: 12, settled: 3 }, delta(12, 11));
  assert.deepEqual(bench.session.own, { tick: 11, view: { secret: 0 }, settled: 3 });
  bench.hear({ t: "own", tick: 13, back: 2, change: { set: { secret: 1 } } }, delta(13, 12));
  assert.deepEqual(bench.session.own, { tick: 13, view: { secret: 1 }, settled: 3 });
});

test("how many inputs the room found waiting is known as of its last word", () => {
  const bench = Bench.live();
  assert.equal(bench.session.inbox, null);
  bench.hear({ t: "own", tick: 11, settled: 3, inbox: 3 });
  assert.deepEqual(bench.session.lastOwn, { tick: 11, at: bench.now, settled: 3, inbox: 3 });
  bench.hear({ t: "own", tick: 12, settled: 4 });
  assert.equal(bench.session.inbox, 1);
});

test("an input tells what its sender was looking at, also when it is sent again", () => {
  const bench = Bench.live();
  bench.send("a", 9);
  bench.send("b");
  const said = [{ t: "input", seq: 1, data: "a", seen: 9 }, { t: "input", seq: 2, data: "b" }];
  assert.deepEqual(bench.said(), said);
  bench.hear({ t: "again", next: 1, code: "gap" });
  assert.deepEqual(bench.said(), said);
});

test("inputs are numbered without gaps, and settled by what the room says", async () => {
  const bench = Bench.live();
  const sent = [bench.send("a"), bench.send("b"), bench.send("c")];
  assert.deepEqual(bench.said(), [
    { t: "input", seq: 1, data: "a" }, { t: "input", seq: 2, data: "b" }, { t: "input", seq: 3, data: "c" },
  ]);
  bench.hear(settled(3, [[2, "not_your_turn"]]), delta(11, 10));
  assert.deepEqual(await Promise.all(sent), [
    { seq: 1, refused: null }, { seq: 2, refused: "not_your_turn" }, { seq: 3, refused: null },
  ]);
  assert.deepEqual(bench.told("refused"), [[{ seq: 2, code: "not_your_turn", data: "b" }]]);
  assert.equal(bench.session.inputs.length, 0);
});

test("a state tells which inputs it holds already", () => {
  const bench = Bench.live();
  bench.send("a");
  bench.hear(settled(1), delta(11, 10));
  assert.equal(bench.told("state")[0][2].settled, 1);
});

test("inputs sent before the welcome wait for it", () => {
  const bench = new Bench();
  bench.send("early");
  bench.session.open("t.1", bench.now);
  assert.deepEqual(bench.inputs(), []);
  bench.hear(welcome(), snapshot(1));
  assert.deepEqual(bench.inputs(), [1]);
});

test("after a new connection the unsettled are sent again in order, and the settled are not", async () => {
  const bench = Bench.live();
  const sent = ["a", "b", "c", "d"].map((data) => bench.send(data));
  bench.said();
  bench.session.lost();
  assert.deepEqual(bench.inputs(), []);
  const late = bench.send("e");
  bench.session.open(null, bench.now);
  bench.said();
  bench.hear(welcome({ settled: 2 }), { t: "own", tick: 12, settled: 2, refused: [[1, "invalid"]] }, snapshot(12));
  assert.deepEqual(bench.inputs(), [3, 4, 5]);
  assert.deepEqual(await sent[0], { seq: 1, refused: "invalid" });
  assert.deepEqual(await sent[1], { seq: 2, refused: null });
  bench.hear(settled(5));
  assert.deepEqual(await late, { seq: 5, refused: null });
});

test("a room that forgot the session gets new numbers, and nobody pretends to know the old", async () => {
  const bench = Bench.live();
  bench.send("a");
  bench.hear(settled(1));
  const lost = bench.send("b");
  bench.session.lost();
  bench.session.open("t.2", bench.now);
  bench.hear(welcome({ settled: 0 }), snapshot(1));
  assert.deepEqual(await lost, { seq: 2, refused: "unknown" });
  bench.said();
  bench.send("c");
  assert.deepEqual(bench.said(), [{ t: "input", seq: 1, data: "c" }]);
});

test("after a gap inputs are sent again at once, and once, however often it is told", () => {
  const bench = Bench.live();
  for (const data of ["a", "b", "c", "d"]) bench.send(data);
  bench.said();
  for (let i = 0; i < 3; i++) bench.hear({ t: "again", next: 2, code: "gap" });
  assert.deepEqual(bench.inputs(), [2, 3, 4]);
});

test("a busy room is sent the inputs again after its next tick, the later ones behind them", () => {
  const bench = Bench.live();
  for (const data of ["a", "b", "c"]) bench.send(data);
  bench.said();
  bench.hear({ t: "again", next: 2, code: "busy" });
  bench.hear({ t: "again", next: 2, code: "gap" });
  bench.send("d");
  assert.deepEqual(bench.inputs(), []);
  bench.hear(settled(1), delta(11, 10));
  assert.deepEqual(bench.inputs(), [2, 3, 4]);
});

test("a busy room that says nothing is sent the inputs again after 50 ms", () => {
  const bench = Bench.live();
  bench.send("a");
  bench.said();
  bench.hear({ t: "again", next: 1, code: "busy" });
  assert.deepEqual(bench.after(49).inputs(), []);
  assert.deepEqual(bench.after(1).inputs(), [1]);
});

test("being told twice that the room is busy does not make the wait longer", () => {
  const bench = Bench.live();
  bench.send("a");
  bench.said();
  bench.hear({ t: "again", next: 1, code: "busy" });
  bench.after(30).hear({ t: "again", next: 1, code: "busy" });
  assert.deepEqual(bench.after(20).inputs(), [1]);
});

test("an answer about what is settled meanwhile changes nothing", () => {
  const bench = Bench.live();
  bench.send("a");
  bench.send("b");
  bench.said();
  bench.hear(settled(1));
  bench.hear({ t: "again", next: 1, code: "gap" });
  assert.deepEqual(bench.inputs(), []);
});

test("many inputs are sent again in batches, a tick apart, so that the room can take them", () => {
  const bench = Bench.live();
  for (let i = 0; i < 20; i++) bench.send(i);
  bench.said();
  bench.hear({ t: "again", next: 1, code: "gap" });
  assert.deepEqual(bench.inputs(), [1, 2, 3, 4, 5, 6, 7, 8]);
  bench.hear(settled(8, [], 11), delta(11, 10));
  assert.deepEqual(bench.inputs(), [9, 10, 11, 12, 13, 14, 15, 16]);
  assert.deepEqual(bench.after(100).inputs(), [17, 18, 19, 20]);
});

test("an input without any answer for a second is sent again", () => {
  const bench = Bench.live();
  bench.send("a");
  bench.send("b");
  bench.said();
  assert.deepEqual(bench.after(999).inputs(), []);
  assert.deepEqual(bench.after(1).inputs(), [1, 2]);
  assert.deepEqual(bench.after(500).inputs(), []);
  assert.deepEqual(bench.after(500).inputs(), [1, 2]);
});

test("a room behind a lossy relay gets every input once and in order", async () => {
  const bench = Bench.live();
  const applied = [];
  let tick = 10;
  let drop = 0;
  const sent = [];
  for (let step = 0; step < 400 && applied.length < 60; step++) {
    if (sent.length < 60) sent.push(bench.send(sent.length));
    let inbox = 0;
    const answers = [];
    for (const { seq, data } of bench.said().filter(({ t }) => t === "input")) {
      if (drop++ % 7 === 3) continue; // lost on the way
      if (seq <= applied.length + 0) continue;
      if (seq > applied.length + 1) answers.push({ t: "again", next: applied.length + 1, code: "gap" });
      else if (inbox++ >= 3) answers.push({ t: "again", next: seq, code: "busy" });
      else applied.push(data);
    }
    for (const answer of answers) bench.hear(answer);
    tick += 1;
    bench.hear(settled(applied.length, [], tick), delta(tick, tick - 1, { n: tick }));
    bench.after(50);
  }
  assert.deepEqual(applied, Array.from({ length: 60 }, (_, i) => i));
  assert.ok((await Promise.all(sent)).every(({ refused }) => refused === null));
});

test("too many inputs without an answer are rejected, and so is what cannot be sent", async () => {
  const bench = Bench.live();
  await assert.rejects(bench.send(NaN), { code: "invalid" });
  for (let i = 0; i < UNSETTLED_MAX; i++) bench.send(i);
  await assert.rejects(bench.send("one more"), { code: "too_many_unsettled" });
});

test("the end of the match settles what waits, after what the room settled itself", async () => {
  const bench = Bench.live();
  const sent = [bench.send("a"), bench.send("b")];
  bench.hear(settled(1), ending(11, 10));
  assert.deepEqual(await Promise.all(sent), [{ seq: 1, refused: null }, { seq: 2, refused: "match_over" }]);
  assert.deepEqual(await bench.send("c"), { seq: null, refused: "match_over" });
  assert.deepEqual(bench.told("result"), [[{ ranking: [[0], [1]], reason: "checkmate" }]]);
  assert.deepEqual(bench.told("phase"), [["over"]]);
});

test("a result that is known is not told again after a new connection", () => {
  const bench = Bench.live();
  bench.hear(ending(11, 10));
  bench.session.lost();
  bench.session.open(null, bench.now);
  bench.hear(welcome(), snapshot(11, {}, { phase: "over", result: { ranking: [[0]], reason: "x" } }));
  assert.equal(bench.told("result").length, 1);
});

test("closing settles what waits", async () => {
  const bench = Bench.live();
  const sent = bench.send("a");
  bench.session.close();
  assert.deepEqual(await sent, { seq: 1, refused: "closed" });
  assert.deepEqual(await bench.send("b"), { seq: null, refused: "closed" });
});

test("a spectator's inputs are refused without asking the room", async () => {
  const bench = new Bench();
  const early = bench.send("a");
  bench.session.open("t.1", bench.now);
  bench.hear(welcome({ seat: null, resume: null }), snapshot(1));
  assert.equal((await early).refused, "spectators_send_nothing");
  assert.equal((await bench.send("b")).refused, "spectators_send_nothing");
  assert.deepEqual(bench.inputs(), []);
});

test("a ping goes out every two seconds, and its pong tells the round trip", () => {
  const bench = Bench.live();
  bench.session.take();
  bench.after(2000);
  const [ping] = bench.session.take();
  assert.equal(ping.t, "ping");
  bench.now += 80;
  bench.hear({ t: "pong", n: ping.n });
  assert.equal(bench.session.rtt, 80);
});

test("six seconds without any frame mean that nobody is there", () => {
  const bench = Bench.live();
  for (let i = 0; i < 5; i++) assert.equal(bench.after(1000).session.dead(bench.now), false);
  assert.equal(bench.after(1000).session.dead(bench.now), true);
});

test("a page that slept asks before it believes that nobody is there", () => {
  const bench = Bench.live();
  bench.after(0);
  bench.hear({ t: "pong", n: bench.session.pingNumber });
  bench.after(60_000);
  assert.equal(bench.session.dead(bench.now), false);
  bench.now += 100;
  bench.hear({ t: "pong", n: bench.session.pingNumber });
  assert.equal(bench.after(3900).session.dead(bench.now), false);
});

test("unknown messages and unknown fields of a newer server are skipped", () => {
  const bench = Bench.live();
  bench.hear({ t: "fireworks", n: 3 }, { ...delta(11, 10, { n: 1 }), colour: "red" });
  assert.deepEqual(bench.session.shared.view.game, { n: 1 });
});

test("a warning is told at once, and another error when it turns out harmless", () => {
  const bench = Bench.live();
  bench.hear({ t: "error", code: "flood", message: "Slow down." });
  assert.deepEqual(bench.told("error"), [[{ code: "flood", message: "Slow down.", fatal: false }]]);
  bench.hear({ t: "error", code: "other", message: "" });
  assert.equal(bench.told("error").length, 1);
  bench.hear(delta(11, 10));
  assert.equal(bench.told("error")[1][0].fatal, false);
});

/** What the room was told of frames that arrived. */
const reports = (bench) => bench.session.take().filter(({ t }) => t === "got").map(({ n }) => n);

test("every sixteen frames the room is told how many arrived", () => {
  const bench = Bench.live();
  for (let tick = 11; tick < 11 + 40; tick++) bench.hear(delta(tick, tick - 1));
  assert.deepEqual(reports(bench), [16, 32]);
});

test("large frames are reported sooner than sixteen of them are there", () => {
  const bench = Bench.live();
  for (let tick = 11; tick < 14; tick++) bench.session.receive([delta(tick, tick - 1)], bench.now, 30_000);
  assert.deepEqual(reports(bench), [4]);
});

test("a frame is reported a second after it came at the latest, and nothing twice", () => {
  const bench = Bench.live();
  bench.after(900);
  bench.hear(delta(11, 10));
  assert.deepEqual(reports(bench), []);
  assert.ok(bench.session.poll(bench.now) <= bench.now + 100);
  bench.after(100);
  assert.deepEqual(reports(bench), [2]);
  bench.after(1500);
  assert.deepEqual(reports(bench), []);
  bench.hear(delta(12, 11));
  bench.after(999);
  assert.deepEqual(reports(bench), []);
  bench.after(1);
  assert.deepEqual(reports(bench), [3]);
});

test("frames are counted anew on a new socket", () => {
  const bench = Bench.live();
  for (let tick = 11; tick < 20; tick++) bench.hear(delta(tick, tick - 1));
  bench.session.lost();
  bench.session.open(null, bench.now);
  bench.hear(welcome(), snapshot(20));
  assert.deepEqual(reports(bench), []);
  bench.after(1000);
  assert.deepEqual(reports(bench), [1]);
});
