/**
 * Evertick in the browser: join a match, follow its state, send inputs.
 *
 * ```js
 * import { join } from "/static/games/evertick.js";
 *
 * const room = join({ match, getTicket });
 * room.on("state", (state, previous, info) => draw(state));
 * const { refused } = await room.send({ move: "e2e4" });
 * ```
 *
 * The connection is kept by itself: it comes back with every input, or says why it cannot. Views
 * are never changed in place, so a state that you keep stays what it was.
 *
 * This module is the shell: the socket, the clock, the page. What is said is in `session.js`, when
 * to connect in `link.js`, how to another server in `move.js`, how it comes to look smooth in
 * `screen.js`.
 */

import { SERVER, SUBPROTOCOLS, decode, encode, encodingOf } from "./codec.js";
import { FINAL, Link } from "./link.js";
import { Move } from "./move.js";
import { Screen } from "./screen.js";
import { Session, SendError } from "./session.js";
import { WATCHED, happened } from "./watch.js";
import { Weather } from "./weather.js";

export { SendError };

/**
 * @typedef {"connecting" | "live" | "reconnecting" | "closed"} Status
 *
 * @typedef {object} Seat
 * @property {string} name
 * @property {"here" | "away" | "bot" | "gone"} status
 * @property {number | null} until room time up to which an absent player is waited for
 *
 * @typedef {object} Result
 * @property {number[][]} ranking groups of seats, best first; seats of one group tied
 * @property {string} reason
 *
 * @typedef {object} StateInfo
 * @property {number} tick
 * @property {number} time the room's time at this tick, in periods
 * @property {number} at when it arrived, on the scale of `performance.now()`
 * @property {number} settled inputs up to this number are settled in this state
 * @property {Record<string, Set<string>>} entered rows that only came into this seat's sight, by the
 *   dotted path of their table
 * @property {Record<string, Set<string>>} left rows that only left it
 *
 * @typedef {object} JoinOptions
 * @property {string} match id of the match
 * @property {() => Promise<string>} getTicket fetches a ticket; called at the first connection and
 *   whenever the room wants a new one. An error with `fatal: true` ends the session, others are
 *   tried again.
 * @property {"msgpack" | "json"} [encoding] "msgpack" if absent; JSON is for reading along
 * @property {string} [url] of the WebSocket; this page's host if absent
 * @property {Partial<typeof browser>} [env] another world to live in, for tests
 *
 * @typedef {object} RoomEvents
 * @property {() => void} ready the first state is there
 * @property {(state: any, previous: any, info: StateInfo) => void} state the title's view or this
 *   seat's secret changed, or time moved; `previous` is null at first
 * @property {(seats: Record<string, Seat>) => void} seats
 * @property {(phase: "playing" | "paused" | "over") => void} phase
 * @property {(result: Result) => void} result
 * @property {(status: Status, detail: object) => void} status `detail`: `retryAt` while
 *   reconnecting; `close` and `error` when closed
 * @property {(refusal: {seq: number, code: string, data: any}) => void} refused
 * @property {(error: {code: string, message: string, fatal: boolean}) => void} error
 * @property {(ms: number) => void} rtt
 * @property {(drift: {view: "shared" | "own", tick: number, reason: "hash" | "change"}) => void} drift
 *   a view was another than the room's; it was asked for again
 */

/**
 * Counted since the page was loaded, and measured just now.
 * @typedef {object} Stats
 * @property {number | null} rtt milliseconds of a round trip, smoothed
 * @property {number} jitter milliseconds by which states come unevenly, smoothed
 * @property {number} clock milliseconds that the room's clock here is still off from what is known
 * @property {number} delay milliseconds that tracks are in the past; 0 without
 * @property {number} buffer milliseconds that are known beyond that
 * @property {number} bytesIn
 * @property {number} bytesOut
 * @property {number} framesIn
 * @property {number} framesOut
 * @property {number | null} inbox how many inputs of this seat the last tick found waiting
 * @property {number} unsettled inputs sent and not yet settled
 * @property {number} corrections how often a prediction was wrong
 * @property {number} correction how far off it was the last time
 * @property {number} drifts how often this page's view was found to differ from the room's
 * @property {number} moves how often the server wanted another socket, and got it
 * @property {number} lost frames that the simulated weather lost, to come late
 */

