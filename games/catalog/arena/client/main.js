/**
 * Arena in the browser: wires room, controls, effects and drawing together.
 *
 * Other ships, the own one and shots are all shown as of the same moment, a little in the past; the
 * own engine, gun and steering answer at once.
 */

import { Controls } from "./controls.js";
import { Effects } from "./effects.js";
import { happenings } from "./happenings.js";
import { Hud } from "./hud.js";
import { Painter } from "./draw.js";
import { Sound } from "./sound.js";
import { Timeline, shipsAt } from "./interpolate.js";
import { hex, kitColor } from "./sprites.js";
import { RELOAD, TRIPLE_FOR } from "./world.js";

/** How far in the past the screen is: two states at 20 Hz, so that one may be late. */
const DELAY_MS = 100;
/** After a gap this long, in periods, what happened meanwhile is not shown as if it were now. */
const GAP_MAX = 10;
const HELP_MS = 9000;
const NAME_MAX = 16; // letters; more would hide the ships
const REFUSED = {
  not_playing: "You have no ship in this match.",
  over: "The match is over.",
};

/** Play `room` inside `element`. */
export function mount(element, room, { sound = false } = {}) {
  const client = new Client(element, room, sound);
  return { unmount: () => client.unmount() };
}

/** What the end of a match means to the one who looks at it. */
export function describeResult(result, seatNames, mySeat) {
  const name = (seat) => seatNames?.[seat] ?? `Seat ${seat + 1}`;
  const [winners = []] = result.ranking;
  const why =
    { time_up: "Time is up.", score_reached: "The score limit was reached." }[result.reason] ??
    "The match has ended.";
  const group = result.ranking.findIndex((seats) => seats.includes(mySeat));
  if (group < 0) {
    if (!winners.length) return { headline: "Match over", detail: why };
    const headline = winners.length > 1 ? "A shared victory" : `${name(winners[0])} wins`;
    return { headline, detail: winners.length > 1 ? `${why} ${list(winners.map(name))}.` : why };
  }
  const others = result.ranking[group].filter((seat) => seat !== mySeat).map(name);
  const shared = others.length ? ` Level with ${list(others)}.` : "";
  if (group === 0) {
    const headline = others.length ? "A shared victory" : "Victory!";
    return { headline, detail: why + shared };
  }
  const place = 1 + result.ranking.slice(0, group).flat().length;
  const first = list(winners.map(name));
  const best = winners.length > 1 ? `${first} share the victory.` : `${first} wins.`;
  return { headline: `${ordinal(place)} place`, detail: `${why} ${best}${shared}` };
}

class Client {
  constructor(element, room, sound) {
    this.room = room;
    this.calmly = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.root = document.createElement("div");
    this.root.className = "arena";
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "application");
    this.root.setAttribute("aria-label", "Arena: arrow keys fly, space fires");
    this.sheet = styles();
    element.append(this.sheet, this.root);

