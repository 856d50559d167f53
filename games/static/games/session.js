/**
 * What is said between this page and a room, without sockets and clocks.
 *
 * Messages and the time go in; views, events and outgoing messages come out. One session lives as
 * long as the page and spans any number of sockets, one after another.
 *
 * Rules of this file:
 * - A frame is applied whole, then events are told; a handler never sees half a frame.
 * - Every change names what it builds on. What does not fit is not guessed: it is asked for again,
 *   and what was known stays until the answer.
 * - Views come as plain values, or as bits that the schema of the welcome explains. Either way they
 *   are never changed in place, and what did not change is the same object (`===`) as before.
 * - An input keeps its number until the room has settled it. What may be lost is sent again, in
 *   order; the room applies each number once.
 * - `now` is in milliseconds that only rise.
 */

import { RoomClock } from "./clock.js";
import { plain } from "./codec.js";
import { NOTHING, agrees, combine, follow, kindOf, newsOf, noNews, whole } from "./views.js";

/** Of the protocol. */
export const VERSION = 1;
/** Inputs kept unsettled; at 60 a second, four seconds without an answer. */
export const UNSETTLED_MAX = 256;
/** Inputs sent again at once; the room keeps eight of a seat between two ticks. */
const BATCH = 8;
/** How long to wait after `busy`, if no tick is heard before. */
const BUSY_MS = 50;
/** How long to wait between two batches, if no tick is heard before. */
const BATCH_MS = 100;
/** Without any progress for so long, an input or a question counts as lost. */
const PATIENCE_MS = 1000;
const PING_MS = 2000;
/** No frame of any kind for so long, pings included: nobody is there. */
const SILENCE_MS = 6000;
/** The least a ping is waited for, as this page itself may have been asleep. */
const PONG_MS = 4000;
/** The same when there is reason to doubt: the network changed, or the page woke up. */
const DOUBT_MS = 2500;
/** The room is told what arrived after so many frames … */
const GOT_FRAMES = 16;
const GOT_BYTES = 65_536;
/** … or so long after the first that it was not told of. */
const GOT_MS = 1000;

/** Why a `send` was rejected; what the room refuses does not reject. */
export class SendError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = "SendError";
    this.code = code;
  }
}

export class Session {
  /**
   * @param {string} id random name of this page load, 8 to 64 characters
   * @param {(name: string, ...args: unknown[]) => void} emit told of every event
   */
  constructor(id, emit = () => {}) {
    this.id = id;
    this.emit = emit;
    /** Messages to be sent, in order; whoever has a socket takes them. */
    this.outgoing = [];
    /** The last welcome, or null. */
    this.welcome = null;
    /** Token to return with, or null. */
    this.resume = null;
    /** Whether the room has welcomed us on the present socket. */
    this.live = false;
    /** Whether the server wants us to go on over another socket. */
    this.mustMove = false;
    this.closed = false;
    /** Of the two views, by the schema of the welcome; null where it says nothing that is known. */
    this.kinds = { shared: null, own: null };
    this.shared = { tick: -1, time: 0, view: null };
    /** `tick`: of its last change; `settled`: inputs up to this number are settled in this view. */
    this.own = NOTHING;
    this.shown = null; // what was made of both
    this.info = null; // of the last state that was told
    /** What the last message for this seat alone said: `{tick, at, settled, inbox}`, or null. */
    this.lastOwn = null;
    /** Inputs that the room's last tick with one of ours found waiting; null if nobody said. */
    this.inbox = null;
    /** How often a view turned out to be another than the room's. */
    this.drifts = 0;
    this.clock = new RoomClock(1, true);
    this.pausedAt = null; // room time at which a pause began
    /** Milliseconds of a round trip, smoothed; null until the first pong. */
    this.rtt = null;

    this.inputs = []; // unsettled, by number
    this.nextSeq = 1;
    this.settled = 0;
    this.cursor = 1; // number of the next input to send
    this.pace = null; // {at}: not before then, and in batches
    this.rewound = null; // {seq, at}: the last time inputs were sent again
    this.waitingSince = 0; // the last progress of inputs

    this.missing = { shared: false, own: false };
    this.drifted = false; // no change is of use until a snapshot came
    this.askedAt = null; // when the missing was asked for
    this.frames = 0; // heard on this socket
    this.reported = 0; // of these, how many the room knows of
    this.unreportedBytes = 0;
    this.unreportedSince = 0;
    this.pings = new Map();
    this.pingNumber = 0;
    this.pingAt = 0;
    this.heardAt = 0;
    this.deadAt = Infinity;
    this.error = null; // the last that was told and may be fatal
  }

