/**
 * What time it is in the room, in periods, by what its messages said.
 *
 * A message cannot arrive before it was sent, so of the last few the one that was least delayed
 * tells most: the estimate follows the largest of `time - elapsed`, and goes there gently, so that
 * jitter on the way does not make anything on the screen tremble.
 *
 * This is the filter for the least delay that NTP has (RFC 5905, section 10), one way: it tells what
 * time it was in the room when what arrives now at the earliest was sent. That is what a screen
 * needs; half a round trip more would be the room's present, of which nothing is known here.
 *
 * Rules of this file: no clock is read; `now` is handed in, in milliseconds that only rise.
 */

/** How long a sample of a real-time room counts: forty of them at 20 Hz. */
const WINDOW_REALTIME_MS = 2000;
/** A turn room says little, but its time runs as steadily as ours. */
const WINDOW_TURNS_MS = 30_000;
/** An error shrinks by half in about this time … */
const SLEW_MS = 400;
/** … but time never runs faster or slower than by this share: a fifth is not seen … */
const SLEW_SHARE_MAX = 0.2;
/** … unless it is wrong by more than this; then gently would take too long. */
const JUMP_MS = 500;
/** After so long without a word, a page may have been asleep … */
const GAP_MS = 500;
/** … and what it finds waiting is old. What was known before counts until news have had this time. */
const CONFIRM_MS = 250;

export class RoomClock {
  /**
   * @param {number} hz periods a second
   * @param {boolean} realtime whether there is a tick in each period
   */
  constructor(hz, realtime) {
    this.perMs = hz / 1000;
    this.windowMs = realtime ? WINDOW_REALTIME_MS : WINDOW_TURNS_MS;
    /** Falling offsets, oldest first: only who is the largest since then can ever matter. */
    this.samples = [];
    this.running = false;
    this.stoppedAt = 0;
    this.offset = 0;
    this.movedAt = 0;
    this.heardAt = -Infinity;
    this.wokeAt = -Infinity;
  }

  /** The room said: it is `time` now, and time runs. */
  sample(time, now) {
    const offset = time - now * this.perMs;
    if (!this.running) {
      this.samples = [];
      this.offset = offset;
      this.movedAt = now;
      this.running = true;
    }
    if (now - this.heardAt > GAP_MS) this.wokeAt = now;
    this.heardAt = now;
    while (this.samples.length && this.samples.at(-1).offset <= offset) this.samples.pop();
    this.samples.push({ offset, at: now });
    this.#slew(now);
  }

  /** By how much the estimate is still to move, in milliseconds; above 0: it is behind. */
  get error() {
    return this.running && this.samples.length ? (this.samples[0].offset - this.offset) / this.perMs : 0;
  }

  /** The match is over at `time`, and time stands still. */
  stop(time) {
    this.running = false;
    this.stoppedAt = time;
  }

  /** Old samples say nothing any more, as after a new connection; the estimate stays. */
  forget() {
    this.samples = [];
  }

  /** The estimated time of the room, in periods, with a fraction. */
  time(now) {
    if (!this.running) return this.stoppedAt;
    this.#slew(now);
    return this.offset + now * this.perMs;
  }

  #expire(now) {
    if (now - this.wokeAt < CONFIRM_MS) return;
    while (this.samples.length > 1 && now - this.samples[0].at > this.windowMs) this.samples.shift();
  }

  #slew(now) {
    const passed = Math.max(0, now - this.movedAt);
    this.movedAt = Math.max(now, this.movedAt);
    this.#expire(now);
    if (!this.samples.length) return;
    const error = this.samples[0].offset - this.offset;
    if (Math.abs(error) > JUMP_MS * this.perMs) {
      this.offset += error;
      return;
    }
    const wanted = error * (1 - 2 ** (-passed / SLEW_MS));
    const most = SLEW_SHARE_MAX * passed * this.perMs;
    this.offset += Math.max(-most, Math.min(most, wanted));
  }
}