    this.colors = new Map();
    const color = (seat) => this.#color(seat);
    const name = (seat) => (seat === room.seat ? "You" : this.#name(seat));
    this.name = name;
    this.timeline = new Timeline();
    this.effects = new Effects(this.calmly.matches);
    this.painter = new Painter(this.root, color, this.calmly.matches);
    this.hud = new Hud(this.root, { color, name });
    this.sound = new Sound(sound === true);
    this.controls = new Controls(this.root, this.hud.parts, (held) => this.#send(held));
    this.queue = []; // {time, happening}: shown when the screen gets there
    this.ownShotAt = -Infinity;
    this.startedAt = performance.now();
    this.frameAt = this.startedAt;
    this.shownTime = null;
    this.notice = null;
    this.written = null; // the state that the scores on the screen are of

    this.#listen();
    if (room.state) this.#arrived(room.state, null, { time: Math.floor(room.time()) });
    this.root.focus({ preventScroll: true });
    this.frame = requestAnimationFrame((now) => this.#frame(now));
  }

  unmount() {
    cancelAnimationFrame(this.frame);
    this.controls.unmount();
    this.sound.unmount();
    this.abort.abort();
    this.resized.disconnect();
    for (const off of this.offs) off();
    this.root.remove();
    this.sheet.remove();
  }

  #listen() {
    const { room } = this;
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.offs = [
      room.on("state", (state, previous, info) => this.#arrived(state, previous, info)),
      room.on("seats", (seats) => this.#seated(seats)),
      room.on("status", (status) => status === "live" && this.controls.repeat(performance.now())),
    ];
    this.resized = new ResizeObserver(() => this.painter.resize());
    this.resized.observe(this.root);
    this.calmly.addEventListener(
      "change",
      () => {
        this.painter.calm = this.effects.calm = this.calmly.matches;
      },
      { signal },
    );
    const wake = () => this.sound.wake();
    window.addEventListener("keydown", wake, { signal });
    this.root.addEventListener("pointerdown", wake, { signal });
    this.hud.mute(this.sound.on);
    this.hud.parts.mute.addEventListener("click", () => {
      this.hud.mute(this.sound.toggle());
      this.sound.wake();
      this.root.focus({ preventScroll: true });
    });
    this.hud.touch(window.matchMedia("(pointer: coarse)").matches);
  }

  /** Back in the seat after a bot flew it: the ship holds the bot's controls, not ours. */
  #seated(seats) {
    this.written = null; // names may have changed
    const status = seats?.[this.room.seat]?.status;
    if (status === "here" && this.status !== "here") this.controls.repeat(performance.now());
    this.status = status;
  }

  #arrived(state, previous, info) {
    const last = this.timeline.past.at(-1);
    this.timeline.push(info.time, state);
    if (!previous || !last || info.time - last.time > GAP_MAX || info.time < last.time) return;
    for (const happening of happenings(previous, state, info.time)) {
      this.queue.push({ time: info.time, happening });
    }
  }

  #frame(now) {
    this.frame = requestAnimationFrame((next) => this.#frame(next));
    const { room } = this;
    // A tab that was hidden must not catch up with a jump of its particles.
    const seconds = Math.min(0.1, Math.max(0, (now - this.frameAt) / 1000));
    this.frameAt = now;
    const time = this.#moment(seconds);
    const around = this.timeline.around(time);
    if (!around) return;
    const state = around.before;
    const ships = shipsAt(around);
    const mine = ships.find((ship) => ship.seat === room.seat) ?? null;
    this.controls.enabled = room.seat !== null && room.phase === "playing";
    this.controls.pump(now);
    const { held } = this.controls;
    this.#happen(time, mine);
    this.#ownShot(time, mine, held);
    for (const ship of ships) {
      const burning = ship === mine ? held.thrust : state.hulls[ship.seat]?.[1];
      if (burning) this.effects.exhaust(ship, this.#color(ship.seat), seconds);
    }
    this.effects.step(seconds);
    const newest = this.timeline.past.at(-1).state;
    const leader = this.#write(newest, state, time, now);
    this.painter.frame({
      time, state, ships, mine, held, seconds, leader, effects: this.effects, name: this.name,
    });
  }

  /** The time on the screen, in periods. The clock stops with the match; the screen catches up. */
  #moment(seconds) {
    const { room, timeline } = this;
    const last = timeline.past.at(-1)?.time ?? 0;
    const behind = room.time() - (DELAY_MS / 1000) * room.hz;
    const over = room.phase === "over" && this.shownTime !== null;
    this.shownTime = over ? Math.min(this.shownTime + seconds * room.hz, last) : behind;
    return this.shownTime;
  }

  /** Clock, scores and notices; gives the seat of who leads. */
  #write(newest, state, time, now) {
    const { room, hud } = this;
    const narrow = this.painter.width < 640 || this.painter.height < 420;
    hud.clock((newest.ends_at - room.time()) / room.hz, room.phase === "playing");
    hud.goal(newest.score_limit);
    if (newest !== this.written || narrow !== this.narrow) {
      this.order = hud.scores(newest.scores, newest.hulls, room.seat, narrow);
      [this.written, this.narrow] = [newest, narrow];
    }
    hud.tidy(now);
    const own = state.hulls[room.seat];
    const boost = own && own[0] > 0 ? own[3] - time : 0;
    hud.boost(boost / room.hz, boost / TRIPLE_FOR);
    this.#advise(now);
    if (this.controls.touched) hud.touch(true);
    if (room.phase === "paused") hud.notice("Paused", "Waiting for a player to return");
    else if (room.phase === "playing" && own && own[0] === 0) {
      const left = Math.max(0, (own[4] - time) / room.hz).toFixed(1);
      const by = newest.scores[room.seat]?.[2] ?? -1;
      hud.notice(by < 0 ? "Destroyed" : `Destroyed by ${this.#name(by)}`, `Back in ${left} s`);
    } else if (this.notice && now < this.notice.until) hud.notice(this.notice.text);
    else hud.notice("");
    return this.order.find(({ seat }) => seat in newest.ships)?.seat ?? -1;
  }

