/**
 * The panel for those who make games: how the connection is, what is known, and worse weather.
 *
 * `room.debug()` loads this module and shows it, so who does not look pays nothing for it. It only
 * reads what a room tells everybody, and sets `room.weather`.
 *
 * Rules of this file: what a room says becomes text, never markup; styles are a file of their own,
 * and all stands in a shadow tree, so that page and panel do not see each other.
 */

const EVERY_MS = 250;
/** Points of a little graph: half a minute. */
const POINTS_MAX = 120;
/** Entries of one node of the tree; more are counted. */
const ENTRIES_MAX = 100;
const TEXT_MAX = 60;
const CORNERS = ["right bottom", "left bottom", "left top", "right top"];

const ms = (value) => (value === null ? "–" : `${value.toFixed(value < 10 ? 1 : 0)} ms`);
const bytes = (value) => (value < 1000 ? `${Math.round(value)} B/s` : `${(value / 1000).toFixed(1)} kB/s`);
const perSecond = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)}/s`;

/** What is shown of the stats, line by line: a name, a text, and a number for the graph or null. */
const LINES = [
  ["Ping", ({ rtt }) => ms(rtt), ({ rtt }) => rtt ?? 0],
  ["Jitter", ({ jitter }) => ms(jitter), ({ jitter }) => jitter],
  ["Clock off by", ({ clock }) => ms(clock), null],
  ["Screen behind", ({ delay }) => (delay > 0 ? ms(delay) : "nothing tracked"), null],
  ["Buffer", ({ buffer }) => ms(buffer), ({ buffer }) => buffer],
  ["In", ({ rate }) => `${bytes(rate.bytesIn)} · ${perSecond(rate.framesIn)}`, ({ rate }) => rate.bytesIn],
  ["Out", ({ rate }) => `${bytes(rate.bytesOut)} · ${perSecond(rate.framesOut)}`, ({ rate }) => rate.bytesOut],
  ["Inbox", ({ inbox }) => String(inbox ?? "–"), ({ inbox }) => inbox ?? 0],
  ["Unsettled", ({ unsettled }) => String(unsettled), ({ unsettled }) => unsettled],
  ["Corrections", (stats) => corrected(stats), ({ rate }) => rate.corrections],
  ["Drifts", ({ drifts }) => String(drifts), null],
  ["Moves", ({ moves }) => String(moves), null],
];

/** What can be made worse: name, label, unit, most, step, and how much of the unit is 1. */
const WEATHER = [
  ["latency", "Latency", "ms", 1000, 10, 1],
  ["jitter", "Jitter", "ms", 300, 5, 1],
  ["loss", "Loss", "%", 30, 0.5, 100],
];

function corrected({ corrections, correction }) {
  return corrections === 0 ? "0" : `${corrections} (last ${correction.toPrecision(3)})`;
}

/** What was counted per second since the last time. */
export class Rates {
  constructor() {
    this.last = null;
    this.at = 0;
  }

  /** The stats with `rate`: for each number that only grows, how much in a second. */
  of(stats, now) {
    const seconds = Math.max((now - this.at) / 1000, 0.001);
    const grown = (name) => (this.last === null ? 0 : Math.max(0, stats[name] - this.last[name]) / seconds);
    const names = ["bytesIn", "bytesOut", "framesIn", "framesOut", "corrections"];
    const rate = Object.fromEntries(names.map((name) => [name, grown(name)]));
    [this.last, this.at] = [stats, now];
    return { ...stats, rate };
  }
}

/** The corners of a little graph, `width` by `height`, of values from the oldest to the newest. */
export function graph(values, width, height, most = POINTS_MAX) {
  const top = Math.max(...values, 1e-9);
  const step = width / (most - 1);
  const start = width - (values.length - 1) * step;
  const y = (value) => height - (Math.max(0, value) / top) * height;
  return values.map((value, index) => `${(start + index * step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
}

/** A value in one line. */
export function inShort(value) {
  if (value === undefined) return "–";
  if (Array.isArray(value)) return `[${value.length}]`;
  if (value !== null && typeof value === "object") return `{${Object.keys(value).length}}`;
  const text = JSON.stringify(value);
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
}

/** The panel of one room. */
export class Panel {
  #room;
  #now;
  #host = null;
  #timer = null;
  #corner = 0;
  #rates = new Rates();
  #lines = [];
  #trees = [];
  #dials = [];
  #title = null;

  constructor(room, { now, page }) {
    this.#room = room;
    this.#now = now;
    this.page = page;
  }

  /** Whether it is on the page. */
  get shown() {
    return this.#host !== null;
  }

  toggle() {
    if (this.shown) this.hide();
    else this.show();
  }

  show() {
    if (this.shown || !this.page?.document) return;
    this.#host = el("div");
    this.#host.id = "evertick-debug";
    const shadow = this.#host.attachShadow({ mode: "open" });
    const sheet = el("link");
    sheet.rel = "stylesheet";
    sheet.href = new URL("debug.css", import.meta.url).href;
    shadow.append(sheet, this.#build());
    // What is typed and clicked here is not meant for the game.
    for (const name of ["keydown", "keyup", "keypress", "pointerdown", "pointerup", "wheel", "contextmenu"]) {
      this.#host.addEventListener(name, (event) => event.stopPropagation());
    }
    shadow.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.hide();
    });
    this.page.document.body.append(this.#host);
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), EVERY_MS);
  }

  hide() {
    clearInterval(this.#timer);
    this.#host?.remove();
    this.#host = null;
  }

  #build() {
    const panel = el("section", "panel");
    panel.setAttribute("aria-label", "Connection");
    panel.dataset.corner = CORNERS[this.#corner];
    this.#title = el("b", "title");
    const move = button("⤢", "To another corner", () => {
      this.#corner = (this.#corner + 1) % CORNERS.length;
      panel.dataset.corner = CORNERS[this.#corner];
    });
    const close = button("×", "Close", () => this.hide());
    panel.append(el("header", "", this.#title, move, close), this.#buildLines());
    panel.append(this.#buildWeather(), this.#buildTrees());
    return panel;
  }

  #buildLines() {
    const list = el("dl", "lines");
    this.#lines = LINES.map(([name, text, number]) => {
      const value = el("dd", "value");
      const line = el("div", "line", el("dt", "", name), value);
      const curve = number === null ? null : curveIn(line);
      line.dataset.name = name;
      list.append(line);
      return { text, number, value, curve, values: [] };
    });
    return list;
  }

  #buildWeather() {
    this.#dials = [];
    const fields = WEATHER.map(([name, label, unit, most, step, one]) => {
      const input = el("input");
      Object.assign(input, { type: "range", name, min: 0, max: most, step });
      const output = el("output");
      input.addEventListener("input", () => {
        this.#room.weather = { [name]: Number(input.value) / one };
        this.#drawWeather();
      });
      this.#dials.push(() => {
        input.value = this.#room.weather[name] * one;
        setText(output, `${input.value} ${unit}`);
      });
      return el("label", "field", el("span", "", label), input, output);
    });
    const seconds = el("input");
    Object.assign(seconds, { type: "number", name: "seconds", min: 0, max: 60, step: 0.5, value: 2 });
    const cut = (options) => () => this.#room.cut(Number(seconds.value) * 1000, options);
    const cuts = el("div", "field", el("label", "", seconds, " s"));
    cuts.append(button("Cut", "The connection breaks", cut({})));
    cuts.append(button("Pull the plug", "Nothing passes, and nobody is told", cut({ silent: true })));
    return fold("Weather", el("div", "weather", ...fields, cuts), true);
  }

  #buildTrees() {
    const parts = ["state", "secret", "seats"];
    this.#trees = parts.map((name) => ({ read: () => this.#room[name], node: new Node(name) }));
    return el("div", "tree", ...this.#trees.map(({ node }) => node.element));
  }

  #draw() {
    const room = this.#room;
    if (this.page.document.hidden) return;
    const stats = this.#rates.of(room.stats, this.#now());
    const phase = room.phase === "playing" ? "" : ` · ${room.phase ?? "–"}`;
    setText(this.#title, `${room.status} · tick ${room.tick}${phase}`);
    for (const line of this.#lines) drawLine(line, stats);
    for (const { read, node } of this.#trees) node.show(read());
    this.#drawWeather();
  }

  /** It may have been set by a line in the console, too. */
  #drawWeather() {
    for (const draw of this.#dials) draw();
  }
}

/** A value in the tree; its entries are made when it is opened, and drawn where they changed. */
class Node {
  constructor(name) {
    this.name = name;
    this.value = undefined;
    this.drawn = undefined; // the value that the entries are of
    this.entries = new Map();
    this.text = el("span", "text");
    this.element = el("div", "node", el("span", "key", name), " ", this.text);
    this.deep = false;
  }

  show(value) {
    const deep = value !== null && typeof value === "object";
    if (deep !== this.deep) this.#turn(deep);
    if (value !== this.value || this.text.textContent === "") setText(this.text, inShort(value));
    this.value = value;
    if (deep && this.element.firstChild.open) this.#open();
  }

  /** From a plain value to one with entries, or back. */
  #turn(deep) {
    this.deep = deep;
    this.entries.clear();
    this.drawn = undefined;
    const line = [el("span", "key", this.name), " ", this.text];
    if (!deep) return this.element.replaceChildren(...line);
    this.box = el("div", "entries");
    const details = el("details", "", el("summary", "", ...line), this.box);
    details.addEventListener("toggle", () => details.open && this.#open());
    this.element.replaceChildren(details);
  }

  #open() {
    const { value } = this;
    if (value !== this.drawn) this.#reconcile(value);
    this.drawn = value;
    for (const [key, node] of this.entries) node.show(value[key]);
  }

  #reconcile(value) {
    const keys = Object.keys(value);
    const shown = keys.slice(0, ENTRIES_MAX);
    const wanted = new Set(shown);
    for (const [key, node] of this.entries) {
      if (wanted.has(key)) continue;
      node.element.remove();
      this.entries.delete(key);
    }
    shown.forEach((key, index) => {
      if (!this.entries.has(key)) this.entries.set(key, new Node(key));
      const { element } = this.entries.get(key);
      if (this.box.children[index] !== element) this.box.insertBefore(element, this.box.children[index] ?? null);
    });
    const more = keys.length - shown.length;
    this.rest ??= el("div", "rest");
    setText(this.rest, more > 0 ? `… ${more} more` : "");
    this.box.append(this.rest);
  }
}

const SVG = "http://www.w3.org/2000/svg";
const [GRAPH_WIDTH, GRAPH_HEIGHT] = [96, 18];

function curveIn(line) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${GRAPH_WIDTH} ${GRAPH_HEIGHT}`);
  svg.setAttribute("aria-hidden", "true");
  const curve = document.createElementNS(SVG, "polyline");
  svg.append(curve);
  line.append(svg);
  return curve;
}

function drawLine({ text, number, value, curve, values }, stats) {
  setText(value, text(stats));
  if (curve === null) return;
  values.push(number(stats));
  if (values.length > POINTS_MAX) values.shift();
  curve.setAttribute("points", graph(values, GRAPH_WIDTH, GRAPH_HEIGHT));
}

function fold(name, content, open) {
  const details = el("details", "part", el("summary", "", name), content);
  details.open = open;
  return details;
}

function button(text, label, act) {
  const node = el("button", "", text);
  node.type = "button";
  node.title = label;
  node.setAttribute("aria-label", label);
  node.addEventListener("click", act);
  return node;
}

function el(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className !== "") node.className = className;
  node.append(...children);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
