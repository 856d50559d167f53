/**
 * Draws the course of a rating: matches from left to right, the number from bottom to top.
 *
 * Rules of this file: numbers in, elements out. Nothing is styled here but by classes, since the
 * pages' policy allows no style that is not in a file. The arrow keys go from match to match.
 */

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 240;
const EDGE = { top: 14, right: 14, bottom: 30, left: 46 };
const LABEL_PX = 92; // room for one date

const dated = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "2-digit" });

/**
 * @param {HTMLElement} frame
 * @param {{at: string, after: number, provisional: boolean}[]} points oldest first
 * @param {{label: string, onPoint: (point: object) => void}} options `label`: all of it in a sentence
 */
export function drawPlot(frame, points, { label, onPoint }) {
  let chosen = points.length - 1;
  const svg = node("svg", { class: "plot-svg", role: "img", "aria-label": label, tabindex: "0" });
  frame.replaceChildren(svg);
  let scale = null;

  function draw() {
    const width = Math.max(260, frame.clientWidth);
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    svg.setAttribute("height", HEIGHT);
    scale = scales(points, width);
    svg.replaceChildren(...axes(points, scale, width), ...course(points, scale), marker());
    choose(chosen);
  }

  function choose(index) {
    chosen = Math.min(points.length - 1, Math.max(0, index));
    const [x, y] = [scale.x(chosen), scale.y(points[chosen].after)];
    set(svg.querySelector(".plot-dot"), { cx: x, cy: y });
    set(svg.querySelector(".plot-line-at"), {
      x1: x,
      x2: x,
      y1: EDGE.top,
      y2: HEIGHT - EDGE.bottom,
    });
    onPoint(points[chosen]);
  }

  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    choose(scale.index(((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width));
  });
  svg.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: chosen - 1, ArrowRight: chosen + 1, Home: 0, End: points.length - 1 };
    if (!(event.key in to)) return;
    event.preventDefault();
    choose(to[event.key]);
  });
  draw();
  const watch = new ResizeObserver(() => (svg.isConnected ? draw() : watch.disconnect()));
  watch.observe(frame);
}

function scales(points, width) {
  const [low, high, step] = span(points.map((point) => point.after));
  const [left, right] = [EDGE.left, width - EDGE.right];
  const [top, bottom] = [EDGE.top, HEIGHT - EDGE.bottom];
  const last = Math.max(1, points.length - 1);
  return {
    low,
    high,
    step,
    x: (index) => left + ((right - left) * index) / last,
    y: (value) => bottom - ((bottom - top) * (value - low)) / (high - low),
    index: (x) => Math.round(((x - left) / (right - left)) * last),
  };
}

/** Round bounds around all values, and a round step with at most six lines. */
export function span(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(40, most - least);
  const step = [10, 20, 25, 50, 100, 200, 250, 500, 1000].find((each) => room / each <= 5) ?? 2000;
  const low = Math.floor((least - step / 4) / step) * step;
  const high = Math.ceil((most + step / 4) / step) * step;
  return [low, high, step];
}

function axes(points, { low, high, step, x, y }, width) {
  const drawn = [];
  for (let value = low; value <= high; value += step) {
    drawn.push(
      node("line", {
        class: "plot-grid",
        x1: EDGE.left,
        x2: width - EDGE.right,
        y1: y(value),
        y2: y(value),
      }),
      text(value, { class: "plot-label end", x: EDGE.left - 8, y: y(value) + 4 }),
    );
  }
  const room = Math.floor((width - EDGE.left - EDGE.right) / LABEL_PX);
  const labels = Math.max(1, Math.min(room, points.length, 6));
  let before = "";
  for (let number = 0; number < labels; number += 1) {
    const index = labels === 1 ? 0 : Math.round((number * (points.length - 1)) / (labels - 1));
    const date = dated.format(new Date(points[index].at));
    const side = number === 0 ? "start" : number === labels - 1 ? "end" : "middle";
    if (date !== before)
      drawn.push(text(date, { class: `plot-label ${side}`, x: x(index), y: HEIGHT - 8 }));
    before = date;
  }
  return drawn;
}

/** The line: dotted while the number was a guess. */
function course(points, { x, y, low }) {
  const at = (point, index) => `${x(index).toFixed(1)},${y(point.after).toFixed(1)}`;
  const all = points.map(at);
  const area = `${x(0)},${y(low)} ${all.join(" ")} ${x(points.length - 1)},${y(low)}`;
  const drawn = [node("polygon", { class: "plot-area", points: area })];
  let from = 0;
  for (let index = 1; index <= points.length; index += 1) {
    const same = points[index]?.provisional === points[from].provisional;
    if (same && index < points.length) continue;
    const piece = all.slice(from, Math.min(index + 1, points.length)).join(" ");
    const kind = points[from].provisional ? "plot-course guess" : "plot-course";
    drawn.push(node("polyline", { class: kind, points: piece }));
    from = index;
  }
  return drawn;
}

function marker() {
  const group = node("g", { "aria-hidden": "true" });
  group.append(node("line", { class: "plot-line-at" }), node("circle", { class: "plot-dot", r: 5 }));
  return group;
}

function text(content, attributes) {
  const found = node("text", attributes);
  found.textContent = content;
  return found;
}

const node = (tag, attributes) => set(document.createElementNS(SVG, tag), attributes);

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
