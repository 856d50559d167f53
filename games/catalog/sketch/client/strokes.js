// Strokes as the rules keep them, and what a hand drew made into few points. Nothing here draws.

export const WIDTH = 800;
export const HEIGHT = 600;
export const WIDTHS = [5, 11, 22, 46]; // of the brush sizes, in cells
export const POINTS_PER_INPUT_MAX = 64;

export const PALETTE = [
  ["white", "#ffffff"], ["black", "#1b1f27"], ["grey", "#8a94a3"], ["silver", "#cdd4dd"],
  ["red", "#e5383b"], ["orange", "#f58a1f"], ["yellow", "#ffd23f"], ["lime", "#9bd63c"],
  ["green", "#2b9a4b"], ["teal", "#1fb5a6"], ["sky blue", "#66c6ff"], ["blue", "#2563d9"],
  ["purple", "#8044c9"], ["pink", "#ff7bb5"], ["peach", "#f7c59f"], ["brown", "#8a5530"],
];

export const cellOf = (x, y) => {
  const column = Math.max(0, Math.min(WIDTH - 1, Math.round(x)));
  const row = Math.max(0, Math.min(HEIGHT - 1, Math.round(y)));
  return column + WIDTH * row;
};
export const xOf = (cell) => cell % WIDTH;
export const yOf = (cell) => Math.floor(cell / WIDTH);

const lastOf = (strokes) => Math.max(0, ...Object.keys(strokes).map(Number));

// What an input makes of the board, as on the server; what it would refuse changes nothing.
export function step(strokes, input) {
  const last = lastOf(strokes);
  switch (input.t) {
    case "ink":
      return { ...strokes, [last + 1]: { tool: "brush", colour: input.colour, size: input.size, points: input.points } };
    case "fill":
      return { ...strokes, [last + 1]: { tool: "fill", colour: input.colour, size: 0, points: [input.cell] } };
    case "more": {
      const stroke = strokes[last];
      if (stroke?.tool !== "brush") return strokes;
      return { ...strokes, [last]: { ...stroke, points: [...stroke.points, ...input.points] } };
    }
    case "undo": {
      const { [last]: _, ...rest } = strokes;
      return rest;
    }
    case "clear":
      return {};
    default:
      return strokes;
  }
}

// In the order in which they were drawn.
export const inOrder = (strokes) => Object.keys(strokes).map(Number).sort((a, b) => a - b).map((key) => strokes[key]);

// The points that a line needs to look as it does (Douglas and Peucker): the first goes, it was sent
// before; the last stays. `tolerance` is in cells.
export function thinned(points, tolerance = 0.8) {
  const kept = [];
  keep(points, 0, points.length - 1, tolerance, kept);
  return kept;
}

function keep(points, from, to, tolerance, kept) {
  if (to <= from) return;
  let [far, at] = [tolerance, -1];
  for (let index = from + 1; index < to; index++) {
    const away = distance(points[index], points[from], points[to]);
    if (away > far) [far, at] = [away, index];
  }
  if (at < 0) return void kept.push(points[to]);
  keep(points, from, at, tolerance, kept);
  keep(points, at, to, tolerance, kept);
}

// Of a point from the stretch between two others.
function distance(point, from, to) {
  const [x, y] = [xOf(from), yOf(from)];
  const [dx, dy] = [xOf(to) - x, yOf(to) - y];
  const along = ((xOf(point) - x) * dx + (yOf(point) - y) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.max(0, Math.min(1, along));
  return Math.hypot(xOf(point) - x - share * dx, yOf(point) - y - share * dy);
}

// The same in pieces that fit into one input each.
export function pieces(points) {
  const cut = [];
  for (let at = 0; at < points.length; at += POINTS_PER_INPUT_MAX) cut.push(points.slice(at, at + POINTS_PER_INPUT_MAX));
  return cut;
}
