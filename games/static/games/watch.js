/**
 * What happened between two states: a value changed, a row came, a row went.
 *
 * States are never changed in place and share what did not change, so most questions are answered
 * by `===`; what is equal though it is another object, as after a new connection, is no change.
 *
 * Rules of this file: pure; handlers are called by whoever asks.
 */

/** The value at a dotted path, or undefined. */
export function valueAt(state, path) {
  if (path === "") return state ?? undefined;
  let value = state;
  for (const key of path.split(".")) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Whether two values say the same. */
export function same(a, b) {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

/** The kinds of events that are watched for at a path. */
export const WATCHED = new Set(["change", "add", "remove"]);

/**
 * What one who watches `path` is to be told: the arguments of each call.
 * @param {"change" | "add" | "remove"} name
 * @param {string} path
 * @param {any} state
 * @param {any} previous null at first
 * @param {{entered?: Record<string, Iterable<string>>, left?: Record<string, Iterable<string>>}} [info]
 * @returns {any[][]}
 */
export function happened(name, path, state, previous, info) {
  const [now, before] = [valueAt(state, path), valueAt(previous, path)];
  if (now === before) return [];
  if (name === "change") return same(now, before) ? [] : [[now, before]];
  const [here, there] = name === "add" ? [now, before] : [before, now];
  const word = name === "add" ? "entered" : "left";
  const only = new Set(info?.[word]?.[path]);
  return newKeys(here, there).map((key) => [here[key], key, { [word]: only.has(key) }]);
}

/** Keys of one map that another has not. */
function newKeys(map, other) {
  if (map === null || typeof map !== "object") return [];
  const known = other !== null && typeof other === "object" ? other : {};
  return Object.keys(map).filter((key) => !Object.hasOwn(known, key));
}
