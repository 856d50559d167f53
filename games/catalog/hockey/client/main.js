/**
 * Hockey in the browser: wires room, controls, effects and drawing together.
 *
 * Who plays sees the whole rink in the present: what was sent is carried out here at once, and all
 * else goes on by the same rules (`rink.js`), so a puck that is met is sent off at once. The others
 * are taken to hold what they hold; where they do not, what is shown drifts to what is. Who watches
 * sees everything a moment ago, as it was.
 */

/** @import { Room } from "../../../static/games/evertick.js" */

import { Controls } from "./controls.js";
import { Effects } from "./effects.js";
import { Painter } from "./paint.js";
import { FINE, GOAL, HEIGHT, WAYS, WIDTH, gliding, puckIn, rinkOf, skaterAt, skatersIn, step } from "./rink.js";
import { Sound } from "./sound.js";
import { TEAMS, clock, describeResult, remember, scorer, teamOf } from "./words.js";

export { describeResult };

const HZ = 30;
const FACE_OFF = 45; // periods
/** What is this far off, in fine parts, did not skate there: it was put there for a face-off. */
const JUMP = 260 * FINE;
const EASE_MS = 140;
const HELP_MS = 9000;
const INTRO_MS = 2800;
const URGENT_S = 10;
const KNOCK = 5; // units a period by which the puck's speed changed, where something was met

/** Play `room` inside `element`. @param {HTMLElement} element @param {Room} room */
export function mount(element, room) {
  const client = new Client(element, room);
  return { unmount: () => client.unmount() };
}

class Client {
  constructor(element, room) {
    this.room = room;
    this.team = room.seat === null ? null : teamOf(room.seat);
    this.calmly = matchMedia("(prefers-reduced-motion: reduce)");
    this.light = matchMedia("(prefers-color-scheme: light)");
    this.root = document.createElement("div");
    this.root.className = "hk";
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "application");
    this.root.setAttribute("aria-label", "Hockey: arrow keys skate, space shoots");
    this.root.innerHTML = PARTS;
    this.part = (name) => this.root.querySelector(`.hk-${name}`);
    if (this.team !== null) this.part(`team-${this.team}`).classList.add("hk-mine");
    this.styled = this.introduced = false;
    this.sheet = styles(() => {
      this.styled = true;
      this.#resize();
    });
    element.append(this.sheet, this.root);

    this.painter = new Painter(this.root);
    this.effects = new Effects(this.calmly.matches);
    this.sound = new Sound();
    const [stick, trigger] = [this.part("stick"), this.part("trigger")];
    this.controls = new Controls(this.root, { stick, knob: stick.firstElementChild, trigger });
    this.me = null; // from the first state on, if we play
    this.tracks = null; // else
    this.shown = new Map(); // what stands where, so that it is written once
    this.last = null; // the puck as it was drawn last
    this.banner = null; // {headline, detail, colour, loud, until}
    this.startedAt = this.frameAt = performance.now();
    this.#listen();
    if (room.state) this.#arrived(room.state, null);
    this.root.focus({ preventScroll: true });
    this.frame = requestAnimationFrame((now) => this.#frame(now));
  }

  unmount() {
    cancelAnimationFrame(this.frame);
    this.abort.abort();
    this.controls.unmount();
    this.sound.unmount();
    this.resized.disconnect();
    this.off();
    this.me?.stop();
    for (const track of Object.values(this.tracks ?? {})) track.stop();
    this.root.remove();
    this.sheet.remove();
  }

  #listen() {
    this.off = this.room.on("state", (state, previous) => this.#arrived(state, previous));
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.light.addEventListener("change", () => this.#resize(), { signal });
    this.calmly.addEventListener("change", () => (this.effects.calm = this.calmly.matches), { signal });
    const wake = () => this.sound.wake();
    window.addEventListener("keydown", wake, { signal });
    this.root.addEventListener("pointerdown", wake, { signal });
    this.resized = new ResizeObserver(() => this.#resize());
    this.resized.observe(this.root);
    const mute = this.part("mute");
    const tell = (on) => {
      mute.textContent = on ? "♪ On" : "♪ Off";
      mute.setAttribute("aria-pressed", String(on));
      mute.setAttribute("aria-label", on ? "Sound is on" : "Sound is off");
    };
    tell(this.sound.on);
    mute.addEventListener("click", () => {
      tell(this.sound.toggle());
      this.sound.wake();
      this.root.focus({ preventScroll: true });
    });
    this.root.classList.toggle("touch", this.team !== null && matchMedia("(pointer: coarse)").matches);
  }

  #resize() {
    if (!this.styled) return;
    const board = this.part("board");
    const thumbs = this.root.classList.contains("touch") && this.root.clientHeight > this.root.clientWidth;
    this.painter.resize(this.team ?? 0, {
      top: board.offsetTop + board.offsetHeight + 2,
      bottom: thumbs ? 70 : 4,
    });
  }

  // --- what happens ----------------------------------------------------------------------------

  #arrived(state, previous) {
    const { room } = this;
    remember(state.goals);
    if (this.team !== null) this.me ??= this.#foretell(state);
    else this.tracks ??= this.#follow();
    if (previous === null) return;
    if (state.goals.some((goals, team) => goals > previous.goals[team])) this.#goal(state);
    if (state.sudden_death && !previous.sudden_death) {
      this.#announce("Sudden death", "It is level: the next goal wins", { colour: "var(--hk-words)" });
    }
    if (state.phase === "face_off" && previous.phase !== "face_off") this.effects.tail = [];
    if (state.phase === "play" && previous.phase === "face_off") this.sound.whistle();
    if (room.phase === "over" && state.phase === "over") this.sound.whistle();
  }