  /** @returns {boolean} whether the match has ended, by its rules or otherwise */
  get over() {
    const { view } = this.shared;
    return view !== null && (view.phase === "over" || view.result != null);
  }

  /** What the title shows, with the tables of which this seat sees its own part; null at first. */
  get state() {
    return this.shown?.state ?? null;
  }

  /** What the title shows to this seat alone, or null. */
  get secret() {
    return this.shown?.secret ?? null;
  }

  /** The room's time now, in periods; it stands still for the game unless that is playing. */
  time(now) {
    return this.pausedAt ?? this.clock.time(now);
  }

  /** Outgoing messages, which are then gone. */
  take() {
    return this.outgoing.splice(0);
  }

  // --- the socket ------------------------------------------------------------------------------

  /** The first words on a socket: with `ticket` for a new visit, else to return. */
  hello(ticket) {
    const right = ticket ? { ticket } : { resume: this.resume };
    return { t: "hello", v: VERSION, session: this.id, ...right };
  }

  /** A socket opened: say who we are. */
  open(ticket, now) {
    this.opened(now);
    this.outgoing = [this.hello(ticket)];
  }

  /** A socket opened, and hello was said. */
  opened(now) {
    this.frames = 0;
    this.reported = 0;
    this.unreportedBytes = 0;
    this.heardAt = now;
    this.deadAt = now + SILENCE_MS;
  }

  /** The socket is gone; the session waits for the next one. */
  lost() {
    this.live = false;
    this.mustMove = false;
    this.error = null;
    this.outgoing = [];
    this.pace = null;
    this.rewound = null;
    this.missing = { shared: false, own: false };
    this.drifted = false;
    this.askedAt = null;
    this.pings.clear();
    this.deadAt = Infinity;
  }

  /** The session is over for good; nothing is sent any more. */
  close() {
    this.lost();
    this.closed = true;
    this.clock.stop(this.shared.time);
    this.#giveUp(this.over ? "match_over" : "closed");
  }

  /** There is reason to doubt that the other end is there; find out soon. */
  doubt(now) {
    if (!this.live) return;
    this.#ping(now);
    this.deadAt = Math.min(this.deadAt, now + DOUBT_MS);
  }

  /** Whether the socket counts as dead, though nobody closed it. */
  dead(now) {
    return now >= this.deadAt;
  }

  /** The messages of a frame of `bytes`, or of several that are to be told as one. */
  receive(messages, now, bytes = 0, frames = 1) {
    if (this.closed) return;
    this.heardAt = now;
    this.deadAt = Infinity;
    this.#count(now, bytes, frames);
    this.#tellHarmless();
    const frame = {
      now,
      before: { shared: this.shared, own: this.own, state: this.state },
      settled: this.settled,
      refused: new Map(),
      moved: false,
      time: null, // the room's time as this frame is sent, where it says so
      late: this.missing.shared, // what fills a gap tells of an earlier time
      news: noNews(),
      drifts: [], // views that turned out to be others than the room's
      unreadable: [], // what was wrong with those that say nothing
    };
    for (const message of messages) this.#apply(message, frame);
    // What belongs to one seat goes with the shared view of its tick, or waits for it.
    if (this.missing.shared) this.own = frame.before.own;
    if (this.shared.view !== null && (frame.moved || frame.time !== null)) this.#setClock(frame);
    this.shown = combine(this.shared.view?.game ?? null, this.own.view, this.shown);
    const refused = this.#settle(frame);
    this.#tell(frame, refused);
    this.#ask(now);
    this.#report(now);
    this.#flush(now);
  }

  /** Time has passed: do what is due. Returns when to call again at the latest. */
  poll(now) {
    if (this.live) {
      if (now >= this.pingAt) this.#ping(now);
      this.#ask(now);
      this.#report(now);
      if (now >= this.#lostAt()) this.#rewind(this.inputs[0].seq, now);
      this.#flush(now);
    }
    return this.#dueAt();
  }

  /** What short forms of messages are read by. */
  get near() {
    return { tick: this.shared.tick, settled: this.settled };
  }

  // --- inputs ----------------------------------------------------------------------------------

  /**
   * Asks the room for something; kept until it is settled.
   * @param {unknown} data JSON-like
   * @param {number} now
   * @param {number} [seen] tick of the shared view that the sender was looking at
   * @returns {Promise<{seq: number | null, refused: string | null}>}
   */
  send(data, now, seen) {
    const refused = this.#noMore();
    if (refused !== null) return Promise.resolve({ seq: null, refused });
    if (this.inputs.length >= UNSETTLED_MAX) {
      return Promise.reject(new SendError("too_many_unsettled", "too many inputs without an answer"));
    }
    let copy;
    try {
      copy = plain(data);
    } catch (cause) {
      return Promise.reject(new SendError("invalid", cause.message, { cause }));
    }
    const seq = this.nextSeq++;
    if (this.inputs.length === 0) this.waitingSince = now;
    return new Promise((resolve) => {
      this.inputs.push({ seq, data: copy, seen: seen ?? -1, resolve });
      this.#flush(now);
    });
  }

  /** Gives the seat up for good. */
  leave() {
    if (this.live) this.outgoing.push({ t: "leave" });
  }

  #noMore() {
    if (this.over) return "match_over";
    if (this.closed) return "closed";
    return this.welcome !== null && this.welcome.seat === null ? "spectators_send_nothing" : null;
  }

