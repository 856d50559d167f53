/**
 * How a view follows its changes.
 *
 * A change of a map or list is `{set: {key: value}, in: {key: change}, gone: [key], push: [value]}`;
 * absent parts are empty, and keys of lists are their indexes in decimal.
 *
 * Rules of this file:
 * - Nothing is changed in place: along the changed path there are new objects, the rest is shared.
 *   So an old view stays what it was, and `===` tells whether a part has changed.
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
  return Array.isArray(base) ? patchList(base, change) : patchMap(base, change);
}

function patchMap(base, change) {
  const result = { ...base };
  for (const [key, value] of Object.entries(change.set ?? {})) assign(result, key, value);
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
  for (const [key, value] of Object.entries(change.set ?? {})) result[at(base, key)] = value;
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

/** A plain assignment to `__proto__` would change what the object is. */
function assign(map, key, value) {
  if (key !== "__proto__") map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}
