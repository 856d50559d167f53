// The drawing on the screen. What is settled is painted once, on a sheet of fixed size that is the
// same on all screens, so that areas fill alike; the screen shows that sheet and the last line's end.

import { HEIGHT, PALETTE, WIDTH, WIDTHS, xOf, yOf } from "./strokes.js";

const SCALE = 1.5; // pixels of the sheet for a cell
const CATCH_UP_MS = 130; // in which what arrived at once is drawn
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
    pen(this.ink, stroke, SCALE);
    const [x, y] = place(stroke, at, SCALE);
    this.ink.beginPath();
    if (at === 0) {
      this.ink.moveTo(x, y);
      this.ink.lineTo(x, y);
    } else {
      const [fromX, fromY] = place(stroke, at - 1, SCALE);
      const [startX, startY] = at === 1 ? [fromX, fromY] : middle(stroke, at - 1, SCALE);
      const [endX, endY] = middle(stroke, at, SCALE);
      this.ink.moveTo(startX, startY);
      this.ink.quadraticCurveTo(fromX, fromY, endX, endY);
    }
    this.ink.stroke();
  }

  // The rest of a line, which was left out while it might bend.
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

function middle(stroke, at, scale) {
  const [[x, y], [fromX, fromY]] = [place(stroke, at, scale), place(stroke, at - 1, scale)];
  return [(x + fromX) / 2, (y + fromY) / 2];
}

function tail(ink, { stroke, count }, scale) {
  if (stroke.tool === "fill" || count < 2) return;
  pen(ink, stroke, scale);
  ink.beginPath();
  ink.moveTo(...middle(stroke, count - 1, scale));
  ink.lineTo(...place(stroke, count - 1, scale));
  ink.stroke();
}
