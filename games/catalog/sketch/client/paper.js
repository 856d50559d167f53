// The drawing on the screen. What is settled is painted once, on a sheet of fixed size that is the
// same on all screens, so that areas fill alike; the screen shows that sheet and the last line's end.

import { HEIGHT, PALETTE, WIDTH, WIDTHS, xOf, yOf } from "./strokes.js";

const SCALE = 1.5; // pixels of the sheet for a cell
const CATCH_UP_MS = 130; // in which what arrived at once is drawn
const CORNER = 0.7; // the cosine of the turn from which it is one: 45 degrees
const CORNER_BEND = 1.5; // cells
const FILL_TOLERANCE = 110; // by which red, green and blue together may differ within an area

export class Paper {
  constructor(canvas) {
    this.canvas = canvas;
    this.screen = canvas.getContext("2d");
    this.sheet = document.createElement("canvas");
    this.sheet.width = WIDTH * SCALE;
    this.sheet.height = HEIGHT * SCALE;
    this.ink = this.sheet.getContext("2d", { willReadFrequently: true });
    this.strokes = []; // what is to be there
    this.done = []; // of those that are begun on the sheet: {stroke, count} as it was then
    this.line = null; // what a hand here adds right now; it is not for the sheet yet
    this.last = 0;
    this.#wipe();
  }

  // Shows these strokes: at once, or by and by where they only go on.
  show(strokes, { instant = false, line = null } = {}) {
    this.strokes = strokes;
    this.line = line;
    const goesOn = this.done.every(({ stroke, count }, index) => {
      const now = strokes[index];
      return now && now.tool === stroke.tool && now.colour === stroke.colour && now.size === stroke.size &&
        now.points.length >= count && now.points[0] === stroke.points[0] && now.points[count - 1] === stroke.points[count - 1] &&
        (index === this.done.length - 1 || now.points.length === count);
    });
    if (!goesOn) this.#wipe();
    if (instant || !goesOn) this.#advance(Infinity);
    this.#paint();
  }

  // Another moment: draws on, and says whether there is more to come.
  frame(now) {
    const passed = Math.min(100, now - this.last);
    this.last = now;
    this.#fit();
    const left = this.#left();
    if (left === 0) return false;
    this.#advance(Math.max(1, Math.ceil((left * passed) / CATCH_UP_MS)));
    this.#paint();
    return true;
  }

