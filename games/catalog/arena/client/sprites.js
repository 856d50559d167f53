/**
 * Everything that is drawn more than once, drawn once: ships, glows, rocks, kits and names.
 *
 * Rules of this file: a sprite is a canvas whose centre is the thing's centre; `scale` is device
 * pixels per unit. What is cached is forgotten when the scale changes.
 */

import { SHIP_RADIUS } from "./world.js";

/** Of a ship of radius 1 that looks east; the other half is its mirror image. */
const HULL = [
  [1.18, 0],
  [0.52, 0.2],
  [0.06, 0.34],
  [-0.5, 0.98],
  [-0.92, 0.9],
  [-0.66, 0.36],
  [-0.8, 0.16],
];

export class Sprites {
  constructor(scale) {
    this.scale = scale;
    this.made = new Map();
  }

  ship(color) {
    return this.#once(`ship ${color}`, () => drawShip(this.scale, color, false));
  }

  /** The same in white, laid over for a moment when it is hit. */
  lit() {
    return this.#once("lit", () => drawShip(this.scale, "#ffffff", true));
  }

  /** A soft ball of light; stretched to any size. */
  glow(color) {
    return this.#once(`glow ${color}`, () => drawGlow(color));
  }

  kit(kind) {
    return this.#once(`kit ${kind}`, () => drawKit(this.scale, kind));
  }

  label(text, color, strong, dpr) {
    const key = `label ${dpr} ${strong} ${color} ${text}`;
    return this.#once(key, () => drawLabel(text, color, strong, dpr));
  }

  #once(key, draw) {
    let sprite = this.made.get(key);
    if (!sprite) this.made.set(key, (sprite = draw()));
    return sprite;
  }
}

export function blank(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.ceil(width));
  canvas.height = Math.max(1, Math.ceil(height));
  return canvas;
}

function drawShip(scale, color, white) {
  const unit = SHIP_RADIUS * scale;
  const canvas = blank(unit * 3, unit * 3);
  const pen = canvas.getContext("2d");
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.scale(unit, unit);
  const outline = trace([...HULL, ...HULL.slice(1).reverse().map(([x, y]) => [x, -y])]);
  if (white) {
    pen.fillStyle = "#fff";
    pen.fill(outline);
    return canvas;
  }
  const metal = pen.createLinearGradient(0, -0.9, 0, 0.9);
  metal.addColorStop(0, mix(color, "#ffffff", 0.42));
  metal.addColorStop(0.48, color);
  metal.addColorStop(1, mix(color, "#0a0d14", 0.55));
  pen.lineJoin = "round";
  pen.fillStyle = metal;
  pen.fill(outline);
  pen.strokeStyle = mix(color, "#ffffff", 0.6);
  pen.lineWidth = 0.075;
  pen.stroke(outline);
  // A dark spine and a window, so that nose and tail are told apart at ten pixels.
  pen.fillStyle = mix(color, "#070a10", 0.72);
  pen.fill(trace([[0.1, 0.17], [-0.62, 0.24], [-0.74, 0], [-0.62, -0.24], [0.1, -0.17]]));
  pen.fillStyle = "#eaf6ff";
  pen.beginPath();
  pen.ellipse(0.32, 0, 0.3, 0.12, 0, 0, 7);
  pen.fill();
  return canvas;
}

function drawGlow(color) {
  const canvas = blank(64, 64);
  const pen = canvas.getContext("2d");
  const light = pen.createRadialGradient(32, 32, 0, 32, 32, 32);
  light.addColorStop(0, mix(color, "#ffffff", 0.75));
  light.addColorStop(0.22, color);
  light.addColorStop(1, `${hex(color)}00`);
  pen.fillStyle = light;
  pen.fillRect(0, 0, 64, 64);
  return canvas;
}

function drawKit(scale, kind) {
  const unit = 30 * scale;
  const color = kitColor(kind);
  const canvas = blank(unit * 2.6, unit * 2.6);
  const pen = canvas.getContext("2d");
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.scale(unit, unit);
  pen.lineJoin = "round";
  pen.lineCap = "round";
  const corners = Array.from({ length: 6 }, (_, index) => {
    const way = (index * Math.PI) / 3;
    return [Math.cos(way), Math.sin(way)];
  });
  pen.fillStyle = mix(color, "#070a10", 0.75);
  pen.strokeStyle = color;
  pen.lineWidth = 0.14;
  pen.fill(trace(corners));
  pen.stroke(trace(corners));
  pen.strokeStyle = mix(color, "#ffffff", 0.5);
  pen.lineWidth = 0.24;
  const strokes =
    kind === "repair"
      ? [[-0.45, 0, 0.45, 0], [0, -0.45, 0, 0.45]]
      : [[-0.4, 0, 0.45, 0], [-0.4, 0, 0.35, -0.4], [-0.4, 0, 0.35, 0.4]];
  for (const [x, y, toX, toY] of strokes) {
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(toX, toY);
    pen.stroke();
  }
  return canvas;
}

