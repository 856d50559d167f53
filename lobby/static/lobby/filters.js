/**
 * What lobbies one wants to see: as the address of the page says it, as the socket and REST are asked.
 *
 * `?title=chess&free=1&rated=yes&rating=1400..1600&s.minutes=3..10&s.level=easy,hard`: an address
 * like this may be kept and sent to others. What it says that makes no sense is passed over.
 *
 * Filters are `{title, free, rated, rating: {min, max}, settings: {name: {min, max} | {in: […]}}}`,
 * each of them only where it says something.
 */

import { settingFields } from "./titles.js";

const RATING_MAX = 10000;
const PREFIX = "s."; // before the names of settings, which may be called anything

/** Whether an address says anything of filters. */
export const speaks = (search) =>
  [...new URLSearchParams(search).keys()].some(
    (key) => ["title", "free", "rated", "rating"].includes(key) || key.startsWith(PREFIX),
  );

/** The filters of an address; `known`: the titles that there are. */
export function fromSearch(search, known) {
  const asked = new URLSearchParams(search);
  const title = known.get(asked.get("title"));
  const fields = title ? filterFields(title) : [];
  const settings = fields
    .map((field) => [field.key, wishOf(field, asked.get(PREFIX + field.key) ?? "")])
    .filter(([, wish]) => wish);
  return tidy({
    title: title?.title,
    free: asked.get("free") === "1",
    rated: { yes: true, no: false }[asked.get("rated")],
    rating: rangeOf(asked.get("rating") ?? "", { minimum: 0, maximum: RATING_MAX }),
    settings: Object.fromEntries(settings),
  });
}

/** The same the other way: "" or `?…`. */
export function toSearch({ title, free, rated, rating, settings = {} }) {
  const said = new URLSearchParams();
  if (title) said.set("title", title);
  if (free) said.set("free", "1");
  if (rated !== undefined) said.set("rated", rated ? "yes" : "no");
  if (rating) said.set("rating", rangeText(rating));
  for (const [name, wish] of Object.entries(settings))
    said.set(PREFIX + name, wish.in ? wish.in.join(",") : rangeText(wish));
  const text = said.toString().replaceAll("%2C", ",");
  return text && `?${text}`;
}

/** As the socket is asked for them, and REST (where `settings` is a text). */
export function toWish({ title, free, rated, rating, settings }) {
  return tidy({
    title,
    settings,
    rated,
    seats_free: free ? 1 : undefined,
    rating_min: rating?.min,
    rating_max: rating?.max,
  });
}

export function toQuery(filters) {
  const { settings, ...wish } = toWish(filters);
  const query = new URLSearchParams(wish);
  if (settings) query.set("settings", JSON.stringify(settings));
  return query.toString();
}

/** The settings of a title that lobbies can be told apart by: numbers, switches and choices. */
export const filterFields = (title) =>
  settingFields(title.settings).filter((field) => choicesOf(field) || isNumber(field));

/** All that a setting may be, where that is a few words. */
export function choicesOf(field) {
  if (field.enum) return field.enum;
  return field.type === "boolean" ? [true, false] : null;
}

export const isNumber = ({ type }) => type === "integer" || type === "number";

/** How many filters say something, besides those that stand there as buttons. */
export const countOf = ({ rated, rating, settings = {} }) =>
  Number(rated !== undefined) + Number(rating !== undefined) + Object.keys(settings).length;

/** Without what says nothing. */
export function tidy(filters) {
  const says = (value) =>
    value !== undefined &&
    value !== false &&
    (typeof value !== "object" || (value !== null && Object.keys(value).length > 0));
  return Object.fromEntries(
    Object.entries(filters).filter(([name, value]) =>
      name === "rated" ? value !== undefined : says(value),
    ),
  );
}

/** A range of numbers within what may be; undefined where it leaves everything. */
export function range(least, most, { minimum = -1e9, maximum = 1e9 }) {
  const bound = (value) =>
    Number.isFinite(value) ? Math.min(maximum, Math.max(minimum, value)) : undefined;
  let [min, max] = [bound(least), bound(most)];
  if (min > max) [min, max] = [max, min];
  const found = {};
  if (min !== undefined && min > minimum) found.min = min;
  if (max !== undefined && max < maximum) found.max = max;
  return Object.keys(found).length ? found : undefined;
}

function wishOf(field, text) {
  if (isNumber(field) && !field.enum) return rangeOf(text, field);
  const chosen = text.split(",");
  const found = choicesOf(field).filter((choice) => chosen.includes(String(choice)));
  return found.length && found.length < choicesOf(field).length ? { in: found } : undefined;
}

function rangeOf(text, bounds) {
  const found = text.match(/^(-?\d*(?:\.\d+)?)\.\.(-?\d*(?:\.\d+)?)$/);
  const number = (part) => (part === "" ? Number.NaN : Number(part));
  return found ? range(number(found[1]), number(found[2]), bounds) : undefined;
}

const rangeText = ({ min = "", max = "" }) => `${min}..${max}`;
