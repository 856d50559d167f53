/**
 * The arena on the screen: three canvases, one over the other.
 *
 * - `sky`: stars; drawn once, moved a little as the camera moves.
 * - `ground`: border, grid and rocks; drawn once, moved with the camera.
 * - `front`: all that lives; drawn each frame.
 *
 * Rules of this file: it only shows what it is handed; sizes are CSS pixels unless they say device.
 */

import { Sprites, disc, drawRock, kitColor, mix, mulberry } from "./sprites.js";
import { HEIGHT, HP, SHIP_RADIUS, TURN, WIDTH } from "./world.js";

/** The whole arena is shown where that leaves ships large enough; else the camera follows. */
const SCALE_MIN = 0.36;
const DPR_MAX = 2;
/** Units around the arena that belong to its picture. */
const RIM = 48;
const SKY_SPARE = 60;

export class Painter {
  /**
   * @param {HTMLElement} stage holds the canvases
   * @param {(seat: number) => string} colorOf a seat's colour as `#rrggbb`
   * @param {boolean} calm whether less motion is wanted
   */
  constructor(stage, colorOf, calm) {
    this.stage = stage;
    this.colorOf = colorOf;
    this.calm = calm;
    [this.sky, this.ground, this.front] = ["sky", "ground", "front"].map((name) => {
      const canvas = document.createElement("canvas");
      canvas.className = `arena-${name}`;
      stage.append(canvas);
      return canvas;
    });
    this.pen = this.front.getContext("2d");
    this.camera = { x: WIDTH / 2, y: HEIGHT / 2 };
    this.rocks = null;
    this.fresh = true;
    this.resize();
  }

  resize() {
    this.width = Math.max(1, this.stage.clientWidth);
    this.height = Math.max(1, this.stage.clientHeight);
    this.dpr = Math.min(window.devicePixelRatio || 1, DPR_MAX);
    const whole = Math.min(this.width / (WIDTH + 2 * RIM), this.height / (HEIGHT + 2 * RIM));
    this.scale = Math.max(SCALE_MIN, whole);
    this.sprites = new Sprites(this.scale * this.dpr);
    fit(this.front, this.width, this.height, this.dpr);
    this.#drawSky();
    this.rocks = null; // the ground is drawn anew when it is next needed
  }