  #foretell(state) {
    const { room } = this;
    const count = Object.keys(state.skaters).length;
    return room.predict({
      read: (secret, now) => rinkOf(now, room.info.time),
      ticking: true,
      step: (rink, held) => step(rink, room.seat, held),
      ...gliding(count),
      jump: JUMP,
      easeMs: EASE_MS,
    });
  }

  #follow() {
    const moving = { x: "lerp", y: "lerp", vx: "lerp", vy: "lerp" };
    const { room } = this;
    return {
      skaters: room.track("skaters", { ...moving, way: "angle" }, { turn: WAYS, jump: JUMP }),
      puck: room.track("puck", moving, { jump: JUMP }),
    };
  }

  /** Once it is known how the rink stands on this screen. */
  #introduce(state) {
    this.introduced = true;
    if (this.team === null || state.phase === "over") return;
    const way = { right: "on the right", left: "on the left", up: "at the top", down: "at the bottom" };
    const at = way[this.painter.attack(this.team)];
    this.#announce(`You play for ${TEAMS[this.team]}`, `Score in the goal ${at}`, {
      colour: this.#colour(this.team), ms: INTRO_MS,
    });
  }

  #goal(state) {
    const { team } = state.last_goal;
    const ours = this.team === null ? "Goal!" : team === this.team ? "Goal!" : "Goal against you";
    this.#announce(ours, scorer(state.last_goal, (seat) => this.#name(seat)), {
      colour: this.#colour(team), loud: true,
    });
    this.effects.goal(team, team === 0 ? WIDTH : 0, HEIGHT / 2 + (Math.random() - 0.5) * GOAL, this.painter.teamColour(team));
    this.sound.horn();
  }

  #announce(headline, detail, { colour, loud = false, ms = 2000 }) {
    this.banner = { headline, detail, colour, loud, until: performance.now() + ms };
  }

  // --- one frame -------------------------------------------------------------------------------

  #frame(now) {
    this.frame = requestAnimationFrame((next) => this.#frame(next));
    const { room } = this;
    const { state } = room;
    if (state === null || !this.styled) return;
    // A tab that was hidden must not catch up with a jump of its particles.
    const seconds = Math.min(0.1, Math.max(0, (now - this.frameAt) / 1000));
    this.frameAt = now;
    if (!this.introduced) this.#introduce(state);
    const held = this.#play(now);
    const scene = this.#scene(state, now);
    if (scene !== null) {
      this.#feel(scene, held, seconds);
      this.effects.step(seconds, scene.puck);
      this.painter.frame({
        ...scene,
        mine: room.seat,
        names: (seat) => this.#name(seat),
        steered: state.steered,
        effects: this.effects,
      });
    }
    this.#write(state, now);
  }

  /** Send what is held, if that is due. */
  #play(now) {
    const { go, shoot } = this.controls.held(now);
    const told = {};
    if (go !== null) told.go = this.painter.wayOnRink(go);
    if (shoot) told.shoot = true;
    if (this.me === null || this.room.seat === null) return told;
    for (let due = this.me.due(now); due > 0; due -= 1) this.me.send(told).catch(() => {});
    return told;
  }

  /** All that is on the ice, as it is to be shown. */
  #scene(state, now) {
    const frozen = state.phase === "face_off" ? Math.max(0, (state.until - this.room.time()) / FACE_OFF) : 0;
    const rink = this.me?.own(now);
    if (rink) {
      const skaters = Array.from({ length: skatersIn(rink) }, (_, seat) => skaterAt(rink, seat));
      return { puck: puckIn(rink), skaters, frozen };
    }
    if (this.tracks === null) return null;
    const unit = (row) => ({ ...row, x: row.x / FINE, y: row.y / FINE, vx: row.vx / FINE, vy: row.vy / FINE });
    const rows = this.tracks.skaters.at(now);
    const skaters = Object.keys(rows).map(Number).sort((a, b) => a - b).map((seat) => unit(rows[seat]));
    const puck = this.tracks.puck.at(now)["0"];
    return puck ? { puck: unit(puck), skaters, frozen } : null;
  }

  /** What the puck and the skaters did since the last frame, for eyes and ears. */
  #feel({ puck, skaters }, held, seconds) {
    const { last } = this;
    this.last = { ...puck, loads: skaters.map(({ reload }) => reload) };
    if (last === null) return;
    const change = Math.hypot(puck.vx - last.vx, puck.vy - last.vy);
    const put = Math.hypot(puck.x - last.x, puck.y - last.y) > 160;
    if (skaters.some(({ reload }, seat) => reload > last.loads[seat] + 2)) {
      this.sound.shot();
      this.effects.knock(puck, 1);
    } else if (change > KNOCK && !put) {
      const hard = Math.min(1, change / 30);
      this.sound.knock(hard);
      this.effects.knock(puck, hard);
    }
    for (const skater of skaters) {
      const fast = Math.hypot(skater.vx, skater.vy);
      if (skater.go >= 0 && fast > 5) this.effects.spray(skater, seconds);
    }
  }

  // --- words -----------------------------------------------------------------------------------

  #write(state, now) {
    const { room } = this;
    const runs = state.phase === "play" && room.phase === "playing";
    const left = (state.left - (runs ? room.time() - state.as_of : 0)) / (room.hz ?? HZ);
    this.#text("clock", clock(left));
    this.#flag("clock", "urgent", left < URGENT_S && runs);
    this.#text("note", state.sudden_death ? "Sudden death" : `First to ${state.goals_to_win}`);
    for (const team of [0, 1]) this.#text(`goals-${team}`, String(state.goals[team]));
    const banner = this.banner !== null && now < this.banner.until ? this.banner : null;
    this.#flag("banner", "on", banner !== null);
    if (banner !== null && this.shown.get("banner") !== banner) {
      this.shown.set("banner", banner);
      const [large, small] = [document.createElement("strong"), document.createElement("span")];
      large.textContent = banner.headline;
      small.textContent = banner.detail;
      this.part("banner").style.setProperty("--team", banner.colour);
      this.part("banner").classList.toggle("loud", banner.loud);
      this.part("banner").replaceChildren(large, small);
    }
    if (this.controls.touched && !this.root.classList.contains("touch")) {
      this.root.classList.add("touch");
      this.#resize();
    }
    this.#advise(now);
  }

  #advise(now) {
    const since = now - this.startedAt;
    const done = since > HELP_MS || (this.controls.used && since > INTRO_MS);
    let help = "";
    if (this.room.seat === null) help = since < INTRO_MS ? "You are watching" : "";
    else if (done || this.room.phase === "over") help = "";
    else if (this.root.classList.contains("touch")) help = "Left thumb: skate · right thumb: shoot";
    else help = "Arrow keys or WASD to skate · Space to shoot";
    if (help) this.#text("help", help);
    this.#flag("help", "on", help !== "");
  }

  #name(seat) {
    if (seat === this.room.seat) return "You";
    return this.room.seats[seat]?.name ?? "Stand-in";
  }

  #colour(team) {
    return `var(--hk-${team === 0 ? "blue" : "red"})`;
  }

  #text(part, text) {
    if (this.shown.get(part) === text) return;
    this.shown.set(part, text);
    this.part(part).textContent = text;
  }

  #flag(part, name, on) {
    const key = `${part}.${name}`;
    if (this.shown.get(key) === on) return;
    this.shown.set(key, on);
    this.part(part).classList.toggle(name, on);
  }
}

const PARTS = `
  <div class="hk-board">
    <span class="hk-team hk-team-0">${TEAMS[0]}</span>
    <span class="hk-goals hk-goals-0">0</span>
    <span class="hk-middle"><span class="hk-clock"></span><span class="hk-note"></span></span>
    <span class="hk-goals hk-goals-1">0</span>
    <span class="hk-team hk-team-1">${TEAMS[1]}</span>
  </div>
  <div class="hk-banner" role="status" aria-live="polite"></div>
  <p class="hk-help"></p>
  <div class="hk-stick" aria-hidden="true"><i></i></div>
  <div class="hk-trigger" aria-hidden="true">Shoot</div>
  <button class="hk-mute" type="button"></button>`;

function styles(loaded) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("style.css", import.meta.url).href;
  link.addEventListener("load", loaded);
  return link;
}