  /** Send what may be sent now: all there is, or a batch where inputs are sent again. */
  #flush(now) {
    if (!this.live || (this.pace !== null && now < this.pace.at)) return;
    const waiting = this.inputs.filter(({ seq }) => seq >= this.cursor);
    const batch = this.pace === null ? waiting : waiting.slice(0, BATCH);
    for (const { seq, data, seen } of batch) {
      this.outgoing.push({ t: "input", seq, data, ...(seen < 0 ? {} : { seen }) });
    }
    if (batch.length) this.cursor = batch.at(-1).seq + 1;
    this.pace = batch.length < waiting.length ? { at: now + BATCH_MS } : null;
  }

  /** From `seq` on, send again; not before `wait` milliseconds, or the next tick. */
  #rewind(seq, now, wait = 0) {
    this.cursor = seq;
    this.pace = { at: now + wait };
    this.rewound = { seq, at: now + wait };
    this.waitingSince = now;
  }

  /** When the first unsettled input counts as lost. */
  #lostAt() {
    const sent = this.inputs.length > 0 && this.inputs[0].seq < this.cursor;
    return sent && this.pace === null ? this.waitingSince + this.#patience() : Infinity;
  }

  #patience() {
    return Math.max(PATIENCE_MS, 2 * (this.rtt ?? 0));
  }

  #settle(frame) {
    const refused = [];
    const rest = [];
    for (const input of this.inputs) {
      const code = frame.refused.get(input.seq) ?? null;
      if (code === null && input.seq > frame.settled) rest.push(input);
      else input.resolve({ seq: input.seq, refused: code });
      if (code !== null) refused.push({ seq: input.seq, code, data: input.data });
    }
    if (rest.length < this.inputs.length) this.waitingSince = frame.now;
    this.inputs = rest;
    this.settled = Math.max(this.settled, frame.settled);
    this.cursor = Math.max(this.cursor, this.settled + 1);
    const end = this.#noMore();
    if (end !== null) this.#giveUp(end);
    return refused;
  }

  #giveUp(code) {
    for (const { seq, resolve } of this.inputs.splice(0)) resolve({ seq, refused: code });
  }

  // --- messages --------------------------------------------------------------------------------

  #apply(message, frame) {
    switch (message.t) {
      case "welcome": return this.#onWelcome(message, frame);
      case "snapshot": return this.#onSnapshot(message, frame);
      case "delta": return this.#onDelta(message, frame);
      case "own": return this.#onOwn(message, frame);
      case "again": return this.#onAgain(message, frame.now);
      case "pong": return this.#onPong(message, frame.now);
      case "error": return this.#onError(message);
      case "move": return void (this.mustMove = true);
      default: return undefined; // of a newer server; not for us
    }
  }

  #onWelcome(message, frame) {
    const { now } = frame;
    const changed = this.welcome === null || this.welcome.hz !== message.hz;
    if (changed) this.clock = new RoomClock(message.hz, message.realtime);
    else this.clock.forget();
    if (this.welcome !== null && this.welcome.seat !== message.seat) this.own = NOTHING;
    frame.time = message.time ?? null;
    this.#learn(message.schema, frame);
    this.welcome = message;
    this.resume = message.resume ?? null;
    this.live = true;
    this.error = null;
    this.shared = { ...this.shared, tick: -1 };
    this.own = { ...this.own, tick: -1 };
    frame.before.own = this.own;
    const settled = message.settled ?? 0;
    if (settled < this.settled) this.#startOver(settled);
    frame.settled = Math.max(settled, this.settled);
    this.cursor = frame.settled + 1;
    this.pace = this.inputs.length > BATCH ? { at: now } : null;
    this.waitingSince = now;
    this.pingAt = now;
  }

  /** The room does not know this session any more: what became of our inputs, nobody can say. */
  #startOver(settled) {
    this.#giveUp("unknown");
    this.settled = settled;
    this.nextSeq = settled + 1;
  }

  /** What the views are made of. A newer server may know kinds that we do not; JSON needs none. */
  #learn(schema, frame) {
    for (const part of ["shared", "own"]) {
      try {
        this.kinds[part] = kindOf(this.kinds[part], schema?.[part]);
      } catch (error) {
        this.kinds[part] = null;
        frame.unreadable.push(error.message);
      }
    }
  }

  #onSnapshot({ tick, time, view }, frame) {
    this.#heardTick(frame.now);
    const read = this.#read("shared", view, frame);
    if (read === undefined) {
      this.missing.shared = true;
      this.drifted = true;
      return;
    }
    this.shared = { tick, time, view: read };
    this.missing.shared = false;
    this.drifted = false;
    frame.moved = true;
  }

  #onDelta({ tick, change, back, time: told, hash }, frame) {
    this.#heardTick(frame.now);
    if (tick <= this.shared.tick) return;
    const view = this.#follow("shared", change, tick - (back ?? 1), frame);
    if (view === undefined) {
      if (frame.moved) this.askedAt = null; // this is another gap than the one that was asked about
      this.missing.shared = true;
      return;
    }
    const time = told ?? this.shared.time + (back ?? 1);
    this.shared = { tick, time, view };
    this.missing.shared = false;
    frame.moved = true;
    if (!frame.late) frame.time = time;
    this.#compare("shared", hash, frame);
  }

  #onOwn({ tick, settled, inbox, refused, view, change, back, hash }, frame) {
    this.#heardTick(frame.now);
    for (const [seq, code] of refused ?? []) frame.refused.set(seq, code);
    frame.settled = Math.max(frame.settled, settled ?? 0);
    this.inbox = inbox ?? 1;
    this.lastOwn = { tick, at: frame.now, settled: frame.settled, inbox: this.inbox };
    if (view != null) this.#setOwn(tick, this.#read("own", view, frame), hash, frame);
    else if (change != null && tick > this.own.tick) {
      this.#setOwn(tick, this.#follow("own", change, tick - (back ?? 1), frame), hash, frame);
      if (!frame.late) frame.time ??= this.#timeOf(tick);
    } else if (!this.missing.own) this.own = { ...this.own, settled: frame.settled };
  }

  #setOwn(tick, view, hash, frame) {
    this.missing.own = view === undefined;
    if (view === undefined) return;
    this.own = { tick, view, settled: frame.settled };
    this.#compare("own", hash, frame);
  }

  /** A whole view, with what it has in common with the known one; undefined if it cannot be read. */
  #read(part, view, frame) {
    try {
      return whole(this.kinds[part], this[part].view, view);
    } catch (error) {
      frame.unreadable.push(error.message);
      return undefined;
    }
  }

  /** The view after a change of that of tick `base`; undefined if that is not what we hold. */
  #follow(part, change, base, frame) {
    const held = this[part];
    if (this.drifted || held.view === null || held.tick < 0 || base !== held.tick) return undefined;
    try {
      return follow(this.kinds[part], held.view, change, frame.news[part]);
    } catch {
      this.#drift(part, "change", frame);
      return undefined;
    }
  }

  /** Now and then the room tells what should have come out. */
  #compare(part, hash, frame) {
    if (hash == null || this.kinds[part] === null || this.drifted) return;
    if (!agrees(this.kinds[part], this[part].view, hash)) this.#drift(part, "hash", frame);
  }

  /** Our view is not the room's: only a snapshot helps. */
  #drift(part, reason, frame) {
    this.drifts += 1;
    this.drifted = true;
    this.missing.shared = true;
    if (part === "own") this.missing.own = true;
    this.askedAt = null;
    frame.drifts.push({ view: part, tick: this[part].tick, reason });
  }

  /** A tick has passed, so the room's inbox is empty again. */
  #heardTick(now) {
    if (this.pace !== null) this.pace.at = Math.min(this.pace.at, now);
  }

  #onAgain({ next, code }, now) {
    if (!this.inputs.some(({ seq }) => seq === next)) return; // settled meanwhile
    const planned = this.pace !== null && this.cursor <= next;
    if (planned) return;
    if (code === "busy") return void this.#rewind(next, now, BUSY_MS);
    // Everything that was on its way behind the lost one is answered the same; once is enough.
    const wait = Math.min(this.#patience(), 1.5 * (this.rtt ?? 100));
    const repeated = this.rewound?.seq === next && now - this.rewound.at < wait;
    if (!repeated) this.#rewind(next, now);
  }

  #onPong({ n }, now) {
    const sentAt = this.pings.get(n);
    if (sentAt === undefined) return;
    this.pings.delete(n);
    const sample = now - sentAt;
    this.rtt = this.rtt === null ? sample : this.rtt + (sample - this.rtt) / 4;
    this.emit("rtt", this.rtt);
  }

  #onError({ code, message }) {
    const told = { code, message: message ?? "" };
    if (WARNINGS.has(code)) this.emit("error", { ...told, fatal: false });
    else this.error = told; // how the socket is closed tells whether it is fatal
  }

  /** More was said after the error, so it was not fatal. */
  #tellHarmless() {
    const { error } = this;
    this.error = null;
    if (error !== null) this.emit("error", { ...error, fatal: false });
  }

  // --- what follows from a frame ---------------------------------------------------------------

  /** The room's time at a tick of which no shared message told; null where ticks tell no time. */
  #timeOf(tick) {
    const since = tick - this.shared.tick;
    return this.welcome?.realtime && this.shared.tick >= 0 && since > 0 ? this.shared.time + since : null;
  }

  #setClock({ time, now }) {
    const { phase } = this.shared.view;
    if (phase === "over") this.clock.stop(this.shared.time);
    else if (time !== null) this.clock.sample(time, now);
    this.pausedAt = phase === "paused" ? (this.pausedAt ?? this.shared.time) : null;
  }

  #tell(frame, refused) {
    const { shared, own, state } = frame.before;
    const { view } = this.shared;
    const old = shared.view;
    for (const drift of frame.drifts) this.emit("drift", drift);
    for (const message of frame.unreadable) this.emit("error", { code: "unreadable_view", message, fatal: false });
    for (const refusal of refused) this.emit("refused", refusal);
    if (view === null) return;
    const changed = frame.moved || this.own.view !== own.view;
    if (changed) this.info = this.#infoOf(frame);
    if (old === null) this.emit("ready");
    if (view.phase !== old?.phase) this.emit("phase", view.phase);
    if (view.seats !== old?.seats) this.emit("seats", view.seats);
    if (changed) this.emit("state", this.state, state, this.info);
    if (view.result != null && old?.result == null) this.emit("result", view.result);
  }

  #infoOf({ now, news }) {
    const tick = Math.max(this.shared.tick, this.own.tick); // either may be older, and so still as it was
    const time = this.#timeOf(tick) ?? this.shared.time;
    return { tick, time, at: now, settled: this.settled, ...newsOf(news) };
  }

  /** Ask for what is missing, once, and again when nothing came of it. */
  #ask(now) {
    if (!this.missing.shared && !this.missing.own) {
      this.askedAt = null;
      return;
    }
    if (this.askedAt !== null && now - this.askedAt < PATIENCE_MS) return;
    this.askedAt = now;
    this.outgoing.push({ t: "resync", tick: this.drifted ? -1 : this.shared.tick });
  }

  #count(now, bytes, frames) {
    if (this.frames === this.reported) this.unreportedSince = now;
    this.frames += frames;
    this.unreportedBytes += bytes;
  }

  /** Tell what arrived, so that the room knows what is still on its way. */
  #report(now) {
    if (!this.live || now < this.#reportAt()) return;
    this.reported = this.frames;
    this.unreportedBytes = 0;
    this.outgoing.push({ t: "got", n: this.frames });
  }

  #reportAt() {
    const unreported = this.frames - this.reported;
    if (unreported >= GOT_FRAMES || this.unreportedBytes >= GOT_BYTES) return 0;
    return unreported === 0 ? Infinity : this.unreportedSince + GOT_MS;
  }

  #ping(now) {
    const n = ++this.pingNumber;
    this.pings.set(n, now);
    this.pings.delete(n - 16);
    this.outgoing.push({ t: "ping", n });
    this.pingAt = now + PING_MS;
    if (this.deadAt === Infinity) this.deadAt = Math.max(this.heardAt + SILENCE_MS, now + PONG_MS);
  }

  #dueAt() {
    if (!this.live) return this.deadAt;
    const asked = this.askedAt === null ? Infinity : this.askedAt + PATIENCE_MS;
    const pace = this.pace?.at ?? Infinity;
    return Math.min(this.pingAt, this.deadAt, asked, pace, this.#lostAt(), this.#reportAt());
  }
}

/** Errors after which the socket stays open. */
const WARNINGS = new Set(["flood", "spectators_send_nothing"]);
