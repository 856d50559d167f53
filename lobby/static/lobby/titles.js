/**
 * What the pages know of the titles: names, icons, and settings in words.
 */

import { get } from "./api.js";
import { el } from "./dom.js";

const DRAWN = ["arena", "chess", "roshambo"];
let asked;

/** All titles that this server plays, by title; asked once per page. */
export function titles() {
  asked ??= get("titles/").then(
    (answer) => new Map((answer.results ?? answer).map((title) => [title.title, title])),
    (error) => {
      asked = undefined;
      throw error;
    },
  );
  return asked;
}

/** The address of a title's icon: one of ours, or what the title brings itself. */
function iconUrl(title) {
  if (DRAWN.includes(title)) return local(title);
  return `/static/titles/${encodeURIComponent(title)}/icon.svg`;
}

const local = (name) => new URL(`./icons/${name}.svg`, import.meta.url).href;

/** Shows a title's icon in an image that is there already. */
export function setIcon(image, title) {
  image.addEventListener(
    "error",
    () => {
      image.src = local("default");
    },
    { once: true },
  );
  image.src = iconUrl(title);
  image.hidden = false;
  return image;
}

export const titleIcon = (title, size) =>
  setIcon(el("img", { alt: "", width: size, height: size }), title);

/** "2 players", "1–16 players". */
export function seatRange({ min, max }) {
  if (min === max) return `${max} ${max === 1 ? "player" : "players"}`;
  return `${min}–${max} players`;
}

/** The fields of a settings schema: `[{key, type, title, description, minimum, …}]`, in order. */
export function settingFields(schema) {
  const { properties = {} } = resolve(schema, schema);
  return Object.entries(properties).map(([key, field]) => {
    const inner = (field.anyOf ?? field.allOf ?? []).find((option) => option.type !== "null");
    // What a field says of itself beats what its type says; a type's title is the name of a class.
    const type = { ...resolve(inner ?? field, schema), title: undefined };
    return { ...type, ...field, key, title: field.title ?? named(key) };
  });
}

function resolve(node, schema) {
  if (!node.$ref) return node;
  const name = node.$ref.split("/").pop();
  const { $ref, ...own } = node;
  return { ...(schema.$defs?.[name] ?? {}), ...own };
}

/** `length_s` is "Length". */
function named(key) {
  const words = key.replace(/_(s|ms)$/, "").replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}

/** A setting's value for people: 180 of `length_s` is "3 min". */
export function settingValue(field, value) {
  if (typeof value === "boolean") return value ? "On" : "Off";
  if (typeof value === "number" && isSeconds(field)) return duration(value);
  if (typeof value === "string") return worded(value) || "–";
  return String(value);
}

const isSeconds = ({ key }) => /(^|_)s(econds)?$/.test(key);

/** `sudden_death` is "Sudden death". */
export function worded(text) {
  const spaced = String(text).replaceAll("_", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes < 60)
    return rest ? `${minutes}:${String(rest).padStart(2, "0")} min` : `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** All settings of a lobby, chosen or by default: `[{title, value, description}]`. */
export function settingFacts(title, settings) {
  return settingFields(title?.settings ?? {}).map((field) => ({
    title: field.title,
    value: settingValue(field, settings?.[field.key] ?? field.default ?? "–"),
    description: field.description,
  }));
}

/** One line for a list: "Minutes 5 · Increment 3 s". */
export const settingSummary = (title, settings) =>
  settingFacts(title, settings)
    .slice(0, 3)
    .map((fact) => `${fact.title} ${fact.value}`)
    .join(" · ");
