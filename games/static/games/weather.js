/**
 * A network as bad as one likes, between a page and its room: delay, jitter, loss, cuts.
 *
 * What is to be sent and what arrived passes through here, each way by itself and in order, as it
 * does through TCP: nothing is ever missing, but what is lost comes late, and all that is behind it
 * waits.
 *
 * ```js
 * const weather = new Weather(Math.random);
 * weather.set({ latency: 150, jitter: 40, loss: 0.02 });
 * weather.pass("out", () => socket.send(frame), now);   // at once where the weather is fine
 * weather.run(now);                                     // … or here, when it is due
 * ```
 *
 * Rules of this file: no clock is read and no chance drawn; both are handed in.
 */

/** The least that TCP waits before it sends again what was lost (RFC 6298 says 1 s; Linux 200 ms). */
const AGAIN_MS = 200;
/** More would be no network. */
const LATENCY_MAX_MS = 10_000;
const LOSS_MAX = 0.9;

export const FINE = Object.freeze({ latency: 0, jitter: 0, loss: 0 });

export class Weather {
  /** @param {() => number} random from 0 to 1 */
  constructor(random) {
    this.random = random;
    this.now = FINE;
    this.cutUntil = -Infinity;
    this.ways = { in: [], out: [] }; // {at, act}, in order; who is behind another waits for it
    this.running = false;
    /** How many frames were lost, and came late. */
    this.lost = 0;
  }

  /**
   * From now on it is like this; what is absent stays.
   * @param {{latency?: number, jitter?: number, loss?: number}} change `latency`: milliseconds more
   *   for a round trip, half of it each way; `jitter`: up to so many more for each frame; `loss`:
   *   share of frames that have to be sent again
   */
  set(change) {
    const next = { ...this.now, ...change };
    this.now = Object.freeze({
      latency: within(next.latency, LATENCY_MAX_MS),
      jitter: within(next.jitter, LATENCY_MAX_MS),
      loss: within(next.loss, LOSS_MAX),
    });
  }

  /** Nothing passes for so many milliseconds; what waits then comes all at once. */
  cut(ms, now) {
    this.cutUntil = Math.max(this.cutUntil, now + ms);
  }

  /**
   * Does `act` when it has passed: at once, or in a `run`.
   * @param {"in" | "out"} direction
   * @returns {boolean} whether it is done
   */
  pass(direction, act, now) {
    const queue = this.ways[direction];
    const at = Math.max(now + this.#delay(), this.cutUntil);
    const free = at <= now && queue.length === 0;
    if (free) act();
    else queue.push({ at, act });
    return free;
  }

  /** Does all that is due, each way in order. What is done may pass something again, or run again. */
  run(now) {
    if (this.running) return;
    this.running = true;
    try {
      for (const queue of Object.values(this.ways)) {
        while (queue.length > 0 && Math.max(queue[0].at, this.cutUntil) <= now) queue.shift().act();
      }
    } finally {
      this.running = false;
    }
  }

  /** When the next is due. */
  dueAt() {
    const heads = Object.values(this.ways).map(([first]) => first?.at ?? Infinity);
    return Math.max(Math.min(...heads), this.cutUntil);
  }

  /** The connection is gone, and what was on its way with it. */
  forget() {
    for (const queue of Object.values(this.ways)) queue.length = 0;
  }

  #delay() {
    const { latency, jitter, loss } = this.now;
    if (latency === 0 && jitter === 0 && loss === 0) return 0;
    let delay = latency / 2 + jitter * this.random();
    let wait = AGAIN_MS + latency;
    while (loss > 0 && this.random() < loss) {
      this.lost += 1;
      delay += wait;
      wait *= 2; // as TCP backs off
    }
    return delay;
  }
}

function within(value, max) {
  const number = Number(value);
  return Number.isFinite(number) ? Math.min(Math.max(0, number), max) : 0;
}
