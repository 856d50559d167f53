// What can be chosen, as drawings: emoji look different everywhere, and are missing in some places.

const sign = (inside) =>
  `<svg viewBox="0 0 64 64" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="3"
    stroke-linecap="round" stroke-linejoin="round">${inside}</svg>`;

export const SIGNS = {
  rock: sign(
    '<path fill="#6e7f91" d="M14 50 6 36l8-17 17-9 19 5 9 17-6 17-14 6z"/>' +
      '<path d="m14 19 12 10 5-19M26 29l-6 21M26 29l19 6 5-20M45 35l8 14"/>',
  ),
  paper: sign(
    '<path fill="#e9eef3" stroke="#8fa1b3" d="M15 6h25l10 10v42H15z"/>' +
      '<path stroke="#8fa1b3" d="M40 6v10h10M23 27h19M23 36h19M23 45h12"/>',
  ),
  scissors: sign(
    '<path stroke="#cfd8e1" stroke-width="5" d="m22 42 24-35M42 42 18 7"/>' +
      '<circle cx="17" cy="49" r="8" stroke="#e5534b" stroke-width="5"/>' +
      '<circle cx="47" cy="49" r="8" stroke="#e5534b" stroke-width="5"/>',
  ),
};

const glyph = (text) =>
  sign(`<text x="32" y="42" text-anchor="middle" font-size="30" fill="currentColor" stroke="none">${text}</text>`);

export const HIDDEN = sign('<rect x="14" y="8" width="36" height="48" rx="5" fill="#2f6feb" stroke="#79a8ff"/>' +
  '<path stroke="#79a8ff" d="m22 20 20 24M42 20 22 44"/>');
export const NOTHING = glyph("–");
export const THINKING = glyph("…");
