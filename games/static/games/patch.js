/**
 * How a view follows its changes.
 *
 * A change of a map or list is `{set: {key: value}, in: {key: change}, gone: [key], push: [value]}`;
 * absent parts are empty, and keys of lists are their indexes in decimal.
 *
 * Rules of this file:
 * - Nothing is changed in place: along the changed path there are new objects, the rest is shared.
 *   So an old view stays what it was, and `===` tells whether a part has changed.
 * - An empty change changes nothing.
 * - A change that does not fit its base throws; whoever holds the base then asks for a new one.
 */

/**
 * The view that `change` leads to from `base`.
 * @template {object} T
 * @param {T} base
 * @param {{set?: object, in?: object, gone?: string[], push?: unknown[]}} change
 * @returns {T}
 */
export function patch(base, change) {
  if (base === null || typeof base !== "object") throw new TypeError("a change of no map or list");
  if (change === null || typeof change !== "object") throw new TypeError("no change");
  if (Object.keys(change).length === 0) return base;
  return Array.isArray(base) ? patchList(base, change) : patchMap(base, change);
}

/**
 * `next`, with the parts of `old` in it that are equal, so that `===` tells what has changed where
 * a view came whole.
 * @template T
 * @param {any} old
 * @param {T} next is not modified
 * @returns {T} `old` itself if all is equal
 */
export function reuse(old, next) {
  if (old === next || !alike(old, next)) return next;
  const keys = Object.keys(next);
  const parts = keys.map((key) => (Object.hasOwn(old, key) ? reuse(old[key], next[key]) : next[key]));
  const equal = (known) => keys.every((key, i) => Object.hasOwn(known, key) && known[key] === parts[i]);
  if (keys.length === Object.keys(old).length && equal(old)) return old;
  if (equal(next)) return next;
  if (Array.isArray(next)) return parts;
  const result = {};
  keys.forEach((key, i) => assign(result, key, parts[i]));
  return result;
}

/**
 * Notes which rows of a change only came into sight, or left it, by the dotted path of their table.
 * @param {object} change in JSON
 * @param {import("./kinds.js").News} news is added to
 */
export function sight(change, news, path = "") {
  for (const id of change.enter ?? []) note(news.entered, path, id);
  for (const id of change.leave ?? []) note(news.left, path, id);
  for (const [key, inner] of Object.entries(change.in ?? {})) {
    sight(inner, news, path === "" ? key : `${path}.${key}`);
  }
}

/** Adds a row's key to those of its table. */
export function note(rows, path, id) {
  if (!Object.hasOwn(rows, path)) assign(rows, path, new Set());
  rows[path].add(String(id));
}

function patchMap(base, change) {
  const result = { ...base };
  for (const [key, value] of Object.entries(change.set ?? {})) {
    assign(result, key, Object.hasOwn(base, key) ? reuse(base[key], value) : value);
  }
  for (const [key, inner] of Object.entries(change.in ?? {})) {
    if (!Object.hasOwn(base, key)) throw new RangeError(`no ${key} to change`);
    assign(result, key, patch(base[key], inner));
  }
  for (const key of change.gone ?? []) {
    if (!Object.hasOwn(base, key)) throw new RangeError(`no ${key} to remove`);
    delete result[key];
  }
  if (change.push) throw new TypeError("push to what is no list");
  return result;
}

function patchList(base, change) {
  const result = base.slice();
  for (const [key, value] of Object.entries(change.set ?? {})) {
    const index = at(base, key);
    result[index] = reuse(base[index], value);
  }
  for (const [key, inner] of Object.entries(change.in ?? {})) {
    const index = at(base, key);
    result[index] = patch(base[index], inner);
  }
  if (change.gone) throw new TypeError("removal from a list");
  for (const value of change.push ?? []) result.push(value);
  return result;
}

function at(list, key) {
  const index = Number(key);
  if (!(Number.isInteger(index) && index >= 0 && index < list.length)) {
    throw new RangeError(`no element ${key} in a list of ${list.length}`);
  }
  return index;
}

/** Whether both are maps, or both lists. */
function alike(a, b) {
  const objects = a !== null && b !== null && typeof a === "object" && typeof b === "object";
  return objects && Array.isArray(a) === Array.isArray(b);
}

/** A plain assignment to `__proto__` would change what the object is. */
export function assign(map, key, value) {
  if (key !== "__proto__") map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}
