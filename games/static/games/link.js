/**
 * When to connect again, and when not to: what each way of losing a socket means.
 *
 * A close code says what the client should do about it; the table below is that sentence in code.
 *
 * Rules of this file: no clock is read and no chance drawn; both are handed in.
 */

const BACKOFF_MIN_MS = 250;
const BACKOFF_MAX_MS = 5000;
/** After a flood: later, and slower. */
const SLOW_MIN_MS = 5000;
const SLOW_MAX_MS = 20_000;
/** A connection that held for so long was a good one; the next loss starts from the beginning. */
const STEADY_MS = 5000;
/** Tickets refused in a row before it is no accident any more. */
const REFUSALS_MAX = 3;
/** From asking for a ticket to the room's welcome; a hanging attempt is given up then. */
const ATTEMPT_MS = 10_000;

const UNAUTHORIZED = 4401;
const FLOOD = 4429;

/** Close codes after which nothing is to be gained by coming back, with the error each stands for. */
export const FINAL = new Map([
  [1000, null],
  [4400, { code: "bad_message", message: "The server did not understand this page." }],
  [4401, { code: "ticket_invalid", message: "The server did not let you in." }],
  [4403, { code: "kicked", message: "You were removed from this match." }],
  [4404, { code: "match_not_found", message: "There is no such match, or it has ended." }],
  [4409, { code: "seat_replaced", message: "You opened this match somewhere else; it goes on there." }],
  [4410, { code: "room_lost", message: "The server that ran this match is gone." }],
  [4500, { code: "room_faulted", message: "The rules of this game failed; the match was stopped." }],
]);

export class Link {
  /** @param {() => number} random from 0 to 1 */
  constructor(random = Math.random) {
    this.random = random;
    /** @type {"waiting" | "joining" | "live" | "closed"} */
    this.state = "waiting";
    this.retryAt = 0;
    this.attempt = 0;
    this.refusals = 0;
    this.slow = false;
    this.startedAt = 0;
    this.liveAt = 0;
  }

  /** Whether it is time to connect. */
  due(now) {
    return this.state === "waiting" && now >= this.retryAt;
  }

  /** Whether the attempt takes too long to be worth waiting for. */
  hanging(now) {
    return this.state === "joining" && now >= this.startedAt + ATTEMPT_MS;
  }

  /** When to look again. */
  dueAt() {
    if (this.state === "waiting") return this.retryAt;
    return this.state === "joining" ? this.startedAt + ATTEMPT_MS : Infinity;
  }

  /** An attempt begins. */
  begin(now) {
    this.state = "joining";
    this.startedAt = now;
  }

  /** The room welcomed us. */
  welcomed(now) {
    this.state = "live";
    this.liveAt = now;
    this.refusals = 0;
    this.slow = false;
  }

  /**
   * The socket was closed with `code`, or no ticket was to be had (1006).
   * @returns {boolean} whether to connect again
   */
  closed(code, now) {
    if (this.state === "live" && now - this.liveAt >= STEADY_MS) this.attempt = 0;
    if (code === UNAUTHORIZED) this.refusals += 1;
    const final = code === UNAUTHORIZED ? this.refusals >= REFUSALS_MAX : FINAL.has(code);
    if (final) this.state = "closed";
    else this.#wait(code, now);
    return !final;
  }

  /** It may work now: the network is back, or the page is looked at again. */
  wake(now) {
    if (this.state === "waiting" && !this.slow) this.retryAt = Math.min(this.retryAt, now);
  }

  /** Never again. */
  close() {
    this.state = "closed";
  }

  #wait(code, now) {
    this.state = "waiting";
    this.slow ||= code === FLOOD;
    const growth = 2 ** Math.min(this.attempt, 10);
    this.attempt += 1;
    if (code === UNAUTHORIZED && this.refusals === 1) this.retryAt = now; // a resume token has aged
    else if (this.slow) this.retryAt = now + SLOW_MIN_MS + this.#jitter(SLOW_MIN_MS, SLOW_MAX_MS, growth);
    else this.retryAt = now + this.#jitter(BACKOFF_MIN_MS, BACKOFF_MAX_MS, growth);
  }

  /** Anything up to a bound that doubles each time, so that those who left together do not return together. */
  #jitter(min, max, growth) {
    return this.random() * Math.min(max, min * growth);
  }
}