/** What a leaving player waits at most for the server's goodbye. */
const LEAVE_MS = 3000;
/** A frame that is no frame: closed with this, then joined again. */
const CLOSE_MALFORMED = 4000;
/** As the browser says it: lost without a word. */
const LOST = 1006;
/** Our seat was opened over another socket; perhaps by ourselves. */
const REPLACED = 4409;
/** Of a cut that is not said to be of another length. */
const CUT_MS = 2000;
/** What is typed there is not meant for us. */
const TYPED_IN = "input, textarea, select, [contenteditable]";

/** The world of a page. */
const browser = {
  WebSocket: globalThis.WebSocket,
  now: () => performance.now(),
  setTimeout: (call, ms) => globalThis.setTimeout(call, ms),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
  random: Math.random,
  page: globalThis.document === undefined ? null : globalThis,
};

/**
 * Joins a match; connecting begins at once, and the room is there before it is live.
 * @param {JoinOptions} options
 * @returns {Room}
 */
export function join(options) {
  return new Room(options);
}

/** One match as this page sees it. Made by `join`. */
export class Room {
  #env;
  #url;
  #getTicket;
  #encoding;
  #session;
  #link;
  #socket = null;
  #move = null; // where the server wants another socket beside this one
  #attempt = 0; // counts connections, so that what belongs to an old one is known
  #timer = null;
  #handlers = new Map();
  #status = "connecting";
  #end = null;
  #leaving = null; // {by, promise, resolve}
  #unlisten = () => {};
  #screen;
  #weather;
  #watchers = new Set(); // {name, path, handler}
  #count = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, moves: 0 };
  #panel = null;

