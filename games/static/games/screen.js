/**
 * What of a room is on the screen: the moment that is shown, what is tracked, what is predicted.
 *
 * It stands between a session, which knows what was said, and `interpolate.js` and `predict.js`,
 * which know how it is to look.
 *
 * Rules of this file: the only clock is the one that is handed over; sessions are only looked at.
 */

import { Playback, Track } from "./interpolate.js";
import { Pace, Predictor, alike } from "./predict.js";
import { valueAt } from "./watch.js";

/** Of a room that has not said it yet. */
const HZ = 20;
/** How a column goes, by how the title declared it; the others snap. */
const MODE_OF_KIND = { fixed: "lerp", angle: "angle" };

/**
 * @typedef {object} Source what the room knows
 * @property {import("./session.js").Session} session
 * @property {() => number} now
 * @property {() => any} state the title's view
 * @property {() => any} secret
 * @property {(data: any, seen: number | undefined) => {seq: number | null, answer: Promise<any>}} send
 */

export class Screen {
  #room;
  #playbacks = new Map(); // by delayMs; null: measured
  #tracks = new Set();
  #predictions = new Set();
  #welcome = null;
  #lastOwn = null;
  #tick = -1;

  /** @param {Source} room */
  constructor(room) {
    this.#room = room;
  }

