/**
 * Keeps a page told: all open lobbies, or one of them, or the own ticket, over `/ws/lobby`.
 *
 * A lost socket comes back by itself, ever more patiently. While it is away, `poll` is asked every
 * few seconds instead, so that the page is never long behind.
 */

import { attach, detach, heard } from "./line.js";

const BACKOFF_MS = [400, 800, 1500, 3000, 6000, 10000];
const POLL_MS = 5000;
const OPEN_WAIT_MS = 6000; // a socket that opens this slowly is tried again
const SIGNED_OUT = 4403;
const ASLEEP_MS = 30000; // a page hidden this long may have a socket that only looks open

export class LobbyFeed {
  /**
   * @param {{lobby: string|null, filters: object, ticket: boolean, onData: (data: any) => void,
   *   onStatus: (status: "connecting"|"live"|"polling") => void, poll: () => Promise<any>}} options
   *   `lobby`: which to watch, null for the public list, of which `filters` leave a part; `ticket`:
   *   the own one instead; `onData` gets that lobby, list or ticket. What is about people goes to `line.js`.
   */
  constructor({ lobby = null, filters = {}, ticket = false, onData, onStatus, poll }) {
    LobbyFeed.made = true;
    Object.assign(this, { lobby, filters, ticket, onData, onStatus, poll });
    this.kind = ticket ? "ticket" : lobby === null ? "lobbies" : "lobby";
    this.tries = 0;
    this.people = false;
    this.denied = false; // the server looks through too many filters already
    this.closed = true;
    addEventListener("online", () => this.hurry());
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
    document.addEventListener("visibilitychange", () => this.seen());
  }

  open() {
    if (!this.closed) return;
    this.closed = false;
    this.say("connecting");
    this.connect();
  }

  close() {
    this.closed = true;
    clearTimeout(this.retry);
    clearTimeout(this.nextPoll);
    this.drop();
  }

  connect() {
    clearTimeout(this.retry);
    this.drop();
    const socket = new WebSocket(
      `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/lobby`,
    );
    this.socket = socket;
    this.slow = setTimeout(() => socket === this.socket && this.lost(), OPEN_WAIT_MS);
    socket.onopen = () => {
      if (this.people) this.alive();
      else this.watch();
      attach(socket);
    };
    socket.onmessage = (event) => this.hear(event.data);
    socket.onclose = (event) => (event.code === SIGNED_OUT ? this.signedOut() : this.lost());
  }

  /** Forgets the socket without hearing from it again. */
  drop() {
    clearTimeout(this.slow);
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    detach(this.socket);
    this.socket = null;
  }

  /** Looks at another part of the list. */
  narrow(filters) {
    this.filters = filters;
    if (this.socket?.readyState === WebSocket.OPEN) this.watch();
    if (this.status === "polling") this.ask();
  }

  watch() {
    this.socket.send(JSON.stringify(this.wish()));
  }

  hear(text) {
    const message = JSON.parse(text);
    if (message.t === "refused" && message.of === "watch") return this.deny();
    if (this.people || message.t !== this.kind) return heard(message);
    this.alive();
    this.onData(message[this.kind]);
  }

  wish() {
    return this.ticket ? { t: "watch", ticket: true } : { t: "watch", lobby: this.lobby, filters: this.filters };
  }

  /** REST says it instead, and each time it is asked, so is the socket. */
  deny() {
    clearTimeout(this.slow);
    if (this.denied) return;
    this.denied = true;
    this.say("connecting");
    this.ask();
  }

  alive() {
    clearTimeout(this.slow);
    clearTimeout(this.nextPoll);
    this.tries = 0;
    this.denied = false;
    this.say("live");
  }

  lost() {
    this.drop();
    if (this.closed) return;
    const wait = BACKOFF_MS[Math.min(this.tries, BACKOFF_MS.length - 1)];
    this.tries += 1;
    this.retry = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2));
    // The first try may succeed at once; who needs more is polled for.
    if (this.tries === 2) this.ask();
    if (this.status === "live") this.say("connecting");
  }

  /** The session of this page ended, maybe from another device: the page shows that, as a visitor sees it. */
  signedOut() {
    this.close();
    location.reload();
  }

  /** What the socket would have said, asked for; again every few seconds until it is back. */
  async ask() {
    clearTimeout(this.nextPoll);
    if (this.closed || this.status === "live") return;
    try {
      const data = await this.poll();
      if (this.closed || this.status === "live") return;
      this.say("polling");
      this.onData(data);
    } catch {
      this.say("connecting");
    }
    if (this.denied && this.socket?.readyState === WebSocket.OPEN) this.watch();
    if (!this.closed && this.status !== "live")
      this.nextPoll = setTimeout(() => this.ask(), POLL_MS);
  }

  hurry() {
    if (this.closed) return;
    this.tries = 0;
    if (this.status === "live") this.say("connecting");
    this.connect();
  }

  seen() {
    if (document.hidden) this.hidden = performance.now();
    else if (performance.now() - (this.hidden ?? Infinity) > ASLEEP_MS) this.hurry();
  }

  say(status) {
    if (this.status === status) return;
    this.status = status;
    this.onStatus(status);
  }
}

/** A socket for what is about people, on a page that looks at no lobby. */
export function openPeopleLine() {
  if (LobbyFeed.made) return;
  const feed = new LobbyFeed({ onData() {}, onStatus() {}, poll: async () => null });
  feed.people = true;
  feed.open();
}

const WORDS = { live: "Live", connecting: "Connecting…", polling: "Checking every 5 s" };
const DOTS = { live: "good", connecting: "warn", polling: "warn" };

/** Shows the feed's status in the element made for it. */
export function showStatus(element, status) {
  element.dataset.status = status;
  element.querySelector(".dot").className = `dot ${DOTS[status]}`;
  element.querySelector("[data-label]").textContent = WORDS[status];
}