  #advise(now) {
    const { controls, hud, room } = this;
    const since = now - this.startedAt;
    const used = (controls.keyed || controls.touched) && since > 3000;
    if (room.seat === null) hud.help("You are watching");
    else if (used || since > HELP_MS) hud.help("");
    else if (hud.box.classList.contains("touch")) {
      hud.help("Left thumb: steer and fly · right thumb: fire");
    } else hud.help("Arrow keys or W A D to fly · Space to fire");
  }

  /** Show what happened up to the moment on the screen. */
  #happen(time, mine) {
    while (this.queue.length && this.queue[0].time <= time) {
      this.#show(this.queue.shift().happening, mine);
    }
  }

  #show(what, mine) {
    const { effects, sound, room } = this;
    const color = this.#color(what.seat);
    const own = what.seat === room.seat;
    const far = mine ? Math.hypot(what.x - mine.x, what.y - mine.y) : 900;
    const loud = Math.max(0.08, 1 - far / 1800);
    if (what.kind === "fired" && !own) {
      effects.muzzle(what.seat);
      sound.fire(loud * 0.5);
    } else if (what.kind === "spark") {
      effects.spark(what, color);
      if (what.hit) sound.hit(loud);
    } else if (what.kind === "hurt") {
      effects.hurt(what.seat);
      if (own) {
        effects.rattle(0.35);
        this.hud.hurt();
      }
    } else if (what.kind === "destroyed") {
      effects.destroyed(what, color);
      effects.rattle(own ? 1 : loud * 0.35);
      sound.boom(own ? 1 : loud);
      this.hud.killed(what.by, what.seat, room.seat);
      if (what.by === room.seat) effects.say("+1", what, "#ffffff");
    } else if (what.kind === "arrived") effects.arrived(what, color);
    else if (what.kind === "taken") {
      effects.taken(what, kitColor(what.what));
      if (own) sound.take();
    }
  }

  /** The own gun flashes when the key goes down, not when the shot comes back from the server. */
  #ownShot(time, mine, held) {
    if (!mine || !held.fire || time < this.ownShotAt + RELOAD) return;
    this.ownShotAt = time;
    this.effects.muzzle(mine.seat);
    this.sound.fire(1);
  }

  async #send(held) {
    const settled = await this.room.send(held).catch(() => null); // closed: the page tells
    const refused = settled?.refused;
    if (refused && refused in REFUSED) {
      this.notice = { text: REFUSED[refused], until: performance.now() + 2500 };
    }
  }

  #name(seat) {
    const name = this.room.seats?.[seat]?.name ?? `Seat ${seat + 1}`;
    return name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1)}…` : name;
  }

  #color(seat) {
    let color = this.colors.get(seat);
    if (!color) {
      const named = getComputedStyle(this.root).getPropertyValue(`--seat-${seat}`).trim();
      color = hex(named || "#9aa8ba");
      this.colors.set(seat, color);
    }
    return color;
  }
}

function styles() {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL("arena.css", import.meta.url).href;
  return sheet;
}

function list(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function ordinal(place) {
  const teens = place % 100 > 10 && place % 100 < 14;
  return `${place}${(!teens && ["th", "st", "nd", "rd"][place % 10]) || "th"}`;
}