  /**
   * One frame.
   *
   * @param {object} scene `{time, state, ships, shots, mine, name, held, effects, seconds,
   *     leader}`; `mine` is the own ship or null, `name(seat)` a label
   */
  frame(scene) {
    if (this.rocks !== scene.state.rocks) this.#drawGround(scene.state.rocks);
    this.#look(scene);
    const { pen } = this;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.front.width, this.front.height);
    const zoom = this.scale * this.dpr;
    pen.setTransform(zoom, 0, 0, zoom, this.left * this.dpr, this.top * this.dpr);
    this.#kits(scene);
    if (scene.mine) this.#guide(scene);
    this.#particles(scene.effects);
    this.#shots(scene);
    for (const ship of scene.ships) this.#ship(scene, ship);
    this.#rings(scene.effects);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    for (const ship of scene.ships) this.#plate(scene, ship);
    this.#words(scene.effects);
    this.#pointers(scene);
  }

  /** Move the camera to where it should be, and the still pictures with it. */
  #look({ mine, ships, effects, seconds, leader }) {
    const aim = mine ?? ships.find((ship) => ship.seat === leader) ?? this.camera;
    const lead = mine && !this.calm ? 9 : 0; // look where one flies
    const wanted = {
      x: confine(aim.x + (aim.vx ?? 0) * lead, this.width / this.scale, WIDTH),
      y: confine(aim.y + (aim.vy ?? 0) * lead, this.height / this.scale, HEIGHT),
    };
    const share = this.fresh ? 1 : 1 - Math.exp(-seconds * 5);
    this.fresh = false;
    this.camera.x += (wanted.x - this.camera.x) * share;
    this.camera.y += (wanted.y - this.camera.y) * share;
    const much = effects.shake * effects.shake * 9;
    const shakeX = much * Math.sin(effects.shake * 61);
    const shakeY = much * Math.cos(effects.shake * 47);
    this.left = this.width / 2 - this.camera.x * this.scale + shakeX;
    this.top = this.height / 2 - this.camera.y * this.scale + shakeY;
    const rim = RIM * this.scale;
    this.ground.style.transform = `translate3d(${this.left - rim}px, ${this.top - rim}px, 0)`;
    if (!this.calm) {
      const drift = (at, whole) => (at / whole - 0.5) * -SKY_SPARE * 1.6;
      const [x, y] = [drift(aim.x, WIDTH), drift(aim.y, HEIGHT)];
      this.skyX = (this.skyX ?? x) + (x - (this.skyX ?? x)) * Math.min(1, seconds * 3);
      this.skyY = (this.skyY ?? y) + (y - (this.skyY ?? y)) * Math.min(1, seconds * 3);
      this.sky.style.transform = `translate3d(${this.skyX}px, ${this.skyY}px, 0)`;
    }
  }

  #drawSky() {
    const width = this.width + 2 * SKY_SPARE;
    const height = this.height + 2 * SKY_SPARE;
    fit(this.sky, width, height, this.dpr);
    const pen = this.sky.getContext("2d");
    pen.setTransform(this.dpr, 0, 0, this.dpr, 0, 0);
    pen.fillStyle = "#070a11";
    pen.fillRect(0, 0, width, height);
    for (const [x, y, wide, color] of [
      [0.22, 0.25, 0.62, "rgb(46 72 140 / 34%)"],
      [0.8, 0.72, 0.58, "rgb(104 48 128 / 26%)"],
      [0.62, 0.1, 0.4, "rgb(22 104 118 / 22%)"],
    ]) {
      const size = wide * Math.max(width, height);
      const cloud = pen.createRadialGradient(x * width, y * height, 0, x * width, y * height, size);
      cloud.addColorStop(0, color);
      cloud.addColorStop(1, color.replace(/\/.*\)/, "/ 0%)"));
      pen.fillStyle = cloud;
      pen.fillRect(0, 0, width, height);
    }
    const chance = mulberry(11);
    for (let count = (width * height) / 2600; count > 0; count -= 1) {
      const bright = chance() ** 3;
      pen.globalAlpha = 0.25 + bright * 0.75;
      pen.fillStyle = ["#ffffff", "#cfe0ff", "#ffe9cf"][Math.floor(chance() * 3)];
      disc(pen, chance() * width, chance() * height, 0.35 + bright * 1.1);
    }
    pen.globalAlpha = 1;
  }

  #drawGround(rocks) {
    this.rocks = rocks;
    const zoom = this.scale * this.dpr;
    fit(this.ground, (WIDTH + 2 * RIM) * this.scale, (HEIGHT + 2 * RIM) * this.scale, this.dpr);
    const pen = this.ground.getContext("2d");
    pen.setTransform(zoom, 0, 0, zoom, RIM * zoom, RIM * zoom);
    pen.strokeStyle = "rgb(125 165 230 / 5.5%)";
    pen.lineWidth = 1.5 / this.scale;
    pen.beginPath();
    for (let x = 200; x < WIDTH; x += 200) pen.rect(x, 0, 0, HEIGHT);
    for (let y = 200; y < HEIGHT; y += 200) pen.rect(0, y, WIDTH, 0);
    pen.stroke();
    for (const [wide, alpha] of [[34, 5], [20, 8], [9, 18], [3.5, 90]]) {
      pen.lineWidth = Math.max(wide, (wide > 4 ? 0 : 1.5) / this.scale);
      pen.strokeStyle = `rgb(112 168 255 / ${alpha}%)`;
      pen.beginPath();
      pen.roundRect(-2, -2, WIDTH + 4, HEIGHT + 4, 14);
      pen.stroke();
    }
    for (const { x, y, r } of Object.values(rocks)) drawRock(pen, x, y, r);
  }

  #kits({ state, time }) {
    const { pen } = this;
    for (const { x, y, kind } of Object.values(state.kits)) {
      const pulse = this.calm ? 1 : 1 + Math.sin(time / 4 + x) * 0.07;
      pen.globalCompositeOperation = "lighter";
      pen.globalAlpha = 0.3;
      this.#stamp(this.sprites.glow(kitColor(kind)), x, y, 150 * pulse);
      pen.globalCompositeOperation = "source-over";
      pen.globalAlpha = 1;
      this.#stamp(this.sprites.kit(kind), x, y, 78 * pulse);
    }
  }

  /** The own ship's halo, where it points, and where it is being turned to. */
  #guide({ mine, held, time }) {
    const { pen } = this;
    const color = this.colorOf(mine.seat);
    pen.globalCompositeOperation = "lighter";
    pen.globalAlpha = 0.42;
    this.#stamp(this.sprites.glow(color), mine.x, mine.y, 230);
    pen.globalCompositeOperation = "source-over";
    pen.globalAlpha = 1;
    pen.fillStyle = "#ffffff";
    const [ahead, aside] = [Math.cos(mine.angle), Math.sin(mine.angle)];
    for (let far = 90; far < 640; far += 50) {
      pen.globalAlpha = 0.34 * (1 - far / 680);
      disc(pen, mine.x + ahead * far, mine.y + aside * far, 3.4);
    }
    pen.globalAlpha = 0.85;
    pen.strokeStyle = mix(color, "#ffffff", 0.55);
    pen.lineWidth = 4.5;
    pen.lineCap = "round";
    const from = mine.angle;
    const to = held.aim === null ? from + held.turn * 0.55 : held.aim * TURN;
    const way = Math.atan2(Math.sin(to - from), Math.cos(to - from));
    if (Math.abs(way) > 0.06) {
      pen.beginPath();
      pen.arc(mine.x, mine.y, 62, from, from + way, way < 0);
      pen.stroke();
      pen.fillStyle = pen.strokeStyle;
      disc(pen, mine.x + Math.cos(to) * 62, mine.y + Math.sin(to) * 62, 6);
    }
    pen.globalAlpha = 0.3;
    pen.lineWidth = 2.5;
    pen.setLineDash([16, 22.7]);
    pen.lineDashOffset = this.calm ? 0 : -time * 1.2;
    pen.beginPath();
    pen.arc(mine.x, mine.y, 74, 0, 2 * Math.PI);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  #particles({ particles }) {
    const { pen } = this;
    pen.globalCompositeOperation = "lighter";
    for (const { x, y, age, life, size, color } of particles) {
      if (age >= life) continue;
      const left = 1 - age / life;
      pen.globalAlpha = left;
      this.#stamp(this.sprites.glow(color), x, y, size * (0.6 + left) * 2);
    }
    pen.globalAlpha = 1;
    pen.globalCompositeOperation = "source-over";
  }

  #shots({ shots }) {
    const { pen } = this;
    pen.globalCompositeOperation = "lighter";
    pen.globalAlpha = 0.6;
    for (const { x, y, seat } of shots) {
      this.#stamp(this.sprites.glow(this.colorOf(seat)), x, y, 58);
    }
    pen.globalCompositeOperation = "source-over";
    pen.lineCap = "round";
    for (const [wide, alpha, white] of [[11, 0.5, 0], [5.5, 1, 0.72]]) {
      pen.globalAlpha = alpha;
      pen.lineWidth = wide;
      for (const { x, y, from, seat } of shots) {
        pen.strokeStyle = mix(this.colorOf(seat), "#ffffff", white);
        pen.beginPath();
        pen.moveTo(from.x, from.y);
        pen.lineTo(x, y);
        pen.stroke();
      }
    }
    pen.globalAlpha = 1;
  }

  #ship({ state, time, mine, held, effects }, ship) {
    const { pen } = this;
    const { safe_until: safe = 0, triple_until: triple = 0 } = state.hulls[ship.seat] ?? {};
    const color = this.colorOf(ship.seat);
    const own = ship === mine;
    pen.save();
    pen.translate(ship.x, ship.y);
    pen.rotate(ship.angle);
    if (own ? held.thrust : ship.burning) this.#flame();
    const size = SHIP_RADIUS * 3;
    pen.drawImage(this.sprites.ship(color), -size / 2, -size / 2, size, size);
    if (effects.flashes.has(ship.seat)) {
      pen.globalAlpha = 0.85;
      pen.drawImage(this.sprites.lit(), -size / 2, -size / 2, size, size);
      pen.globalAlpha = 1;
    }
    const muzzle = effects.muzzles.get(ship.seat);
    if (muzzle) {
      pen.globalCompositeOperation = "lighter";
      pen.globalAlpha = Math.min(1, muzzle / 0.05);
      this.#stamp(this.sprites.glow("#fff0c8"), SHIP_RADIUS * 1.35, 0, 92);
      pen.globalCompositeOperation = "source-over";
      pen.globalAlpha = 1;
    }
    pen.restore();
    if (time < safe) this.#shield(ship, color, safe - time, time);
    if (time < triple) this.#triple(ship, time);
  }

  #flame() {
    const { pen } = this;
    const flicker = this.calm ? 1 : 0.8 + Math.random() * 0.4;
    pen.globalCompositeOperation = "lighter";
    for (const [long, wide, paint] of [
      [74 * flicker, 15, "rgb(255 126 46 / 55%)"],
      [46 * flicker, 9, "rgb(255 224 150 / 90%)"],
    ]) {
      pen.fillStyle = paint;
      pen.beginPath();
      pen.moveTo(-24, -wide);
      pen.quadraticCurveTo(-34 - long * 0.5, -wide * 0.7, -24 - long, 0);
      pen.quadraticCurveTo(-34 - long * 0.5, wide * 0.7, -24, wide);
      pen.fill();
    }
    pen.globalCompositeOperation = "source-over";
  }

  #shield(ship, color, left, time) {
    const { pen } = this;
    const blink = left < 12 && !this.calm ? 0.5 + 0.5 * Math.sin(time * 2.4) : 1;
    pen.globalAlpha = 0.12 * blink;
    pen.fillStyle = color;
    disc(pen, ship.x, ship.y, 56);
    pen.globalAlpha = 0.75 * blink;
    pen.strokeStyle = mix(color, "#ffffff", 0.5);
    pen.lineWidth = 3.5;
    pen.beginPath();
    pen.arc(ship.x, ship.y, 56, 0, 2 * Math.PI);
    pen.stroke();
    pen.globalAlpha = 1;
  }

  /** Three sparks go round a ship that shoots three at a time. */
  #triple(ship, time) {
    const { pen } = this;
    pen.globalCompositeOperation = "lighter";
    for (let index = 0; index < 3; index += 1) {
      const way = (this.calm ? 0 : time * 0.16) + (index * 2 * Math.PI) / 3;
      const [x, y] = [ship.x + Math.cos(way) * 50, ship.y + Math.sin(way) * 50];
      this.#stamp(this.sprites.glow("#f7c95c"), x, y, 34);
    }
    pen.globalCompositeOperation = "source-over";
  }

  #rings({ rings }) {
    const { pen } = this;
    for (const { x, y, from, to, life, color, age } of rings) {
      const share = 1 - (1 - age / life) ** 2;
      pen.globalAlpha = (1 - age / life) * 0.9;
      pen.strokeStyle = color;
      pen.lineWidth = 2 + 9 * (1 - share);
      pen.beginPath();
      pen.arc(x, y, from + (to - from) * share, 0, 2 * Math.PI);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  /** Name and hit points over a ship, in device pixels so that they stay crisp. */
  #plate({ state, mine, name }, ship) {
    const { pen, dpr } = this;
    const own = ship === mine;
    const { hp = HP } = state.hulls[ship.seat] ?? {};
    const x = Math.round((this.left + ship.x * this.scale) * dpr);
    const over = (SHIP_RADIUS * 1.25 + (own ? 14 : 0)) * this.scale + 8;
    const y = Math.round((this.top + ship.y * this.scale - over) * dpr);
    const label = this.sprites.label(name(ship.seat), this.colorOf(ship.seat), own, dpr);
    pen.globalAlpha = own ? 1 : 0.92;
    pen.drawImage(label, x - Math.round(label.width / 2), y - label.height);
    pen.globalAlpha = 1;
    const [wide, high, gap] = [Math.round(6 * dpr), Math.round(3 * dpr), Math.round(1.5 * dpr)];
    const left = x - Math.round((HP * (wide + gap) - gap) / 2);
    pen.fillStyle = "rgb(6 9 15 / 70%)";
    pen.fillRect(left - gap, y - gap, HP * (wide + gap) + gap, high + 2 * gap);
    for (let pip = 0; pip < HP; pip += 1) {
      pen.fillStyle = pip < hp ? health(hp) : "#2b3442";
      pen.fillRect(left + pip * (wide + gap), y, wide, high);
    }
  }

  #words({ words }) {
    const { pen, dpr } = this;
    for (const { text, x, y, color, age, life } of words) {
      const label = this.sprites.label(text, color, true, dpr * 1.35);
      const rise = this.calm ? 0 : 34 * (1 - (1 - age / life) ** 2);
      pen.globalAlpha = Math.min(1, 2 - (2 * age) / life);
      pen.drawImage(
        label,
        Math.round((this.left + x * this.scale) * dpr - label.width / 2),
        Math.round((this.top + y * this.scale - rise) * dpr - label.height / 2),
      );
    }
    pen.globalAlpha = 1;
  }

  /** Ships out of sight are pointed at from the rim. */
  #pointers({ ships, mine }) {
    const { pen, dpr } = this;
    const rim = 16;
    for (const ship of ships) {
      const x = this.left + ship.x * this.scale;
      const y = this.top + ship.y * this.scale;
      const inside = x > -8 && x < this.width + 8 && y > -8 && y < this.height + 8;
      if (inside || ship === mine) continue;
      const [atX, atY] = [clamp(x, rim, this.width - rim), clamp(y, rim, this.height - rim)];
      const far = Math.hypot(x - atX, y - atY);
      pen.setTransform(dpr, 0, 0, dpr, atX * dpr, atY * dpr);
      pen.rotate(Math.atan2(y - atY, x - atX));
      pen.globalAlpha = Math.max(0.4, 1 - far / 700);
      pen.fillStyle = this.colorOf(ship.seat);
      pen.beginPath();
      pen.moveTo(9, 0);
      pen.lineTo(-5, 6.5);
      pen.lineTo(-2, 0);
      pen.lineTo(-5, -6.5);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  #stamp(sprite, x, y, size) {
    this.pen.drawImage(sprite, x - size / 2, y - size / 2, size, size);
  }
}

function health(hp) {
  if (hp <= 1) return "#ff6b60";
  return hp <= 2 ? "#f4c463" : "#5fd497";
}

function fit(canvas, width, height, dpr) {
  canvas.width = Math.round(width * dpr);
  canvas.height = Math.round(height * dpr);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

/** A camera's place from which little is seen beyond the walls. */
function confine(at, seen, whole) {
  const spare = whole + 2 * RIM - seen;
  if (spare <= 0) return whole / 2;
  return clamp(at, seen / 2 - RIM, whole - seen / 2 + RIM);
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