export function kitColor(kind) {
  return kind === "repair" ? "#5fd497" : "#f7c95c";
}

function drawLabel(text, color, strong, dpr) {
  const family = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  const font = `${strong ? 700 : 600} ${12 * dpr}px ${family}`;
  const probe = blank(1, 1).getContext("2d");
  probe.font = font;
  const canvas = blank(probe.measureText(text).width + 8 * dpr, 18 * dpr);
  const pen = canvas.getContext("2d");
  pen.font = font;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineWidth = 3 * dpr;
  pen.lineJoin = "round";
  pen.strokeStyle = "rgb(6 9 15 / 75%)";
  pen.strokeText(text, canvas.width / 2, canvas.height / 2);
  pen.fillStyle = strong ? "#ffffff" : mix(color, "#ffffff", 0.45);
  pen.fillText(text, canvas.width / 2, canvas.height / 2);
  return canvas;
}

/** A rock: lumpy, lit from above left, with a few craters; its shape follows from its place. */
export function drawRock(pen, x, y, radius) {
  const chance = mulberry(x * 7919 + y);
  const lumps = Array.from({ length: 15 }, () => 0.93 + chance() * 0.11);
  const points = lumps.map((lump, index) => {
    const way = (index / lumps.length) * 2 * Math.PI;
    return [x + Math.cos(way) * radius * lump, y + Math.sin(way) * radius * lump];
  });
  const body = smooth(points);
  const light = pen.createRadialGradient(
    x - radius * 0.4, y - radius * 0.45, radius * 0.1, x, y, radius * 1.1,
  );
  light.addColorStop(0, "#56637a");
  light.addColorStop(0.55, "#333d4f");
  light.addColorStop(1, "#191f2b");
  pen.save();
  pen.fillStyle = light;
  pen.fill(body);
  pen.clip(body);
  for (let index = 0; index < 7; index += 1) {
    const way = chance() * 7;
    const far = Math.sqrt(chance()) * radius * 0.85;
    const wide = radius * (0.07 + chance() * 0.15);
    const [cx, cy] = [x + Math.cos(way) * far, y + Math.sin(way) * far];
    pen.fillStyle = "rgb(150 175 210 / 13%)";
    disc(pen, cx + wide * 0.16, cy + wide * 0.16, wide * 1.06);
    pen.fillStyle = "rgb(10 14 22 / 45%)";
    disc(pen, cx, cy, wide);
  }
  pen.restore();
  pen.strokeStyle = "rgb(140 165 205 / 38%)";
  pen.lineWidth = 3;
  pen.stroke(body);
}

export function disc(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function trace(points) {
  const path = new Path2D();
  points.forEach(([x, y], index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
  path.closePath();
  return path;
}

function smooth(points) {
  const path = new Path2D();
  const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  path.moveTo(...middle(points.at(-1), points[0]));
  points.forEach((point, index) => {
    path.quadraticCurveTo(...point, ...middle(point, points[(index + 1) % points.length]));
  });
  path.closePath();
  return path;
}

/** Chance that gives the same rocks and stars to everybody, each time. */
export function mulberry(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

const mixed = new Map();

/** A colour some way from one to another; both as `#rrggbb`. */
export function mix(from, to, share) {
  const key = from + to + share;
  let color = mixed.get(key);
  if (!color) mixed.set(key, (color = blend(from, to, share)));
  return color;
}

function blend(from, to, share) {
  const [a, b] = [hex(from), hex(to)];
  const part = (at) => {
    const low = parseInt(a.slice(at, at + 2), 16);
    const high = parseInt(b.slice(at, at + 2), 16);
    return Math.round(low + (high - low) * share).toString(16).padStart(2, "0");
  };
  return `#${part(1)}${part(3)}${part(5)}`;
}

/** Any CSS colour as `#rrggbb`. */
export function hex(color) {
  if (/^#[0-9a-f]{6}$/i.test(color)) return color;
  const pen = blank(1, 1).getContext("2d");
  pen.fillStyle = color;
  return /^#[0-9a-f]{6}$/i.test(pen.fillStyle) ? pen.fillStyle : "#9aa8ba";
}
