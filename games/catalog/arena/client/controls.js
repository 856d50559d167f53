/**
 * Fingers and keys become what the rules call controls: `{turn, thrust, fire, aim}`.
 *
 * Rules of this file:
 * - What is tapped is held for a whole period at least, so that one input says so.
 * - Whatever takes the player's eyes away (blur, another tab) lets go of everything, and says so.
 */

import { ANGLES, TURN } from "./world.js";

const KEYS = {
  ArrowLeft: "left",
  KeyA: "left",
  ArrowRight: "right",
  KeyD: "right",
  ArrowUp: "thrust",
  KeyW: "thrust",
  Space: "fire",
};
const SCROLLS = new Set(["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Space"]);
const TYPED_IN = "input, textarea, select, [contenteditable], dialog[open], [role=dialog]";

const HOLD_MS = 60; // a period is 50
const STICK_MAX = 54; // pixels that the knob moves
const STICK_AIMS = 12; // from here on a direction is meant …
const STICK_THRUSTS = 30; // … and from here on, to fly there

export class Controls {
  /**
   * @param {HTMLElement} surface takes the touches, and the focus
   * @param {{stick: HTMLElement, knob: HTMLElement, trigger: HTMLElement}} parts what is shown
   * @param {() => void} released called when everything was let go of
   */
  constructor(surface, parts, released) {
    this.surface = surface;
    this.parts = parts;
    this.released = released;
    this.touched = false;
    this.keyed = false;
    this.enabled = false;
    this.down = new Map(); // deed -> {held: keys or fingers, until: ms}
    this.stick = null; // {id, x, y, dx, dy}
    this.triggers = new Set(); // pointer ids
    this.held = controls();
    this.abort = new AbortController();
    this.#listen();
  }

  /** Work out what is held. To be called each frame. */
  pump(now) {
    this.held = this.enabled ? this.#wanted(now) : controls();
  }

  /** What is held, as it is sent: without what stands at its default; the rules fill that in. */
  get input() {
    const { turn, thrust, fire, aim } = this.held;
    const told = {};
    if (turn) told.turn = turn;
    if (thrust) told.thrust = true;
    if (fire) told.fire = true;
    if (aim !== null) told.aim = aim;
    return told;
  }

  release() {
    this.down.clear();
    this.triggers.clear();
    this.stick = null;
    this.#showStick();
    this.parts.trigger.classList.remove("down");
    this.held = controls();
    this.released();
  }

  unmount() {
    this.release();
    this.abort.abort();
  }

  #wanted(now) {
    const on = (deed) => {
      const entry = this.down.get(deed);
      return !!entry && (entry.held.size > 0 || now < entry.until);
    };
    const held = controls();
    held.turn = Number(on("right")) - Number(on("left"));
    held.thrust = on("thrust");
    held.fire = on("fire");
    const { stick } = this;
    const far = stick ? Math.hypot(stick.dx, stick.dy) : 0;
    if (far >= STICK_AIMS) {
      // Every other step is fine enough for a thumb, and halves what is sent.
      const step = Math.round(Math.atan2(stick.dy, stick.dx) / TURN / 2) * 2;
      held.aim = (step + ANGLES) % ANGLES;
      held.thrust ||= far >= STICK_THRUSTS;
    }
    return held;
  }

  #press(deed, what) {
    const entry = this.down.get(deed) ?? { held: new Set(), until: 0 };
    if (!entry.held.has(what)) entry.until = performance.now() + HOLD_MS;
    entry.held.add(what);
    this.down.set(deed, entry);
  }

  #lift(deed, what) {
    this.down.get(deed)?.held.delete(what);
  }

  #listen() {
    const { signal } = this.abort;
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(window, "keydown", (event) => this.#key(event, true));
    on(window, "keyup", (event) => this.#key(event, false));
    on(window, "blur", () => this.release());
    on(window, "pagehide", () => this.release());
    on(document, "visibilitychange", () => document.hidden && this.release());
    on(this.surface, "pointerdown", (event) => this.#touch(event));
    on(this.surface, "pointermove", (event) => this.#drag(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      on(this.surface, name, (event) => this.#untouch(event));
    }
    on(this.surface, "contextmenu", (event) => event.preventDefault());
  }

  #key(event, down) {
    const deed = KEYS[event.code];
    if (!down) {
      if (deed) this.#lift(deed, event.code);
      return;
    }
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof Element && target.closest(TYPED_IN)) return;
    if (event.code === "Space" && target instanceof Element && target.closest("button, a")) return;
    if (SCROLLS.has(event.code)) event.preventDefault();
    if (!deed || event.repeat) return;
    this.keyed = true;
    this.#press(deed, event.code);
  }

  #touch(event) {
    if (event.target instanceof Element && event.target.closest("button")) return;
    this.surface.focus({ preventScroll: true });
    if (event.pointerType === "mouse") return;
    event.preventDefault();
    this.touched = true;
    const box = this.surface.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    this.surface.setPointerCapture(event.pointerId);
    if (x < box.width / 2 && !this.stick) {
      this.stick = { id: event.pointerId, x, y, dx: 0, dy: 0 };
      this.#showStick();
    } else {
      this.triggers.add(event.pointerId);
      this.parts.trigger.classList.add("down");
      this.#press("fire", event.pointerId);
    }
  }

  #drag(event) {
    const { stick } = this;
    if (!stick || stick.id !== event.pointerId) return;
    const box = this.surface.getBoundingClientRect();
    stick.dx = event.clientX - box.left - stick.x;
    stick.dy = event.clientY - box.top - stick.y;
    const over = Math.hypot(stick.dx, stick.dy) - STICK_MAX;
    if (over > 0) {
      // The stick follows a thumb that strays, so that turning back answers at once.
      const share = over / (over + STICK_MAX);
      stick.x += stick.dx * share;
      stick.y += stick.dy * share;
      stick.dx -= stick.dx * share;
      stick.dy -= stick.dy * share;
    }
    this.#showStick();
  }

  #untouch(event) {
    if (this.stick?.id === event.pointerId) {
      this.stick = null;
      this.#showStick();
    }
    if (this.triggers.delete(event.pointerId)) this.#lift("fire", event.pointerId);
    if (!this.triggers.size) this.parts.trigger.classList.remove("down");
  }

  #showStick() {
    const { stick, knob } = this.parts;
    stick.classList.toggle("down", !!this.stick);
    if (this.stick) {
      stick.style.left = `${this.stick.x}px`;
      stick.style.top = `${this.stick.y}px`;
      knob.style.transform = `translate(${this.stick.dx}px, ${this.stick.dy}px)`;
    } else {
      stick.style.left = "";
      stick.style.top = "";
      knob.style.transform = "";
    }
  }
}

function controls() {
  return { turn: 0, thrust: false, fire: false, aim: null };
}
