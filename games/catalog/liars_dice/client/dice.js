// Dice and cups as drawings. A one is a star where ones are wild, so that nobody forgets.

const PIPS = {
  1: [[16, 16]],
  2: [[9, 9], [23, 23]],
  3: [[9, 9], [16, 16], [23, 23]],
  4: [[9, 9], [23, 9], [9, 23], [23, 23]],
  5: [[9, 9], [23, 9], [16, 16], [9, 23], [23, 23]],
  6: [[9, 8], [23, 8], [9, 16], [23, 16], [9, 24], [23, 24]],
};
const STAR = '<path class="ld-star" d="m16 6.5 2.9 6.3 6.9.8-5.1 4.7 1.4 6.8-6.1-3.4-6.1 3.4 1.4-6.8-5.1-4.7 6.9-.8z"/>';
export const FACE_NAME = ["", "one", "two", "three", "four", "five", "six"];
export const FACE_NAMES = ["", "ones", "twos", "threes", "fours", "fives", "sixes"];

const body = (inside) =>
  `<svg class="ld-svg" viewBox="0 0 32 32" aria-hidden="true"><rect x="1.5" y="1.5" width="29" height="29" rx="7"/>${inside}</svg>`;

// One die; `face` 0 is one that is hidden.
export function die(face, { wild = false, kind = "" } = {}) {
  const pips = face === 1 && wild ? STAR : (PIPS[face] ?? [])
    .map(([x, y]) => `<circle cx="${x}" cy="${y}" r="${face === 1 ? 4 : 2.9}"/>`).join("");
  return `<i class="ld-die ${face ? "" : "ld-hidden"} ${kind}">${body(pips)}</i>`;
}

export const CUP = `<svg class="ld-cup" viewBox="0 0 48 48" aria-hidden="true">
  <path d="M14 6h20l6 36H8z"/><path d="M6.5 42h35"/><path d="M13 13h22M10.2 34h27.6"/></svg>`;