  /** @param {JoinOptions} options */
  constructor({ match, getTicket, encoding = "msgpack", url, env = {} }) {
    if (!(encoding in SUBPROTOCOLS)) throw new TypeError(`no encoding is called ${encoding}`);
    this.#env = { ...browser, ...env };
    this.#url = url ?? urlOf(match);
    this.#getTicket = getTicket;
    this.#encoding = encoding;
    this.#session = new Session(randomId(), (...event) => this.#emit(...event));
    this.#link = new Link(this.#env.random);
    this.#weather = new Weather(this.#env.random);
    this.#screen = new Screen({
      session: this.#session,
      now: this.#env.now,
      state: () => this.state,
      secret: () => this.secret,
      send: (data, seen) => this.#send(data, seen),
    });
    this.#listen();
    this.#step();
  }

  // --- what is known -----------------------------------------------------------------------------

  /** @returns {any} the title's view; null before "ready" */
  get state() { return this.#session.state; }
  /** @returns {any} what only this seat may see, or null */
  get secret() { return this.#session.secret; }
  /** @returns {Record<string, Seat>} by seat number */
  get seats() { return this.#view?.seats ?? {}; }
  /** @returns {"playing" | "paused" | "over" | null} */
  get phase() { return this.#view?.phase ?? null; }
  /** @returns {Result | null} */
  get result() { return this.#view?.result ?? null; }
  /** @returns {Record<string, any>} what was chosen about the match */
  get settings() { return this.#session.welcome?.settings ?? {}; }
  /** @returns {number | null} this player's seat; null for a spectator */
  get seat() { return this.#session.welcome?.seat ?? null; }
  /** @returns {string | null} the title's registered name */
  get title() { return this.#session.welcome?.title ?? null; }
  /** @returns {string | null} the match's id */
  get match() { return this.#session.welcome?.match ?? null; }
  /** @returns {number | null} periods a second, the unit of time */
  get hz() { return this.#session.welcome?.hz ?? null; }
  /** @returns {boolean | null} whether there is a tick in each period */
  get realtime() { return this.#session.welcome?.realtime ?? null; }
  /** @returns {number} of the state; -1 before "ready" */
  get tick() { return this.#session.shared.tick; }
  /** @returns {StateInfo | null} when the state is of, which may be long ago in a turn room */
  get info() { return this.#session.info; }
  /** @returns {number | null} milliseconds of a round trip, smoothed */
  get rtt() { return this.#session.rtt; }
  /** @returns {Stats} */
  get stats() {
    const { rtt, clock, inbox, drifts } = this.#session;
    return {
      rtt, ...this.#screen.stats, clock: clock.error, ...this.#count, inbox,
      unsettled: this.unsettled, drifts, lost: this.#weather.lost,
    };
  }
  /** @returns {Status} */
  get status() { return this.#status; }
  /** @returns {{close: number | null, error: {code: string, message: string} | null} | null} how it ended */
  get closed() { return this.#end; }
  /** @returns {number} inputs sent and not yet settled */
  get unsettled() { return this.#session.inputs.length; }

  /**
   * What time it is in the room now, estimated, in periods; stands still unless the match is playing.
   * @returns {number}
   */
  time() {
    return this.#session.time(this.#env.now());
  }

  /**
   * Seconds from now until the room's time is `time`, as for a seat's `until`; at least 0. This
   * goes on in a pause, as the room waits for its players by that time.
   * @param {number} time in periods
   * @returns {number}
   */
  secondsUntil(time) {
    const left = time - this.#session.clock.time(this.#env.now());
    return Math.max(0, left / (this.hz ?? 1));
  }

  // --- what can be done --------------------------------------------------------------------------

  /**
   * Calls `handler` at each event of this name; see `RoomEvents`.
   *
   * Three more are of a place in the state, which a dotted path names, as "ships.3.hp":
   * - `on("change", path, (value, previous) => …)`: it is another value now; without a path, of the
   *   whole state. What is not there is `undefined`.
   * - `on("add", path, (row, id, { entered }) => …)`: a row came to a table, map or list; `entered`:
   *   it was there before, and only came into this seat's sight. At the first state all come.
   * - `on("remove", path, (row, id, { left }) => …)`: a row went; `left`: it only left sight.
   * @param {keyof RoomEvents | "change" | "add" | "remove"} name
   * @param {...any} rest a path, where there is one, and the handler
   * @returns {() => void} ends it
   */
  on(name, ...rest) {
    const handler = rest.pop();
    if (WATCHED.has(name)) return this.#watch(name, rest[0] ?? "", handler);
    const entry = { handler };
    if (!this.#handlers.has(name)) this.#handlers.set(name, new Set());
    this.#handlers.get(name).add(entry);
    return () => void this.#handlers.get(name).delete(entry);
  }

  /**
   * Asks the room for something. The input is kept until the room has settled it, whatever happens
   * to the connection, and is carried out at most once.
   *
   * Codes of the client's own: `match_over`, `closed`, `spectators_send_nothing`, and `unknown` when
   * the room forgot this page and nobody can say.
   * @param {any} data what the title expects; JSON-like
   * @param {{seen?: number}} [options] `seen`: the tick that the player was looking at; the one on
   *   the screen if absent, where something is tracked
   * @returns {Promise<{seq: number | null, refused: string | null}>} `refused` is null if it was
   *   carried out. Rejects with a `SendError`: `too_many_unsettled`, or `invalid` for data that
   *   cannot be sent.
   */
  send(data, { seen = this.#screen.seen } = {}) {
    return this.#send(data, seen).answer;
  }

  /**
   * Follows a table, a map or a list of rows, so that they can be shown moving smoothly: `.at()`
   * gives them as they are at the moment on the screen, which is a little in the past.
   *
   * @param {string} path dotted, into the state
   * @param {Record<string, import("./interpolate.js").Mode>} [modes] how columns go from one state to
   *   the next; those not named, as they are declared (fixed: lerp, angle: angle), else they snap
   * @param {object} [options]
   * @param {number} [options.delayMs] how far in the past; measured if absent
   * @param {number} [options.jump] what went further than this did not go there, and jumps
   * @param {number | Record<string, number>} [options.turn] the full circle of an "angle"
   * @param {number} [options.aheadMs] how long "extrapolate" goes on without news
   */
  track(path, modes = {}, options = {}) {
    return this.#screen.track(path, modes, options);
  }

  /**
   * Shows what is ours before the room has answered: what is sent with `.send(input)` is carried
   * out here at once, `.own()` is what came of it, and what the room says of it corrects that.
   *
   * @param {object} options
   * @param {(secret: any, state: any) => any} options.read the room's word on what is ours; null
   *   where nothing is
   * @param {(own: any, input: any) => any} options.step what an input makes of it, as a new object
   * @param {boolean} [options.ticking] the room moves what is ours once in each tick, by the last input
   *   it has, and not once for each input
   * @param {number} [options.easeMs] how long an error takes to vanish from the screen
   * @param {Record<string, "snap" | "lerp" | "angle">} [options.smooth] what glides on the screen;
   *   every number if absent
   * @param {number | Record<string, number>} [options.turn] the full circle of an "angle"
   * @param {number} [options.jump] an error further than this is a teleport
   * @param {number} [options.tolerance] smaller differences are no corrections
   */
  predict(options) {
    return this.#screen.predict(options);
  }

  /**
   * Gives the seat up for good.
   * @returns {Promise<void>} when the server knows, or could not be reached for three seconds
   */
  leave() {
    const nothingToGive = this.#session.over || (this.#session.welcome !== null && this.seat === null);
    if (nothingToGive) this.close();
    if (this.#end !== null) return Promise.resolve();
    if (this.#leaving === null) {
      this.#leaving = { by: this.#env.now() + LEAVE_MS, ...deferred() };
      this.#session.leave();
      this.#step();
    }
    return this.#leaving.promise;
  }

  /** Closes the connection; the seat stays ours until the grace time is over. */
  close() {
    this.#finish(null, null);
  }

  // --- for those who make games ------------------------------------------------------------------

  /**
   * Shows the panel that tells how the connection is, and makes it worse; hides it if it is there.
   * `?debug` in the page's address shows it, Ctrl+Shift+D and the key above Tab as well.
   * @returns {Promise<void>} when it is shown
   */
  async debug() {
    const { Panel } = await import("./debug.js");
    this.#panel ??= new Panel(this, this.#env);
    this.#panel.toggle();
  }

  /** @returns {{latency: number, jitter: number, loss: number}} the network's weather, simulated */
  get weather() { return this.#weather.now; }
  /** What is absent stays as it is. Milliseconds more for a round trip, and for a frame; a share. */
  set weather(change) {
    this.#weather.set(change);
  }

  /**
   * Cuts the connection, which does not come back for so many milliseconds.
   * @param {number} [ms]
   * @param {{silent?: boolean}} [options] `silent`: nobody is told, only nothing passes, as with a
   *   cable that was pulled
   */
  cut(ms = CUT_MS, { silent = false } = {}) {
    const now = this.#env.now();
    this.#weather.cut(ms, now);
    if (!silent && this.#socket !== null) this.#lose(LOST);
    this.#step();
  }

  // --- the connection ----------------------------------------------------------------------------

  /** Do what is due, send what is to be sent, and come back when something is due again. */
  #step() {
    if (this.#end !== null) return;
    const now = this.#env.now();
    this.#weather.run(now);
    if (this.#end !== null) return;
    let dueAt = this.#session.poll(now);
    if (this.#session.dead(now) || this.#link.hanging(now)) this.#lose(LOST);
    if (this.#leaving !== null && now >= this.#leaving.by) return this.#finish(null, null);
    if (this.#link.due(now)) this.#connect(now);
    dueAt = Math.min(dueAt, this.#tryToMove(now));
    this.#write();
    if (this.#end !== null) return;
    dueAt = Math.min(dueAt, this.#link.dueAt(), this.#leaving?.by ?? Infinity, this.#weather.dueAt());
    this.#env.clearTimeout(this.#timer);
    this.#timer = this.#env.setTimeout(() => this.#step(), Math.max(0, Math.ceil(dueAt - now)));
  }

  async #connect(now) {
    this.#link.begin(now);
    const attempt = ++this.#attempt;
    let ticket = null;
    try {
      if (this.#session.resume === null) ticket = await this.#getTicket();
    } catch (error) {
      if (attempt === this.#attempt) this.#noTicket(error);
      return;
    }
    if (attempt === this.#attempt && this.#end === null) this.#socket = this.#openSocket(ticket);
  }

  #noTicket(error) {
    const told = { code: error?.code ?? "no_ticket", message: error?.message ?? "" };
    if (error?.fatal) return this.#finish(null, told);
    this.#emit("error", { ...told, fatal: false });
    this.#lose(LOST);
    this.#step();
  }

  #openSocket(ticket) {
    const socket = new this.#env.WebSocket(this.#url, [SUBPROTOCOLS[this.#encoding]]);
    socket.binaryType = "arraybuffer";
    const ours = (handle) => (event) => {
      const heard = () => (socket === this.#socket || socket === this.#move?.socket) && handle(event);
      if (!this.#weather.pass("in", heard, this.#env.now())) this.#step();
    };
    socket.onopen = ours(() => {
      if (socket === this.#socket) this.#session.open(ticket, this.#env.now());
      else this.#greet(socket);
      this.#step();
    });
    socket.onmessage = ours(({ data }) => this.#read(socket, data));
    socket.onclose = ours(({ code }) => {
      if (socket === this.#socket) {
        this.#socket = null;
        this.#lose(code);
      } else this.#stayFor(code);
      this.#step();
    });
    return socket;
  }

  #read(socket, data) {
    this.#count.framesIn += 1;
    const bytes = sizeOf(data);
    this.#count.bytesIn += bytes;
    let messages;
    try {
      messages = decode(data, SERVER, this.#session.near);
    } catch (error) {
      console.error("evertick: a frame that cannot be read", error);
      if (socket === this.#socket) this.#lose(LOST, CLOSE_MALFORMED);
      else this.#stayFor(LOST, CLOSE_MALFORMED);
      return this.#step();
    }
    if (socket === this.#socket) this.#hear(messages, bytes);
    else {
      this.#move.hear(messages, bytes);
      if (this.#move.reaches(this.tick)) this.#goOver();
    }
    this.#step();
  }

  #hear(messages, bytes, frames) {
    const now = this.#env.now();
    const { info } = this.#session;
    this.#session.receive(messages, now, bytes, frames);
    if (this.#session.info === info) this.#apply(now); // no state was told, but something settled perhaps
    if (this.#session.live && this.#link.state === "joining") this.#onLive(now);
  }

  #onLive(now) {
    this.#link.welcomed(now);
    this.#setStatus("live");
    if (this.#leaving !== null) this.#session.leave();
  }

  #write() {
    if (this.#socket?.readyState !== 1) return;
    for (const message of this.#session.take()) this.#say(this.#socket, message);
  }

  #say(socket, message) {
    const frame = encode(message, encodingOf(socket.protocol));
    this.#count.framesOut += 1;
    this.#count.bytesOut += sizeOf(frame);
    this.#weather.pass("out", () => socket.readyState === 1 && socket.send(frame), this.#env.now());
  }

  /** The connection is gone, or given up; decide whether there is a next one. */
  #lose(code, say = 1000) {
    if (this.#end !== null) return;
    const { error } = this.#session;
    const ours = code === REPLACED && this.#move?.greeted; // nobody else has our seat
    const final = FINAL.has(code) && !ours;
    if (!final && this.#move?.socket) {
      this.#goOver();
      if (ours || this.#session.live) return;
    } else {
      this.#drop(say);
      this.#attempt += 1;
      this.#session.lost();
      if (code === 4401) this.#session.resume = null;
      const again = this.#link.closed(ours ? LOST : code, this.#env.now());
      if (!again) return this.#finish(code, error ?? FINAL.get(code) ?? null);
    }
    if (error !== null && !ours) this.#emit("error", { ...error, fatal: false });
    const status = this.#session.welcome === null ? "connecting" : "reconnecting";
    this.#setStatus(status, { retryAt: this.#link.retryAt });
  }

  #finish(code, error) {
    if (this.#end !== null) return;
    this.#end = { close: code, error };
    this.#link.close();
    this.#session.close();
    this.#drop(1000);
    this.#env.clearTimeout(this.#timer);
    this.#unlisten();
    if (this.#end.error !== null) this.#emit("error", { ...this.#end.error, fatal: true });
    this.#setStatus("closed", this.#end);
    this.#leaving?.resolve();
  }

  #drop(say) {
    const sockets = [this.#socket, this.#move?.socket];
    this.#socket = null; // its events are nobody's any more
    this.#move = null;
    this.#weather.forget();
    for (const socket of sockets) shut(socket, say);
  }

  // --- to another socket ---------------------------------------------------------------------------

  /** Where the server wishes it, open another socket beside this one. When to look again. */
  #tryToMove(now) {
    if (this.#session.mustMove) this.#move ??= new Move(this.#env.random);
    if (this.#move?.link.hanging(now)) this.#stayFor(LOST);
    if (this.#move?.link.due(now)) this.#move.begin(this.#openSocket(null), now);
    return this.#move?.link.dueAt() ?? Infinity;
  }

  #greet(socket) {
    this.#move.opened();
    this.#say(socket, this.#session.hello(null));
  }

  /** The other socket came to nothing: this one goes on, and perhaps there is a next attempt. */
  #stayFor(code, say = 1000) {
    shut(this.#move.socket, say);
    if (this.#move.failed(code, this.#env.now())) return;
    this.#move = null;
    this.#session.mustMove = false;
  }

  /** The other socket is the one from here on; what the old one still has to say is nobody's. */
  #goOver() {
    const { socket, link, open, messages, bytes, frames } = this.#move;
    const old = this.#socket;
    this.#count.moves += 1;
    this.#socket = socket;
    this.#link = link;
    this.#move = null;
    this.#session.lost();
    if (open) this.#session.opened(this.#env.now());
    if (frames > 0) this.#hear(messages, bytes, frames);
    shut(old, 1000);
  }

  /** Sends, and tells under which number; null if it was not taken. */
  #send(data, seen) {
    const { nextSeq } = this.#session;
    const answer = this.#session.send(data, this.#env.now(), seen);
    const taken = this.#session.nextSeq > nextSeq;
    this.#step();
    return { seq: taken ? nextSeq : null, answer };
  }

  // --- the page ----------------------------------------------------------------------------------

  #listen() {
    const { page } = this.#env;
    if (page === null) return;
    const wake = () => {
      if (page.document?.visibilityState === "hidden") return;
      const now = this.#env.now();
      this.#link.wake(now);
      this.#session.doubt(now);
      this.#step();
    };
    const key = (event) => {
      if (!debugKey(event)) return;
      event.preventDefault();
      this.debug();
    };
    page.addEventListener("online", wake);
    page.addEventListener("pageshow", wake);
    page.addEventListener("keydown", key);
    page.document?.addEventListener("visibilitychange", wake);
    this.#unlisten = () => {
      page.removeEventListener("online", wake);
      page.removeEventListener("pageshow", wake);
      page.removeEventListener("keydown", key);
      page.document?.removeEventListener("visibilitychange", wake);
    };
    if (new URLSearchParams(page.location?.search ?? "").has("debug")) this.debug();
  }

  get #view() {
    return this.#session.shared.view;
  }

  #setStatus(status, detail = {}) {
    const same = this.#status === status && status !== "reconnecting";
    this.#status = status;
    if (!same) this.#emit("status", status, detail);
  }

  // --- what handlers are told ----------------------------------------------------------------------

  #emit(name, ...args) {
    if (name === "refused") this.#screen.refused(args[0].seq);
    if (name === "state") this.#arrive(args[2]);
    for (const { handler } of [...(this.#handlers.get(name) ?? [])]) this.#tell(name, handler, args);
    if (name === "state") this.#happen(...args);
  }

  /** A handler's mistake is its own; the others are still told, and the connection lives. */
  #tell(name, handler, args) {
    try {
      handler(...args);
    } catch (error) {
      console.error(`evertick: a handler of "${name}" failed`, error);
    }
  }

  /** The screen knows of a state before handlers do, so that they may draw it. */
  #arrive(info) {
    this.#screen.arrived(info);
    this.#apply(info.at);
  }

  /** What is predicted runs the title's own functions. */
  #apply(now) {
    this.#tell("predict", () => this.#screen.applied(now), []);
  }

  #watch(name, path, handler) {
    const watcher = { name, path, handler };
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #happen(state, previous, info) {
    for (const { name, path, handler } of [...this.#watchers]) {
      const calls = happened(name, path, state, previous, info);
      for (const args of calls) this.#tell(name, handler, args);
    }
  }
}

/** Ctrl+Shift+D, or the key above Tab, unless something is being typed. */
function debugKey({ code, ctrlKey, metaKey, altKey, shiftKey, repeat, target }) {
  if (repeat || altKey || metaKey || target?.closest?.(TYPED_IN)) return false;
  return ctrlKey && shiftKey ? code === "KeyD" : code === "Backquote" && !ctrlKey && !shiftKey;
}

function shut(socket, say) {
  try {
    socket?.close(say);
  } catch {
    // it was never open
  }
}

function sizeOf(frame) {
  return typeof frame === "string" ? frame.length : frame.byteLength;
}

function urlOf(match) {
  const { protocol, host } = globalThis.location;
  return `${protocol === "https:" ? "wss" : "ws"}://${host}/ws/room/${encodeURIComponent(match)}`;
}

/** Not `randomUUID`, which plain http on a local network does not have. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}
