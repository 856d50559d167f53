/**
 * Arena in the browser: wires room, controls, effects and drawing together.
 *
 * There are two times on the screen. Other ships are shown a little in the past, where states on
 * both sides are known (`room.track`); what happens to them is shown when the screen gets there.
 * The own ship is shown in the present, foretold (`pilot.js`); what happens to it is shown at once.
 * What goes from one to the other, shots, is in `shots.js`.
 */

import { Controls } from "./controls.js";
import { Effects } from "./effects.js";
import { happenings } from "./happenings.js";
import { Hud } from "./hud.js";
import { Painter } from "./draw.js";
import { Pilot } from "./pilot.js";
import { Shots } from "./shots.js";
import { Sound } from "./sound.js";
import { hex, kitColor } from "./sprites.js";
import { ANGLES, TRIPLE_FOR, TURN } from "./world.js";

/** Until the room has said it. */
const HZ = 20;
/** A ship that is this far from where it was, in units, did not fly there. */
const JUMP = 300;
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
    this.track = room.track(
      "ships",
      { x: "extrapolate", y: "extrapolate", angle: "angle" },
      { turn: ANGLES, jump: JUMP },
    );
    this.pilot = null; // from the moment that we are known to have a seat
    this.shots = new Shots(1000 / (room.hz ?? HZ));
    this.effects = new Effects(this.calmly.matches);
    this.painter = new Painter(this.root, color, this.calmly.matches);
    this.hud = new Hud(this.root, { color, name });
    this.sound = new Sound(sound === true);
    this.controls = new Controls(this.root, this.hud.parts, () => this.#rest());
    this.queue = []; // {time, happening}: shown when the screen gets there
    this.mine = null; // the own ship as it is drawn, and …
    this.lastMine = null; // … where it was drawn last, when it is no more
    this.saidAt = null; // the room's time of the last state
    this.startedAt = performance.now();
    this.frameAt = this.startedAt;
    this.notice = null;
    this.written = null; // the state that the scores on the screen are of

    this.#listen();
    if (room.state) this.#arrived(room.state, null, room.info);
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
    this.pilot?.stop();
    this.track.stop();
    this.root.remove();
    this.sheet.remove();
  }

  #listen() {
    const { room } = this;
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.offs = [
      room.on("state", (state, previous, info) => this.#arrived(state, previous, info)),
      room.on("seats", () => (this.written = null)), // names may have changed
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

  #arrived(state, previous, info) {
    const { room, queue, saidAt } = this;
    this.saidAt = info.time;
    const gap = !previous || saidAt === null || info.time - saidAt > GAP_MAX || info.time < saidAt;
    if (gap) {
      this.shots.clear();
      queue.length = 0;
    }
    const ships = Object.entries(state.ships).map(([key, row]) => ({ ...row, seat: Number(key) }));
    const { seat } = room;
    const rocks = Object.values(state.rocks);
    this.shots.tell(state.shots, { seat, rocks, ships, time: info.time, now: performance.now() });
    if (gap) return;
    for (const happening of happenings(previous, state)) {
      const atOnce = happening.seat === room.seat;
      queue.push({ time: atOnce ? -Infinity : info.time, happening });
    }
  }

  #frame(now) {
    this.frame = requestAnimationFrame((next) => this.#frame(next));
    const { room, controls, effects } = this;
    const { state } = room;
    if (state === null) return;
    // A tab that was hidden must not catch up with a jump of its particles.
    const seconds = Math.min(0.1, Math.max(0, (now - this.frameAt) / 1000));
    this.frameAt = now;
    controls.enabled = room.seat !== null && room.phase === "playing";
    controls.pump(now);
    const { held } = controls;
    this.#fly(state, now);
    const ships = this.#ships(state, now);
    const seen = this.track.time;
    const time = room.time();
    this.#happen(seen, ships);
    // Shots pass through one that is about to be seen blown up; the server lets them, too.
    const alive = ships.filter(({ seat }) => seat in state.ships);
    const { flying, news } = this.shots.frame({ now, seen, time, ships: alive });
    for (const what of news) this.#show(what, this.mine);
    for (const ship of ships) {
      const burning = ship === this.mine ? held.thrust : ship.burning;
      if (burning) effects.exhaust(ship, this.#color(ship.seat), seconds);
    }
    effects.step(seconds);
    const leader = this.#write(state, time, now);
    this.painter.frame({
      time, state, ships, shots: flying, mine: this.mine, held, seconds, leader, effects,
      name: this.name,
    });
  }

  /** Let the own ship answer: send what is held if that is due, and fire. */
  #fly(state, now) {
    const { room, controls } = this;
    if (!controls.enabled) return;
    this.pilot ??= new Pilot(room);
    const { answers, volleys } = this.pilot.fly(now, controls.input);
    for (const answer of answers) this.#hear(answer);
    for (const own of volleys) {
      const triple = room.time() < (state.hulls[room.seat]?.triple_until ?? 0);
      this.shots.fire(own, room.seat, triple, Object.values(state.rocks), now);
      this.effects.muzzle(room.seat);
      this.sound.fire(1);
    }
  }

  /** All ships as they are shown, the own one included: `{seat, x, y, vx, vy, angle, burning}`. */
  #ships(state, now) {
    const { room } = this;
    const ships = [];
    let mine = room.seat in state.ships ? (this.pilot?.ship(now) ?? null) : null;
    for (const [key, row] of Object.entries(this.track.at(now))) {
      const seat = Number(key);
      const ship = { ...row, seat, angle: row.angle * TURN };
      if (seat !== room.seat) ships.push(ship);
      else if (mine === null && key in state.ships) mine = ship; // not told of it yet
    }
    if (mine !== null) ships.push(mine);
    this.mine = mine;
    return ships;
  }

  /** Clock, scores and notices; gives the seat of who leads. */
  #write(state, time, now) {
    const { room, hud } = this;
    const narrow = this.painter.width < 640 || this.painter.height < 420;
    hud.clock((state.ends_at - time) / room.hz, room.phase === "playing");
    hud.goal(state.score_limit);
    if (state !== this.written || narrow !== this.narrow) {
      this.order = hud.scores(state.scores, state.hulls, room.seat, narrow);
      [this.written, this.narrow] = [state, narrow];
    }
    hud.tidy(now);
    const own = state.hulls[room.seat];
    const boost = own && own.hp > 0 ? own.triple_until - time : 0;
    hud.boost(boost / room.hz, boost / TRIPLE_FOR);
    this.#advise(now);
    if (this.controls.touched) hud.touch(true);
    if (room.phase === "paused") hud.notice("Paused", "Waiting for a player to return");
    else if (room.phase === "playing" && own && own.hp === 0) {
      const left = Math.max(0, (own.back_at - time) / room.hz).toFixed(1);
      const by = state.scores[room.seat]?.by ?? -1;
      hud.notice(by < 0 ? "Destroyed" : `Destroyed by ${this.#name(by)}`, `Back in ${left} s`);
    } else if (this.notice && now < this.notice.until) hud.notice(this.notice.text);
    else hud.notice("");
    return this.order.find(({ seat }) => seat in state.ships)?.seat ?? -1;
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

  /** Show what happened up to the moment on the screen, where it is seen to happen. */
  #happen(time, ships) {
    const due = this.queue.filter((entry) => entry.time <= time);
    this.queue = this.queue.filter((entry) => entry.time > time);
    for (const { happening } of due) {
      const own = happening.seat === this.room.seat && happening.kind !== "taken";
      const shown = own ? this.lastMine : ships.find((ship) => ship.seat === happening.seat);
      const moves = happening.kind === "hurt" || happening.kind === "destroyed";
      this.#show(moves ? { ...happening, ...shown } : happening, this.mine);
    }
    this.lastMine = this.mine ?? this.lastMine;
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

  /** Everything was let go of, maybe because the page is about to sleep: not to be said later. */
  #rest() {
    if (this.pilot !== null && this.controls.enabled) this.#hear(this.pilot.send({}));
  }

  async #hear(answer) {
    const settled = await answer.catch(() => null); // closed: the page tells
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
