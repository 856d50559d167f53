/** A few effects made of oscillators and noise; nothing is loaded, and nothing sounds unasked. */

const REMEMBERED = "arena.sound";

export class Sound {
  /** @param {boolean} wanted where the player has not chosen yet */
  constructor(wanted) {
    this.on = recall() ?? wanted;
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

  fire(loud) {
    this.#tone("square", 880, 240, 0.09, 0.045 * loud);
  }

  hit(loud) {
    this.#noise(0.08, 2600, 0.16 * loud);
  }

  boom(loud) {
    this.#noise(0.7, 520, 0.5 * loud);
    this.#tone("sine", 120, 34, 0.5, 0.35 * loud);
  }

  take() {
    this.#tone("triangle", 520, 1040, 0.16, 0.12);
  }

  unmount() {
    this.context?.close();
    this.context = null;
  }

  #ready() {
    return this.on && this.context?.state === "running" ? this.context : null;
  }

  #gain(context, loud, lasts) {
    const gain = context.createGain();
    gain.gain.setValueAtTime(loud, context.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + lasts);
    gain.connect(context.destination);
    return gain;
  }

  #tone(type, from, to, lasts, loud) {
    const context = this.#ready();
    if (!context || loud < 0.002) return;
    const tone = context.createOscillator();
    tone.type = type;
    tone.frequency.setValueAtTime(from, context.currentTime);
    tone.frequency.exponentialRampToValueAtTime(to, context.currentTime + lasts);
    tone.connect(this.#gain(context, loud, lasts));
    tone.start();
    tone.stop(context.currentTime + lasts);
  }

  #noise(lasts, cutoff, loud) {
    const context = this.#ready();
    if (!context || loud < 0.002) return;
    this.hiss ??= hiss(context);
    const source = context.createBufferSource();
    source.buffer = this.hiss;
    const filter = context.createBiquadFilter();
    filter.type = "lowpass";
    filter.frequency.setValueAtTime(cutoff, context.currentTime);
    filter.frequency.exponentialRampToValueAtTime(cutoff / 6, context.currentTime + lasts);
    source.connect(filter).connect(this.#gain(context, loud, lasts));
    source.start(0, Math.random() * 0.3);
    source.stop(context.currentTime + lasts);
  }
}

function hiss(context) {
  const buffer = context.createBuffer(1, context.sampleRate, context.sampleRate);
  const data = buffer.getChannelData(0);
  for (let index = 0; index < data.length; index += 1) data[index] = Math.random() * 2 - 1;
  return buffer;
}

function recall() {
  try {
    const chosen = localStorage.getItem(REMEMBERED);
    return chosen === null ? null : chosen === "1";
  } catch {
    return null;
  }
}