  /** Follow a table of the state; see `Room.track`. */
  track(path, modes, { delayMs = null, ...options } = {}) {
    const track = new RoomTrack(this, this.#room, { path, modes, delayMs, options });
    this.#tracks.add(track);
    track.playback(); // hears from now on
    const { info } = this.#room.session;
    if (info !== null) track.push(info.time);
    return track;
  }

  /** Predict what is ours; see `Room.predict`. */
  predict(options) {
    const prediction = new RoomPredictor(this, this.#room, options);
    this.#predictions.add(prediction);
    this.#reconcile(this.#room.now(), [prediction]);
    return prediction;
  }

  /** Track or predict this no more. */
  forget(what) {
    this.#tracks.delete(what);
    this.#predictions.delete(what);
  }

  /** The tick that the player is looking at; undefined where nothing is tracked. */
  get seen() {
    const [track] = this.#tracks;
    return track?.tick;
  }

  /** A new state was told. */
  arrived(info) {
    const { session } = this.#room;
    const late = (session.clock.time(info.at) - info.time) / (this.hz / 1000);
    const heard = { tick: info.tick, time: info.time, late, now: info.at };
    this.playback(null);
    for (const playback of this.#playbacks.values()) playback.heard(heard);
    for (const track of this.#tracks) track.push(info.time);
  }

  /** A frame was applied. */
  applied(now) {
    const { welcome, lastOwn, shared, settled } = this.#room.session;
    if (welcome !== this.#welcome) this.#welcomed(welcome);
    const heard = lastOwn !== this.#lastOwn;
    const ticked = shared.tick > this.#tick;
    [this.#lastOwn, this.#tick] = [lastOwn, shared.tick];
    for (const prediction of this.#predictions) {
      if (heard) prediction.heard(lastOwn.inbox);
      if (ticked) prediction.ticked(shared.tick, settled);
    }
    this.#reconcile(now, this.#predictions);
  }

  /** An input was refused; what it did here is undone. */
  refused(seq) {
    for (const prediction of this.#predictions) prediction.refused(seq);
  }

  /** What `Room.stats` says of the screen. */
  get stats() {
    const [track] = this.#tracks;
    const playback = track?.playback();
    let corrections = 0;
    let correction = 0;
    for (const prediction of this.#predictions) {
      corrections += prediction.corrections.count;
      correction = Math.max(correction, prediction.corrections.last);
    }
    const jitter = this.playback(null).jitter;
    return { jitter, delay: playback?.delay ?? 0, buffer: playback?.buffer ?? 0, corrections, correction };
  }

  /** Periods a second. */
  get hz() {
    return this.#room.session.welcome?.hz ?? HZ;
  }

  playback(delayMs) {
    if (!this.#playbacks.has(delayMs)) {
      const { welcome, info } = this.#room.session;
      const playback = new Playback(this.hz, { delayMs, realtime: welcome?.realtime ?? true });
      if (info !== null) playback.heard({ tick: info.tick, time: info.time, late: 0, now: info.at });
      if (welcome === null) return playback; // of a room that has not said how often it ticks
      this.#playbacks.set(delayMs, playback);
    }
    return this.#playbacks.get(delayMs);
  }

  /** The room's time that is on the screen. */
  moment(delayMs, now) {
    const { session } = this.#room;
    const { view } = session.shared;
    const standing = view !== null && view.phase !== "playing";
    return this.playback(delayMs).moment(session.time(now), now, standing);
  }

  #welcomed(welcome) {
    if (this.#welcome?.hz !== welcome?.hz) this.#playbacks.clear();
    for (const playback of this.#playbacks.values()) playback.forget();
    for (const prediction of this.#predictions) prediction.forget();
    this.#welcome = welcome;
  }

  /** Not between a welcome and its snapshot, nor in a gap: what is settled is not in the state then. */
  #reconcile(now, predictions) {
    const { shared, own, missing } = this.#room.session;
    const whole = shared.view !== null && shared.tick >= 0 && (own.view === null || own.tick >= 0);
    if (!whole || missing.shared || missing.own) return;
    for (const prediction of predictions) prediction.reconcile(now);
  }
}

/** A table of the state, as it is on the screen. Made by `Room.track`. */
class RoomTrack {
  #screen;
  #room;
  #path;
  #modes;
  #delayMs;
  #options;
  #track = null; // from the first state on, when the types are known

  constructor(screen, room, { path, modes, delayMs, options }) {
    this.#screen = screen;
    this.#room = room;
    this.#path = path;
    this.#modes = modes;
    this.#delayMs = delayMs;
    this.#options = options;
    this.#make({}); // mistakes are told at once
    this.#track = null;
  }

  /** The rows by id, as they are on the screen at `now`; not to be changed. */
  at(now = this.#room.now()) {
    const moment = this.#screen.moment(this.#delayMs, now);
    return this.#track?.at(moment) ?? {};
  }

  /** The room's time that is on the screen, in periods. */
  get time() { return this.playback().shown ?? 0; }
  /** How far in the past that is, in milliseconds. */
  get delay() { return this.playback().delay; }
  /** How much is known beyond it, in milliseconds. */
  get buffer() { return this.playback().buffer; }
  /** The tick of the state that is nearest to it. */
  get tick() { return this.playback().seen; }

  /** Ends it. */
  stop() {
    this.#screen.forget(this);
  }

  push(time) {
    this.#track ??= this.#make(this.#room.session.welcome?.schema);
    this.#track.spacing = this.playback().spacing;
    this.#track.push(time, valueAt(this.#room.state(), this.#path) ?? {});
  }

  playback() {
    return this.#screen.playback(this.#delayMs);
  }

  #make(schema) {
    const declared = declaredColumns(schema, this.#path);
    const turn = this.#options.turn ?? declared.turn;
    const options = { hz: this.#screen.hz, ...this.#options, turn };
    return new Track({ ...declared.modes, ...this.#modes }, options);
  }
}

/** What is ours, shown before the server has answered. Made by `Room.predict`. */
class RoomPredictor {
  #screen;
  #room;
  #read;
  #predictor;
  #pace;
  #told = null; // {secret, own, tick, settled}: what the secret last came to

  constructor(screen, room, { read, ...options }) {
    this.#screen = screen;
    this.#room = room;
    this.#read = read;
    this.#predictor = new Predictor({ stepMs: 1000 / screen.hz, ...options });
    this.#pace = new Pace(screen.hz);
  }

  /** How many inputs are due, of one in each period; none while the match stands or nobody hears. */
  due(now = this.#room.now()) {
    const { live, shared } = this.#room.session;
    return live && shared.view?.phase === "playing" ? this.#pace.due(now) : 0;
  }

  /** Sends an input, as `Room.send` does, and carries it out here. */
  send(input) {
    const now = this.#room.now();
    const { seq, answer } = this.#room.send(input, this.#screen.seen);
    if (seq !== null) this.#predictor.input(seq, input, now, this.#pace.take(now));
    return answer;
  }

  /** The own state to be drawn; null where nothing is ours. */
  own(now = this.#room.now()) { return this.#predictor.own(now); }
  /** The present prediction, exactly. */
  get predicted() { return this.#predictor.predicted; }
  /** The server's last word. */
  get authority() { return this.#predictor.authority; }
  /** How many inputs are not in it. */
  get unsettled() { return this.#predictor.ahead; }
  /** How often the server came to something else: `{count, last, max}`, sizes over what glides. */
  get corrections() { return this.#predictor.corrections; }

  /** Ends it. */
  stop() {
    this.#screen.forget(this);
  }

  heard(inbox) { this.#pace.heard(inbox); }
  ticked(tick, settled) { this.#predictor.ticked(tick, settled); }
  forget() { this.#predictor.forget(); }
  refused(refused) { this.#predictor.drop((seq) => seq === refused); }

  reconcile(now) {
    const { session } = this.#room;
    const waiting = new Set(session.inputs.map(({ seq }) => seq));
    this.#predictor.drop((seq) => seq > session.settled && !waiting.has(seq));
    const { own: read, secretly } = this.#own();
    const present = { own: read, tick: session.shared.tick, settled: session.settled };
    const { own, tick, settled } = secretly ? this.#dated(read) : present;
    this.#predictor.reconcile(own, settled, now, tick);
  }

  /**
   * As of which tick the secret is. A title may tell one seldom that changes all the time: it counts
   * as of its last change, or of when `read` made something else of it.
   */
  #dated(own) {
    const { own: view, shared, settled } = this.#room.session;
    const secret = this.#room.secret();
    const last = this.#told;
    const told = last === null || secret !== last.secret || settled < last.settled;
    if (told) this.#told = { secret, own, tick: view.tick, settled: view.settled };
    else if (!alike(own, last.own)) this.#told = { secret, own, tick: shared.tick, settled };
    return this.#told;
  }

  /**
   * What `read` says is ours, and whether it looked at the secret: that is as of its own last
   * change, while the state is as of the last tick.
   */
  #own() {
    const secret = this.#room.secret();
    let secretly = false;
    const looked = () => { secretly = true; };
    const traps = {
      get: (target, key) => (looked(), target[key]),
      has: (target, key) => (looked(), key in target),
      ownKeys: (target) => (looked(), Reflect.ownKeys(target)),
    };
    const watched = secret !== null && typeof secret === "object" ? new Proxy(secret, traps) : secret;
    const own = this.#read(watched, this.#room.state());
    if (own === watched && watched !== null) return { own: secret, secretly: true };
    return { own: own ?? null, secretly };
  }
}

/** The modes of a table's columns as the title declared them, and the circles of its angles. */
export function declaredColumns(schema, path) {
  const keys = path === "" ? [] : path.split(".");
  const kind = kindAt(schema?.shared, ["game", ...keys]) ?? kindAt(schema?.own, ["seen", ...keys]);
  const row = kind?.kind === "map" || kind?.kind === "list" ? required(kind.of) : null;
  const columns = kind?.kind === "table" ? kind.columns : (row?.fields ?? []);
  const modes = {};
  const turn = {};
  for (const [name, column] of columns) {
    const plain = required(column);
    modes[name] = MODE_OF_KIND[plain.kind] ?? "snap";
    if (plain.kind === "angle") turn[name] = plain.steps;
  }
  return { modes, turn };
}

function kindAt(schema, keys) {
  let kind = required(schema);
  for (const key of keys) {
    if (kind?.kind === "record") kind = kind.fields.find(([name]) => name === key)?.[1];
    else kind = kind?.kind === "map" || kind?.kind === "list" ? kind.of : undefined;
    kind = required(kind);
  }
  return kind;
}

/** What is behind an "optional". */
function required(kind) {
  return kind?.kind === "optional" ? required(kind.of) : kind;
}
