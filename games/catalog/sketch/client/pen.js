// The hand that draws: mouse, finger or pen. It is seen here at once, and sent ten times a second.

import { HEIGHT, WIDTH, cellOf, inOrder, pieces, step, thinned, xOf, yOf } from "./strokes.js";

const SEND_MS = 100;
const APART = 2; // cells that two points are apart at least

export class Pen {
  // `may` says whether drawing is allowed now, `changed` is called when there is something to see,
  // `refused` with the code of what the room did not take.
  constructor(canvas, room, { may, changed, refused }) {
    Object.assign(this, { canvas, room, may, changed, refused });
    this.tool = "brush"; // or "eraser", "fill"
    this.colour = 1;
    this.size = 1;
    this.pointer = null; // which one draws
    this.line = null; // {colour, size, begun, points}: what is not sent yet; its first was, if begun
    this.sentAt = 0;
    // The room's word on the board, and what was sent since: the same rules, carried out here.
    this.mine = room.predict({ read: (_, state) => (state.drawer === room.seat && state.phase === "drawing" ? state.strokes : null), step, smooth: {} });
    this.stops = [
      ["pointerdown", (event) => this.#down(event)],
      ["pointermove", (event) => this.#move(event)],
      ["pointerup", (event) => this.#up(event)],
      ["pointercancel", (event) => this.#up(event)],
      ["lostpointercapture", (event) => this.#up(event)],
    ].map(([name, call]) => {
      canvas.addEventListener(name, call);
      return () => canvas.removeEventListener(name, call);
    });
    this.timer = setInterval(() => this.#flush(), SEND_MS);
  }

  // The board with all that was sent; `line` goes on from there.
  get strokes() {
    return inOrder(this.mine.predicted ?? this.room.state.strokes);
  }

  undo() {
    if (!this.may()) return;
    this.#finish();
    if (Object.keys(this.mine.predicted ?? {}).length) this.#send({ t: "undo" });
  }

  clear() {
    if (!this.may()) return;
    this.#finish();
    if (Object.keys(this.mine.predicted ?? {}).length) this.#send({ t: "clear" });
  }

  stop() {
    clearInterval(this.timer);
    for (const stop of this.stops) stop();
    this.mine.stop();
  }

  #cell({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return cellOf(((clientX - left) / width) * WIDTH - 0.5, ((clientY - top) / height) * HEIGHT - 0.5);
  }

  #down(event) {
    if (this.pointer !== null || event.button !== 0 || !this.may()) return;
    event.preventDefault();
    const cell = this.#cell(event);
    if (this.tool === "fill") return void this.#send({ t: "fill", colour: this.colour, cell });
    this.pointer = event.pointerId;
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // It is gone already.
    }
    const colour = this.tool === "eraser" ? 0 : this.colour;
    this.line = { colour, size: this.size, begun: false, points: [cell] };
    this.changed();
  }

  #move(event) {
    if (event.pointerId !== this.pointer || !this.line) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) this.#add(this.#cell(move));
    this.changed();
  }

  #add(cell) {
    const last = this.line.points.at(-1);
    if (Math.hypot(xOf(cell) - xOf(last), yOf(cell) - yOf(last)) >= APART) this.line.points.push(cell);
  }

  #up(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.#finish();
  }

  #finish() {
    this.#flush();
    this.line = null;
    this.changed();
  }

  #flush() {
    if (!this.line) return;
    if (!this.may()) {
      this.line = this.pointer = null;
      return this.changed();
    }
    const { begun, points, colour, size } = this.line;
    if (begun && points.length < 2) return;
    const kept = begun ? thinned(points) : [points[0], ...thinned(points)];
    const [first, ...rest] = pieces(kept);
    this.line.begun = true;
    this.line.points = [points.at(-1)];
    this.#send(begun ? { t: "more", points: first } : { t: "ink", colour, size, points: first });
    for (const more of rest) this.#send({ t: "more", points: more });
  }

  async #send(input) {
    const sent = this.mine.send(input);
    this.changed();
    const { refused } = await sent.catch(({ code }) => ({ refused: code }));
    if (refused === "canvas_full") this.line = this.pointer = null;
    if (refused) this.refused(refused);
    this.changed();
  }
}
