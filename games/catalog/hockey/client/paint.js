/**
 * The rink on the screen: the ice, drawn once, and what is on it, in each frame.
 *
 * On a screen that is higher than wide the rink stands upright, with the own goal at the bottom.
 *
 * Rules of this file: it only shows what it is handed. Places are in units of the rink; `at` brings
 * them to pixels, so that words stand upright however the rink does.
 */

import { CORNER, DEPTH, GOAL, HEIGHT, POST, PUCK, SKATER, WAYS, WIDTH } from "./rink.js";
import { teamOf } from "./words.js";

const DPR_MAX = 2;
const RIM = 22; // units around the boards
const NAME_MAX = 12; // letters; more would hide the play
const TURN = (2 * Math.PI) / WAYS;
const FULL = 2 * Math.PI;

export class Painter {
  /** @param {HTMLElement} stage holds the canvases, and says the colours */
  constructor(stage) {
    this.stage = stage;
    [this.ice, this.front] = ["ice", "front"].map((name) => {
      const canvas = document.createElement("canvas");
      canvas.className = `hk-${name}`;
      return canvas;
    });
    stage.prepend(this.ice, this.front);
    this.pen = this.front.getContext("2d");
    this.quarter = 0;
  }

  /**
   * Anew for another size, scheme or team.
   * @param {number} team that looks at it
   * @param {{top: number, bottom: number}} spare pixels that something else needs
   */
  resize(team, { top, bottom }) {
    const [width, height] = [Math.max(1, this.stage.clientWidth), Math.max(1, this.stage.clientHeight)];
    const upright = height - top - bottom > width;
    this.quarter = upright ? (team === 1 ? 1 : -1) : 0;
    const [long, wide] = [WIDTH + 2 * (DEPTH + RIM), HEIGHT + 2 * RIM];
    const [across, down] = upright ? [wide, long] : [long, wide];
    this.scale = Math.min(width / across, (height - top - bottom) / down);
    this.centre = { x: width / 2, y: top + (height - top - bottom) / 2 };
    this.dpr = Math.min(window.devicePixelRatio || 1, DPR_MAX);
    for (const canvas of [this.ice, this.front]) {
      [canvas.width, canvas.height] = [Math.round(width * this.dpr), Math.round(height * this.dpr)];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    }
    const style = getComputedStyle(this.stage);
    this.colours = Object.fromEntries(
      ["ice", "edge", "boards", "line", "red-line", "blue-line", "puck", "puck-rim", "ink", "halo", "net", "blue", "red", "spray"]
        .map((name) => [name, style.getPropertyValue(`--hk-${name}`).trim()]),
    );
    this.font = style.fontFamily;
    this.#paintIce();
  }

  teamColour(team) {
    return this.colours[team === 0 ? "blue" : "red"];
  }

  /** A direction on the screen, as it is on the rink: both as steps of the circle. */
  wayOnRink(way) {
    return (way - this.quarter * (WAYS / 4) + WAYS) % WAYS;
  }

  /** Which way a team attacks, as it is on the screen: "right", "up" … */
  attack(team) {
    const ways = ["right", "down", "left", "up"];
    return ways[((team === 0 ? 0 : 2) + this.quarter + 4) % 4];
  }

  /**
   * One frame.
   * @param {object} scene `{puck, skaters, mine, names, steered, frozen, effects, seconds}`: of a
   *   skater `{x, y, way, shoot, reload}`; `frozen` is the share of the face-off that is left
   */
  frame(scene) {
    const { pen } = this;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.front.width, this.front.height);
    this.#onRink(pen);
    this.#lights(scene.effects);
    this.#bits(scene.effects);
    this.#tail(scene.effects, scene.puck);
    if (scene.frozen > 0) this.#countdown(scene.frozen);
    scene.skaters.forEach((skater, seat) => this.#skater(skater, seat, scene));
    this.#puck(scene.puck);
    pen.setTransform(this.dpr, 0, 0, this.dpr, 0, 0);
    scene.skaters.forEach((skater, seat) => this.#name(skater, seat, scene));
  }

  /** Where a place of the rink is on the stage, in pixels. */
  at(x, y) {
    const [dx, dy] = [(x - WIDTH / 2) * this.scale, (y - HEIGHT / 2) * this.scale];
    const [cos, sin] = this.quarter === 0 ? [1, 0] : [0, this.quarter];
    return { x: this.centre.x + dx * cos - dy * sin, y: this.centre.y + dx * sin + dy * cos };
  }

  #onRink(pen) {
    const zoom = this.scale * this.dpr;
    pen.setTransform(1, 0, 0, 1, this.centre.x * this.dpr, this.centre.y * this.dpr);
    pen.rotate((this.quarter * Math.PI) / 2);
    pen.scale(zoom, zoom);
    pen.translate(-WIDTH / 2, -HEIGHT / 2);
  }

