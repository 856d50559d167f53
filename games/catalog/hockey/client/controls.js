/**
 * Keys and thumbs become what the rules call controls: `{go, shoot}`, as seen on the screen.
 *
 * Rules of this file:
 * - What is tapped is held for a whole period at least, so that one input says so.
 * - Whatever takes the player's eyes away (blur, another tab) lets go of everything.
 */

import { WAYS } from "./rink.js";

const KEYS = {
  ArrowLeft: "left", KeyA: "left",
  ArrowRight: "right", KeyD: "right",
  ArrowUp: "up", KeyW: "up",
  ArrowDown: "down", KeyS: "down",
  Space: "shoot", KeyX: "shoot", Enter: "shoot",
};
const SCROLLS = new Set(["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Space"]);
const TYPED_IN = "input, textarea, select, [contenteditable], dialog[open], [role=dialog]";
const HOLD_MS = 45; // a period is 33
const STICK_MAX = 48; // pixels that the knob moves
const STICK_MEANS = 11; // from here on a direction is meant

export class Controls {
  /**
   * @param {HTMLElement} surface takes the touches, and the focus
   * @param {{stick: HTMLElement, knob: HTMLElement, trigger: HTMLElement}} parts
   */
  constructor(surface, parts) {
    this.surface = surface;
    this.parts = parts;
    this.used = false;
    this.touched = false;
    this.down = new Map(); // deed -> {held: keys or fingers, until: ms}
    this.stick = null; // {id, x, y, dx, dy}
    this.abort = new AbortController();
    this.#listen();
  }

  /** What is held now: `{go, shoot}`; `go` is a step of the circle on the screen, or null. */
  held(now) {
    const on = (deed) => {
      const entry = this.down.get(deed);
      return !!entry && (entry.held.size > 0 || now < entry.until);
    };
    let [x, y] = [Number(on("right")) - Number(on("left")), Number(on("down")) - Number(on("up"))];
    const { stick } = this;
    if (stick && Math.hypot(stick.dx, stick.dy) >= STICK_MEANS) [x, y] = [stick.dx, stick.dy];
    const step = Math.round((Math.atan2(y, x) / (2 * Math.PI)) * WAYS);
    return { go: x || y ? (step + WAYS) % WAYS : null, shoot: on("shoot") };
  }

  release() {
    this.down.clear();
    this.stick = null;
    this.#show();
  }

  unmount() {
    this.abort.abort();
  }

  #press(deed, what) {
    const entry = this.down.get(deed) ?? { held: new Set(), until: 0 };
    if (!entry.held.has(what)) entry.until = performance.now() + HOLD_MS;
    entry.held.add(what);
    this.down.set(deed, entry);
    this.used = true;
  }

  #listen() {
    const { signal } = this.abort;
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(window, "keydown", (event) => this.#key(event));
    on(window, "keyup", (event) => this.down.get(KEYS[event.code])?.held.delete(event.code));
    on(window, "blur", () => this.release());
    on(document, "visibilitychange", () => document.hidden && this.release());
    on(this.surface, "pointerdown", (event) => this.#touch(event));
    on(this.surface, "pointermove", (event) => this.#drag(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      on(this.surface, name, (event) => this.#untouch(event));
    }
    on(this.surface, "contextmenu", (event) => event.preventDefault());
  }

  #key(event) {
    const { target } = event;
    const deed = KEYS[event.code];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof Element && target.closest(TYPED_IN)) return;
    const pushes = event.code === "Space" || event.code === "Enter";
    if (pushes && target instanceof Element && target.closest("button, a")) return;
    if (SCROLLS.has(event.code)) event.preventDefault();
    if (deed && !event.repeat) this.#press(deed, event.code);
  }

  #touch(event) {
    if (event.target instanceof Element && event.target.closest("button")) return;
    this.surface.focus({ preventScroll: true });
    if (event.pointerType === "mouse") return;
    event.preventDefault();
    this.touched = true;
    const box = this.surface.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    this.surface.setPointerCapture(event.pointerId);
    if (x < box.width * 0.56 && !this.stick) {
      this.stick = { id: event.pointerId, x, y, dx: 0, dy: 0 };
      this.used = true;
    } else this.#press("shoot", event.pointerId);
    this.#show();
  }

  #drag(event) {
    const { stick } = this;
    if (stick?.id !== event.pointerId) return;
    const box = this.surface.getBoundingClientRect();
    stick.dx = event.clientX - box.left - stick.x;
    stick.dy = event.clientY - box.top - stick.y;
    const over = Math.hypot(stick.dx, stick.dy) - STICK_MAX;
    if (over > 0) {
      // The stick follows a thumb that strays, so that turning back answers at once.
      const share = over / (over + STICK_MAX);
      [stick.x, stick.y] = [stick.x + stick.dx * share, stick.y + stick.dy * share];
      [stick.dx, stick.dy] = [stick.dx * (1 - share), stick.dy * (1 - share)];
    }
    this.#show();
  }

  #untouch(event) {
    if (this.stick?.id === event.pointerId) this.stick = null;
    this.down.get("shoot")?.held.delete(event.pointerId);
    this.#show();
  }

  #show() {
    const { stick, knob, trigger } = this.parts;
    stick.classList.toggle("down", this.stick !== null);
    stick.style.left = this.stick ? `${this.stick.x}px` : "";
    stick.style.top = this.stick ? `${this.stick.y}px` : "";
    knob.style.transform = this.stick ? `translate(${this.stick.dx}px, ${this.stick.dy}px)` : "";
    trigger.classList.toggle("down", [...(this.down.get("shoot")?.held ?? [])].some((by) => typeof by === "number"));
  }
}
