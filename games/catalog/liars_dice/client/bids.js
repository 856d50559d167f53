// Which bids may be made: the same rule as the server's, so that only legal ones are offered.

export const lowestFace = (view) => (view.wild ? 2 : 1);

export const total = (view) => view.counts.reduce((sum, count) => sum + count, 0);

export function mayBid(view, count, face) {
  if (face < lowestFace(view) || count < 1 || count > total(view)) return false;
  const last = view.bids.at(-1);
  return !last || count > last[1] || (count === last[1] && face > last[2]);
}

// The least count at which anything can be bid; above the number of dice if nothing can.
export function leastCount(view) {
  const last = view.bids.at(-1);
  if (!last) return 1;
  return last[2] < 6 ? last[1] : last[1] + 1;
}

// A legal bid as near to `draft` as there is: its count is raised before its face is changed.
export function fit(view, draft) {
  const face = Math.max(draft.face, lowestFace(view));
  for (let count = Math.max(1, Math.min(draft.count, total(view))); count <= total(view); count++) {
    if (mayBid(view, count, face)) return { count, face };
  }
  for (let higher = lowestFace(view); higher <= 6; higher++) {
    if (mayBid(view, total(view), higher)) return { count: total(view), face: higher };
  }
  return { count: total(view), face };
}

// The count is what was chosen; the face rises if it must.
export function withCount(view, { face }, wanted) {
  const count = Math.max(leastCount(view), Math.min(wanted, total(view)));
  for (let other = face; other <= 6; other++) if (mayBid(view, count, other)) return { count, face: other };
  return fit(view, { count, face });
}
