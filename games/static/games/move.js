/**
 * A second socket beside the first, from the server's wish that we move until it takes its place.
 *
 * The first one stays in use meanwhile. What is heard on the second is kept, and told only once it
 * leads to the state that the page shows, or beyond: so nobody sees time run back.
 *
 * Rules of this file: no clock is read, and nothing is sent; whoever has the sockets does that.
 */

import { Link } from "./link.js";

export class Move {
  /** @param {() => number} random from 0 to 1 */
  constructor(random) {
    /** When to try, when again, and when not. */
    this.link = new Link(random);
    /** Of the present attempt, or null. */
    this.socket = null;
    /** Whether the room may have seen us on a second socket, and so closed the first. */
    this.greeted = false;
    this.#forget();
  }

  /** An attempt begins, over this socket. */
  begin(socket, now) {
    this.link.begin(now);
    this.socket = socket;
    this.#forget();
  }

  /** The socket is open, and hello was said. */
  opened() {
    this.open = true;
    this.greeted = true;
  }

  /** The messages of one frame. */
  hear(messages, bytes) {
    this.frames += 1;
    this.bytes += bytes;
    this.messages.push(...messages);
  }

  /** Whether we are welcome there, and shown tick `tick` or a later one. */
  reaches(tick) {
    const ticks = this.messages.filter(({ t }) => t === "snapshot" || t === "delta").map((told) => told.tick);
    return this.messages.some(({ t }) => t === "welcome") && Math.max(...ticks) >= tick;
  }

  /**
   * The attempt came to nothing.
   * @returns {boolean} whether to try again
   */
  failed(code, now) {
    this.socket = null;
    return this.link.closed(code, now);
  }

  #forget() {
    this.open = false;
    this.frames = 0;
    this.bytes = 0;
    this.messages = [];
  }
}
