/** A few noises made of oscillators; nothing is loaded, and nothing sounds unasked. */

const REMEMBERED = "hockey.sound";

export class Sound {
  constructor() {
    this.on = recall();
    this.context = null;
  }

  toggle() {
    this.on = !this.on;
    try {
      localStorage.setItem(REMEMBERED, this.on ? "1" : "0");
    } catch {
      // A private window may forbid it; then it is not remembered.
    }
    return this.on;
  }

  /** Browsers let sound begin only in answer to a deed of the player. */
  wake() {
    if (!this.on) return;
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") this.context.resume();
  }

  /** The puck met something; `hard` from 0 to 1. */
  knock(hard) {
    this.#tone("triangle", 520 + 300 * hard, 160, 0.07, 0.2 * hard);
  }

  shot() {
    this.#tone("square", 240, 90, 0.09, 0.09);
  }

  whistle() {
    this.#tone("sine", 2100, 2250, 0.28, 0.06);
  }

  horn() {
    this.#tone("sawtooth", 175, 172, 0.9, 0.1);
    this.#tone("sawtooth", 220, 217, 0.9, 0.08);
  }

  unmount() {
    this.context?.close();
    this.context = null;
  }

  #tone(type, from, to, lasts, loud) {
    const { context } = this;
    if (!this.on || context?.state !== "running" || loud < 0.004) return;
    const at = context.currentTime;
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.type = type;
    tone.frequency.setValueAtTime(from, at);
    tone.frequency.exponentialRampToValueAtTime(to, at + lasts);
    gain.gain.setValueAtTime(loud, at);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + lasts);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + lasts);
  }
}

function recall() {
  try {
    return localStorage.getItem(REMEMBERED) === "1";
  } catch {
    return false;
  }
}