  // --- the ice ---------------------------------------------------------------------------------

  #paintIce() {
    const pen = this.ice.getContext("2d");
    const { colours } = this;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.ice.width, this.ice.height);
    this.#onRink(pen);
    for (const team of [0, 1]) this.#net(pen, team);
    const shine = pen.createRadialGradient(WIDTH / 2, HEIGHT / 2, 60, WIDTH / 2, HEIGHT / 2, WIDTH * 0.62);
    shine.addColorStop(0, colours.ice);
    shine.addColorStop(1, colours.edge);
    pen.fillStyle = shine;
    board(pen);
    pen.fill();
    pen.save();
    board(pen);
    pen.clip();
    this.#lines(pen);
    pen.restore();
    pen.lineWidth = 13;
    pen.strokeStyle = colours.boards;
    board(pen, 6);
    pen.stroke();
    for (const team of [0, 1]) this.#mouth(pen, team);
  }

  #lines(pen) {
    const { colours } = this;
    const ring = (x, y, r, colour, width = 6) => {
      pen.beginPath();
      pen.arc(x, y, r, 0, FULL);
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.stroke();
    };
    const upright = (x, colour, width) => {
      pen.fillStyle = colour;
      pen.fillRect(x - width / 2, 0, width, HEIGHT);
    };
    upright(WIDTH / 2, colours["red-line"], 9);
    for (const x of [WIDTH / 2 - 230, WIDTH / 2 + 230]) upright(x, colours["blue-line"], 9);
    ring(WIDTH / 2, HEIGHT / 2, 128, colours["blue-line"]);
    for (const x of [270, WIDTH - 270]) {
      for (const y of [210, HEIGHT - 210]) {
        ring(x, y, 88, colours["red-line"], 4);
        pen.fillStyle = colours["red-line"];
        disc(pen, x, y, 9);
      }
    }
    for (const team of [0, 1]) {
      const x = team === 0 ? 0 : WIDTH;
      pen.beginPath();
      pen.ellipse(x, HEIGHT / 2, 118, GOAL + 22, 0, 0, FULL);
      pen.globalAlpha = 0.2;
      pen.fillStyle = this.teamColour(team);
      pen.fill();
      pen.globalAlpha = 0.7;
      pen.lineWidth = 5;
      pen.strokeStyle = this.teamColour(team);
      pen.stroke();
      pen.globalAlpha = 1;
    }
    pen.fillStyle = colours["red-line"];
    disc(pen, WIDTH / 2, HEIGHT / 2, 12);
  }

  #net(pen, team) {
    const x = team === 0 ? -DEPTH : WIDTH;
    pen.fillStyle = this.colours.net;
    pen.beginPath();
    pen.roundRect(x, HEIGHT / 2 - GOAL, DEPTH, 2 * GOAL, team === 0 ? [34, 0, 0, 34] : [0, 34, 34, 0]);
    pen.fill();
    pen.save();
    pen.clip();
    pen.lineWidth = 2;
    pen.strokeStyle = this.colours.line;
    pen.beginPath();
    for (let at = -WIDTH; at < 2 * WIDTH; at += 22) {
      pen.moveTo(x + at, 0);
      pen.lineTo(x + at + HEIGHT, HEIGHT);
      pen.moveTo(x + at, HEIGHT);
      pen.lineTo(x + at + HEIGHT, 0);
    }
    pen.stroke();
    pen.restore();
    pen.lineWidth = 9;
    pen.strokeStyle = this.teamColour(team);
    pen.beginPath();
    pen.roundRect(x, HEIGHT / 2 - GOAL, DEPTH, 2 * GOAL, team === 0 ? [34, 0, 0, 34] : [0, 34, 34, 0]);
    pen.stroke();
  }

  /** The open side of a goal, and its posts. */
  #mouth(pen, team) {
    const x = team === 0 ? 0 : WIDTH;
    pen.fillStyle = this.colours.edge;
    pen.fillRect(x - 14, HEIGHT / 2 - GOAL, 28, 2 * GOAL);
    pen.fillStyle = this.teamColour(team);
    pen.fillRect(x - 3, HEIGHT / 2 - GOAL, 6, 2 * GOAL);
    for (const y of [HEIGHT / 2 - GOAL, HEIGHT / 2 + GOAL]) disc(pen, x, y, POST + 2);
  }

  // --- what is on it ---------------------------------------------------------------------------

  #lights({ lit }) {
    const { pen } = this;
    lit.forEach((light, team) => {
      if (light <= 0) return;
      const x = team === 0 ? 0 : WIDTH;
      const glow = pen.createRadialGradient(x, HEIGHT / 2, 10, x, HEIGHT / 2, 430);
      glow.addColorStop(0, this.teamColour(1 - team));
      glow.addColorStop(1, `${this.teamColour(1 - team)}00`);
      pen.globalAlpha = light * (0.45 + 0.2 * Math.sin(light * 30));
      pen.fillStyle = glow;
      pen.fillRect(x - 430, HEIGHT / 2 - 430, 860, 860);
    });
    pen.globalAlpha = 1;
  }

  #bits({ bits }) {
    const { pen } = this;
    for (const { x, y, age, lasts, size, colour } of bits) {
      pen.globalAlpha = 1 - age / lasts;
      pen.fillStyle = colour === "ice" ? this.colours.spray : colour;
      disc(pen, x, y, size);
    }
    pen.globalAlpha = 1;
  }

  #tail({ tail }, puck) {
    const { pen } = this;
    if (Math.hypot(puck.vx, puck.vy) < 9 || tail.length < 3) return;
    pen.strokeStyle = this.colours.puck;
    pen.lineCap = "round";
    for (let at = 1; at < tail.length; at += 1) {
      pen.globalAlpha = (0.3 * at) / tail.length;
      pen.lineWidth = (2 * PUCK * at) / tail.length;
      pen.beginPath();
      pen.moveTo(tail[at - 1].x, tail[at - 1].y);
      pen.lineTo(tail[at].x, tail[at].y);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  #countdown(share) {
    const { pen } = this;
    pen.beginPath();
    pen.arc(WIDTH / 2, HEIGHT / 2, 74, -Math.PI / 2, -Math.PI / 2 + FULL * share);
    pen.lineWidth = 12;
    pen.lineCap = "round";
    pen.strokeStyle = this.colours.ink;
    pen.stroke();
  }

  #skater({ x, y, way, shoot, reload }, seat, { mine, steered }) {
    const { pen } = this;
    const colour = this.teamColour(teamOf(seat));
    pen.save();
    pen.translate(x, y);
    pen.fillStyle = "rgb(0 0 0 / 12%)";
    disc(pen, 0, 0, SKATER + 3);
    if (seat === mine) {
      pen.fillStyle = this.colours.halo;
      disc(pen, 0, 0, SKATER + 9);
    }
    pen.rotate(way * TURN);
    this.#stick(shoot, reload);
    pen.fillStyle = colour;
    disc(pen, 0, 0, SKATER - 1);
    pen.lineWidth = 6;
    pen.strokeStyle = "rgb(0 0 0 / 30%)";
    pen.setLineDash(steered[seat] ? [14, 10] : []);
    pen.beginPath();
    pen.arc(0, 0, SKATER - 4, 0, FULL);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = "rgb(255 255 255 / 92%)"; // the visor says where they look
    pen.beginPath();
    pen.arc(0, 0, SKATER - 14, -0.62, 0.62);
    pen.arc(0, 0, SKATER - 25, 0.62, -0.62, true);
    pen.fill();
    pen.restore();
  }

  /** Held low in front; raised while a shot is ready. */
  #stick(shoot, reload) {
    const { pen } = this;
    pen.lineCap = "round";
    pen.lineWidth = 9;
    pen.strokeStyle = this.colours.ink;
    pen.globalAlpha = reload > 0 ? 0.45 : 0.9;
    pen.beginPath();
    const out = SKATER + (reload > 5 ? 20 : shoot ? 4 : 10);
    pen.moveTo(SKATER * 0.4, SKATER * 0.75);
    pen.lineTo(out, SKATER * 0.62);
    pen.lineTo(out + 3, SKATER * 0.2);
    pen.stroke();
    pen.globalAlpha = 1;
  }

  #puck({ x, y }) {
    const { pen, colours } = this;
    pen.fillStyle = "rgb(0 0 0 / 18%)";
    disc(pen, x, y, PUCK + 4);
    pen.fillStyle = colours["puck-rim"];
    disc(pen, x, y, PUCK);
    pen.fillStyle = colours.puck;
    disc(pen, x, y, PUCK - 4);
  }

  #name({ x, y }, seat, { mine, names }) {
    const { pen } = this;
    const own = seat === mine;
    const place = this.at(x, y);
    const size = Math.max(11, Math.min(15, SKATER * this.scale * 0.55));
    const text = own ? "You" : short(names(seat));
    pen.font = `${own ? 750 : 600} ${size}px ${this.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = this.colours.ice;
    pen.fillStyle = this.colours.ink;
    const below = place.y + (SKATER + 10) * this.scale;
    pen.strokeText(text, place.x, below);
    pen.fillText(text, place.x, below);
  }
}

function board(pen, out = 0) {
  pen.beginPath();
  pen.roundRect(-out, -out, WIDTH + 2 * out, HEIGHT + 2 * out, CORNER + out);
}

function disc(pen, x, y, r) {
  pen.beginPath();
  pen.arc(x, y, r, 0, FULL);
  pen.fill();
}

const short = (name) => (name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1)}…` : name);