  #left() {
    const all = this.strokes.reduce((sum, { points }) => sum + points.length, 0);
    return all - this.done.reduce((sum, { count }) => sum + count, 0);
  }

  #wipe() {
    this.done = [];
    this.ink.fillStyle = PALETTE[0][1];
    this.ink.fillRect(0, 0, this.sheet.width, this.sheet.height);
  }

  // Puts up to so many more points on the sheet.
  #advance(points) {
    for (let index = Math.max(0, this.done.length - 1); index < this.strokes.length && points > 0; index++) {
      const stroke = this.strokes[index];
      if (index === this.done.length) {
        this.#end(this.done.at(-1));
        this.done.push({ stroke, count: 0 });
      }
      const mark = this.done[index];
      mark.stroke = stroke;
      for (; mark.count < stroke.points.length && points > 0; points--) this.#put(stroke, mark.count++);
    }
  }

  #put(stroke, at) {
    if (stroke.tool === "fill") return this.#flood(stroke);
    if (at === 1) return; // that is the tail's
    pen(this.ink, stroke, SCALE);
    this.ink.beginPath();
    if (at === 0) {
      this.ink.moveTo(...place(stroke, 0, SCALE));
      this.ink.lineTo(...place(stroke, 0, SCALE));
    } else {
      this.ink.moveTo(...begin(stroke, at - 1, SCALE));
      this.ink.lineTo(...beside(stroke, at - 1, at - 2, SCALE));
      this.ink.quadraticCurveTo(...place(stroke, at - 1, SCALE), ...beside(stroke, at - 1, at, SCALE));
    }
    this.ink.stroke();
  }

  #end(mark) {
    if (mark) tail(this.ink, mark, SCALE);
  }

  // Paints all that can be reached over pixels like the first, and a rim: lines have soft edges.
  #flood({ colour, points: [cell] }) {
    const { width, height } = this.sheet;
    const image = this.ink.getImageData(0, 0, width, height);
    const data = image.data;
    const seed = Math.round(xOf(cell) * SCALE) + width * Math.round(yOf(cell) * SCALE);
    const [r, g, b] = data.subarray(4 * seed, 4 * seed + 3);
    const alike = (at) => Math.abs(data[4 * at] - r) + Math.abs(data[4 * at + 1] - g) + Math.abs(data[4 * at + 2] - b) <= FILL_TOLERANCE;
    const inside = new Uint8Array(width * height);
    const waiting = [seed];
    while (waiting.length) {
      const at = waiting.pop();
      if (inside[at]) continue;
      const row = at - (at % width);
      let [left, right] = [at, at];
      while (left > row && alike(left - 1)) left--;
      while (right < row + width - 1 && alike(right + 1)) right++;
      for (const next of [row - width, row + width]) {
        if (next < 0 || next >= inside.length) continue;
        let open = false;
        for (let x = left - row; x <= right - row; x++) {
          const free = !inside[next + x] && alike(next + x);
          if (free && !open) waiting.push(next + x);
          open = free;
        }
      }
      inside.fill(1, left, right + 1);
    }
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(PALETTE[colour][1].slice(at, at + 2), 16));
    const paint = (at) => {
      data[4 * at] = red;
      data[4 * at + 1] = green;
      data[4 * at + 2] = blue;
    };
    for (let at = 0; at < inside.length; at++) {
      if (!inside[at]) continue;
      paint(at);
      const column = at % width;
      if (column > 0 && !inside[at - 1]) paint(at - 1);
      if (column < width - 1 && !inside[at + 1]) paint(at + 1);
      if (at >= width && !inside[at - width]) paint(at - width);
      if (at + width < inside.length && !inside[at + width]) paint(at + width);
    }
    this.ink.putImageData(image, 0, 0);
  }

  // The screen has as many pixels as it shows.
  #fit() {
    const { clientWidth, clientHeight } = this.canvas;
    const dense = Math.min(3, devicePixelRatio || 1);
    const [width, height] = [Math.round(clientWidth * dense), Math.round(clientHeight * dense)];
    if (!width || (this.canvas.width === width && this.canvas.height === height)) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.#paint();
  }

  #paint() {
    const { width, height } = this.canvas;
    this.screen.imageSmoothingQuality = "high";
    this.screen.drawImage(this.sheet, 0, 0, width, height);
    const mark = this.done.at(-1);
    if (mark) tail(this.screen, mark, width / WIDTH);
    if (this.line) bare(this.screen, this.line, width / WIDTH);
  }
}

function bare(ink, line, scale) {
  pen(ink, line, scale);
  ink.beginPath();
  ink.moveTo(...place(line, 0, scale));
  for (let at = 0; at < line.points.length; at++) ink.lineTo(...place(line, at, scale));
  ink.stroke();
}

function pen(ink, { colour, size }, scale) {
  ink.strokeStyle = PALETTE[colour][1];
  ink.lineWidth = WIDTHS[size] * scale;
  ink.lineCap = ink.lineJoin = "round";
}

const place = ({ points }, at, scale) => [(xOf(points[at]) + 0.5) * scale, (yOf(points[at]) + 0.5) * scale];

// Where the bend around a point begins, on the way to its neighbour: gentle turns are bent over all
// of their length, corners stay corners.
function beside(stroke, at, neighbour, scale) {
  const [x, y] = place(stroke, at, 1);
  const [beforeX, beforeY] = place(stroke, at - 1, 1);
  const [afterX, afterY] = place(stroke, at + 1, 1);
  const [inX, inY, outX, outY] = [x - beforeX, y - beforeY, afterX - x, afterY - y];
  const [entry, exit] = [Math.hypot(inX, inY), Math.hypot(outX, outY)];
  const straight = (inX * outX + inY * outY) / (entry * exit || 1); // 1: no turn at all
  const reach = Math.min(entry / 2, exit / 2, straight < CORNER ? CORNER_BEND : Infinity);
  const [toX, toY] = place(stroke, neighbour, 1);
  const share = reach / (Math.hypot(toX - x, toY - y) || 1);
  return [(x + share * (toX - x)) * scale, (y + share * (toY - y)) * scale];
}

// Where the line that leads to a point begins: behind the bend before.
const begin = (stroke, at, scale) => (at < 2 ? place(stroke, 0, scale) : beside(stroke, at - 1, at, scale));

// The end of a line, which is left out until it is known whether it bends.
function tail(ink, { stroke, count }, scale) {
  if (stroke.tool === "fill" || count < 2) return;
  pen(ink, stroke, scale);
  ink.beginPath();
  ink.moveTo(...begin(stroke, count - 1, scale));
  ink.lineTo(...place(stroke, count - 1, scale));
  ink.stroke();
}
