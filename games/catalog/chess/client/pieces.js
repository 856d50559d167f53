// The chess pieces, drawn for Evertick: solid shapes on a square of 100.
//
// Each is drawn twice, first as a thick edge and then filled, so that the parts of a piece melt into
// one outline; `mark` adds the inner lines. Colours come from the CSS variables --piece, --edge and
// --mark.

const FOOT = '<rect x="22" y="77" width="56" height="12" rx="5"/>';
const COLLAR = '<rect x="34" y="44" width="32" height="8" rx="4"/>';
const STEM = '<path d="M42 50h16c1 14 6 21 13 28H29c7-7 12-14 13-28z"/>';

const SHAPES = {
  p: {
    body: `<circle cx="50" cy="32" r="14"/>${COLLAR}${STEM}${FOOT}`,
    mark: '<path d="M31 83h38"/>',
  },
  r: {
    body:
      '<path d="M27 17h12v8h6v-8h10v8h6v-8h12v19l-7 7H34l-7-7z"/>' +
      `<path d="M36 40h28l5 38H31z"/>${FOOT}`,
    mark: '<path d="M35 43h30M33 70h34M31 83h38"/>',
  },
  n: {
    body:
      '<path d="M31 78c-1-15 5-22 11-28 3-3 4-5 4-8-5 4-9 5-13 6-3 1-4 5-7 7-4 2-9-1-9-6 0-6 7-13 10-20' +
      'C28 23 33 18 39 16l1-7 9 7c18 2 28 18 28 40 0 8-1 15-3 22z"/>' +
      FOOT,
    mark:
      '<circle class="dot" cx="37" cy="29" r="3.2"/><circle class="dot" cx="23" cy="47" r="1.8"/>' +
      '<path d="M55 22c10 6 15 17 14 33"/><path d="M31 83h38"/>',
  },
  b: {
    body:
      '<circle cx="50" cy="13" r="5.5"/><path d="M50 17c13 9 18 19 11 30H39c-7-11-2-21 11-30z"/>' +
      `${COLLAR}${STEM}${FOOT}`,
    mark: '<path d="M50 24v14M43.5 31h13M39 48h22M31 83h38"/>',
  },
  q: {
    body:
      '<circle cx="16" cy="31" r="5"/><circle cx="33" cy="20" r="5"/><circle cx="50" cy="15" r="5.5"/>' +
      '<circle cx="67" cy="20" r="5"/><circle cx="84" cy="31" r="5"/>' +
      '<path d="M27 62 15 33l15 12 3-23 11 20 6-25 6 25 11-20 3 23 15-12-12 29z"/>' +
      `<path d="M27 60h46l-5 18H32z"/>${FOOT}`,
    mark: '<path d="M29 62c14-4 28-4 42 0M32 71c12-3 24-3 36 0M31 83h38"/>',
  },
  k: {
    body:
      '<path d="M46.5 7h7v6h6v7h-6v9h-7v-9h-6v-7h6z"/>' +
      '<path d="M50 44c-3-9-12-15-22-13-12 2-17 14-11 24 3 6 8 9 12 13h42c4-4 9-7 12-13 6-10 1-22-11-24' +
      '-10-2-19 4-22 13z"/><path d="M50 26c7 5 7 13 0 22-7-9-7-17 0-22z"/>' +
      `<path d="M29 64h42l-3 14H32z"/>${FOOT}`,
    mark: '<path d="M50 47v16M29 66c14-4 28-4 42 0M31 83h38"/>',
  },
};

export const NAMES = { p: "pawn", r: "rook", n: "knight", b: "bishop", q: "queen", k: "king" };

// The drawing of a piece; `letter` as in FEN: upper case is white.
export function drawing(letter) {
  const { body, mark } = SHAPES[letter.toLowerCase()];
  return (
    '<svg viewBox="0 0 100 100" aria-hidden="true" focusable="false">' +
    `<g class="edge">${body}</g><g class="body">${body}</g><g class="mark">${mark}</g></svg>`
  );
}

export function isWhite(letter) {
  return letter === letter.toUpperCase();
}

// "black knight"
export function spoken(letter) {
  return `${isWhite(letter) ? "white" : "black"} ${NAMES[letter.toLowerCase()]}`;
}
