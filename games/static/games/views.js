/**
 * What a session knows of its two views: the one that is shared, and the one for its seat alone.
 *
 * Either comes as plain values (JSON) or as bits that the schema of the welcome explains; what
 * comes out is the same. The session says when; here is how.
 *
 * Rules of this file: nothing is kept and nothing is changed in place.
 */

import { Kind } from "./kinds.js";
import { patch, reuse, sight } from "./patch.js";

/** No own view. */
export const NOTHING = Object.freeze({ tick: -1, view: null, settled: 0 });

/**
 * The kind of a schema; that one which is known already if it is the same.
 * @param {Kind | null} known
 * @param {object | null | undefined} schema
 * @returns {Kind | null}
 */
export function kindOf(known, schema) {
  if (schema == null) return null;
  return known !== null && JSON.stringify(known.schema) === JSON.stringify(schema) ? known : new Kind(schema);
}

/** A whole view, with what it has in common with the one that was known. */
export function whole(kind, known, view) {
  return reuse(known, view instanceof Uint8Array ? explained(kind).whole(view) : view);
}

/** The view that a change leads to from `base`; `news` is added to. */
export function follow(kind, base, change, news) {
  if (change instanceof Uint8Array) return explained(kind).change(change, base, news);
  const view = patch(base, change);
  sight(change, news);
  return view;
}

/** Whether a view is the one of which the room told the fingerprint. */
export function agrees(kind, view, hash) {
  try {
    return kind.fingerprint(view) === hash;
  } catch {
    return false;
  }
}

/**
 * What the title shows, and what it shows to this seat alone. Where each seat sees its own part of
 * a table, that table comes with the seat's view; in the state it stands among the others.
 * @param {object | null} game of the shared view
 * @param {{secret?: any, seen?: Record<string, object>} | null} own the own view
 * @param {{game: any, seen: any, state: any} | null} last what this said before
 * @returns {{game: any, seen: any, state: any, secret: any}} `state` is the same object as before
 *   where both its parts are
 */
export function combine(game, own, last) {
  const [seen, secret] = [own?.seen ?? null, own?.secret ?? null];
  if (game === null || seen === null) return { game, seen, state: game, secret };
  const same = game === last?.game && seen === last.seen;
  return { game, seen, state: same ? last.state : { ...game, ...seen }, secret };
}

/** @returns {{shared: import("./kinds.js").News, own: import("./kinds.js").News}} */
export function noNews() {
  return { shared: { entered: {}, left: {} }, own: { entered: {}, left: {} } };
}

/** Rows that only came into or left sight, by the dotted path of their table in the state. */
export function newsOf({ shared, own }) {
  const part = (name) => ({ ...under("game.", shared[name]), ...under("seen.", own[name]) });
  return { entered: part("entered"), left: part("left") };
}

function under(prefix, rows) {
  const kept = Object.entries(rows).filter(([path]) => path.startsWith(prefix));
  return Object.fromEntries(kept.map(([path, ids]) => [path.slice(prefix.length), ids]));
}

function explained(kind) {
  if (kind === null) throw new TypeError("a view without a schema");
  return kind;
}
